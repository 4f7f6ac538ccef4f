from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg

from kvitt.core.clock import system_clock
from kvitt.store import DueTask, Store, connect
from kvitt.worker import Limits, Worker


async def test_a_due_task_is_done_within_moments(
    store: Store, kind: str, plan: Any, done: Any, rows: Any, running: Any, until: Any
) -> None:
    seen: list[float] = []

    async def handle(task: DueTask) -> None:
        seen.append(time.monotonic())
        await done(task)

    async with running(Worker(store, system_clock, {kind: handle}, limits=Limits(poll=5.0))):
        await asyncio.sleep(0.2)  # it has looked once and waits; the commit wakes it, not the poll
        started = time.monotonic()
        await plan("a")
        await until(lambda: seen)
    assert seen[0] - started < 1.0
    assert await rows() == []


async def test_a_task_waits_for_its_time(
    store: Store, kind: str, plan: Any, done: Any, running: Any, until: Any
) -> None:
    seen: list[DueTask] = []

    async def handle(task: DueTask) -> None:
        seen.append(task)
        await done(task)

    await plan("a", seconds=0.8)
    async with running(Worker(store, system_clock, {kind: handle})):
        await asyncio.sleep(0.4)
        assert seen == []
        await until(lambda: seen)


async def test_two_workers_do_each_task_once(
    database_url: str, store: Store, kind: str, plan: Any, done: Any, rows: Any, running: Any, until: Any
) -> None:
    other = await connect(database_url)
    seen: Counter[str] = Counter()

    async def handle(task: DueTask) -> None:
        seen[task.id] += 1
        await asyncio.sleep(0.01)
        await done(task)

    try:
        workers = [Worker(each, system_clock, {kind: handle}) for each in (store, other)]
        async with running(*workers):
            for batch in range(5):
                await plan(*(f"{batch}-{n}" for n in range(40)))
            await until(lambda: seen.total() >= 200)
    finally:
        await other.close()
    assert set(seen.values()) == {1}
    assert await rows() == []


async def test_a_task_of_an_unknown_kind_is_left_alone(
    store: Store, kind: str, plan: Any, rows: Any, done: Any, running: Any
) -> None:
    await plan("a", kind=f"{kind}.other")
    async with running(Worker(store, system_clock, {kind: done})):
        await asyncio.sleep(0.4)
    ((_, _, tries),) = await rows()
    assert tries == 0


async def test_a_handler_that_fails_is_tried_again_later_and_later(
    store: Store, kind: str, plan: Any, rows: Any, running: Any, until: Any, account_id: str
) -> None:
    seen: list[int] = []

    async def fail(task: DueTask) -> None:
        seen.append(task.tries)
        raise RuntimeError("not today")

    await plan("a")
    async with running(Worker(store, system_clock, {kind: fail})):
        await until(lambda: len(seen) == 1)
        await asyncio.sleep(0.3)
        ((_, first, _),) = await rows()
        assert timedelta(seconds=1) < first - system_clock() <= timedelta(seconds=2)
        await until(lambda: len(seen) == 2)
        await asyncio.sleep(0.3)
        ((_, second, _),) = await rows()
        assert timedelta(seconds=3) < second - system_clock() <= timedelta(seconds=4)
    assert seen == [1, 2]


async def test_a_killed_workers_task_is_done_by_another(
    database_url: str, store: Store, kind: str, plan: Any, done: Any, rows: Any, running: Any, until: Any
) -> None:
    seen: list[DueTask] = []

    async def handle(task: DueTask) -> None:
        seen.append(task)
        await done(task)

    await plan("a")
    script = str(Path(__file__).with_name("hanging_worker.py"))
    doomed = await asyncio.create_subprocess_exec(
        sys.executable, script, database_url, kind, stdout=asyncio.subprocess.PIPE
    )
    assert doomed.stdout is not None
    assert await asyncio.wait_for(doomed.stdout.readline(), 20) == b"taken a\n"
    os.kill(doomed.pid, signal.SIGKILL)
    await doomed.wait()
    async with running(Worker(store, system_clock, {kind: handle})):
        await asyncio.sleep(0.3)
        assert seen == []
        await until(lambda: seen)
    assert seen[0].tries == 2
    assert await rows() == []


