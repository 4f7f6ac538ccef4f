"""The customer pays: on a real store, against the sandbox's own books."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from kvitt.checkout.model.view import Declined, NotKnown, Paid
from kvitt.core.errors import Conflicting, InvalidOperation, InvalidRequest, NotFound

UNVERIFIED, DECLINED_1A, LOST = "4000300000000006", "4100000000000076", "4100000000000001"


def names(session: Any) -> list[str]:
    return [event.name for event in session.events]


def events(transaction: Any) -> list[tuple[str, bool]]:
    return [(event.event, event.success) for event in transaction.events]


async def test_a_payment_reserves_the_money_and_completes_the_session(house: Any) -> None:
    session = await house.session()
    paid = await house.pay(session.id)
    assert isinstance(paid, Paid)
    transaction = await house.get(paid.transaction_id)
    assert (transaction.status, transaction.amount) == ("AUTHORIZED", 39800)
    assert events(transaction) == [("INITIALIZE", True), ("AUTHORIZE", True)]
    assert transaction.card.masked_pan == "400000******0002"
    after = await house.checkout.get_session(house.account_id, session.id)
    assert after.transaction_id == transaction.id
    assert names(after) == [
        "INITIATED", "PAY_LOCK_START", "PAY_LOCK_META", "AUTHORIZED", "PAY_LOCK_END", "COMPLETED",
    ]  # fmt: skip
    query = parse_qs(urlsplit(paid.redirect_url).query)
    assert query == {
        "lang": ["nb"],
        "transaction_id": [transaction.id],
        "session_id": [session.id],
        "merchant_reference": ["ORDER-1"],
    }
    movements = await house.books.of_payment(house.account_id, transaction.id)
    assert [(m.verb, m.amount, m.outcome) for m in movements] == [("authorize", 39800, "done")]
    assert await house.tasks("checkout.ask_provider") == []
    assert await house.tasks("checkout.expire_session") == []


async def test_ten_payments_at_the_same_time_reserve_once(house: Any) -> None:
    session = await house.session()
    answers = await asyncio.gather(*(house.pay(session.id) for _ in range(10)), return_exceptions=True)
    assert sum(isinstance(answer, Paid) for answer in answers) == 1
    refusals = [answer for answer in answers if not isinstance(answer, Paid)]
    assert all(isinstance(answer, Conflicting | InvalidOperation) for answer in refusals), refusals
    paid = next(answer for answer in answers if isinstance(answer, Paid))
    assert len(await house.books.of_payment(house.account_id, paid.transaction_id)) == 1


async def test_a_paid_session_is_not_paid_again(house: Any) -> None:
    session = await house.session()
    await house.pay(session.id)
    with pytest.raises(InvalidOperation) as refusal:
        await house.pay(session.id)
    assert refusal.value.code == "SESSION_COMPLETED"


async def test_a_declined_card_leaves_the_session_open_for_another(house: Any) -> None:
    session = await house.session()
    declined = await house.pay(session.id, UNVERIFIED)
    assert isinstance(declined, Declined)
    assert declined.decline.code == "FAILED_VERIFICATION"
    transaction = await house.get(declined.transaction_id)
    assert transaction.status == "INITIATED"
    assert transaction.events[-1].error.type == ("FAILED_VERIFICATION",)
    view = await house.checkout.view(session.id)
    assert (view.state, view.href) == ("open", None)
    assert view.decline == declined.decline
    assert names(await house.checkout.get_session(house.account_id, session.id))[-2:] == ["PAY_FAILED", "PAY_LOCK_END"]
    paid = await house.pay(session.id)
    assert paid.transaction_id == declined.transaction_id
    assert events(await house.get(paid.transaction_id)) == [
        ("INITIALIZE", True), ("AUTHORIZE", False), ("AUTHORIZE", True),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("number", "code", "result_code"),
    [
        (DECLINED_1A, "ADDITIONAL_VERIFICATION_REQUIRED", "1A"),
        ("5200000000000031", "FAILED_VERIFICATION", None),
        ("4242424242424242", "DECLINED", None),
    ],
)
async def test_declines_say_why(house: Any, number: str, code: str, result_code: str | None) -> None:
    declined = await house.pay((await house.session()).id, number)
    assert isinstance(declined, Declined)
    assert declined.decline.code == code
    error = (await house.get(declined.transaction_id)).events[-1].error
    assert error.result_code == result_code
    assert error.retry_policy is not None


async def test_a_proof_of_attempt_goes_through(house: Any) -> None:
    transaction = await house.get(await house.paid("5200000000000023"))
    assert (transaction.card.brand, transaction.card.authentication_status) == ("Mastercard", "A")


async def test_an_authorization_without_an_answer_is_unknown_and_then_what_it_was(house: Any) -> None:
    session = await house.session()
    answer = await house.pay(session.id, LOST)
    assert answer == NotKnown(f"https://pay.example/v1/view/{session.id}/session")
    assert (await house.checkout.view(session.id)).state == "unknown"
    with pytest.raises(Conflicting):
        await house.pay(session.id)
    house.clock.advance(seconds=5)
    assert await house.ring("checkout.ask_provider") == 1
    view = await house.checkout.view(session.id)
    assert view.state == "open"
    assert view.decline.message == "The provider waited in vain for the bank; nothing was reserved"
    assert isinstance(await house.pay(session.id), Paid)
    assert await house.tasks("checkout.ask_provider") == []


async def test_a_provider_that_stays_silent_is_asked_at_growing_distances(house: Any) -> None:
    session = await house.session()
    await house.pay(session.id, LOST)
    provider = house.checkout._desk.providers["sandbox"]
    provider._clock = lambda _account_id: session.created_at  # for the sandbox no time passes
    waits = []
    for _ in range(7):
        (task,) = await house.tasks("checkout.ask_provider")
        waits.append((task.due_at - house.clock()).total_seconds())
        house.clock.now = task.due_at
        assert await house.ring("checkout.ask_provider") == 1
    assert waits == [5, 15, 60, 300, 900, 3600, 3600]


async def test_a_crash_before_the_provider_was_asked_ends_as_declined_and_never_moves_money(house: Any) -> None:
    """The process dies between the intent and the call; the request then arrives late all the same."""
    session = await house.session()
    provider = house.checkout._desk.providers["sandbox"]
    asked: list[Any] = []

    async def die(ask: Any) -> None:
        asked.append(ask)
        raise asyncio.CancelledError

    provider.act, act = die, provider.act
    with pytest.raises(asyncio.CancelledError):
        await house.pay(session.id)
    provider.act = act
    assert (await house.checkout.view(session.id)).state == "paying"
    house.clock.advance(seconds=19)
    assert await house.ring("checkout.ask_provider") == 0
    house.clock.advance(seconds=1)
    assert await house.ring("checkout.ask_provider") == 1
    assert (await house.checkout.view(session.id)).state == "open"
    assert (await act(asked[0])).kind == "refused"
    assert isinstance(await house.pay(session.id), Paid)


async def test_a_crash_after_the_provider_reserved_ends_as_authorized(house: Any) -> None:
    session = await house.session(url__callback_url="https://shop.example/hook")
    provider = house.checkout._desk.providers["sandbox"]
    act = provider.act

    async def die_after(ask: Any) -> None:
        await act(ask)
        raise asyncio.CancelledError

    provider.act = die_after
    with pytest.raises(asyncio.CancelledError):
        await house.pay(session.id)
    provider.act = act
    house.clock.advance(seconds=20)
    await asyncio.gather(house.ring("checkout.ask_provider"), house.ring("checkout.ask_provider"))
    view = await house.checkout.view(session.id)
    assert view.state == "paid"
    assert "transaction_id=" in view.href
    transaction = await house.get(parse_qs(urlsplit(view.href).query)["transaction_id"][0])
    assert events(transaction) == [("INITIALIZE", True), ("AUTHORIZE", True)]
    assert transaction.card.masked_pan == "400000******0002"
    assert len(await house.tasks("checkout.callback")) == 1


async def test_a_broken_provider_is_unknown_and_its_words_are_not_repeated(house: Any, caplog: Any) -> None:
    session = await house.session()

    async def break_down(ask: Any) -> None:
        raise RuntimeError(f"cannot charge {ask.card.number}")

    provider = house.checkout._desk.providers["sandbox"]
    provider.act = break_down
    assert isinstance(await house.pay(session.id), NotKnown)
    assert "4000000000000002" not in caplog.text


@pytest.mark.parametrize(
    ("product", "path"), [("klarna.billie", "payment_product_type"), ("payex.creditcard", "payment_product_type")]
)
async def test_a_product_that_is_not_offered_is_refused(house: Any, product: str, path: str) -> None:
    session = await house.session()
    with pytest.raises(InvalidRequest) as refusal:
        await house.checkout.pay(session.id, product, None, house.actor())
    assert refusal.value.problems[0].path == path


async def test_the_twenty_first_try_is_refused(house: Any) -> None:
    session = await house.session()
    for _ in range(20):
        await house.pay(session.id, UNVERIFIED)
    with pytest.raises(InvalidOperation) as refusal:
        await house.pay(session.id)
    assert refusal.value.code == "TOO_MANY_TRIES"


@pytest.mark.parametrize("session_id", ["", "x", "T12345678.465UfBENeLpkBvwmqfTC4k", "T12345678.0", "../../etc"])
async def test_an_unknown_session_is_not_found(house: Any, session_id: str) -> None:
    for act in (
        house.checkout.view(session_id),
        house.pay(session_id),
        house.checkout.abandon(session_id, house.actor()),
    ):
        with pytest.raises(NotFound):
            await act


async def test_the_callback_is_frozen_with_the_payment(house: Any) -> None:
    url = "https://shop.example/hook?method=POST&delay_callback=30&includes=session&b=2"
    transaction_id = await house.paid(url__callback_url=url)
    (task,) = await house.tasks("checkout.callback")
    assert (task.due_at - house.clock()).total_seconds() == 30
    data = msgspec.json.decode(task.data)
    query = parse_qs(urlsplit(data["url"]).query)
    assert (data["method"], query["transaction_id"], query["b"]) == ("POST", [transaction_id], ["2"])
    assert data["body"]["status"] == "AUTHORIZED"
    assert data["body"]["session"]["transaction_id"] == transaction_id
    assert list(query) == sorted(query)


async def test_a_delivered_callback_is_told_once_on_the_session(house: Any) -> None:
    transaction_id = await house.paid(url__callback_url="https://shop.example/hook")
    (task,) = await house.tasks("checkout.callback")
    for _ in range(2):
        change = await house.checkout.callback_sent(task)
        if change.puts:
            await house.store.commit(change)
    session_id = (await house.get(transaction_id)).session_id
    session = await house.checkout.get_session(house.account_id, session_id)
    assert [(e.name, e.details) for e in session.events[-2:]] == [
        ("COMPLETED", None), ("AUTH_CALLBACK_SENT", {"transaction_event_id": "2"}),
    ]  # fmt: skip


async def test_the_log_tells_of_the_payment_with_the_transaction_as_it_was(house: Any) -> None:
    transaction_id = await house.paid()
    await house.checkout.operate(house.account_id, transaction_id, _capture(39800), house.actor())
    feed, _ = await house.store.feed(house.account_id, None, 10)
    assert [event.type for event in feed] == ["session.created", "transaction.authorized", "transaction.captured"]
    assert [msgspec.json.decode(event.data).get("status") for event in feed] == [None, "AUTHORIZED", "CAPTURED"]
    assert feed[1].object_id == transaction_id
    assert [event.version for event in feed] == [1, 2, 4]


def _capture(amount: int) -> Any:
    from kvitt.checkout.model.payment import Operation

    return Operation("capture", amount)


async def test_an_automatic_capture_follows_the_payment_and_the_callback_waits_for_it(house: Any) -> None:
    transaction_id = await house.paid(
        url__callback_url="https://shop.example/hook", configuration={"auto_capture": True}
    )
    transaction = await house.get(transaction_id)
    assert transaction.status == "CAPTURED"
    assert events(transaction) == [("INITIALIZE", True), ("AUTHORIZE", True), ("CAPTURE", True)]
    (task,) = await house.tasks("checkout.callback")
    assert msgspec.json.decode(task.data)["transaction_event_id"] == "3"


async def test_an_automatic_capture_without_an_answer_is_captured_later(house: Any) -> None:
    body = {"url__callback_url": "https://shop.example/hook", "configuration": {"auto_capture": True}}
    transaction_id = await house.paid("4100000000000035", **body)
    assert (await house.get(transaction_id)).status == "AUTHORIZED"
    assert await house.tasks("checkout.callback") == []
    house.clock.advance(seconds=5)
    await house.ring("checkout.ask_provider")
    assert (await house.get(transaction_id)).status == "CAPTURED"
    assert len(await house.tasks("checkout.callback")) == 1


async def test_a_refused_automatic_capture_is_tried_again_for_two_days(house: Any) -> None:
    provider = house.checkout._desk.providers["sandbox"]
    act = provider.act

    async def refuse_captures(ask: Any) -> Any:
        from kvitt.checkout.model.payment import Outcome

        return Outcome("refused") if ask.verb == "capture" else await act(ask)

    provider.act = refuse_captures
    session = await house.session(configuration={"auto_capture": True})
    paid = await house.pay(session.id)
    assert paid.redirect_url.endswith("&error=capture")
    start, tries = house.clock(), 1
    while tasks := await house.tasks("checkout.auto_capture"):
        house.clock.now = tasks[0].due_at
        await house.ring("checkout.auto_capture")
        tries += 1
    assert tries == 15
    assert (house.clock() - start).total_seconds() <= 48 * 3600
    provider.act = act
    await house.checkout.operate(house.account_id, paid.transaction_id, _capture(39800), house.actor())
    assert (await house.get(paid.transaction_id)).status == "CAPTURED"
