"""Every movement of a transaction's money stands in the ledger, committed with its cause, once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kvitt.checkout.model.payment import Operation
from kvitt.core.change import Posting
from kvitt.ledger.model import SIDES
from kvitt.ledger.rules import balances

CAPTURE_WITHOUT_AN_ANSWER = "4100000000000019"
DECLINED = "4100000000000076"


async def do(house: Any, transaction_id: str, verb: Any, amount: int | None = None, **more: Any) -> Any:
    return await house.checkout.operate(
        house.account_id, transaction_id, Operation(verb, amount, **more), house.actor()
    )


async def postings(house: Any) -> list[Posting]:
    async def run(connection: Any) -> list[Posting]:
        rows = await connection.fetch(
            "select account_id, object_id, id, kind, debit, credit, amount, currency, created_at from postings "
            "where account_id = $1 order by created_at, id",
            house.account_id,
        )
        return [Posting(*row) for row in rows]

    found: list[Posting] = await house.store._lines.run(run)
    return found


async def held(house: Any) -> tuple[int, int]:
    """What may still be captured, and refunded, as the ledger has it; the customer's account is the other side."""
    sums = balances(await postings(house))
    authorized, captured = sums.get(("NOK", "authorized"), 0), sums.get(("NOK", "captured"), 0)
    assert sums.get(("NOK", "customer"), 0) == -(authorized + captured)
    return authorized, captured


async def test_each_movement_is_a_posting_between_two_accounts(house: Any) -> None:
    transaction_id = await house.paid()
    assert await held(house) == (39800, 0)
    await do(house, transaction_id, "capture", 10000)
    assert await held(house) == (29800, 10000)
    await do(house, transaction_id, "refund", 2500)
    assert await held(house) == (29800, 7500)
    found = await postings(house)
    assert sorted((each.kind, each.amount) for each in found) == [
        ("authorize", 39800), ("capture", 10000), ("refund", 2500)
    ]  # fmt: skip
    assert all((each.debit, each.credit) == SIDES[each.kind] for each in found)  # type: ignore[index]
    assert {each.object_id for each in found} == {transaction_id}


async def test_what_a_final_capture_leaves_is_released(house: Any) -> None:
    transaction_id = await house.paid()
    await do(house, transaction_id, "capture", 30000, final=True)
    assert await held(house) == (0, 30000)
    assert sorted(each.kind for each in await postings(house)) == ["authorize", "capture", "release"]


async def test_a_voided_reservation_goes_back_to_the_customer(house: Any) -> None:
    transaction_id = await house.paid()
    await do(house, transaction_id, "void")
    assert await held(house) == (0, 0)


async def test_what_was_declined_or_is_not_known_moves_nothing(house: Any) -> None:
    session = await house.session()
    await house.pay(session.id, DECLINED)
    assert await postings(house) == []
    transaction_id = await house.paid(CAPTURE_WITHOUT_AN_ANSWER)
    await do(house, transaction_id, "capture", 39800)
    assert await held(house) == (39800, 0)
    house.clock.advance(seconds=30)
    await house.ring("checkout.ask_provider")
    assert await held(house) == (0, 39800)


@pytest.mark.parametrize("settlers", [2, 8])
async def test_an_answer_that_comes_several_times_at_once_moves_money_once(house: Any, settlers: int) -> None:
    """The provider's notification, the customer's redirect and our own asking race: one of them settles."""
    transaction_id = await house.paid(CAPTURE_WITHOUT_AN_ANSWER)
    await do(house, transaction_id, "capture", 39800)
    house.clock.advance(seconds=30)
    (task,) = await house.tasks("checkout.ask_provider")
    ask = house.checkout.task_handlers()["checkout.ask_provider"]
    await asyncio.gather(*(ask(task) for _ in range(settlers)))
    assert await held(house) == (0, 39800)
    assert len((await house.get(transaction_id)).events) == 4  # initialize, authorize, initiate_capture, capture