async def test_a_slow_receiver_does_not_keep_others_waiting(
    store: Store, kind: str, plan: Any, done: Any, running: Any, until: Any
) -> None:
    quick: list[float] = []

    async def handle(task: DueTask) -> None:
        if task.data == '"slow"':
            await asyncio.sleep(1.0)
        else:
            quick.append(time.monotonic())
        await done(task)

    await plan(*(f"slow-{n}" for n in range(300)), data='"slow"')
    limits = Limits(lease=6.0)
    async with running(Worker(store, system_clock, {kind: handle}, {kind: lambda task: task.data}, limits)):
        await asyncio.sleep(0.3)
        started = time.monotonic()
        await plan(*(f"quick-{n}" for n in range(20)), data='"quick"')
        await until(lambda: len(quick) == 20)
        assert quick[-1] - started < 2.5


async def test_one_busy_receiver_gets_its_tasks_at_full_speed(
    store: Store, kind: str, plan: Any, done: Any, rows: Any, running: Any, until: Any
) -> None:
    seen: Counter[str] = Counter()

    async def handle(task: DueTask) -> None:
        seen[task.id] += 1
        await done(task)

    await plan(*(f"{n}" for n in range(100)))
    async with running(Worker(store, system_clock, {kind: handle})):
        for batch in range(10):
            await plan(*(f"{batch}-{n}" for n in range(90)))
        await until(lambda: seen.total() == 1000, 5.0)
    assert await rows() == []


async def test_stopping_finishes_what_runs_and_gives_back_the_rest(
    store: Store, kind: str, plan: Any, done: Any, rows: Any, until: Any
) -> None:
    started: list[str] = []
    finished: list[str] = []

    async def handle(task: DueTask) -> None:
        started.append(task.id)
        await asyncio.sleep(0.5)
        await done(task)
        finished.append(task.id)

    await plan(*(f"{n}" for n in range(10)))
    worker = Worker(store, system_clock, {kind: handle}, limits=Limits(running_per_lane=2))
    work = asyncio.create_task(worker.run())
    await until(lambda: started)
    await worker.stop()
    await asyncio.wait_for(work, 5)
    assert sorted(started) == sorted(finished)
    left = await rows()
    assert len(left) == 10 - len(finished) > 0
    assert all(due_at <= system_clock() for _, due_at, _ in left)


async def test_a_handler_that_never_ends_is_cut_off_and_its_task_kept(
    store: Store, kind: str, plan: Any, rows: Any, running: Any, until: Any
) -> None:
    ended: list[str] = []

    async def hang(task: DueTask) -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(task.id)

    await plan("a")
    async with running(Worker(store, system_clock, {kind: hang}, limits=Limits(lease=1.0))):
        await until(lambda: ended, 3.0)
        await asyncio.sleep(0.2)
    assert len(await rows()) == 1


async def test_a_worker_outlives_the_databases_absence(
    database_url: str, store: Store, kind: str, plan: Any, done: Any, rows: Any, running: Any, until: Any
) -> None:
    seen: list[str] = []

    async def handle(task: DueTask) -> None:
        seen.append(task.id)
        await done(task)

    async with running(Worker(store, system_clock, {kind: handle})):
        await plan("before")
        await until(lambda: "before" in seen)
        connection = await asyncpg.connect(database_url)
        for _ in range(5):
            await connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'"
            )
            await asyncio.sleep(0.1)
        await connection.close()
        await plan("after")
        await until(lambda: "after" in seen)
    assert await rows() == []


async def test_lanes_that_never_run_dry_do_not_starve_another(
    store: Store, kind: str, plan: Any, done: Any, running: Any, until: Any
) -> None:
    last: list[float] = []

    async def handle(task: DueTask) -> None:
        await asyncio.sleep(0.1)
        if task.data == '"late"':
            last.append(time.monotonic())
        await done(task)

    for lane in range(4):
        await plan(*(f"{lane}-{n}" for n in range(40)), data=f'"{lane}"')
    limits = Limits(running=8, running_per_lane=2)
    async with running(Worker(store, system_clock, {kind: handle}, {kind: lambda task: task.data}, limits)):
        await asyncio.sleep(0.3)
        started = time.monotonic()
        await plan("late", data='"late"')
        await until(lambda: last)
        assert last[0] - started < 1.0
