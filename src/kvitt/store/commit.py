"""The queue of Changes that wait, and the writers that take them in groups.

A Change that comes while a writer is free goes at once, alone. Those that come while all are busy wait together and
share the next transaction: the busier, the larger the groups. No two Changes that touch the same key are under way
at once, over all writers of this process; between processes versions and claims decide.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from time import monotonic

from kvitt.core.change import Change
from kvitt.core.errors import Unavailable
from kvitt.store.group import Key, goes_alone, keys_of
from kvitt.store.line import Line
from kvitt.store.settle import Outcome, outcomes

_log = logging.getLogger(__name__)

NOTHING = Change()
LARGEST_GROUP = 64
MOST_WAITING = 20_000
PATIENCE = 30.0
"""Seconds that a Change waits and is settled, together, before its caller gets Unavailable."""


class _Waiting:
    __slots__ = ("alone", "answer", "change", "deadline", "keys")

    def __init__(self, change: Change, keys: tuple[Key, ...], answer: asyncio.Future[None]) -> None:
        self.change = change
        self.keys = keys
        self.answer = answer
        self.alone = goes_alone(change)
        self.deadline = monotonic() + PATIENCE


class Committer:
    """`committed` is called with each Change that stands, in this process, right after it does."""

    def __init__(self, lines: Sequence[Line], committed: Callable[[Change], None]) -> None:
        self._lines = list(lines)
        self._free = list(lines)
        self._committed = committed
        self._queue: deque[_Waiting] = deque()
        self._under_way: set[Key] = set()
        self._flights: set[asyncio.Task[None]] = set()
        self._armed = False
        self._closed = False

    async def commit(self, change: Change) -> None:
        """Returns when the Change is durable. See `Store.commit` for what it raises.

        A caller that is cancelled learns nothing: its Change may or may not be committed.
        """
        if change == NOTHING:
            return
        keys = keys_of(change)
        if self._closed or len(self._queue) >= MOST_WAITING:
            raise Unavailable("Too many writes are waiting; nothing was written")
        waiting = _Waiting(change, keys, asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        self._arm()
        await waiting.answer

    async def close(self) -> None:
        """Takes no more, and gives what waits ten seconds to land."""
        self._closed = True
        until = monotonic() + 10
        while (self._flights or self._queue) and monotonic() < until:
            if self._flights:
                await asyncio.wait(set(self._flights), timeout=max(0.0, until - monotonic()))
            else:
                await asyncio.sleep(0)
        for flight in self._flights:
            flight.cancel()
        if self._flights:
            await asyncio.wait(set(self._flights))
        for waiting in self._queue:
            _answer(waiting, Unavailable("The server is stopping; nothing was written"))
        self._queue.clear()
        for line in self._lines:
            await line.close()

    def _arm(self) -> None:
        """Starts flights at the end of this turn of the loop, so that Changes that come together go together."""
        if self._free and self._queue and not self._armed:
            self._armed = True
            asyncio.get_running_loop().call_soon(self._start)

    def _start(self) -> None:
        self._armed = False
        while self._free and self._queue:
            group = self._take(min(LARGEST_GROUP, -(-len(self._queue) // len(self._free))))
            if not group:
                return
            line = self._free.pop()
            for waiting in group:
                self._under_way.update(waiting.keys)
            flight = asyncio.get_running_loop().create_task(self._fly(line, group))
            self._flights.add(flight)
            flight.add_done_callback(self._flights.discard)

    def _take(self, most: int) -> list[_Waiting]:
        """The first `most` Changes whose keys are free; a Change is never overtaken by a later one on the same key."""
        group: list[_Waiting] = []
        taken: set[Key] = set()
        passed: list[_Waiting] = []
        now = monotonic()
        while self._queue and len(group) < most:
            waiting = self._queue.popleft()
            if waiting.answer.done():
                continue
            if now > waiting.deadline:
                _answer(waiting, Unavailable("The database is busy; nothing was written"))
            elif (
                self._under_way.isdisjoint(waiting.keys)
                and taken.isdisjoint(waiting.keys)
                and not (group and waiting.alone)
            ):
                group.append(waiting)
                taken.update(waiting.keys)
                if waiting.alone:
                    break
            else:
                passed.append(waiting)
                taken.update(waiting.keys)
        self._queue.extendleft(reversed(passed))
        return group

    async def _fly(self, line: Line, group: list[_Waiting]) -> None:
        try:
            deadline = max(min(waiting.deadline for waiting in group), monotonic() + 5)
            results = await outcomes(line, [waiting.change for waiting in group], deadline)
            for waiting, result in zip(group, results, strict=True):
                if result is None:
                    self._committed(waiting.change)
                _answer(waiting, result)
        except Exception:
            _log.exception("a group of %d Changes failed in an unforeseen way", len(group))
        finally:
            for waiting in group:
                _answer(waiting, Unavailable("The outcome is unknown: the write was interrupted"))
                self._under_way.difference_update(waiting.keys)
            self._free.append(line)
            self._arm()


def _answer(waiting: _Waiting, outcome: Outcome) -> None:
    """Answers whoever still waits; a caller that went away must not break its group."""
    if waiting.answer.done():
        return
    if outcome is None:
        waiting.answer.set_result(None)
    else:
        waiting.answer.set_exception(outcome)
