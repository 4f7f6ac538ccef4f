"""Amounts that go wrong, for shops that cannot set a fault script: 99 900.xx of a currency with two decimals.

Only these amounts, and only for the verb that stands with them; a fault script and these go before the card.
"""

from __future__ import annotations

from kvitt.checkout.model.transaction import Verb
from kvitt.checkout.providers.declines import DECLINES
from kvitt.checkout.providers.faults import Rule

FIRST = 9_990_000

_AUTHORIZE: dict[int, Rule] = {
    number: Rule(fault="decline", error=type)  # type: ignore[arg-type]
    for number, type in enumerate(DECLINES, start=1)
} | {
    21: Rule(fault="three_d_secure_needed"),
    22: Rule(fault="three_d_secure_failed"),
    23: Rule(fault="three_d_secure_abandoned"),
    31: Rule(fault="slow", seconds=3),
    32: Rule(fault="slow", seconds=12),
    33: Rule(fault="silent_before"),
    34: Rule(fault="silent_after"),
    35: Rule(fault="late"),
    36: Rule(fault="garbage"),
    37: Rule(fault="answers_twice"),
    38: Rule(notice="before"),
    39: Rule(fault="silent_after", notice="lost"),
}
_LATER: dict[int, Rule] = {
    0: Rule(fault="decline", error="DECLINED"),
    1: Rule(fault="decline", error="ERROR"),
    2: Rule(fault="slow", seconds=3),
    3: Rule(fault="slow", seconds=12),
    4: Rule(fault="silent_after"),
    5: Rule(fault="late"),
    6: Rule(fault="garbage"),
    7: Rule(fault="answers_twice"),
    8: Rule(notice="before"),
    9: Rule(fault="silent_after", notice="lost"),
}
_TENS: dict[Verb, int] = {"capture": 40, "refund": 50, "void": 60}


def _rules() -> dict[tuple[str, int], Rule]:
    rules = {("authorize", FIRST + number): rule for number, rule in _AUTHORIZE.items()}
    for verb, tens in _TENS.items():
        rules |= {(verb, FIRST + tens + number): rule for number, rule in _LATER.items()}
    return rules


BY_AMOUNT: dict[tuple[str, int], Rule] = _rules()
"""By verb and amount in minor units."""
