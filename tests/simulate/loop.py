"""An event loop whose time is a number, and whose processes can be killed.

Nothing waits: when nobody can run, time jumps to the next timer. What is ready of one process runs in the order it
came, as in any event loop; which process goes on is drawn. A callback knows its process by its context, so whatever a
dead process had scheduled is simply never run: no `finally`, no cleanup, as after kill -9.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable, Coroutine
from contextlib import suppress
from contextvars import Context, ContextVar, copy_context
from typing import Any

TURN_SECONDS = 1e-6
"""Running takes a moment, too: code that waits for the rest of a rounding error would wait for ever."""
MOST_TURNS = 20_000
"""Callbacks without time passing: more than these would never end."""


class Owner:
    """A process, or the world around them, which never dies."""

    __slots__ = ("alive", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self.alive = True


WORLD = Owner("world")
OWNER: ContextVar[Owner] = ContextVar("owner", default=WORLD)


class Handle:
    """What asyncio gets for a callback it scheduled."""

    __slots__ = ("args", "callback", "context", "owner", "when")

    def __init__(self, callback: Callable[..., Any], args: tuple[Any, ...], context: Context, when: float) -> None:
        self.callback: Callable[..., Any] | None = callback
        self.args = args
        self.context = context
        self.owner = context.get(OWNER, WORLD)
        self.when = when

    def cancel(self) -> None:
        self.callback = None
        self.args = ()

    def cancelled(self) -> bool:
        return self.callback is None


class VirtualLoop(asyncio.AbstractEventLoop):
    """`chance` answers a random number from 0 up to 1."""

    def __init__(self, chance: Callable[[], float]) -> None:
        self.now = 0.0
        self.turns = 0
        """Callbacks that ran."""
        self._chance = chance
        self._ready: list[Handle] = []
        self._timers: list[tuple[float, int, Handle]] = []
        self._number = 0
        self._closed = False
        self._tasks: list[asyncio.Task[Any]] = []
        """All there were: the collector must not touch what a killed process left, for that would run its code."""

    # what asyncio asks of a loop

    def time(self) -> float:
        return self.now

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return not self._closed

    def is_closed(self) -> bool:
        return self._closed

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(  # type: ignore[override]
        self, coro: Coroutine[Any, Any, Any], *, name: str | None = None, context: Context | None = None
    ) -> asyncio.Task[Any]:
        task: asyncio.Task[Any] = asyncio.Task(coro, loop=self, name=name or "task", context=context)
        task._log_destroy_pending = False  # type: ignore[attr-defined]  # a killed process leaves many
        self._tasks.append(task)
        return task

    def call_soon(self, callback: Callable[..., Any], *args: Any, context: Context | None = None) -> Handle:  # type: ignore[override]
        handle = Handle(callback, args, copy_context() if context is None else context, self.now)
        if handle.owner.alive and not self._closed:
            self._ready.append(handle)
        return handle

    def call_later(  # type: ignore[override]
        self, delay: float, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> Handle:
        return self.call_at(self.now + delay, callback, *args, context=context)

    def call_at(  # type: ignore[override]
        self, when: float, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> Handle:
        handle = Handle(callback, args, copy_context() if context is None else context, when)
        if not self._closed:
            self._number += 1
            heapq.heappush(self._timers, (when, self._number, handle))
        return handle

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """`died` finds what asyncio would tell here."""

    # what the world asks of it

    def run_ready(self) -> None:
        """Until nobody can go on without time passing."""
        ready = self._ready
        last = self.turns + MOST_TURNS
        while ready:
            if self.turns > last:
                raise RuntimeError(f"it runs for ever: {ready[0].callback}")
            handle = ready.pop(self._turn(ready)) if len(ready) > 1 else ready.pop()
            if handle.callback is not None and handle.owner.alive:
                self.turns += 1
                self.now += TURN_SECONDS
                handle.context.run(handle.callback, *handle.args)

    def tick(self) -> bool:
        """Time passes until the next timer that somebody still waits for, which rings. False when there is none."""
        self.run_ready()
        while self._timers:
            when, _, handle = heapq.heappop(self._timers)
            if handle.callback is None or not handle.owner.alive:
                continue
            self.now = max(self.now, when)
            self._ready.append(handle)
            self.run_ready()
            return True
        return False

    def died(self) -> list[BaseException]:
        """How tasks of living processes ended that nobody waited for."""
        return [error for task in self._tasks if (error := _unheard(task)) is not None]

    def close(self) -> None:
        """Nothing runs any more. What is left of the processes is taken away here, where it can do nothing."""
        self._closed = True
        self._ready.clear()
        self._timers.clear()
        for task in self._tasks:
            if not task.done():
                with suppress(RuntimeError, ValueError):
                    task.get_coro().close()
        self._tasks.clear()

    def _turn(self, ready: list[Handle]) -> int:
        """The first that is ready of the process that one drawn among all belongs to."""
        owner = ready[int(self._chance() * len(ready))].owner
        return next(place for place, handle in enumerate(ready) if handle.owner is owner)


def _unheard(task: asyncio.Task[Any]) -> BaseException | None:
    if not task.done() or task.cancelled() or not task._log_traceback:
        return None
    return task.exception()
