"""Cancelling, giving up, running out."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from kvitt.checkout.model.payment import Operation
from kvitt.checkout.model.view import Paid
from kvitt.core.errors import Conflicting, InvalidOperation, NotFound, Unavailable

UNVERIFIED, LOST, SILENT_VOID = "4000300000000006", "4100000000000001", "4100000000000043"
HOOK = "https://shop.example/hook?report_error=true"


async def cancel(house: Any, session_id: str) -> Any:
    return await house.checkout.cancel_session(house.account_id, session_id, house.actor())


async def test_a_cancelled_session_cannot_be_paid(house: Any) -> None:
    session = await house.session()
    cancelled = await cancel(house, session.id)
    assert cancelled.cancelled_by == house.actor().by
    assert [event.name for event in cancelled.events] == ["INITIATED", "CANCELLED"]
    with pytest.raises(InvalidOperation) as refusal:
        await house.pay(session.id)
    assert refusal.value.code == "SESSION_CANCELLED"
    assert await house.tasks("checkout.expire_session") == []


async def test_cancelling_twice_changes_nothing(house: Any) -> None:
    session = await house.session()
    first = await cancel(house, session.id)
    house.clock.advance(minutes=1)
    assert await cancel(house, session.id) == first


async def test_cancelling_a_paid_session_voids_the_authorization(house: Any) -> None:
    transaction_id = await house.paid()
    session_id = (await house.get(transaction_id)).session_id
    cancelled = await cancel(house, session_id)
    assert cancelled.cancelled_at is not None
    transaction = await house.get(transaction_id)
    assert transaction.status == "AUTHORIZATION_VOIDED"
    movements = await house.books.of_payment(house.account_id, transaction_id)
    assert sorted(movement.verb for movement in movements) == ["authorize", "void"]
    assert (await house.checkout.view(session_id)).state == "cancelled"


async def test_a_void_without_an_answer_cancels_the_session_once_it_is_known(house: Any) -> None:
    transaction_id = await house.paid(SILENT_VOID)
    session_id = (await house.get(transaction_id)).session_id
    with pytest.raises(Unavailable):
        await cancel(house, session_id)
    with pytest.raises(Conflicting):
        await cancel(house, session_id)
    house.clock.advance(seconds=5)
    await house.ring("checkout.ask_provider")
    session = await house.checkout.get_session(house.account_id, session_id)
    assert session.cancelled_by == house.actor().by
    assert (await house.get(transaction_id)).status == "AUTHORIZATION_VOIDED"


async def test_a_captured_session_cannot_be_cancelled(house: Any) -> None:
    transaction_id = await house.paid()
    await house.checkout.operate(house.account_id, transaction_id, Operation("capture", 100), house.actor())
    with pytest.raises(InvalidOperation):
        await cancel(house, (await house.get(transaction_id)).session_id)


async def test_a_session_whose_payment_is_under_way_cannot_be_cancelled(house: Any) -> None:
    session = await house.session()
    await house.pay(session.id, LOST)
    with pytest.raises(Conflicting):
        await cancel(house, session.id)
    with pytest.raises(Conflicting):
        await house.checkout.abandon(session.id, house.actor())


async def test_cancelling_after_a_decline_ends_the_transaction(house: Any) -> None:
    session = await house.session()
    declined = await house.pay(session.id, UNVERIFIED)
    await cancel(house, session.id)
    assert (await house.get(declined.transaction_id)).status == "AUTHORIZATION_VOIDED"


async def test_paying_and_cancelling_at_once_has_one_outcome(house: Any) -> None:
    for _ in range(5):
        session = await house.session()
        paid, cancelled = await asyncio.gather(house.pay(session.id), cancel(house, session.id), return_exceptions=True)
        state = (await house.checkout.view(session.id)).state
        assert state == ("cancelled" if not isinstance(cancelled, Exception) else "paid")
        if isinstance(paid, Paid) and state == "cancelled":
            assert (await house.get(paid.transaction_id)).status == "AUTHORIZATION_VOIDED"


async def test_a_customer_who_gives_up_goes_back_to_the_shop(house: Any) -> None:
    session = await house.session(url__callback_url=HOOK)
    href = await house.checkout.abandon(session.id, house.actor())
    assert parse_qs(urlsplit(href).query)["error"] == ["cancelled"]
    assert "transaction_id" not in href
    assert await house.checkout.abandon(session.id, house.actor()) == href
    assert (await house.checkout.get_session(house.account_id, session.id)).cancelled_by == "customer"
    view = await house.checkout.view(session.id)
    assert (view.state, view.href) == ("cancelled", href)
    (task,) = await house.tasks("checkout.callback")
    query = parse_qs(urlsplit(msgspec.json.decode(task.data)["url"]).query)
    assert (query["error"], query["session_id"]) == (["cancelled"], [session.id])


async def test_giving_up_after_a_decline_declines_the_transaction(house: Any) -> None:
    session = await house.session()
    declined = await house.pay(session.id, UNVERIFIED)
    href = await house.checkout.abandon(session.id, house.actor())
    assert f"transaction_id={declined.transaction_id}" in href
    assert (await house.get(declined.transaction_id)).status == "DECLINED"


async def test_a_paid_session_cannot_be_given_up(house: Any) -> None:
    transaction_id = await house.paid()
    with pytest.raises(InvalidOperation):
        await house.checkout.abandon((await house.get(transaction_id)).session_id, house.actor())


async def test_a_session_runs_out(house: Any) -> None:
    session = await house.session()
    house.clock.advance(hours=24)
    with pytest.raises(InvalidOperation) as refusal:
        await house.pay(session.id)
    assert refusal.value.code == "SESSION_EXPIRED"
    assert (await house.checkout.view(session.id)).state == "expired"
    assert await house.ring("checkout.expire_session") == 1
    assert (await house.checkout.view(session.id)).state == "expired"
    assert await house.tasks("checkout.expire_session") == []
    feed, _ = await house.store.feed(house.account_id, None, 10)
    assert [event.type for event in feed] == ["session.created", "session.expired"]


async def test_a_session_that_runs_out_after_declines_has_failed(house: Any) -> None:
    session = await house.session(url__callback_url=HOOK)
    declined = await house.pay(session.id, UNVERIFIED)
    house.clock.advance(hours=24)
    await house.ring("checkout.expire_session")
    assert (await house.get(declined.transaction_id)).status == "FAILED"
    view = await house.checkout.view(session.id)
    assert view.state == "failed"
    assert "error=authorization" in view.href  # the customer did not confirm the last try
    (task,) = await house.tasks("checkout.callback")
    assert "error=authorization" in msgspec.json.decode(task.data)["url"]


async def test_a_session_does_not_run_out_while_its_payment_is_unknown(house: Any) -> None:
    session = await house.session()
    await house.pay(session.id, LOST)
    house.clock.advance(hours=24)
    await house.ring("checkout.expire_session")
    assert (await house.checkout.view(session.id)).state == "unknown"
    await house.ring("checkout.ask_provider")
    assert (await house.checkout.view(session.id)).state == "expired"
    await house.ring("checkout.expire_session")
    assert (await house.checkout.view(session.id)).state == "failed"


async def test_the_timer_of_a_paid_session_changes_nothing(house: Any) -> None:
    session = await house.session()
    (timer,) = await house.tasks("checkout.expire_session")
    paid = await house.pay(session.id)
    house.clock.advance(days=2)
    await house.checkout.task_handlers()["checkout.expire_session"](timer)
    assert (await house.checkout.view(session.id)).state == "paid"
    assert (await house.get(paid.transaction_id)).status == "AUTHORIZED"


async def test_the_first_visit_is_an_event(house: Any) -> None:
    session = await house.session()
    for address in ("10.0.0.1", "10.0.0.2"):
        await house.checkout.visited(session.id, address, "Browser/1 " + "x" * 9000)
    after = await house.checkout.get_session(house.account_id, session.id)
    assert [event.name for event in after.events] == ["INITIATED", "VISITED"]
    assert after.customer_ip == "10.0.0.1"
    assert len(after.user_agent) == 500


async def test_a_session_of_another_account_is_not_found(house: Any) -> None:
    session = await house.session()
    for other in ("T00000001", "P" + house.account_id[1:]):
        with pytest.raises(NotFound):
            await house.checkout.get_session(other, session.id)
        with pytest.raises(NotFound):
            await house.checkout.cancel_session(other, session.id, house.actor())
