"""Doing what is due: takes tasks, runs their handlers, and never loses one.

A task is taken under a lease: it becomes due again by itself when the lease ends, so a worker that is killed loses
nothing. A handler ends its task with its own commit. A handler that raises has its task moved to a later time. While
the database is away the worker waits for it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import timedelta

import structlog

from kvitt.core.clock import Clock
from kvitt.store import DueTask, Store
from kvitt.worker.lanes import Lane, Lanes, Limits

Handler = Callable[[DueTask], Awaitable[object]]
LaneName = Callable[[DueTask], str]

log = structlog.get_logger("kvitt.worker")

LONGEST_BACK_OFF = 3600
TIDY_SECONDS = 3600.0


def by_account(task: DueTask) -> str:
    return f"{task.kind} {task.account_id}"


class Worker:
    """One loop over the due tasks of the kinds that `handlers` names; other kinds are left to other workers.

    `lanes` names, by kind, what must not wait for each other (a receiver's host, for instance); by default tasks of
    different kinds and accounts.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        handlers: Mapping[str, Handler],
        lanes: Mapping[str, LaneName] | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._handlers = dict(handlers)
        self._lane_of = dict(lanes or {})
        self._limits = limits or Limits()
        self._lanes = Lanes(self._limits, self._start)
        self._running: set[asyncio.Task[None]] = set()
        self._full = False
        self._stopping = asyncio.Event()
        self._wake = asyncio.Event()
        self._work: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Works until `stop`. Then running handlers get `grace` seconds, and tasks not yet started go back."""
        watcher = asyncio.create_task(self._watch_store())
        tidying = asyncio.create_task(self._tidy())
        try:
            while not self._stopping.is_set():
                try:
                    await self._pass()
                except Exception:
                    log.exception("the worker stumbled and goes on")
                    await self._rest(1.0)
        finally:
            watcher.cancel()
            tidying.cancel()
            await self._wind_down()

    def start(self) -> None:
        """Works beside whatever else this event loop does, until `stop`."""
        self._work = asyncio.create_task(self.run())

    async def stop(self) -> None:
        """Ends `run`; when `start` began it, answers once it has ended."""
        self._stopping.set()
        self._wake.set()
        if self._work is not None:
            await self._work

    # -- taking ------------------------------------------------------------------------------------------------------

    async def _pass(self) -> None:
        """Takes what is due and there is room for; when there is no more, waits to be woken or for the next poll."""
        room = self._limits.held - self._lanes.held
        self._wake.clear()
        self._full = room < self._limits.held // 4
        if not self._full and await self._take(room) == room:
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), self._limits.poll)
            if not self._stopping.is_set():
                await asyncio.sleep(self._limits.gather)  # what comes in the same moment is taken in one go

    async def _take(self, room: int) -> int:
        start_before = time.monotonic() + self._limits.lease / 2
        try:
            tasks = await self._store.take_tasks(room, timedelta(seconds=self._limits.lease), list(self._handlers))
        except Exception as error:
            log.warning("due tasks cannot be read; waiting for the database", error=repr(error))
            await self._rest(2.0)
            return 0
        crowds: dict[str, tuple[Lane, list[DueTask]]] = {}
        for task in tasks:
            name = self._lane_name(task)
            if (full := self._lanes.hold(task, name, start_before)) is not None:
                crowds.setdefault(name, (full, []))[1].append(task)
        for lane, crowd in crowds.values():
            await self._put_off_crowd(lane, crowd)
        return len(tasks)

    def _lane_name(self, task: DueTask) -> str:
        try:
            return self._lane_of.get(task.kind, by_account)(task)
        except Exception:  # it cannot be read; its handler will say so
            return by_account(task)

    async def _put_off_crowd(self, lane: Lane, tasks: list[DueTask]) -> None:
        """At worst the lease ends."""
        seconds = lane.crowd_wait(tasks[0].tries)
        with suppress(Exception):
            await self._store.put_off(tasks, self._clock(tasks[0].account_id) + timedelta(seconds=seconds))

    async def _rest(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    async def _watch_store(self) -> None:
        """A commit of this process made a task that is due at once."""
        while True:
            await self._store.tasks_waiting.wait()
            self._store.tasks_waiting.clear()
            self._wake.set()

    async def _tidy(self) -> None:
        """What no task asks for: the store forgets, at the start and each hour, what it kept for a while."""
        while True:
            try:
                await self._store.prune(self._clock())
            except Exception as error:
                log.warning("the store could not be tidied; again in an hour", error=repr(error))
            await asyncio.sleep(TIDY_SECONDS)

    # -- running -----------------------------------------------------------------------------------------------------

    def _start(self, task: DueTask, lane: Lane) -> None:
        running = asyncio.create_task(self._run_one(task, lane))
        self._running.add(running)
        running.add_done_callback(self._running.discard)

    async def _run_one(self, task: DueTask, lane: Lane) -> None:
        started = time.monotonic()
        try:
            async with asyncio.timeout(self._limits.lease * 0.45):
                await self._handlers[task.kind](task)
        except Exception as error:
            await self._put_off(task, error)
        finally:
            let_go = self._lanes.ended(lane, time.monotonic() - started)
            if self._full and self._lanes.held <= self._limits.held // 2:
                self._wake.set()
        if let_go:
            await self._put_off_crowd(lane, let_go)

    async def _put_off(self, task: DueTask, error: Exception) -> None:
        """The handler raised: again after 2, 4, 8 seconds ... an hour. Without a database the lease does the same."""
        wait = min(2 ** min(task.tries, 30), LONGEST_BACK_OFF)
        log.error("a task failed", kind=task.kind, account_id=task.account_id, task_id=task.id, tries=task.tries,
                  again_in_seconds=wait, exc_info=error)  # fmt: skip
        with suppress(Exception):
            await self._store.put_off([task], self._clock(task.account_id) + timedelta(seconds=wait))

    # -- ending ------------------------------------------------------------------------------------------------------

    async def _wind_down(self) -> None:
        unstarted = self._lanes.clear()
        if unstarted:
            with suppress(Exception):
                await self._store.put_off(unstarted, self._clock())
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=self._limits.grace)
            for running in late:
                running.cancel()
            await asyncio.gather(*late, return_exceptions=True)
