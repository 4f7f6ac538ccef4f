"""The sandbox: a provider with books of its own, in which every attempt stands at most once.

It remembers how a card behaves, never its number: the behaviour's name is part of the payment's reference, which
checkout keeps without reading it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

import msgspec

from kvitt.checkout.model.payment import UNKNOWN, Ask, Capabilities, Outcome
from kvitt.checkout.model.transaction import EventError
from kvitt.checkout.providers.cards import BEHAVIOURS, behaviour_name
from kvitt.core.clock import Clock

SILENCE = timedelta(seconds=5)
"""How long the sandbox gives no answer about an attempt that is to time out."""

_PRODUCTS: dict[str, Capabilities] = {
    "dintero_psp.creditcard": Capabilities(),
    "payex.creditcard": Capabilities(final_capture=False, void_remainder=True),
    "bambora.creditcard": Capabilities(final_capture=False),
}
"""Voiding after a part was captured is for payex; `final_capture` is for dintero_psp."""

_NEVER_ARRIVED = EventError("The payment never reached the provider; nothing was reserved", "NOT_RECEIVED", ("ERROR",))
_TIMED_OUT = EventError("The provider waited in vain for the bank; nothing was reserved", "TIMEOUT", ("ERROR",))


class Movement(msgspec.Struct, frozen=True):
    """What the sandbox did for one attempt. `outcome`: done, refused, lost or fenced; `data`: JSON of `Notes`."""

    account_id: str
    attempt_id: str
    payment_id: str
    verb: str
    amount: int
    currency: str
    outcome: str
    created_at: datetime
    data: str = "{}"


class Notes(msgspec.Struct, frozen=True, omit_defaults=True):
    """`behaviour`: of the card. `silent`: the answer is kept back for a while."""

    behaviour: str = "success"
    silent: bool = False


class Books(Protocol):
    """Where movements stand, durably. Members as in `Movement`, in that order."""

    async def record(self, movement: Any) -> Any:
        """Writes the movement unless its attempt is known, and answers what the books hold: the first one wins."""
        ...

    async def get(self, account_id: str, attempt_id: str) -> Any: ...


class Sandbox:
    name = "sandbox"

    def __init__(self, books: Books, clock: Clock) -> None:
        self._books = books
        self._clock = clock

    @property
    def products(self) -> Mapping[str, Capabilities]:
        return _PRODUCTS

    async def act(self, ask: Ask) -> Outcome:
        """Answers what the books say of this attempt after it was written, or was found to stand there already."""
        behaviour = behaviour_name(ask.card.number) if ask.card is not None else _behaviour_in(ask.reference)
        how = BEHAVIOURS[behaviour]
        outcome, silent = "done", ("auto_capture" if ask.automatic else ask.verb) in how.silent
        if ask.verb == "authorize":
            outcome = "lost" if how.lost else "refused" if how.error else "done"
            silent = how.lost
        stands = await self._books.record(self._movement(ask, outcome, Notes(behaviour, silent)))
        return self._told(stands)

    async def lookup(self, ask: Ask) -> Outcome:
        """What the books say. An attempt they do not know is written there as one that never happens: should the
        request still be on its way, it comes too late."""
        stands = await self._books.get(ask.account_id, ask.attempt_id)
        if stands is None:
            stands = await self._books.record(self._movement(ask, "fenced", Notes()))
        return self._told(stands)

    def _movement(self, ask: Ask, outcome: str, notes: Notes) -> Movement:
        return Movement(
            ask.account_id, ask.attempt_id, ask.payment_id, ask.verb, ask.amount, ask.currency, outcome,
            self._clock(ask.account_id),
            msgspec.json.encode(notes).decode(),
        )  # fmt: skip

    def _told(self, movement: Any) -> Outcome:
        notes = msgspec.json.decode(movement.data, type=Notes)
        if notes.silent and self._clock(movement.account_id) < movement.created_at + SILENCE:
            return UNKNOWN
        if movement.outcome == "fenced":
            return Outcome("refused", _NEVER_ARRIVED)
        if movement.outcome == "lost":
            return Outcome("refused", _TIMED_OUT)
        how = BEHAVIOURS[notes.behaviour]
        if movement.outcome == "refused":
            return Outcome("refused", how.error)
        if movement.verb != "authorize":
            return Outcome("done")
        return Outcome("done", reference=f"{movement.attempt_id}/{notes.behaviour}", card=how.card)


def _behaviour_in(reference: str) -> str:
    name = reference.rpartition("/")[2]
    return name if name in BEHAVIOURS else "success"
