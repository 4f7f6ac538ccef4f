"""The sandbox: a provider with books of its own, in which every attempt stands at most once.

It remembers how a card behaves, never its number: the behaviour's name is part of the payment's reference, which
checkout keeps without reading it. What goes wrong is said by a fault script, else by the amount, else by the card.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec

from kvitt.checkout.model.payment import UNKNOWN, Ask, Capabilities, Outcome, WaitKind
from kvitt.checkout.model.transaction import EventError
from kvitt.checkout.providers import gift_cards
from kvitt.checkout.providers.amounts import BY_AMOUNT
from kvitt.checkout.providers.books import Books, Movement, Notes, NoticePlan
from kvitt.checkout.providers.card_facts import with_facts
from kvitt.checkout.providers.cards import BEHAVIOURS, PLAIN, behaviour_name
from kvitt.checkout.providers.declines import BOOKS_REFUSE, DECLINES
from kvitt.checkout.providers.faults import Effect, Faults, NoFaults, Rule, effect_of
from kvitt.checkout.providers.products import PRODUCTS
from kvitt.checkout.providers.waiting import Waits
from kvitt.core.clock import Clock

SILENCE = timedelta(seconds=5)
"""How long the sandbox gives no answer about an attempt that is to time out."""

NEWS_FIRST = 3.0
"""How many seconds an answer waits, at most, for the news that come before it."""

_NEVER_ARRIVED = EventError("The payment never reached the provider; nothing was reserved", "NOT_RECEIVED", ("ERROR",))
_TIMED_OUT = EventError("The provider waited in vain for the bank; nothing was reserved", "TIMEOUT", ("ERROR",))


class Sandbox:
    """`base_url`: where its simulated pages are; `waits`: what they ask for."""

    name = "sandbox"

    def __init__(self, books: Books, clock: Clock, faults: Faults | None = None, base_url: str = "") -> None:
        self.waits = Waits(books, clock, base_url.rstrip("/"))
        self._books = books
        self._clock = clock
        self._faults = faults or NoFaults()

    @property
    def products(self) -> Mapping[str, Capabilities]:
        return PRODUCTS

    async def act(self, ask: Ask) -> Outcome:
        """Answers what the books say of this attempt after it was written, or was found to stand there already."""
        if ask.approved:
            return await self._approve(ask)
        behaviour = _behaviour_of(ask)
        rules = self._rules(ask, behaviour)
        if not rules:
            return await self._do(ask, behaviour, _effect_of_payer(ask, behaviour))
        stands = await self._standing(ask)
        if stands is not None:  # a fault strikes a call that does something, not a question about it
            return stands
        rule = await self._struck(ask.account_id, rules)
        if rule is None:
            return await self._do(ask, behaviour, _effect_of_payer(ask, behaviour))
        effect = effect_of(rule)
        outcome = await self._do(ask, behaviour, effect)
        return outcome if effect.withheld is None else UNKNOWN  # however short the silence: this call gets no answer

    async def lookup(self, ask: Ask) -> Outcome:
        """What the books say. An attempt they do not know is written there as one that never happens: should the
        request still be on its way, it comes too late."""
        stands = await self._standing(ask)
        if stands is not None:
            return stands
        return self._told(await self._books.record(self._movement(ask, "fenced", Notes())))

    async def _standing(self, ask: Ask) -> Outcome | None:
        """What the books say of an attempt that they know."""
        stands = await self._books.get(ask.account_id, ask.attempt_id)
        if stands is None and ask.verb == "authorize":
            wait = await self._books.waiting(ask.account_id, ask.attempt_id)
            if wait is None:
                return None
            stands = await self.waits.over(wait, given_up=ask.given_up)
            if stands is None:
                return self.waits.told(wait)
        return None if stands is None else self._told(stands)

    async def _approve(self, ask: Ask) -> Outcome:
        """The shop approves what is on hold."""
        found = await self.waits.find(ask.account_id, ask.attempt_id)
        if found is not None and found[1] is None and found[0].held_at is not None:
            await self.waits.decide(found[0], "approve")
        return await self.lookup(ask)

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
        kind, refused = _waits_at(ask, effect), effect.refused
        if kind is not None and ask.unattended:  # nobody is there to go to any page
            kind, refused = None, DECLINES["ADDITIONAL_VERIFICATION_REQUIRED"]
        outcome = "lost" if effect.lost else "refused" if refused else "done"
        # The card's own error follows from its behaviour.
        error = refused if refused is not BEHAVIOURS[behaviour].error else None
        notes = Notes(behaviour, effect.withheld is not None, effect.withheld, error)
        movement = self._movement(ask, outcome, notes)
        plans = [NoticePlan(movement.created_at + timedelta(seconds=after), effect.held) for after in effect.notices]
        if kind is not None:
            answer = await self._begin_waiting(ask, kind, notes, plans)
        else:
            answer = self._told(await self._books.record(movement, plans))
        if effect.news_first:
            await self._news_of(ask)
        if effect.wait:
            await asyncio.sleep(effect.wait)
        if effect.garbage:
            return msgspec.json.decode(b"<html>502 Bad Gateway</html>", type=Outcome)
        return answer

    async def _begin_waiting(self, ask: Ask, kind: WaitKind, notes: Notes, plans: list[NoticePlan]) -> Outcome:
        """One that was fenced, because kvitt asked what became of it before it came, does not begin any more."""
        shown = msgspec.structs.replace(notes, card_ending=ask.card.number[-4:] if ask.card else "")
        answer = await self.waits.begin(ask, kind, PRODUCTS[ask.product], shown, plans)
        fenced = await self._books.get(ask.account_id, ask.attempt_id)
        return answer if fenced is None else self._told(fenced)

    async def _news_of(self, ask: Ask) -> None:
        """Until kvitt took the news of this attempt."""
        for _ in range(int(NEWS_FIRST / 0.02)):
            if not await self._books.untold(ask.account_id, ask.attempt_id):
                return
            await asyncio.sleep(0.02)

    def _movement(self, ask: Ask, outcome: str, notes: Notes) -> Movement:
        now = self._clock(ask.account_id)
        can = PRODUCTS.get(ask.product) if ask.verb == "authorize" or ask.extend else None
        holds = can.authorization if can else None
        return Movement(
            ask.account_id, ask.attempt_id, ask.payment_id, ask.verb, ask.amount, ask.currency, outcome, now,
            msgspec.json.encode(notes).decode(), ask.final or (can is not None and can.captured_at_once),
            None if holds is None else now + holds,
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
        # What it remembers of a card that it keeps is how the card behaves, as of the payment itself.
        reference = f"{movement.attempt_id}/{notes.behaviour}"
        saved_card = reference if how.keeps else None
        card = with_facts(how.card, movement.attempt_id, movement.created_at)
        return Outcome("done", reference=reference, card=card, expires_at=movement.expires_at, saved_card=saved_card)


def _effect_of_payer(ask: Ask, behaviour: str) -> Effect:
    """News of what a card keeps silent about come when its silence ends."""
    how = BEHAVIOURS[behaviour]
    seconds = SILENCE.total_seconds()
    if ask.verb == "authorize":
        takes = PRODUCTS[ask.product].takes
        if how.lost or (takes == "card" and ask.amount == 0 and not how.keeps):
            return Effect(lost=True, withheld=seconds, notices=(seconds,))
        if takes == "gift_card":
            return Effect(refused=gift_cards.refusal_of(ask.payer.gift_card, ask.amount))
        return Effect(refused=how.error, waits=None if ask.unattended else how.waits)
    if ("auto_capture" if ask.automatic else ask.verb) in how.silent:
        return Effect(withheld=seconds, notices=(seconds,))
    return Effect()


def _waits_at(ask: Ask, effect: Effect) -> WaitKind | None:
    """Where a call that goes through waits for somebody first."""
    if ask.verb != "authorize" or effect.refused is not None or effect.lost:
        return None
    can = PRODUCTS[ask.product]
    return effect.waits or can.waits or ("invoice" if can.approved_by_shop else None)


def _behaviour_of(ask: Ask) -> str:
    """The card's, typed or saved; later the one that the payment's reference names."""
    if ask.card is not None:
        return behaviour_name(ask.card.number)
    name = (ask.saved_card or ask.reference).rpartition("/")[2]
    return PLAIN if ask.verb == "authorize" and not ask.saved_card else name if name in BEHAVIOURS else "success"
