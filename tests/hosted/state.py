"""A state of the payment page, with a way to reach it through the real server.

A state is a function: its name is the state's, its docstring says what the customer sees, and behind an empty line how
it is reached.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from .stage import Stage

Reach = Callable[[Stage], Awaitable[None]]


@dataclass(frozen=True)
class State:
    """`heading`: in English, as a screen reader hears it. `testid`: what is seen in this state and in few others.
    `group`: the part of the gallery."""

    name: str
    group: str
    heading: str
    testid: str
    reach: Reach

    @property
    def says(self) -> str:
        return self._told()[0]

    @property
    def reached(self) -> str:
        return self._told()[1]

    def _told(self) -> tuple[str, str]:
        seen, _, how = (self.reach.__doc__ or "").partition("\n\n")
        return " ".join(seen.split()), " ".join(how.split())


STATES: list[State] = []


def state(group: str, heading: str, testid: str) -> Callable[[Reach], Reach]:
    def add(reach: Reach) -> Reach:
        STATES.append(State(reach.__name__, group, heading, testid, reach))
        return reach

    return add
