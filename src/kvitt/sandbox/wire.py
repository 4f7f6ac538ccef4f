"""The sandbox's clock and fault script on the wire."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from kvitt.checkout.providers.declines import ErrorType
from kvitt.checkout.providers.faults import FaultName, NoticeName
from kvitt.sandbox.rules.clock import iso
from kvitt.sandbox.rules.script import MOST_RULES, MatchRequest, RuleRequest
from kvitt.store import Counted


class Advance(Struct, frozen=True, forbid_unknown_fields=True):
    """`advance`: an ISO 8601 duration in weeks, days, hours, minutes and seconds, such as `P7D` or `PT90M`."""

    advance: Annotated[str, Meta(max_length=100)]


class ClockAnswer(Struct, frozen=True):
    """`now`: the account's time. `ahead`: how far that is ahead of the wall's, an ISO 8601 duration."""

    now: datetime
    ahead: str


class ScriptRequest(Struct, frozen=True, forbid_unknown_fields=True):
    rules: Annotated[list[RuleRequest], Meta(max_length=MOST_RULES)]


class ShownRule(Struct, frozen=True, omit_defaults=True):
    """`seen`: calls that it matched while it had times left; `used`: those it struck."""

    id: str
    seen: int
    used: int
    times: int | Literal["every"]
    chance: float
    seed: int
    match: MatchRequest
    fault: FaultName | None = None
    error: ErrorType | None = None
    seconds: float | None = None
    notice: NoticeName | None = None
    notice_seconds: float | None = None


class ScriptAnswer(Struct, frozen=True):
    """The first rule that agrees with a call, and is not used up, and whose chance comes up, strikes it."""

    rules: list[ShownRule]


def clock_answer(now: datetime, ahead: timedelta) -> ClockAnswer:
    return ClockAnswer(now, iso(ahead))


def script_answer(script: list[Counted]) -> ScriptAnswer:
    return ScriptAnswer([_shown(each) for each in script])


def _shown(counted: Counted) -> ShownRule:
    rule = msgspec.json.decode(counted.rule, type=RuleRequest)
    members = {name: getattr(rule, name) for name in rule.__struct_fields__}
    return ShownRule(id=counted.id, seen=counted.seen, used=counted.used, **members)
