"""The dance of every write: load, rule, commit; on Conflict load and rule again."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from kvitt.core.change import Change
from kvitt.core.errors import Conflict, Conflicting

T = TypeVar("T")

TRIES = 10
NOTHING = Change()


class Turns:
    """One at a time per object, in the order they came; in this process only."""

    def __init__(self) -> None:
        self._locks: dict[tuple[str, str], tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    async def of(self, key: tuple[str, str]) -> AsyncIterator[None]:
        lock, users = self._locks.get(key) or (asyncio.Lock(), 0)
        self._locks[key] = (lock, users + 1)
        try:
            async with lock:
                yield
        finally:
            lock, users = self._locks[key]
            if users == 1:
                del self._locks[key]
            else:
                self._locks[key] = (lock, users - 1)


async def decide_and_commit(
    decide: Callable[[], Awaitable[tuple[Change, T]]], commit: Callable[[Change], Awaitable[None]]
) -> T:
    """What `decide` answers, once its Change stands. Raises Conflicting when ten in a row met a conflict."""
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
