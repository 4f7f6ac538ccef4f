"""The sandbox: a provider with books of its own, in which every attempt stands at most once.

It remembers how a card behaves, never its number: the behaviour's name is part of the payment's reference, which
checkout keeps without reading it. What goes wrong is said by a fault script, else by the amount, else by the card.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

import msgspec

from kvitt.checkout.model.payment import UNKNOWN, Ask, Capabilities, Outcome
from kvitt.checkout.model.transaction import EventError
from kvitt.checkout.providers.amounts import BY_AMOUNT
from kvitt.checkout.providers.cards import BEHAVIOURS, behaviour_name
from kvitt.checkout.providers.declines import BOOKS_REFUSE
from kvitt.checkout.providers.faults import Effect, Faults, NoFaults, Rule, effect_of
from kvitt.core.clock import Clock

SILENCE = timedelta(seconds=5)
"""How long the sandbox gives no answer about an attempt that is to time out."""

NEWS_FIRST = 3.0
"""How many seconds an answer waits, at most, for the news that come before it."""

_PRODUCTS: dict[str, Capabilities] = {
    "dintero_psp.creditcard": Capabilities(),
    "payex.creditcard": Capabilities(final_capture=False, void_remainder=True),
    "bambora.creditcard": Capabilities(final_capture=False),
}
"""Voiding after a part was captured is for payex; `final_capture` is for dintero_psp."""

_NEVER_ARRIVED = EventError("The payment never reached the provider; nothing was reserved", "NOT_RECEIVED", ("ERROR",))
_TIMED_OUT = EventError("The provider waited in vain for the bank; nothing was reserved", "TIMEOUT", ("ERROR",))


class Movement(msgspec.Struct, frozen=True):
    """What the sandbox did for one attempt. `outcome`: done, refused, lost or fenced; `data`: JSON of `Notes`.

    Only `done` moves money. `final`: a capture that voids the remainder. `expires_at`: of an authorization.
    """

    account_id: str
    attempt_id: str
    payment_id: str
    verb: str
    amount: int
    currency: str
    outcome: str
    created_at: datetime
    data: str = "{}"
    final: bool = False
    expires_at: datetime | None = None


class NoticePlan(msgspec.Struct, frozen=True):
    """News of a movement, to be sent at `due_at` in the account's time. `held`: after the next one of its payment."""

    due_at: datetime
    held: bool = False


class Notes(msgspec.Struct, frozen=True, omit_defaults=True):
    """`behaviour`: of the card. `silent`: the answer is kept back, for `seconds`. `error`: why it was refused.

    `refusal`: what the books' sums said against it.
    """

    behaviour: str = "success"
    silent: bool = False
    seconds: float | None = None
    error: EventError | None = None
    refusal: str = ""


class Books(Protocol):
    """Where movements stand, durably. Members as in `Movement` and `NoticePlan`, in that order."""

    async def record(self, movement: Any, notices: Any = ()) -> Any:
        """Writes the movement unless its attempt is known, and answers what the books hold: the first one wins."""
        ...

    async def get(self, account_id: str, attempt_id: str) -> Any: ...

    async def untold(self, account_id: str, attempt_id: str) -> bool:
        """Whether news of the attempt are still to be sent."""
        ...


