"""Payments that wait for the customer: they say yes or no, let it time out, give it up, or do two of these at once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kvitt.checkout.flows import Actor
from kvitt.checkout.model.view import Paid, Waits
from kvitt.checkout.rules.refusals import PaymentUnderWay, SessionCompleted
from kvitt.checkout.rules.schedule import ASK_TASK
from kvitt.core.errors import NotFound

from .counter import CHALLENGED, Counter


@pytest.fixture
def counter(house: Any) -> Counter:
    return Counter(house)


async def test_a_payment_waits_at_the_customers_bank_and_the_session_takes_no_other(counter: Counter) -> None:
    session = await counter.session("dintero_psp.creditcard")
    payment = await counter.pay(session.id, "dintero_psp.creditcard", CHALLENGED)
    assert isinstance(payment, Waits)
    assert payment.redirect_url.startswith("https://pay.example/sandbox/approvals/")
    assert payment.poll_url == f"https://pay.example/v1/view/{session.id}/session"
    view = await counter.house.checkout.view(session.id)
    assert (view.state, view.waiting.redirect_url) == ("paying", payment.redirect_url)
    assert view.waiting.payment_product_type == "dintero_psp.creditcard"
    assert (await counter.transaction(session.id)).status == "INITIATED"
    with pytest.raises(PaymentUnderWay):
        await counter.pay(session.id, "dintero_psp.creditcard", CHALLENGED)


async def test_what_the_customer_is_shown_is_the_payment(counter: Counter) -> None:
    session = await counter.session("vipps", 25000)
    payment = await counter.pay(session.id, "vipps", phone_number="+4740230256")
    approval = await counter.approval(payment.redirect_url.rpartition("/")[2])
    assert (approval.session_id, approval.payment_product_type, approval.kind) == (session.id, "vipps", "app")
    assert (approval.amount, approval.currency, approval.phone_number) == (25000, "NOK", "+4740230256")
    assert (approval.state, approval.in_review) == ("waiting", False)


async def test_once_the_customer_said_yes_kvitt_is_told_and_the_money_is_reserved(counter: Counter) -> None:
    session_id, attempt_id = await counter.waiting("dintero_psp.creditcard")
    assert await counter.decide(attempt_id) == f"https://pay.example/v1/view/{session_id}"
    assert (await counter.approval(attempt_id)).state == "approved"
    assert await counter.news() == 1
    transaction = await counter.transaction(session_id)
    assert (transaction.status, transaction.card.authentication_status) == ("AUTHORIZED", "Y")
    assert await counter.postings(transaction.id) == [("authorize", 39800)]
    assert await counter.state(session_id) == "paid"


async def test_the_decision_stands_before_kvitt_is_told_so_a_lost_notice_loses_nothing(counter: Counter) -> None:
    session_id, attempt_id = await counter.waiting()
    await counter.decide(attempt_id)
    assert (await counter.transaction(session_id)).status == "INITIATED"
    counter.house.clock.advance(minutes=10, seconds=6)
    assert await counter.house.ring(ASK_TASK) == 1
    assert (await counter.transaction(session_id)).status == "AUTHORIZED"


async def test_a_customer_who_says_no_may_try_again(counter: Counter) -> None:
    session_id, attempt_id = await counter.waiting("dintero_psp.creditcard")
    await counter.decide(attempt_id, "decline")
    await counter.news()
    view = await counter.house.checkout.view(session_id)
    assert (view.state, view.decline.code, view.waiting) == ("open", "FAILED_VERIFICATION", None)
    assert isinstance(await counter.pay(session_id, "dintero_psp.creditcard", "4000000000000002"), Paid)


async def test_a_customer_who_lets_it_time_out_may_try_again(counter: Counter) -> None:
    session_id, attempt_id = await counter.waiting()
    counter.house.clock.advance(minutes=10)
    assert await counter.news() == 1
    assert (await counter.approval(attempt_id)).state == "expired"
    assert await counter.state(session_id) == "open"
    assert (await counter.transaction(session_id)).events[-1].error.code == "RAN_OUT"


async def test_a_yes_that_comes_too_late_counts_for_nothing(counter: Counter) -> None:
    session_id, attempt_id = await counter.waiting()
    counter.house.clock.advance(minutes=10)
    await counter.decide(attempt_id)
    await counter.news()
    assert (await counter.approval(attempt_id)).state == "expired"
    assert await counter.state(session_id) == "open"


async def test_nobody_is_asked_while_the_customer_has_time(counter: Counter) -> None:
    await counter.waiting()
    (task,) = await counter.house.tasks(ASK_TASK)
    assert (task.due_at - counter.house.clock()).total_seconds() == 605


async def test_a_provider_that_still_waits_is_asked_ever_less_often(counter: Counter) -> None:
    session_id, _ = await counter.waiting("collector.invoice", options={"enable_on_hold": True})
    await counter.approve((await counter.house.checkout.view(session_id)).waiting.redirect_url.rpartition("/")[2])
    for _ in range(3):
        (task,) = await counter.house.tasks(ASK_TASK)
        assert (task.due_at - counter.house.clock()).total_seconds() == 3600
        counter.house.clock.advance(hours=1)
        assert await counter.house.ring(ASK_TASK) == 1
    assert await counter.state(session_id) == "on_hold"


async def test_the_first_decision_counts(counter: Counter) -> None:
    session_id, attempt_id = await counter.waiting()
    await counter.decide(attempt_id, "decline")
    assert await counter.decide(attempt_id, "approve") == f"https://pay.example/v1/view/{session_id}"
    await counter.news()
    assert (await counter.approval(attempt_id)).state == "declined"
    assert await counter.state(session_id) == "open"


async def test_of_two_decisions_at_once_one_wins_and_both_books_agree(counter: Counter) -> None:
    for _ in range(5):
        session_id, attempt_id = await counter.waiting()
        await asyncio.gather(*(counter.decide(attempt_id, each) for each in ("approve", "decline") * 3))
        await asyncio.gather(counter.news(), counter.news())
        believed = {"approved": "paid", "declined": "open"}[(await counter.approval(attempt_id)).state]
        assert await counter.state(session_id) == believed


async def test_news_heard_many_times_at_once_settle_once(counter: Counter) -> None:
    session_id, attempt_id = await counter.waiting()
    transaction_id = (await counter.transaction(session_id)).id
    await counter.decide(attempt_id)
    house = counter.house
    await asyncio.gather(*(house.checkout.notified(house.account_id, transaction_id, attempt_id) for _ in range(5)))
    transaction = await counter.transaction(session_id)
    assert [event.event for event in transaction.events] == ["INITIALIZE", "AUTHORIZE"]
    assert await counter.postings(transaction.id) == [("authorize", 39800)]


async def test_a_customer_gives_a_payment_up_to_pay_otherwise(counter: Counter) -> None:
    session_id, attempt_id = await counter.waiting("dintero_psp.creditcard")
    view = await counter.house.checkout.cancel_payment(session_id, Actor("request"))
    assert (view.state, view.waiting) == ("open", None)
    assert (await counter.approval(attempt_id)).state == "declined"
    await counter.approve(attempt_id)  # too late: it never happens any more
    assert await counter.state(session_id) == "open"
    assert isinstance(await counter.pay(session_id, "dintero_psp.creditcard", "4000000000000002"), Paid)
    assert await counter.news() == 0


async def test_giving_up_what_does_not_wait_changes_nothing(counter: Counter) -> None:
    session = await counter.session("vipps")
    assert (await counter.house.checkout.cancel_payment(session.id, Actor("request"))).state == "open"


async def test_who_gives_up_a_payment_that_they_said_yes_to_has_paid(counter: Counter) -> None:
    session_id, attempt_id = await counter.waiting()
    await counter.decide(attempt_id)
    assert (await counter.house.checkout.cancel_payment(session_id, Actor("request"))).state == "paid"


async def test_leaving_the_shop_ends_the_payment_that_waits(counter: Counter) -> None:
    session_id, attempt_id = await counter.waiting()
    href = await counter.house.checkout.abandon(session_id, Actor("request"))
    assert "error=cancelled" in href
    await counter.approve(attempt_id)
    assert await counter.state(session_id) == "cancelled"
    assert (await counter.transaction(session_id)).status == "DECLINED"


async def test_leaving_and_saying_yes_at_once_is_one_of_both(counter: Counter) -> None:
    for _ in range(8):
        session_id, attempt_id = await counter.waiting()
        outcomes: list[Any] = await asyncio.gather(
            counter.house.checkout.abandon(session_id, Actor("request")),
            counter.decide(attempt_id),
            return_exceptions=True,
        )
        await counter.news()
        decided, state = (await counter.approval(attempt_id)).state, await counter.state(session_id)
        if decided == "approved":
            assert isinstance(outcomes[0], SessionCompleted | PaymentUnderWay)
        assert (decided, state) in [("approved", "paid"), ("declined", "cancelled")]


async def test_the_shop_cancels_a_session_whose_customer_is_at_the_bank(counter: Counter) -> None:
    session_id, attempt_id = await counter.waiting()
    house = counter.house
    await house.checkout.cancel_session(house.account_id, session_id, house.actor())
    await counter.approve(attempt_id)
    assert (await counter.state(session_id), (await counter.transaction(session_id)).status) == (
        "cancelled",
        "AUTHORIZATION_VOIDED",
    )


async def test_a_session_that_runs_out_at_the_bank_waits_for_the_answer(counter: Counter) -> None:
    session_id, attempt_id = await counter.waiting()
    counter.house.clock.advance(minutes=9)
    await counter.decide(attempt_id)
    counter.house.clock.advance(days=2)
    await counter.house.ring("checkout.expire_session")
    await counter.news()
    assert await counter.state(session_id) == "paid"


async def test_what_never_waited_is_not_found(counter: Counter) -> None:
    _, attempt_id = await counter.waiting()
    with pytest.raises(NotFound):
        await counter.approval("another")
    with pytest.raises(NotFound):
        await counter.approvals.decide("T99999999", attempt_id, "approve")


async def test_a_no_in_the_app_is_told_apart_and_may_be_tried_again(counter: Counter) -> None:
    session_id, attempt_id = await counter.waiting()
    await counter.decide(attempt_id, "decline")
    await counter.news()
    assert isinstance(await counter.pay(session_id, "vipps"), Waits)
    error = (await counter.transaction(session_id)).events[-1].error
    assert (error.code, error.type) == ("DECLINED_BY_CUSTOMER", ("DECLINED",))
