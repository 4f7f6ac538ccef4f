"""Tasks of a kind that only one test knows, so that no other worker on this database takes them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from kvitt.core.change import Change, Task, TaskKey
from kvitt.core.clock import system_clock
from kvitt.store import DueTask, Store
from kvitt.worker import Worker


@pytest.fixture
def kind(account_id: str) -> str:
    return f"test.{account_id}"


@pytest.fixture
def plan(store: Store, account_id: str, kind: str) -> Callable[..., Awaitable[None]]:
    """Commits tasks `ids` that are due `seconds` from now."""

    async def commit(*ids: str, seconds: float = 0.0, kind: str = kind, data: str = "{}") -> None:
        due = system_clock() + timedelta(seconds=seconds)
        await store.commit(Change(tasks=tuple(Task(account_id, id, kind, due, data) for id in ids)))

    return commit


@pytest.fixture
def done(store: Store) -> Callable[[DueTask], Awaitable[None]]:
    async def commit(task: DueTask) -> None:
        await store.commit(Change(done=(TaskKey(task.account_id, task.id),)))

    return commit


@pytest.fixture
def rows(database_url: str, account_id: str) -> Callable[[], Awaitable[list[Any]]]:
    """The account's tasks as they stand in the database: id, due_at, tries."""

    async def read() -> list[Any]:
        connection = await asyncpg.connect(database_url)
        try:
            return [tuple(row) for row in await connection.fetch(
                "select id, due_at, tries from tasks where account_id = $1 order by id", account_id
            )]  # fmt: skip
        finally:
            await connection.close()

    return read


@pytest.fixture
def running() -> Callable[..., Any]:
    """`async with running(worker):` the worker works while the block lasts."""

    @asynccontextmanager
    async def run(*workers: Worker) -> AsyncIterator[None]:
        works = [asyncio.create_task(worker.run()) for worker in workers]
        try:
            yield
        finally:
            for worker in workers:
                await worker.stop()
            await asyncio.wait_for(asyncio.gather(*works), 20)

    return run


@pytest.fixture
def until() -> Callable[..., Awaitable[None]]:
    async def wait(condition: Callable[[], Any], seconds: float = 10.0) -> None:
        async with asyncio.timeout(seconds):
            while not condition():
                await asyncio.sleep(0.01)

    return wait
