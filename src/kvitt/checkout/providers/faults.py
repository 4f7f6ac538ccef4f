"""What may go wrong at the sandbox, as data: a rule says which call it strikes and what happens to that.

A rule has a `fault` (what becomes of the call), a `notice` (what becomes of the news about it), or both. By default
news are sent of each outcome whose answer the sandbox did not give, and of no other.
"""

from __future__ import annotations

from typing import Literal, Protocol

import msgspec
from msgspec import Struct

from kvitt.checkout.model.payment import Ask, WaitKind
from kvitt.checkout.model.transaction import EventError, Verb
from kvitt.checkout.providers.cards import BEHAVIOURS, behaviour_name
from kvitt.checkout.providers.declines import DECLINES, THREE_D_SECURE_ABANDONED, ErrorType

FaultName = Literal[
    "decline", "three_d_secure_needed", "three_d_secure_failed", "three_d_secure_abandoned", "slow", "silent_before",
    "silent_after", "late", "answers_twice", "garbage",
]  # fmt: skip
NoticeName = Literal["sent", "before", "lost", "twice", "delayed", "out_of_order"]

PATIENCE = 10.0
"""How long, in seconds, kvitt waits for an answer."""

DEFAULT_SECONDS: dict[str, float] = {
    "three_d_secure_abandoned": 900, "slow": 3, "silent_after": 5, "late": 30, "delayed": 30, "out_of_order": 60,
}  # fmt: skip
"""How long each lasts when a rule does not say."""

MOST_SLOW = 60.0


class Match(Struct, frozen=True, omit_defaults=True):
    """Which calls: all members that are given have to agree. `card`: a test card; its twin of the other brand counts
    as the same. `transaction_id`: the payment's, which is the transaction's."""

    verb: Verb | None = None
    amount: int | None = None
    product: str | None = None
    card: str | None = None
    transaction_id: str | None = None

    def agrees(self, ask: Ask, behaviour: str) -> bool:
        return (
            self.verb in (None, ask.verb)
            and self.amount in (None, ask.amount)
            and self.product in (None, ask.product)
            and (self.card is None or behaviour_name(self.card) == behaviour)
            and self.transaction_id in (None, ask.payment_id)
        )


class Rule(Struct, frozen=True, omit_defaults=True):
    """`seconds`: of the fault; `notice_seconds`: of the notice. In the account's time, but for `slow`."""

    match: Match = Match()
    fault: FaultName | None = None
    error: ErrorType | None = None
    seconds: float | None = None
    notice: NoticeName | None = None
    notice_seconds: float | None = None


class Faults(Protocol):
    """Where fault scripts are."""

    def rules(self, account_id: str) -> tuple[tuple[str, Rule], ...]:
        """(id, rule) in their order; most accounts have none."""
        ...

    async def strike(self, account_id: str, id: str) -> bool:
        """Counts a call that a rule matches, and answers whether it strikes it."""
        ...


class NoFaults:
    def rules(self, account_id: str) -> tuple[tuple[str, Rule], ...]:
        return ()

    async def strike(self, account_id: str, id: str) -> bool:
        return False


class Effect(Struct, frozen=True):
    """What becomes of a call. Times in seconds.

    `refused`: why it is refused. `lost`: nothing was reserved, and nobody says so yet. `withheld`: no answer, and none
    to a question, for so long. `wait`: before the answer. `vanishes`: the call never arrived. `notices`: when news are
    sent; one may be held back until the next of the payment. `news_first`: the answer waits for them. `waits`: where an
    authorization waits for the customer, unless it is refused.
    """

    refused: EventError | None = None
    lost: bool = False
    withheld: float | None = None
    wait: float = 0.0
    vanishes: bool = False
    garbage: bool = False
    notices: tuple[float, ...] = ()
    held: bool = False
    news_first: bool = False
    waits: WaitKind | None = None


def effect_of(rule: Rule) -> Effect:
    """What a rule does to the call it strikes."""
    seconds = rule.seconds if rule.seconds is not None else DEFAULT_SECONDS.get(rule.fault or "", 0.0)
    effect, answered_at = _on_the_call(rule, seconds)
    if effect.vanishes:
        return effect
    return _with_news(effect, rule, answered_at)


def _on_the_call(rule: Rule, seconds: float) -> tuple[Effect, float | None]:
    """And after how many seconds news have to tell what no answer told; None when it was told."""
    match rule.fault:
        case "decline":
            return Effect(refused=DECLINES[rule.error or "DECLINED"]), None
        case "three_d_secure_needed":
            return Effect(waits="three_d_secure"), None
        case "three_d_secure_failed":
            return Effect(refused=BEHAVIOURS["unverified"].error), None
        case "three_d_secure_abandoned":
            return Effect(refused=THREE_D_SECURE_ABANDONED, withheld=seconds), seconds
        case "slow":
            return Effect(wait=seconds), seconds if seconds >= PATIENCE else None
        case "silent_before":
            return Effect(vanishes=True), None
        case "silent_after" | "late":
            return Effect(withheld=seconds), seconds
        case "garbage":
            return Effect(garbage=True), 1.0
        case _:
            return Effect(), None


def _with_news(effect: Effect, rule: Rule, answered_at: float | None) -> Effect:
    notice = rule.notice or ("sent" if rule.fault == "answers_twice" or answered_at is not None else None)
    at = answered_at or 0.0
    wait = rule.notice_seconds if rule.notice_seconds is not None else DEFAULT_SECONDS.get(notice or "", 0.0)
    match notice:
        case "sent":
            return msgspec.structs.replace(effect, notices=(at,))
        case "before":
            return msgspec.structs.replace(effect, notices=(at,), news_first=True)
        case "twice":
            return msgspec.structs.replace(effect, notices=(at, at))
        case "delayed":
            return msgspec.structs.replace(effect, notices=(at + wait,))
        case "out_of_order":
            return msgspec.structs.replace(effect, notices=(at + wait,), held=True)
        case _:
            return effect
