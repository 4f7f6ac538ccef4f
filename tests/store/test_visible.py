"""What is to be done is never seen before what it is about."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from kvitt.core.change import Change
from kvitt.store import connect


async def test_the_worker_never_runs_before_the_row_is_visible(
    store: Any, shelf: Any, kinds: Any, database_url: str
) -> None:
    worker = await connect(database_url)
    seen: list[str] = []

    async def work() -> None:
        while len(seen) < 200:
            for task in await worker.take_tasks(10, timedelta(minutes=5), kinds):
                row = await worker.get(shelf.kind, shelf.account_id, task.id)
                assert row is not None, f"{task.id} was taken before its row was there"
                seen.append(task.id)

    async def write(number: int) -> None:
        id = f"p-{number}"
        await store.commit(Change(puts=(shelf.put(id),), tasks=(shelf.task(id),)))

    try:
        async with asyncio.timeout(60):
            await asyncio.gather(work(), work(), *(write(number) for number in range(200)))
    finally:
        await worker.close()
    assert len(set(seen)) == 200