class Sandbox:
    name = "sandbox"

    def __init__(self, books: Books, clock: Clock, faults: Faults | None = None) -> None:
        self._books = books
        self._clock = clock
        self._faults = faults or NoFaults()

    @property
    def products(self) -> Mapping[str, Capabilities]:
        return _PRODUCTS

    async def act(self, ask: Ask) -> Outcome:
        """Answers what the books say of this attempt after it was written, or was found to stand there already."""
        behaviour = behaviour_name(ask.card.number) if ask.card is not None else _behaviour_in(ask.reference)
        rules = self._rules(ask, behaviour)
        if not rules:
            return await self._do(ask, behaviour, _effect_of_card(ask, behaviour))
        stands = await self._books.get(ask.account_id, ask.attempt_id)
        if stands is not None:  # a fault strikes a call that does something, not a question about it
            return self._told(stands)
        rule = await self._struck(ask.account_id, rules)
        if rule is None:
            return await self._do(ask, behaviour, _effect_of_card(ask, behaviour))
        effect = effect_of(rule)
        outcome = await self._do(ask, behaviour, effect)
        return outcome if effect.withheld is None else UNKNOWN  # however short the silence: this call gets no answer

    async def lookup(self, ask: Ask) -> Outcome:
        """What the books say. An attempt they do not know is written there as one that never happens: should the
        request still be on its way, it comes too late."""
        stands = await self._books.get(ask.account_id, ask.attempt_id)
        if stands is None:
            stands = await self._books.record(self._movement(ask, "fenced", Notes()))
        return self._told(stands)

    def _rules(self, ask: Ask, behaviour: str) -> list[tuple[str, Rule]]:
        """Those that may strike this call, in their order."""
        rules = [each for each in self._faults.rules(ask.account_id) if each[1].match.agrees(ask, behaviour)]
        by_amount = BY_AMOUNT.get((ask.verb, ask.amount))
        return rules if by_amount is None else [*rules, ("", by_amount)]

    async def _struck(self, account_id: str, rules: list[tuple[str, Rule]]) -> Rule | None:
        for id, rule in rules:
            if not id or await self._faults.strike(account_id, id):
                return rule
        return None

    async def _do(self, ask: Ask, behaviour: str, effect: Effect) -> Outcome:
        if effect.vanishes:
            return UNKNOWN
        outcome = "lost" if effect.lost else "refused" if effect.refused else "done"
        # The card's own error follows from its behaviour.
        error = effect.refused if effect.refused is not BEHAVIOURS[behaviour].error else None
        notes = Notes(behaviour, effect.withheld is not None, effect.withheld, error)
        movement = self._movement(ask, outcome, notes)
        if effect.notices:
            plans = [
                NoticePlan(movement.created_at + timedelta(seconds=after), effect.held) for after in effect.notices
            ]
            stands = await self._books.record(movement, plans)
        else:
            stands = await self._books.record(movement)
        if effect.news_first:
            await self._news_of(ask)
        if effect.wait:
            await asyncio.sleep(effect.wait)
        if effect.garbage:
            return msgspec.json.decode(b"<html>502 Bad Gateway</html>", type=Outcome)
        return self._told(stands)

    async def _news_of(self, ask: Ask) -> None:
        """Until kvitt took the news of this attempt."""
        for _ in range(int(NEWS_FIRST / 0.02)):
            if not await self._books.untold(ask.account_id, ask.attempt_id):
                return
            await asyncio.sleep(0.02)

    def _movement(self, ask: Ask, outcome: str, notes: Notes) -> Movement:
        now = self._clock(ask.account_id)
        holds = _PRODUCTS[ask.product].authorization if ask.verb == "authorize" and ask.product in _PRODUCTS else None
        return Movement(
            ask.account_id, ask.attempt_id, ask.payment_id, ask.verb, ask.amount, ask.currency, outcome, now,
            msgspec.json.encode(notes).decode(), ask.final, None if holds is None else now + holds,
        )  # fmt: skip

    def _told(self, movement: Any) -> Outcome:
        notes = msgspec.json.decode(movement.data, type=Notes)
        silence = SILENCE if notes.seconds is None else timedelta(seconds=notes.seconds)
        if notes.silent and self._clock(movement.account_id) < movement.created_at + silence:
            return UNKNOWN
        if movement.outcome == "fenced":
            return Outcome("refused", _NEVER_ARRIVED)
        if movement.outcome == "lost":
            return Outcome("refused", _TIMED_OUT)
        how = BEHAVIOURS[notes.behaviour]
        if movement.outcome == "refused":
            return Outcome("refused", notes.error or BOOKS_REFUSE.get(notes.refusal) or how.error)
        if movement.verb != "authorize":
            return Outcome("done")
        return Outcome("done", reference=f"{movement.attempt_id}/{notes.behaviour}", card=how.card)


def _effect_of_card(ask: Ask, behaviour: str) -> Effect:
    """News of what a card keeps silent about come when its silence ends."""
    how = BEHAVIOURS[behaviour]
    seconds = SILENCE.total_seconds()
    if ask.verb == "authorize":
        if how.lost:
            return Effect(lost=True, withheld=seconds, notices=(seconds,))
        return Effect(refused=how.error)
    if ("auto_capture" if ask.automatic else ask.verb) in how.silent:
        return Effect(withheld=seconds, notices=(seconds,))
    return Effect()


def _behaviour_in(reference: str) -> str:
    name = reference.rpartition("/")[2]
    return name if name in BEHAVIOURS else "success"
