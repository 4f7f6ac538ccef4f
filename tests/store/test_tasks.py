"""What is due is taken once, comes back when its taker died, and goes when it is done."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from kvitt.core.change import Change, TaskKey
from kvitt.store import connect
from kvitt.store.tasks import TAKE

LEASE = timedelta(seconds=30)


def _now() -> datetime:
    return datetime.now(UTC)


async def test_a_task_is_taken_when_it_is_due_and_not_before(store, shelf, kinds):
    late = _now() - timedelta(minutes=2)
    await store.commit(
        Change(tasks=(shelf.task("late", late, '{"n":1}'), shelf.task("early", _now() + timedelta(hours=1))))
    )
    [task] = await store.take_tasks(10, LEASE, kinds)
    assert (task.account_id, task.id, task.due_at, task.data, task.tries) == (
        shelf.account_id,
        "late",
        late,
        '{"n":1}',
        1,
    )


async def test_two_takers_share_what_is_due_and_never_get_the_same(store, database_url, shelf, kinds):
    await store.commit(Change(tasks=tuple(shelf.task(f"t-{n:02}") for n in range(60))))
    other = await connect(database_url)
    takes = await asyncio.gather(*(mine.take_tasks(10, LEASE, kinds) for mine in (store, other) * 4))
    await other.close()
    taken = [task.id for take in takes for task in take]
    taken += [task.id for task in await store.take_tasks(100, LEASE, kinds)]
    assert sorted(taken) == [f"t-{n:02}" for n in range(60)]


async def test_the_oldest_are_taken_first(store, shelf, kinds):
    start = _now() - timedelta(hours=1)
    await store.commit(Change(tasks=tuple(shelf.task(f"t-{n}", start + timedelta(minutes=n)) for n in (3, 1, 2, 0))))
    assert [task.id for task in await store.take_tasks(2, LEASE, kinds)] == ["t-0", "t-1"]


async def test_a_task_whose_taker_died_comes_back_after_its_lease_and_counts_its_tries(store, shelf, kinds):
    await store.commit(Change(tasks=(shelf.task("t"),)))
    assert len(await store.take_tasks(10, timedelta(milliseconds=200), kinds)) == 1
    assert await store.take_tasks(10, LEASE, kinds) == []
    await asyncio.sleep(0.25)
    [again] = await store.take_tasks(10, LEASE, kinds)
    assert again.tries == 2


async def test_only_tasks_of_the_kinds_asked_for_are_taken(store, shelf):
    mine, other = f"mine-{shelf.account_id}", f"other-{shelf.account_id}"
    await store.commit(Change(tasks=(shelf.task("a", kind=mine), shelf.task("b", kind=other))))
    assert [task.id for task in await store.take_tasks(10, LEASE, [other])] == ["b"]


async def test_a_task_with_a_known_id_replaces_it_and_starts_its_tries_anew(store, shelf, kinds, written):
    await store.commit(Change(tasks=(shelf.task("t", data='"old"'),)))
    await store.take_tasks(10, LEASE, kinds)
    replacement = Change(tasks=(shelf.task("t", data='"new"'),))
    await asyncio.gather(store.commit(replacement), *(store.commit(shelf.whole(f"x-{n}")) for n in range(5)))
    tasks = {task.id: task for task in await store.take_tasks(10, LEASE, kinds)}
    assert (tasks["t"].data, tasks["t"].tries) == ('"new"', 1)
    assert (await written()).tasks == 6


async def test_a_done_task_is_gone_and_one_that_is_gone_already_is_no_error(store, shelf, kinds, written):
    await store.commit(Change(tasks=(shelf.task("a"), shelf.task("b"))))
    done = Change(done=(TaskKey(shelf.account_id, "a"), TaskKey(shelf.account_id, "never was")))
    await store.commit(done)
    await asyncio.gather(store.commit(done), *(store.commit(Change(events=(shelf.event("x"),))) for n in range(5)))
    assert (await written()).tasks == 1
    assert [task.id for task in await store.take_tasks(10, LEASE, kinds)] == ["b"]


async def test_a_change_that_fails_leaves_its_done_tasks_due(store, shelf, kinds):
    await store.commit(Change(tasks=(shelf.task("t"),), claims=(shelf.claim("k"),)))
    failing = Change(done=(TaskKey(shelf.account_id, "t"),), claims=(shelf.claim("k"),))
    await asyncio.gather(store.commit(failing), store.commit(shelf.whole("x")), return_exceptions=True)
    assert "t" in [task.id for task in await store.take_tasks(10, LEASE, kinds)]


async def test_committing_a_task_that_is_due_wakes_who_waits_for_it(store, shelf):
    await store.commit(Change(tasks=(shelf.task("later", _now() + timedelta(minutes=1)),)))
    assert not store.tasks_waiting.is_set()
    await store.commit(Change(tasks=(shelf.task("now", _now()),)))
    assert store.tasks_waiting.is_set()


async def test_the_next_task_tells_how_long_one_may_sleep(store, shelf):
    soon = datetime(2001, 1, 1, tzinfo=UTC)
    await store.commit(Change(tasks=(shelf.task("first", soon),)))
    assert await store.next_task_at() == soon
    await store.commit(Change(done=(TaskKey(shelf.account_id, "first"),)))
    next_at = await store.next_task_at()
    assert next_at is None or next_at > soon


async def _ahead(store, shelf, **delta):
    """Moves the account's clock; answers its time."""
    ahead = await store.clocks.advance(shelf.account_id, lambda ahead: (ahead + timedelta(**delta),) * 2)
    return _now() + ahead


