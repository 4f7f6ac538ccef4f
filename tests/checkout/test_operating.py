"""Capture, refund and void on a real store, many at once, and with a provider that does not answer."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kvitt.checkout.model.payment import Operation, Outcome
from kvitt.checkout.model.transaction import EventError
from kvitt.core.errors import AmountExceedsRemaining, Conflicting, InvalidOperation, NotFound, Refusal


async def do(house: Any, transaction_id: str, verb: Any, amount: int | None = None, **more: Any) -> Any:
    operation = Operation(verb, amount, **more)
    return await house.checkout.operate(house.account_id, transaction_id, operation, house.actor())


async def moved(house: Any, transaction_id: str, verb: str) -> int:
    movements = await house.books.of_payment(house.account_id, transaction_id)
    return sum(movement.amount for movement in movements if movement.verb == verb and movement.outcome == "done")


async def test_money_is_captured_and_refunded(house: Any) -> None:
    transaction_id = await house.paid()
    captured = await do(house, transaction_id, "capture", 39800, reference="SHIP-1", metadata={"ext_parcel": "A1"})
    event = captured.record.transaction.events[-1]
    assert (event.event, event.amount, event.event_reference, event.metadata) == (
        "CAPTURE", 39800, "SHIP-1", {"ext_parcel": "A1"},
    )  # fmt: skip
    assert event.correlation_request_id is None
    assert captured.record.transaction.status == "CAPTURED"
    assert (await do(house, transaction_id, "refund", 1)).record.transaction.status == "PARTIALLY_REFUNDED"
    assert (await do(house, transaction_id, "refund", 39799)).record.transaction.status == "REFUNDED"
    with pytest.raises(InvalidOperation):
        await do(house, transaction_id, "refund", 1)
    assert await moved(house, transaction_id, "refund") == 39800
    assert await house.tasks("checkout.ask_provider") == []


async def test_the_orders_event_reference_names_events_that_have_none(house: Any) -> None:
    transaction_id = await house.paid(order__event_reference="BATCH-7")
    captured = await do(house, transaction_id, "capture", 1)
    assert [event.event_reference for event in captured.record.transaction.events] == [None, "BATCH-7", "BATCH-7"]


async def test_two_hundred_captures_at_once_of_a_hundredth_each(house: Any) -> None:
    transaction_id = await house.paid()
    answers = await asyncio.gather(
        *(do(house, transaction_id, "capture", 398) for _ in range(200)), return_exceptions=True
    )
    done = [answer for answer in answers if not isinstance(answer, BaseException)]
    refused = [answer for answer in answers if isinstance(answer, BaseException)]
    assert len(done) == 100
    assert all(isinstance(answer, Conflicting | InvalidOperation | AmountExceedsRemaining) for answer in refused)
    transaction = await house.get(transaction_id)
    assert transaction.status == "CAPTURED"
    assert sum(event.amount for event in transaction.events if event.event == "CAPTURE") == 39800
    assert await moved(house, transaction_id, "capture") == 39800


async def test_two_full_captures_at_once_capture_once(house: Any) -> None:
    transaction_id = await house.paid()
    answers = await asyncio.gather(
        *(do(house, transaction_id, "capture", 39800) for _ in range(2)), return_exceptions=True
    )
    assert sum(isinstance(answer, Refusal) for answer in answers) == 1
    assert await moved(house, transaction_id, "capture") == 39800


async def test_capture_and_void_at_once_have_one_winner(house: Any) -> None:
    for _ in range(5):
        transaction_id = await house.paid()
        answers = await asyncio.gather(
            do(house, transaction_id, "capture", 39800), do(house, transaction_id, "void"), return_exceptions=True
        )
        assert sum(isinstance(answer, Refusal) for answer in answers) == 1
        both = (await moved(house, transaction_id, "capture"), await moved(house, transaction_id, "void"))
        assert sorted(both) == [0, 39800]
        expected = "CAPTURED" if both[0] else "AUTHORIZATION_VOIDED"
        assert (await house.get(transaction_id)).status == expected


async def test_refunds_at_once_never_exceed_what_was_captured(house: Any) -> None:
    transaction_id = await house.paid()
    await do(house, transaction_id, "capture", 10000)
    answers = await asyncio.gather(
        *(do(house, transaction_id, "refund", 4000) for _ in range(6)), return_exceptions=True
    )
    assert sum(not isinstance(answer, BaseException) for answer in answers) == 2
    assert await moved(house, transaction_id, "refund") == 8000
    assert (await house.get(transaction_id)).status == "PARTIALLY_CAPTURED_REFUNDED"


@pytest.mark.parametrize(
    ("number", "verb", "amount", "before", "after"),
    [
        ("4100000000000019", "capture", 39800, "AUTHORIZED", "CAPTURED"),
        ("4100000000000027", "refund", 39800, "CAPTURED", "REFUNDED"),
        ("4100000000000043", "void", None, "AUTHORIZED", "AUTHORIZATION_VOIDED"),
    ],
)
async def test_an_operation_without_an_answer_is_unknown_until_the_provider_is_asked_again(
    house: Any, number: str, verb: str, amount: int | None, before: str, after: str
) -> None:
    transaction_id = await house.paid(number)
    if verb == "refund":
        await do(house, transaction_id, "capture", 39800)
    settled = await do(house, transaction_id, verb, amount)
    assert settled.attempt.status == "unknown"
    initiated = settled.record.transaction.events[-1]
    assert (initiated.event, initiated.request_id) == (f"INITIATE_{verb.upper()}", settled.attempt.request_id)
    assert settled.record.transaction.status == before
    with pytest.raises(Conflicting):
        await do(house, transaction_id, verb, amount)
    house.clock.advance(seconds=4)
    assert await house.ring("checkout.ask_provider") == 0
    house.clock.advance(seconds=1)
    assert await house.ring("checkout.ask_provider") == 1
    transaction = await house.get(transaction_id)
    last = transaction.events[-1]
    assert (last.event, last.success, last.correlation_request_id) == (verb.upper(), True, initiated.request_id)
    assert transaction.status == after
    assert await moved(house, transaction_id, verb) == 39800
    assert await house.ring("checkout.ask_provider") == 0


async def test_a_capture_whose_process_died_is_done_once(house: Any) -> None:
    transaction_id = await house.paid()
    provider = house.checkout._desk.providers["sandbox"]
    act = provider.act

    async def die(ask: Any) -> None:
        raise asyncio.CancelledError

    provider.act = die
    with pytest.raises(asyncio.CancelledError):
        await do(house, transaction_id, "capture", 39800)
    provider.act = act
    with pytest.raises(Conflicting):
        await do(house, transaction_id, "capture", 39800)
    house.clock.advance(seconds=20)
    assert await asyncio.gather(house.ring("checkout.ask_provider"), house.ring("checkout.ask_provider")) == [1, 1]
    transaction = await house.get(transaction_id)
    assert [event.event for event in transaction.events] == ["INITIALIZE", "AUTHORIZE", "CAPTURE"]
    assert await moved(house, transaction_id, "capture") == 39800


async def test_a_refusal_of_the_provider_is_an_event_and_changes_no_status(house: Any) -> None:
    transaction_id = await house.paid()
    provider = house.checkout._desk.providers["sandbox"]

    async def refuse(ask: Any) -> Outcome:
        return Outcome("refused", EventError("Closed", type=("CLOSED_ACCOUNT",)))

    provider.act = refuse
    settled = await do(house, transaction_id, "capture", 100)
    assert settled.attempt.status == "refused"
    transaction = await house.get(transaction_id)
    assert (transaction.status, transaction.events[-1].success) == ("AUTHORIZED", False)
    assert transaction.events[-1].error.type == ("CLOSED_ACCOUNT",)


async def test_report_event_calls_the_shop_for_that_operation_alone(house: Any) -> None:
    transaction_id = await house.paid(url__callback_url="https://shop.example/hook?report_event=REFUND")
    await do(house, transaction_id, "capture", 39800)
    assert len(await house.tasks("checkout.callback")) == 1
    await do(house, transaction_id, "refund", 39800)
    urls = [task.data for task in await house.tasks("checkout.callback")]
    assert len(urls) == 2
    assert any("event=REFUND&event_id=4" in url for url in urls)


async def test_a_transaction_of_another_account_is_not_found(house: Any) -> None:
    transaction_id = await house.paid()
    for other in ("T00000001", "P" + house.account_id[1:]):
        with pytest.raises(NotFound):
            await house.checkout.get_transaction(other, transaction_id)
        with pytest.raises(NotFound):
            await house.checkout.operate(other, transaction_id, Operation("void"), house.actor())
