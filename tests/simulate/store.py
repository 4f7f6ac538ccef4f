"""The store of one simulated process: the real `Store` over a simulated database.

What decides is the real thing (`decide`, `once_only`, `Turns`, decoding); what would be SQL happens in `Database`,
after a trip whose length and fate are drawn. A process that is killed around a commit: it stands or it does not, and
nobody hears which.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar, cast

import msgspec

from kvitt.core.change import Change, Event, Kind, Row
from kvitt.core.errors import Conflict, Unavailable
from kvitt.store import Cursor, DueTask, Entry, Store
from kvitt.store.group import keys_of
from kvitt.store.tables import TABLES

from .callbacks import SimulatedCallbacks
from .deliveries import SimulatedDeliveries
from .loop import Owner

if TYPE_CHECKING:
    from .requests import Try
    from .world import World

D = TypeVar("D", bound=msgspec.Struct)

_list = list  # inside the class the name is a method

NOTHING = Change()
ASKED: ContextVar[Try | None] = ContextVar("asked", default=None)
"""What a flow works on."""
IN_DOUBT = "The outcome is unknown: the database went away while it wrote"
AWAY = "The database cannot be reached; nothing was written"


class SimulatedStore(Store):
    def __init__(self, world: World, owner: Owner) -> None:
        super().__init__(
            cast(Any, lambda committed: Committer(world, owner, committed)),
            cast(Any, Reads(world)),
            lines=cast(Any, None),
            lists=cast(Any, None),
        )
        self._world = world
        self._owner = owner
        self._db = world.database
        self.deliveries = cast(Any, SimulatedDeliveries(self._db, self.tasks_waiting, world.glance, self._write))
        self.callbacks = cast(Any, SimulatedCallbacks(self._db, self.tasks_waiting, world.glance, self._write))
        self.clocks.ahead = self._db.ahead

    async def list(
        self, kind: Kind[D], account_id: str, *, where: Mapping[str, str] | None = None, limit: int = 100
    ) -> list[Row[D]]:
        await self._world.trip()
        names = list(TABLES[kind.table].columns)
        wanted = {names.index(name): value for name, value in (where or {}).items()}
        found = [
            row
            for _, _, row in self._db.of_table(kind.table, account_id)
            if all(row.columns[place] == value for place, value in wanted.items())
        ]
        decode = self._decoder(kind).decode
        return [Row(row.version, decode(row.doc)) for row in found[::-1][:limit]]

    async def latest_claims(self, account_id: str, prefix: str, limit: int) -> _list[str]:
        found = self._db.latest_claims(account_id, prefix, limit)
        await self._world.trip()
        return found

    async def take_tasks(self, limit: int, lease: timedelta, kinds: Sequence[str] | None = None) -> _list[DueTask]:
        await self._world.glance()
        taken: _list[DueTask] = []
        for key in self._db.due():
            task = self._db.tasks[key]
            if kinds is not None and task.kind not in kinds:
                continue
            if len(taken) == limit:
                break
            taken.append(DueTask(*key, task.kind, task.due_at, task.data, task.tries + 1))
            task.due_at, task.tries = self._db.now_of(key[0]) + lease, task.tries + 1
        if taken:
            self._world.note("takes", self._owner.name, *(task.id for task in taken))
        return taken

    async def put_off(self, tasks: Sequence[DueTask], due_at: datetime) -> None:
        def work() -> None:
            for task in tasks:
                found = self._db.tasks.get((task.account_id, task.id))
                if found is not None:
                    found.due_at = due_at

        await self._write(work)

    async def hasten_tasks(self, account_id: str, kind: str, now: datetime, within: timedelta) -> None:
        def work() -> None:
            for (account, _), task in self._db.tasks.items():
                if account == account_id and task.kind == kind and task.due_at > now + within:
                    task.due_at = now + within * self._world.chance.random()

        await self._write(work)

    async def next_task_at(self) -> datetime | None:
        return self._db.next_due()

    async def feed(self, account_id: str, after: Cursor | None, limit: int) -> tuple[_list[Event], Cursor]:
        await self._world.glance()
        entries = self._db.follow(account_id, after or Cursor(0, 0, 0), limit)
        return [entry.event for entry in entries], entries[-1].cursor if entries else after or Cursor(0, 0, 0)

    async def follow(
        self, positions: Mapping[str, Cursor], limit: int, most_bytes: int = 4_000_000
    ) -> dict[str, _list[Entry]]:
        await self._world.glance()
        found = {account: self._db.follow(account, after, limit, most_bytes) for account, after in positions.items()}
        return {account: entries for account, entries in found.items() if entries}

    async def latest(self, account_id: str) -> Cursor:
        await self._world.glance()
        return self._db.latest(account_id)

    async def prune(self, now: datetime) -> int:
        await self._world.glance()
        return self._db.forget_keys()

    async def close(self) -> None:
        """There is nothing to close."""

    async def _write(self, work: Callable[[], object]) -> object:
        """A statement of its own, outside of the log: it is done, or the process was dead before it was sent."""
        return await self._world.errand(self._owner, work)


class Reads:
    def __init__(self, world: World) -> None:
        self._world = world

    async def find(self, lookup: tuple[str, str], account_id: str, value: str) -> tuple[Any, ...] | None:
        """What is found is as old as the answer's way back."""
        self._world.check_database()
        table, column = lookup
        if table == "claims":
            claim = self._world.database.claims.get((account_id, value))
            await self._world.trip()
            return None if claim is None else (claim[0],)
        row = self._world.database.find(table, column, account_id, value)
        await self._world.trip()
        return None if row is None else (row.version, row.doc)


