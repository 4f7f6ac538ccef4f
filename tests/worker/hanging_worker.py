"""A worker of its own process that takes a task, says so, and hangs: killed by the test that started it."""

import asyncio
import sys
from datetime import UTC, datetime

from kvitt.store import DueTask, connect
from kvitt.worker import Limits, Worker


async def main(database_url: str, kind: str) -> None:
    async def hang(task: DueTask) -> None:
        print("taken", task.id, flush=True)
        await asyncio.sleep(60)

    store = await connect(database_url)
    await Worker(store, lambda: datetime.now(UTC), {kind: hang}, limits=Limits(lease=2.0)).run()


asyncio.run(main(sys.argv[1], sys.argv[2]))
