"""What was delivered and what was not: looked at, and delivered again.

Of a webhook subscription by its id, of callbacks by the id that stands for them all.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

import msgspec

from kvitt.core.change import Change, Task, TaskKey, encode_text
from kvitt.core.clock import Clock
from kvitt.core.errors import NotFound
from kvitt.core.idempotency import Once
from kvitt.core.ids import new_uuid
from kvitt.delivery.model.request import CALLBACK_TASK
from kvitt.delivery.model.webhooks import REPLAY_TASK, ReplayData
from kvitt.store import CALLBACKS, Delivery, DueTask, Store

EARLIEST = datetime.fromisoformat("2000-01-01T00:00:00Z")
_REPLAYED_AT_ONCE = 1000


class History:
    """Deliveries of all accounts."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def list(
        self,
        account_id: str,
        subscription_id: str,
        *,
        starting_after: str | None = None,
        status: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 100,
    ) -> Sequence[Delivery]:
        """Newest first, from behind the delivery `starting_after`."""
        before = None
        if starting_after is not None:
            before = (await self.get(account_id, subscription_id, starting_after)).seq
        return await self._store.deliveries.list(
            account_id, subscription_id, before=before, status=status, since=since, until=until, limit=limit
        )

    async def get(self, account_id: str, subscription_id: str, id: str) -> Delivery:
        found = await self._store.deliveries.get(account_id, subscription_id, id)
        if found is None:
            raise NotFound("There is no such delivery")
        return found

    async def replay_one(self, account_id: str, subscription_id: str, id: str, once: Once | None = None) -> int:
        """It is delivered again, with its old id. How many: 0 when it waits anyhow."""

        async def count() -> tuple[ReplayData, int]:
            found = await self.get(account_id, subscription_id, id)
            return ReplayData(subscription_id, id=id), int(found.status != "waiting")

        return await self._replay(account_id, count, once)

    async def replay(self, account_id: str, wanted: ReplayData, once: Once | None = None) -> int:
        """Those that stand at a status and were made in a time range (from `since` on, before `until`). How many."""
        since, until = wanted.since or EARLIEST, wanted.until or self._clock(account_id)

        async def count() -> tuple[ReplayData, int]:
            bounded = msgspec.structs.replace(wanted, since=since, until=until)
            found = await self._store.deliveries.count(account_id, wanted.subscription_id, wanted.status, since, until)
            return bounded, found

        return await self._replay(account_id, count, once)

    async def work(self, task: DueTask) -> None:
        """The worker's handler of replays."""
        data, account_id = msgspec.json.decode(task.data, type=ReplayData), task.account_id
        deliveries = self._store.deliveries
        if data.id is not None:
            found = await deliveries.get(account_id, data.subscription_id, data.id)
            if found is not None:
                await self._again(account_id, data.subscription_id, [(found.id, found.lane)])
        else:
            since, until, after = data.since or EARLIEST, data.until or self._clock(account_id), 0
            while page := await deliveries.settled(
                account_id, data.subscription_id, data.status, since, until, after, _REPLAYED_AT_ONCE
            ):
                await self._again(account_id, data.subscription_id, [(id, lane) for id, lane, _ in page])
                after = page[-1][2]
        await self._store.commit(Change(done=(TaskKey(account_id, task.id),)))

    async def _again(self, account_id: str, subscription_id: str, deliveries: Sequence[tuple[str, str]]) -> None:
        if subscription_id == CALLBACKS:
            await self._store.callbacks.replay(account_id, CALLBACK_TASK, [id for id, _ in deliveries])
        else:
            await self._store.deliveries.replay(account_id, subscription_id, deliveries)

    async def _replay(
        self, account_id: str, count: Callable[[], Awaitable[tuple[ReplayData, int]]], once: Once | None
    ) -> int:
        task_id = f"hooks.replay:{new_uuid()}"

        async def decide() -> tuple[Change, int]:
            data, found = await count()
            task = Task(account_id, task_id, REPLAY_TASK, self._clock(account_id), encode_text(data))
            return Change(tasks=(task,) if found else ()), found

        return await self._store.decide(decide, once=once)
