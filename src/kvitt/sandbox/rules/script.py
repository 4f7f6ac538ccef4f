"""A rule of a fault script: what its members may say together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from kvitt.checkout.model.transaction import Verb
from kvitt.checkout.providers.cards import DOCS, behaviour_name
from kvitt.checkout.providers.declines import ErrorType
from kvitt.checkout.providers.faults import DEFAULT_SECONDS, MOST_SLOW, FaultName, NoticeName
from kvitt.core.errors import Problem, problem
from kvitt.core.money import PositiveAmount
from kvitt.sandbox.rules.refusals import InvalidRule

MOST_RULES = 100
MOST_TIMES = 1_000_000

Seconds = Annotated[float, Meta(ge=0, le=2_592_000)]
Text = Annotated[str, Meta(min_length=1, max_length=64)]
Times = Annotated[int, Meta(ge=1, le=MOST_TIMES)]

_THREE_D_SECURE = ("three_d_secure_needed", "three_d_secure_failed", "three_d_secure_abandoned")


class MatchRequest(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Which calls; all members that are given have to agree. `card`: a test card's number."""

    verb: Verb | None = None
    amount: PositiveAmount | None = None
    product: Text | None = None
    card: Text | None = None
    transaction_id: Text | None = None


class RuleRequest(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """`fault`: what becomes of the call; `notice`: of the news about it. One of them at least.

    `error`: the type of a `decline`. `seconds`: how long the fault lasts; `notice_seconds`: how late the notice is.
    `times`: how many calls it strikes. `chance`: percent; which calls follows from `seed`.
    """

    match: MatchRequest = MatchRequest()
    fault: FaultName | None = None
    error: ErrorType | None = None
    seconds: Seconds | None = None
    notice: NoticeName | None = None
    notice_seconds: Seconds | None = None
    times: Times | Literal["every"] = "every"
    chance: Annotated[float, Meta(gt=0, le=100)] = 100
    seed: Annotated[int, Meta(ge=0, le=2_147_483_647)] = 0


def checked(rules: list[RuleRequest], path: str = "rules") -> list[RuleRequest]:
    """The rules as they are kept. InvalidRule that names every fault, with its place below `path`."""
    faults = [fault for place, rule in enumerate(rules) for fault in _faults(rule, f"{path}.{place}." if path else "")]
    if faults:
        raise InvalidRule(faults[0].message, *faults)
    return [_complete(rule) for rule in rules]


def _complete(rule: RuleRequest) -> RuleRequest:
    """3-D Secure belongs to authorizations, whether the rule says so or not; cards are kept without their gaps."""
    verb: Verb | None = "authorize" if rule.fault in _THREE_D_SECURE else rule.match.verb
    card = None if rule.match.card is None else _digits(rule.match.card)
    return msgspec.structs.replace(rule, match=msgspec.structs.replace(rule.match, verb=verb, card=card))


def _faults(rule: RuleRequest, at: str) -> Iterator[Problem]:
    if rule.fault is None and rule.notice is None:
        yield problem("A rule says a fault, a notice, or both", f"{at}fault")
    if rule.error is not None and rule.fault != "decline":
        yield problem("Only the fault decline has an error", f"{at}error")
    if rule.seconds is not None and rule.fault not in DEFAULT_SECONDS:
        lasting = ", ".join(name for name in DEFAULT_SECONDS if name not in ("delayed", "out_of_order"))
        yield problem(f"Only these faults last for some time: {lasting}", f"{at}seconds")
    if rule.fault == "slow" and rule.seconds is not None and rule.seconds > MOST_SLOW:
        yield problem(
            f"A slow answer takes {MOST_SLOW:.0f} seconds at most; one that is late takes longer", f"{at}seconds"
        )
    if rule.notice_seconds is not None and rule.notice not in ("delayed", "out_of_order"):
        yield problem("Only the notices delayed and out_of_order have a time", f"{at}notice_seconds")
    if rule.notice is not None and rule.fault == "silent_before":
        yield problem("What never arrived causes no notice", f"{at}notice")
    if rule.fault in _THREE_D_SECURE and rule.match.verb not in (None, "authorize"):
        yield problem("3-D Secure belongs to authorizations", f"{at}match.verb")
    if rule.match.card is not None and behaviour_name(_digits(rule.match.card)) == "unheard_of":
        yield problem(f"This is not a test card; they are listed in {DOCS}", f"{at}match.card")


def _digits(card: str) -> str:
    return "".join(card.split()).replace("-", "")
