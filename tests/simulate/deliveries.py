"""What webhooks owe, in the simulated database: each method does what the SQL function behind the real one does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

import msgspec

from kvitt.store import Cursor, Delivery, LaneData, Owed
from kvitt.store.deliveries import lane_id
from kvitt.store.feed import START

from .database import Database, DeliveryRow, TaskRow

DELIVER = "hooks.deliver"
FOLLOWED = "hooks"
"""The kind of the settings of an account that has an active subscription."""


class SimulatedDeliveries:
    """Duck-typed like `kvitt.store.deliveries.Deliveries`. `write` is a trip to the database that does something there,
    once or not at all; `read` one that only looks."""

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

    async def followers(self) -> list[str]:
        await self._read()
        rows = self._db.of_table("settings")
        return sorted({account_id for account_id, _, row in rows if row.columns == (FOLLOWED,)})

    async def cursor(self, account_id: str) -> Cursor:
        await self._read()
        return self._db.cursors.get(account_id, START)

    async def fan_out(self, account_id: str, old: Cursor, new: Cursor, owed: Sequence[Owed], now: datetime) -> bool:
        def work() -> bool:
            stands = self._db.cursors.get(account_id)
            if stands is not None and stands != old:
                return False
            self._db.cursors[account_id] = new
            self._owe(account_id, owed, now)
            return True

        moved = bool(await self._write(work))
        if owed and moved:
            self._owing.set()
        return moved

    async def owe(self, account_id: str, owed: Sequence[Owed], now: datetime) -> None:
        await self._write(lambda: self._owe(account_id, owed, now))
        self._owing.set()

    async def next(self, account_id: str, subscription_id: str, lane: str) -> Delivery | None:
        await self._read()
        row = min(self._waiting(account_id, subscription_id, lane), key=lambda row: row.seq, default=None)
        return None if row is None else _shown(row)

    async def settle(
        self, account_id: str, delivery: Delivery, status: str, tries: int, attempts: str, due_at: datetime
    ) -> bool:
        def work() -> bool:
            row = self._db.deliveries.get((account_id, delivery.id))
            if row is None or row.version != delivery.version or row.status != "waiting":
                return False
            row.status, row.version, row.tries, row.attempts = status, row.version + 1, tries, attempts
            key = (account_id, lane_id(row.subscription_id, row.lane))
            task = self._db.tasks.get(key)
            if task is None:
                return True
            if status == "waiting":
                task.due_at = due_at
            elif self._waiting(account_id, row.subscription_id, row.lane):
                task.due_at, task.tries = self._db.now_of(account_id), 0
            else:
                del self._db.tasks[key]
            return True

        settled = bool(await self._write(work))
        self._owing.set()
        return settled

    async def end_lane(self, account_id: str, subscription_id: str, lane: str, *, gone: bool) -> None:
        def work() -> None:
            waiting = self._waiting(account_id, subscription_id, lane)
            if gone:
                for row in waiting:
                    del self._db.deliveries[account_id, row.id]
                waiting = []
            key = (account_id, lane_id(subscription_id, lane))
            if not waiting:
                self._db.tasks.pop(key, None)
            elif key in self._db.tasks:
                self._db.tasks[key].due_at = self._db.now_of(account_id)

        await self._write(work)

    async def replay(self, account_id: str, subscription_id: str, deliveries: Sequence[tuple[str, str]]) -> None:
        def work() -> None:
            for lane in dict.fromkeys(lane for _, lane in deliveries):
                self._lane_goes_on(account_id, subscription_id, lane, sooner=True)
            for id, _ in deliveries:
                row = self._db.deliveries.get((account_id, id))
                if row is not None and row.status != "waiting":
                    row.status, row.version, row.tries = "waiting", row.version + 1, 0

        await self._write(work)
        self._owing.set()

    async def get(self, account_id: str, subscription_id: str, id: str) -> Delivery | None:
        await self._read()
        row = self._db.deliveries.get((account_id, id))
        return _shown(row) if row is not None and row.subscription_id == subscription_id else None

    async def list(
        self,
        account_id: str,
        subscription_id: str,
        *,
        before: int | None = None,
        status: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 100,
    ) -> Sequence[Delivery]:
        await self._read()
        rows = [
            row
            for row in self._of(account_id, subscription_id)
            if (before is None or row.seq < before)
            and (status is None or row.status == status)
            and (since is None or row.created_at >= since)
            and (until is None or row.created_at < until)
        ]
        return [_shown(row) for row in rows[::-1][:limit]]

    async def settled(
        self, account_id: str, subscription_id: str, status: str, since: datetime, until: datetime, after: int,
        limit: int,
    ) -> Sequence[tuple[str, str, int]]:  # fmt: skip
        await self._read()
        rows = [
            (row.id, row.lane, row.seq)
            for row in self._of(account_id, subscription_id)
            if row.seq > after and row.status == status and since <= row.created_at < until
        ]
        return rows[:limit]

    async def count(self, account_id: str, subscription_id: str, status: str, since: datetime, until: datetime) -> int:
        return len(await self.settled(account_id, subscription_id, status, since, until, 0, 1_000_000))

    async def hasten(self, account_id: str, subscription_ids: Sequence[str], now: datetime, beyond: timedelta) -> None:
        def work() -> None:
            for (account, id), task in self._db.tasks.items():
                if account == account_id and task.kind == DELIVER and id.split(":")[1] in subscription_ids:
                    task.due_at = now if task.due_at > now + beyond else task.due_at

        if subscription_ids:
            await self._write(work)
            self._owing.set()

    def _owe(self, account_id: str, owed: Sequence[Owed], now: datetime) -> None:
        for each in owed:
            self._lane_goes_on(account_id, each.subscription_id, each.lane, sooner=False)
            if (account_id, each.id) not in self._db.deliveries:
                seq = len(self._db.deliveries) + 1
                row = DeliveryRow(each.id, each.subscription_id, each.lane, seq, each.event, now, each.body)
                self._db.deliveries[account_id, each.id] = row

    def _lane_goes_on(self, account_id: str, subscription_id: str, lane: str, *, sooner: bool) -> None:
        """The lane's task is made when it is missing; one that is there goes on at once only if that is asked for."""
        key = (account_id, lane_id(subscription_id, lane))
        now = self._db.now_of(account_id)
        if key not in self._db.tasks:
            data = msgspec.json.encode(LaneData(subscription_id, lane)).decode()
            self._db.tasks[key] = TaskRow(DELIVER, now, data)
        elif sooner:
            self._db.tasks[key].due_at = min(self._db.tasks[key].due_at, now)

    def _waiting(self, account_id: str, subscription_id: str, lane: str) -> Sequence[DeliveryRow]:
        rows = self._of(account_id, subscription_id)
        return [row for row in rows if row.lane == lane and row.status == "waiting"]

    def _of(self, account_id: str, subscription_id: str) -> Sequence[DeliveryRow]:
        return [
            row
            for (account, _), row in self._db.deliveries.items()
            if account == account_id and row.subscription_id == subscription_id
        ]


def _shown(row: DeliveryRow) -> Delivery:
    return Delivery(
        row.id, row.subscription_id, row.lane, row.seq, row.event, row.status, row.version, row.tries, row.created_at,
        row.body, row.attempts,
    )  # fmt: skip
