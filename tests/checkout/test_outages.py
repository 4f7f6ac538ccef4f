"""A provider that was away and answers again is asked soon what it still owes, however long the waits had grown."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg

from kvitt.checkout.flows.outages import SECONDS_BETWEEN, Outages
from kvitt.checkout.model.payment import UNKNOWN, Operation, Outcome

DONE = Outcome("done")


async def test_an_attempt_that_waited_for_hours_is_settled_within_a_minute_of_the_providers_return(house: Any) -> None:
    provider = house.checkout._desk.providers["sandbox"]
    waiting, other = await house.paid(), await house.paid()
    act = provider.act

    async def away(ask: Any) -> Outcome:
        return UNKNOWN

    provider.act = away
    await house.checkout.operate(house.account_id, waiting, Operation("capture", 39800), house.actor())
    for wait in (5, 15, 60, 300, 900, 3600):
        house.clock.advance(seconds=wait)
        assert await house.ring("checkout.ask_provider") == 1
    provider.act = act
    house.clock.advance(minutes=1)
    await house.checkout.operate(house.account_id, other, Operation("capture", 39800), house.actor())
    (task,) = await house.tasks("checkout.ask_provider")
    assert task.due_at <= house.clock() + timedelta(seconds=30)
    house.clock.advance(seconds=30)
    assert await house.ring("checkout.ask_provider") == 1
    assert (await house.get(waiting)).status == "CAPTURED"


async def test_a_provider_that_owes_nothing_is_not_asked_for_anything() -> None:
    outages = Outages()
    assert not outages.ended("psp", "P1", DONE)
    assert not outages.ended("psp", "P1", UNKNOWN)
    assert not outages.ended("psp", "P2", DONE)
    assert not outages.ended("other", "P1", DONE)
    assert outages.ended("psp", "P1", DONE)
    assert not outages.ended("psp", "P1", DONE)


async def test_a_provider_that_fails_every_other_call_is_not_asked_at_each() -> None:
    outages = Outages()
    ended = []
    for _ in range(50):
        outages.ended("psp", "P1", UNKNOWN)
        ended.append(outages.ended("psp", "P1", DONE))
    assert ended.count(True) == 1
    outages._hastened[("psp", "P1")] -= SECONDS_BETWEEN
    assert outages.ended("psp", "P1", DONE)


async def test_an_answer_is_settled_although_the_open_questions_cannot_be_asked_sooner(
    house: Any, database_url: str
) -> None:
    """Somebody held the task of another attempt, and the customer whose payment went through was told of an error."""
    provider = house.checkout._desk.providers["sandbox"]
    waiting = await house.paid()
    act = provider.act

    async def away(ask: Any) -> Outcome:
        return UNKNOWN

    provider.act = away
    await house.checkout.operate(house.account_id, waiting, Operation("capture", 39800), house.actor())
    for wait in (5, 15, 60):
        house.clock.advance(seconds=wait)
        await house.ring("checkout.ask_provider")
    provider.act = act
    session = await house.session()
    holder = await asyncpg.connect(database_url)
    try:
        async with holder.transaction():
            asks = "select from tasks where account_id = $1 and kind = 'checkout.ask_provider' for update"
            assert len(await holder.fetch(asks, house.account_id)) == 1
            async with asyncio.timeout(5):
                paid = await house.pay(session.id)
    finally:
        await holder.close()
    assert (await house.get(paid.transaction_id)).status == "AUTHORIZED"
