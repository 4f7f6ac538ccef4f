"""A payment provider elsewhere: books of its own, and every way of not answering.

It keeps the promises of `checkout/providers/protocol.py` (an attempt moves money once; a `lookup` that answers
"refused" makes sure of it) and no others: it takes whatever it is asked for, so that asking for too much shows in its
books.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from kvitt.checkout.model.payment import UNKNOWN, Ask, Capabilities, Outcome
from kvitt.checkout.model.transaction import Card, EventError

if TYPE_CHECKING:
    from .server import Server
    from .world import World

FENCED = EventError("The payment never reached the provider", "NOT_RECEIVED", ("ERROR",))
DECLINED = EventError("The bank declined", "DECLINED", ("DECLINED",))


class OutOfOrder(Exception):
    """The provider's own failure, or an answer that makes no sense."""


@dataclass
class Movement:
    """`outcome`: done, refused, or fenced (it came after it was promised that it never would)."""

    account_id: str
    attempt_id: str
    payment_id: str
    verb: str
    amount: int
    final: bool
    outcome: str
    at: datetime
    asked: int = 1


def products() -> dict[str, Capabilities]:
    return {
        "dintero_psp.creditcard": Capabilities(),
        "payex.creditcard": Capabilities(final_capture=False, void_remainder=True),
        "bambora.creditcard": Capabilities(final_capture=False),
    }


@dataclass
class Provider:
    world: World
    name: str = "sandbox"
    books: dict[str, Movement] = field(default_factory=dict)
    _products: dict[str, Capabilities] = field(default_factory=products)
    _never: set[str] = field(default_factory=set)
    """Payments of which no capture, refund or void will succeed."""

    @property
    def products(self) -> Mapping[str, Capabilities]:
        return self._products

    async def act(self, ask: Ask) -> Outcome:
        return await self._ask(ask, looks=False)

    async def lookup(self, ask: Ask) -> Outcome:
        return await self._ask(ask, looks=True)

    async def _ask(self, ask: Ask, *, looks: bool) -> Outcome:
        """The request travels, takes effect, and the answer travels; any of it may fail or take too long."""
        world, faults, chance = self.world, self.world.faults, self.world.chance
        answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        way = chance.between(0.005, 0.4)
        if world.is_away("provider") or chance.once_in(faults.request_lost):
            world.note("provider hears nothing", ask.verb, ask.attempt_id)
            return await answer  # for ever: the caller's patience ends it
        if chance.once_in(faults.provider_slow):
            way = chance.between(8.0, 60.0)
        world.later(way, self._arrives, ask, looks, answer)
        return await answer

    def _arrives(self, ask: Ask, looks: bool, answer: asyncio.Future[Outcome]) -> None:
        world, faults, chance = self.world, self.world.faults, self.world.chance
        if chance.once_in(faults.provider_error):
            world.note("provider fails", ask.verb, ask.attempt_id)
            world.later(0.01, _raise, answer, OutOfOrder("500"))
            return
        new = ask.attempt_id not in self.books
        movement = self._record(ask, looks)
        world.note("provider", "looks" if looks else "acts", ask.verb, ask.amount, movement.outcome, ask.attempt_id)
        if new:
            world.moved(movement)
            self._tell_news(movement)
        if chance.once_in(faults.answer_lost):
            return
        if chance.once_in(faults.provider_error):
            world.later(0.01, _raise, answer, OutOfOrder("nonsense"))
            return
        way = chance.between(8.0, 60.0) if chance.once_in(faults.provider_slow) else chance.between(0.005, 0.4)
        told = UNKNOWN if chance.once_in(faults.provider_unsure) else self._told(movement)
        world.later(way, _tell, answer, told)

    def _tell_news(self, movement: Movement) -> None:
        """Before the answer or long after it, once, twice or never."""
        chance, faults = self.world.chance, self.world.faults
        if not chance.once_in(faults.notices):
            return
        for _ in range(2 if chance.once_in(faults.notice_doubled) else 1):
            way = chance.between(1.0, 400.0) if chance.once_in(faults.notice_late) else chance.between(0.001, 0.5)
            if not chance.once_in(faults.notice_lost):
                self.world.later(way, self._notice, movement)

    def _notice(self, movement: Movement) -> None:
        server = self.world.any_server()
        if server is None:
            return

        async def flow(server: Server) -> None:
            await server.checkout.notified(movement.account_id, movement.payment_id, movement.attempt_id)

        self.world.note("notice", server.owner.name, movement.verb, movement.attempt_id)
        connection, _ = server.serve(flow)
        connection.add_done_callback(lambda connection: connection.exception())  # heard or not, it was said

    def _record(self, ask: Ask, looks: bool) -> Movement:
        """The first to come is written; whoever comes later is told what stands."""
        stands = self.books.get(ask.attempt_id)
        if stands is not None:
            stands.asked += 1
            return stands
        refused = ask.payment_id in self._never or self.world.chance.once_in(self.world.faults.decline)
        if ask.verb == "authorize" and self.world.chance.once_in(self.world.faults.never_captured):
            self._never.add(ask.payment_id)
        movement = Movement(
            ask.account_id, ask.attempt_id, ask.payment_id, ask.verb, ask.amount, ask.final,
            "fenced" if looks else "refused" if refused else "done", self.world.clock(ask.account_id),
        )  # fmt: skip
        self.books[ask.attempt_id] = movement
        return movement

    def _told(self, movement: Movement) -> Outcome:
        if movement.outcome == "fenced":
            return Outcome("refused", FENCED)
        if movement.outcome == "refused":
            return Outcome("refused", DECLINED)
        if movement.verb != "authorize":
            return Outcome("done")
        return Outcome("done", reference=f"psp-{movement.attempt_id[:8]}", card=Card(eci="05"))


def _tell(answer: asyncio.Future[Outcome], outcome: Outcome) -> None:
    if not answer.done():
        answer.set_result(outcome)


def _raise(answer: asyncio.Future[Outcome], error: Exception) -> None:
    if not answer.done():
        answer.set_exception(error)
