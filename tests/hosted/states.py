"""All states of the payment page: tests go through them, and the gallery shows them."""

from __future__ import annotations

from .state import STATES, State
from .states_after import AFTER
from .states_before import BEFORE, OPEN
from .states_between import UNKNOWN, WRONG
from .states_elsewhere import EXPRESS, FRAMED, SIMULATED

GROUPS = (BEFORE, EXPRESS, OPEN, WRONG, UNKNOWN, SIMULATED, FRAMED, AFTER)
"""The gallery's order."""


def all_states() -> list[State]:
    return sorted(STATES, key=lambda one: GROUPS.index(one.group))