async def test_a_task_is_due_by_its_accounts_time(store, shelf, kinds):
    await store.commit(
        Change(tasks=(shelf.task("in a day", _now() + timedelta(hours=23)), shelf.task("later", _now() + timedelta(2))))
    )
    assert await store.take_tasks(10, LEASE, kinds) == []
    store.tasks_waiting.clear()
    await _ahead(store, shelf, days=1)
    assert store.tasks_waiting.is_set(), "moving a clock wakes the worker"
    assert [task.id for task in await store.take_tasks(10, LEASE, kinds)] == ["in a day"]


async def test_the_lease_of_an_account_that_is_ahead_is_as_long_as_any(store, shelf, kinds):
    now = await _ahead(store, shelf, days=30)
    await store.commit(Change(tasks=(shelf.task("by the wall", _now()), shelf.task("ahead", now))))
    assert {task.id for task in await store.take_tasks(10, timedelta(milliseconds=300), kinds)} == {
        "by the wall",
        "ahead",
    }
    assert await store.take_tasks(10, LEASE, kinds) == []
    await asyncio.sleep(0.35)
    assert [task.tries for task in await store.take_tasks(10, LEASE, kinds)] == [2, 2]


async def test_no_more_tasks_are_taken_than_asked_for_with_a_clock_ahead(store, shelf, kinds):
    now = await _ahead(store, shelf, days=1)
    dues = [*(_now() for _ in range(5)), *(now for _ in range(5))]
    await store.commit(Change(tasks=tuple(shelf.task(f"t-{n}", due) for n, due in enumerate(dues))))
    taken = [await store.take_tasks(4, LEASE, kinds) for _ in range(4)]
    assert [len(tasks) for tasks in taken] == [4, 4, 2, 0]
    assert len({task.id for tasks in taken for task in tasks}) == 10


async def test_a_task_due_in_an_account_that_is_ahead_wakes_who_waits_for_it(store, shelf):
    now = await _ahead(store, shelf, days=1)
    store.tasks_waiting.clear()
    await store.commit(Change(tasks=(shelf.task("now", now),)))
    assert store.tasks_waiting.is_set()
    assert abs(await store.next_task_at() - _now()) < timedelta(days=3000)


async def test_what_is_due_is_found_by_an_index_while_nobody_is_ahead(store, raw, shelf):
    await store.commit(Change(tasks=tuple(shelf.task(f"t-{n}", _now() + timedelta(hours=1)) for n in range(500))))
    await raw.execute("analyze tasks")
    async with raw.transaction():
        for other in ("seqscan", "bitmapscan", "sort"):  # the tables of a test are too small for an index to pay
            await raw.execute(f"set local enable_{other} = off")
        plan = "\n".join(row[0] for row in await raw.fetch(f"explain {_filled(TAKE)}"))
    assert "Index Scan using tasks_due" in plan
    assert "Seq Scan on tasks" not in plan


def _filled(query):
    return query.replace("$1", "256").replace("$2", "interval '1 minute'").replace("$3", "array['kind']")
