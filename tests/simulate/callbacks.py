"""What became of callbacks, in the simulated database: as `kvitt.store.callbacks.Callbacks` has it in SQL."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

import msgspec

from kvitt.store import CALLBACKS, CallbackNote

from .database import Database, DeliveryRow, TaskRow

MOST_ATTEMPTS = 60


class SimulatedCallbacks:
    def __init__(
        self,
        database: Database,
        owing: asyncio.Event,
        read: Callable[[], Awaitable[None]],
        write: Callable[[Callable[[], object]], Awaitable[object]],
    ) -> None:
        self._db = database
        self._owing = owing
        self._read = read
        self._write = write

    async def record(self, notes: Sequence[CallbackNote]) -> None:
        def work() -> None:
            for note in notes:
                self._record(note)

        await self._write(work)

    async def replay(self, account_id: str, kind: str, ids: Sequence[str]) -> None:
        def work() -> None:
            for id in ids:
                row = self._db.deliveries.get((account_id, id))
                if row is None or row.subscription_id != CALLBACKS or row.status == "waiting":
                    continue
                row.status, row.version, row.tries = "waiting", row.version + 1, 0
                now = self._db.now()
                task = self._db.tasks.setdefault((account_id, row.lane), TaskRow(kind, now, row.body))
                task.due_at = min(task.due_at, now)

        await self._write(work)
        self._owing.set()

    async def owed_beside(self, account_id: str, task_id: str) -> list[str]:
        await self._read()
        begin = task_id.rpartition(":")[0] + ":"
        return [
            task.data
            for (account, id), task in self._db.tasks.items()
            if account == account_id and id.startswith(begin) and id != task_id
        ]

    async def hasten(self, account_id: str, receiver: str, now: datetime, beyond: timedelta) -> None:
        def work() -> None:
            for (account, _), row in self._db.deliveries.items():
                if account != account_id or row.subscription_id != CALLBACKS or row.status != "waiting":
                    continue
                task = self._db.tasks.get((account_id, row.lane))
                if task is not None and f'"url":"{receiver}' in row.body and task.due_at > now + beyond:
                    task.due_at = now

        await self._write(work)
        self._owing.set()

    def _record(self, note: CallbackNote) -> None:
        key = (note.account_id, note.id)
        row = self._db.deliveries.get(key)
        if row is None:
            seq = len(self._db.deliveries) + 1
            self._db.deliveries[key] = DeliveryRow(
                note.id, CALLBACKS, note.task_id, seq, note.event, note.created_at, note.data, note.status,
                tries=note.tries, attempts=note.attempts,
            )  # fmt: skip
        elif row.subscription_id == CALLBACKS and row.status == "waiting":
            attempts = [*msgspec.json.decode(row.attempts), *msgspec.json.decode(note.attempts)][-MOST_ATTEMPTS:]
            row.status, row.version, row.tries = note.status, row.version + 1, note.tries
            row.attempts = msgspec.json.encode(attempts).decode()
