"""Whatever breaks around a commit, every Change that was confirmed is there exactly once."""

from __future__ import annotations

import asyncio
import contextlib
from time import monotonic

import asyncpg
import pytest

from kvitt.core.change import Change
from kvitt.core.errors import Conflict, Unavailable
from kvitt.store import commit as queue
from kvitt.store import connect, settle
from kvitt.store.group import group
from kvitt.store.line import BY_KEY, Line, proves_rollback

ACTIVE_WRITERS = """
select pg_terminate_backend(pid) from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and state = 'active'
  and (query like '%commit_group_v%' or query like '%all_or_nothing_v1%')
"""


def _sent(gid, change):
    statement, arguments = group(gid, [change])
    return statement, *arguments


async def _count_up(store, shelf, id, turns, confirmed):
    """One writer on one row that nobody else writes: each confirmed commit must raise its version by exactly one."""
    for turn in range(turns):
        await store.commit(shelf.whole(id, turn, count=turn))
        confirmed.append((id, turn))


async def test_every_confirmed_change_is_there_once_although_backends_are_killed_while_they_commit(
    store, shelf, written, raw
):
    confirmed: list[tuple[str, int]] = []
    writers = [asyncio.create_task(_count_up(store, shelf, f"w-{n}", 120, confirmed)) for n in range(24)]
    killed = 0
    for _ in range(200):
        killed += len(await raw.fetch(ACTIVE_WRITERS))
        await asyncio.sleep(0.003)
    await asyncio.gather(*writers)  # a single Conflict here would be a commit that was sent twice
    now = await written()
    assert killed > 0
    assert len(confirmed) == now.versions == now.events == now.claims == now.tasks == now.postings == 24 * 120
    assert now.rows == 24


async def test_changes_that_committed_but_whose_answer_was_lost_are_confirmed_and_not_sent_again(
    cable, shelf, written, raw
):
    store = await connect(cable.url)
    confirmed: list[tuple[str, int]] = []
    writers = [asyncio.create_task(_count_up(store, shelf, f"w-{n}", 30, confirmed)) for n in range(16)]
    swallowed = 0
    for _ in range(10):
        await asyncio.sleep(0.03)
        cable.mute()
        await asyncio.sleep(0.02)
        swallowed += cable.swallowed
        cable.cut()
        await asyncio.sleep(0.05)
    await asyncio.gather(*writers)
    await store.close()
    now = await written()
    assert swallowed > 0
    assert len(confirmed) == now.versions == now.events == now.claims == now.tasks == now.postings == 16 * 30


async def test_a_group_whose_answer_was_lost_still_says_whom_it_refused(cable, shelf, written):
    store = await connect(cable.url)
    await store.commit(Change(claims=(shelf.claim("taken"),)))
    for _ in range(3):  # so that both writers have prepared the call, and the answer lost is that of the commit itself
        await asyncio.gather(*(store.commit(Change(events=(shelf.event("warm"),))) for _ in range(12)))
    changes = [shelf.whole(f"g-{n}") for n in range(12)]
    changes[7] += Change(claims=(shelf.claim("taken"),))
    cable.mute()
    callers = [asyncio.create_task(store.commit(change)) for change in changes]
    while cable.swallowed == 0:
        await asyncio.sleep(0.005)
    await asyncio.sleep(0.1)
    cable.cut()
    results = await asyncio.gather(*callers, return_exceptions=True)
    assert [type(result) for result in results] == [type(None)] * 7 + [Conflict] + [type(None)] * 4
    await store.close()
    now = await written()
    assert (now.rows, now.versions, now.events, now.tasks) == (11, 11, 11 + 36, 11)


async def test_the_fence_keeps_an_old_group_out_for_good(store, shelf, database_url, written):
    """Where the id was free, the group that comes later than the fence is undone by it."""
    line = Line(database_url, BY_KEY)
    gid = settle.new_gid()
    assert await settle.settle(line, gid, monotonic() + 5) is None
    connection = await line.connection(monotonic() + 5)
    with pytest.raises(asyncpg.UniqueViolationError) as late:
        await connection.fetchval(*_sent(gid, shelf.whole("late")))
    assert proves_rollback(late.value)
    assert await settle.settle(line, gid, monotonic() + 5) is None  # our own fence is no commit
    await line.close()
    assert (await written()).rows == 0


async def test_settling_waits_for_a_backend_that_still_runs(shelf, database_url, raw):
    line = Line(database_url, BY_KEY)
    gid = settle.new_gid()
    transaction = raw.transaction()
    await transaction.start()
    await raw.fetchval(*_sent(gid, shelf.whole("slow")))
    verdict = asyncio.create_task(settle.settle(line, gid, monotonic() + 10))
    await asyncio.sleep(0.2)
    assert not verdict.done()
    await transaction.commit()
    assert await verdict == set()  # it committed and refused nobody
    await line.close()


async def test_without_the_database_a_commit_ends_in_unavailable_and_works_again_when_it_is_back(
    cable, shelf, written, monkeypatch
):
    monkeypatch.setattr(queue, "PATIENCE", 1.0)
    store = await connect(cable.url)
    await store.commit(shelf.whole("before"))
    await cable.close()
    assert not await store.healthy()
    started = monotonic()
    with pytest.raises(Unavailable, match=r"outcome is unknown|nothing was written"):
        await store.commit(shelf.whole("during"))
    assert monotonic() - started < 12
    await cable.open()
    assert await store.healthy()
    await store.commit(shelf.whole("after"))
    assert (await store.get(shelf.kind, shelf.account_id, "after")).version == 1
    await store.close()
    assert (await written()).rows in (2, 3)


async def test_a_row_that_somebody_holds_delays_its_own_change_only(store, shelf, raw):
    await store.commit(Change(puts=(shelf.put("held"), shelf.put("free"))))
    async with raw.transaction():
        await raw.execute("select 1 from orders where account_id = $1 and id = 'held' for update", shelf.account_id)
        held = asyncio.create_task(store.commit(Change(puts=(shelf.put("held", 1),))))
        await asyncio.sleep(0.05)
        async with asyncio.timeout(5):
            await asyncio.gather(*(store.commit(shelf.whole(f"n-{n}")) for n in range(20)))
        assert not held.done()
    await held
    assert (await store.get(shelf.kind, shelf.account_id, "held")).version == 2


async def test_reads_and_lists_survive_the_loss_of_their_connection(store, shelf, raw):
    await store.commit(Change(puts=(shelf.put("a"),)))
    for _ in range(5):
        await raw.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where datname = current_database() and pid <> pg_backend_pid() and application_name = 'kvitt'"
        )
        assert (await store.get(shelf.kind, shelf.account_id, "a")).version == 1
        assert len(await store.list(shelf.kind, shelf.account_id)) == 1


async def test_only_what_the_server_itself_aborted_proves_a_rollback(raw):
    with pytest.raises(asyncpg.DivisionByZeroError) as aborted:
        await raw.execute("select 1 / 0")
    assert proves_rollback(aborted.value)
    with pytest.raises(asyncpg.DataError) as never_sent:
        await raw.fetchval("select $1::int", "no number")
    assert proves_rollback(never_sent.value)
    with contextlib.suppress(Exception):
        await raw.execute("select pg_terminate_backend(pg_backend_pid())")
    for doubtful in (
        asyncpg.AdminShutdownError("killed"),
        asyncpg.ConnectionDoesNotExistError("gone"),
        asyncpg.InternalClientError("confused"),
        TimeoutError(),
        ConnectionResetError(),
    ):
        assert not proves_rollback(doubtful)