class Committer:
    """A Change under way: what becomes of it is drawn when it is sent."""

    def __init__(self, world: World, owner: Owner, committed: Callable[[Change], None]) -> None:
        self._world = world
        self._owner = owner
        self._committed = committed

    async def commit(self, change: Change) -> None:
        if change == NOTHING:
            return
        keys_of(change)
        world, faults, chance = self._world, self._world.faults, self._world.chance
        world.check_database()
        if chance.once_in(faults.refused_commit):
            raise Unavailable(AWAY)
        answer = asyncio.get_running_loop().create_future()
        in_doubt = chance.once_in(faults.doubtful_commit)
        place = world.database.begin(len(change.events))
        if in_doubt and chance.once_in(0.5):
            # The connection breaks. What was sent may still be carried out, even after the caller was told.
            world.later(chance.between(0.01, 1.0), _tell, answer, Unavailable(IN_DOUBT))
            applied = chance.once_in(0.3)
            told = True if applied else None
            world.later(chance.between(0.005, 10.0), self._apply, change, place, ASKED.get(), None, told)
        else:
            world.later(world.latency(), self._apply, change, place, ASKED.get(), answer, not in_doubt)
        await answer
        self._committed(change)

    def _apply(
        self,
        change: Change,
        place: tuple[int, int],
        attempt: Try | None,
        answer: asyncio.Future[None] | None,
        told: bool | None,
    ) -> None:
        """`told`: the caller hears of it; False: hears that nobody knows; None: it is not carried out at all."""
        world = self._world
        if told is not None:
            world.crash_point(self._owner, "before a commit")
        outcome: Exception | None = None
        if told is None or (not self._owner.alive and world.chance.once_in(0.5)):
            world.note("lost commit", self._owner.name, *_names(change))
        else:
            try:
                world.database.apply(change, place, self._owner.name, attempt)
                world.note("commits", self._owner.name, *_names(change))
            except Conflict as conflict:
                outcome = conflict
                world.note("conflict", self._owner.name, *_names(change))
            world.crash_point(self._owner, "after a commit")
        world.database.end(place[0])
        if answer is not None:
            world.later(world.latency(), _tell, answer, outcome if told else Unavailable(IN_DOUBT))


def _tell(answer: asyncio.Future[None], outcome: Exception | None) -> None:
    if answer.done():
        return
    if outcome is None:
        answer.set_result(None)
    else:
        answer.set_exception(outcome)


def _names(change: Change) -> list[str]:
    return [
        *(f"{put.table}/{put.id}@{put.version + 1}" for put in change.puts),
        *(f"claim {claim.key}" for claim in change.claims),
        *(f"event {event.type}" for event in change.events),
        *(f"posting {each.kind} {each.amount}" for each in change.postings),
        *(f"task {task.id}" for task in change.tasks),
        *(f"done {done.id}" for done in change.done),
    ]
