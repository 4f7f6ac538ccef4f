"""What one life of an order writes: every Change, every movement in the sandbox's books, every task that was taken.

The real server runs in this process while one journey is made; its store is listened to. The floor writes the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from aiohttp import ClientSession

from bench.machine import Keys
from bench.requests import STEPS, taken
from kvitt.config import Config
from kvitt.core.change import Change
from kvitt.server import listen, serve_one
from kvitt.store import DueTask, Movement, SandboxBooks, Store

Write = Change | Movement | DueTask


@dataclass
class Recording:
    """The writes in the order in which they were committed."""

    account_id: str
    writes: list[Write]


def record(database_url: str, keys: Keys, sink_url: str) -> Recording:
    return asyncio.run(_record(database_url, keys, sink_url))


async def _record(database_url: str, keys: Keys, sink_url: str) -> Recording:
    sock = listen("127.0.0.1", 0)
    port = sock.getsockname()[1]
    config = replace(Config(), database_url=database_url, port=port)
    ready, stop = asyncio.Event(), asyncio.Event()
    serving = asyncio.create_task(serve_one(config, sock, ready.set, stop))
    await ready.wait()
    try:
        async with ClientSession(f"http://127.0.0.1:{port}") as http:
            await asyncio.sleep(0.5)
            with _listening() as writes:
                await _journey(http, keys, sink_url)
                await _quiet(writes)
    finally:
        stop.set()
        await serving
    mine = [write for write in writes if keys.account_id in _accounts(write)]
    return Recording(keys.account_id, mine)


async def _journey(http: ClientSession, keys: Keys, sink_url: str) -> None:
    from bench.machine import fetch_token

    token = await asyncio.to_thread(fetch_token, str(http._base_url).rstrip("/"), keys)
    values = {"account_id": keys.account_id, "sink": sink_url}
    for step in STEPS:
        headers = {"Content-Type": "application/json"} | ({} if step.customer else {"Authorization": f"Bearer {token}"})
        body = step.body.format(**values) if step.body else None
        async with http.request(step.method, step.path.format(**values), data=body, headers=headers) as answer:
            text = await answer.text()
            if answer.status != 200 or step.expects.decode() not in text:
                raise RuntimeError(f"{step.name}: {answer.status} {text[:500]}")
            if step.takes:
                values[step.takes] = taken(step, await answer.read())


async def _quiet(writes: list[Write]) -> None:
    """Until nothing was written for a second: the callback has gone out by then."""
    count = -1
    while count != len(writes):
        count = len(writes)
        await asyncio.sleep(1.0)


@contextmanager
def _listening() -> Iterator[list[Write]]:
    writes: list[Write] = []
    commit, recorded, take = Store.commit, SandboxBooks.record, Store.take_tasks

    async def listening_commit(self: Store, change: Change) -> None:
        await commit(self, change)
        writes.append(change)

    async def listening_record(self: SandboxBooks, movement: Movement, notices: Any = ()) -> Movement:
        found = await recorded(self, movement, notices)
        writes.append(Movement(*msgspec.structs.astuple(movement)))
        return found

    async def listening_take(self: Store, *args: Any, **kwargs: Any) -> list[DueTask]:
        tasks = await take(self, *args, **kwargs)
        writes.extend(tasks)
        return tasks

    Store.commit = listening_commit
    SandboxBooks.record = listening_record
    Store.take_tasks = listening_take
    try:
        yield writes
    finally:
        Store.commit, SandboxBooks.record, Store.take_tasks = commit, recorded, take


def _accounts(write: Write) -> set[str]:
    if not isinstance(write, Change):
        return {write.account_id}
    return {part.account_id for part in (*write.puts, *write.claims, *write.events, *write.tasks, *write.done)}
