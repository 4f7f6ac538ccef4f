"""The customer's redirect, the provider's notification, our own question and a second submit, all at the same time."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from kvitt.checkout.flows import Actor
from kvitt.checkout.model.payment import UNKNOWN, CardDetails, Operation, Outcome
from kvitt.core.errors import Conflicting

HOOK = "https://shop.example/hook"


def provider_of(house: Any) -> Any:
    return house.checkout._desk.providers["sandbox"]


class Held:
    """A provider that does what it is asked, and keeps its answer back until it is let go."""

    def __init__(self, provider: Any) -> None:
        self._act = provider.act
        self.reached, self.let_go = asyncio.Event(), asyncio.Event()
        self.asks: list[Any] = []
        provider.act = self.act

    async def act(self, ask: Any) -> Outcome:
        self.asks.append(ask)
        outcome: Outcome = await self._act(ask)
        self.reached.set()
        await self.let_go.wait()
        return outcome


async def test_the_redirect_and_the_notification_race_and_the_order_is_paid_once(house: Any) -> None:
    held = Held(provider_of(house))
    session = await house.session(url__callback_url=HOOK)
    redirect = asyncio.create_task(house.pay(session.id))
    await held.reached.wait()
    ask = held.asks[0]
    told = [house.checkout.notified(house.account_id, ask.payment_id, ask.attempt_id) for _ in range(5)]
    house.clock.advance(seconds=20)
    await asyncio.gather(*told, house.ring("checkout.ask_provider"))
    transaction = await house.get(ask.payment_id)
    assert transaction.status == "AUTHORIZED"  # the notification came first
    held.let_go.set()
    assert (await redirect).transaction_id == ask.payment_id
    await house.checkout.notified(house.account_id, ask.payment_id, ask.attempt_id)
    assert await house.get(ask.payment_id) == transaction
    assert [event.event for event in transaction.events] == ["INITIALIZE", "AUTHORIZE"]
    assert len(await house.tasks("checkout.callback")) == 1
    movements = await house.books.of_payment(house.account_id, ask.payment_id)
    assert [(movement.verb, movement.outcome) for movement in movements] == [("authorize", "done")]
    assert (await house.checkout.get_session(house.account_id, session.id)).transaction_id == transaction.id


async def test_a_slow_provider_lets_no_second_submit_through(house: Any) -> None:
    held = Held(provider_of(house))
    session = await house.session()
    first = asyncio.create_task(house.pay(session.id))
    await held.reached.wait()
    for number in ("4000000000000002", "5200000000000007"):
        with pytest.raises(Conflicting):
            await house.checkout.pay(
                session.id, "dintero_psp.creditcard", CardDetails(number, "12/34", "123"), Actor(str(uuid4()))
            )
    held.let_go.set()
    paid = await first
    assert len(held.asks) == 1
    assert len(await house.books.of_payment(house.account_id, paid.transaction_id)) == 1


async def test_the_key_that_the_provider_sees_is_the_same_on_every_retry(house: Any) -> None:
    transaction_id = await house.paid()
    provider, keys = provider_of(house), []

    async def silent(ask: Any) -> Outcome:
        keys.append((ask.attempt_id, ask.amount, ask.verb))
        return UNKNOWN

    act, provider.act = provider.act, silent
    await house.checkout.operate(house.account_id, transaction_id, Operation("capture", 398), house.actor())
    for seconds in (5, 15, 60, 300):
        house.clock.advance(seconds=seconds)
        assert await house.ring("checkout.ask_provider") == 1
    assert len(keys) == 5
    assert len(set(keys)) == 1
    provider.act = act
    house.clock.advance(seconds=900)
    await house.ring("checkout.ask_provider")
    moved = [move for move in await house.books.of_payment(house.account_id, transaction_id) if move.verb == "capture"]
    assert [(move.attempt_id, move.amount) for move in moved] == [(keys[0][0], 398)]
