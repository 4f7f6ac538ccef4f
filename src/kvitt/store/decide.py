"""The dance of every write: load, rule, commit; on Conflict load and rule again."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TypeVar

from kvitt.core.change import Change
from kvitt.core.errors import Conflict, Conflicting

T = TypeVar("T")

TRIES = 30
"""Two servers that work on one object each win half of the time: ten losses in a row came about once in a thousand."""
NOTHING = Change()


class Turns:
    """One at a time per object, in the order they came; in this process only."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[str, str], deque[asyncio.Future[None]]] = {}

    def of(self, key: tuple[str, str]) -> _Turn:
        return _Turn(self._waiting, key)


class _Turn:
    """Whoever finds nobody in the way goes at once: no lock and no task is made for the ordinary case."""

    __slots__ = ("_key", "_waiting")

    def __init__(self, waiting: dict[tuple[str, str], deque[asyncio.Future[None]]], key: tuple[str, str]) -> None:
        self._waiting = waiting
        self._key = key

    async def __aenter__(self) -> None:
        line = self._waiting.get(self._key)
        if line is None:
            self._waiting[self._key] = deque()
            return
        turn = asyncio.get_running_loop().create_future()
        line.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # it had just become ours: pass it on
                self._next()
            elif turn in line:  # else whoever went on in this very moment took it out
                line.remove(turn)
            raise

    async def __aexit__(self, *_: object) -> None:
        self._next()

    def _next(self) -> None:
        line = self._waiting[self._key]
        while line:
            turn = line.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        del self._waiting[self._key]


async def decide_and_commit(
    decide: Callable[[], Awaitable[tuple[Change, T]]], commit: Callable[[Change], Awaitable[None]]
) -> T:
    """What `decide` answers, once its Change stands. Raises Conflicting when thirty in a row met a conflict."""
    for attempt in range(TRIES):
        change, answer = await decide()
        if change == NOTHING:
            return answer
        try:
            await commit(change)
        except Conflict:
            await asyncio.sleep(random.random() * 0.004 * attempt)  # noqa: S311
        else:
            return answer
    raise Conflicting("Another operation on this object is under way; try again")
