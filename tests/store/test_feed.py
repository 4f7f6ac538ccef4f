"""The feed shows what happened in an order that can be trusted, and never skips."""

from __future__ import annotations

import asyncio

from kvitt.core.change import Change
from kvitt.store import connect

LATE = """
insert into log (account_id, epoch, id, type, object_type, object_id, version, created_at, data)
values ($1, 1, 'late', 'parcel.changed', 'parcel', 'late', 1, now(), '{}')
"""


async def test_an_event_that_commits_late_is_not_skipped(store, shelf, raw):
    transaction = raw.transaction()
    await transaction.start()
    await raw.execute(LATE, shelf.account_id)  # has its place in the log, and is not committed
    for n in range(3):
        await store.commit(Change(events=(shelf.event(f"o-{n}"),)))
    events, cursor = await store.feed(shelf.account_id, None, 100)
    assert events == []  # shown now, they would stand after an event that is yet to come
    await transaction.commit()
    events, cursor = await store.feed(shelf.account_id, cursor, 100)
    assert [event.object_id for event in events] == ["late", "o-0", "o-1", "o-2"]
    assert await store.feed(shelf.account_id, cursor, 100) == ([], cursor)


async def test_a_reader_that_follows_many_writers_sees_every_event_once(store, database_url, shelf, raw):
    other = await connect(database_url)
    writing = True

    async def straggler() -> None:
        while writing:
            async with raw.transaction():
                await raw.execute("select pg_current_xact_id()")
                await asyncio.sleep(0.02)

    async def write(mine, number: int) -> None:
        for turn in range(10):
            await mine.commit(Change(events=(shelf.event(f"w-{number}", turn + 1),)))

    async def follow() -> list:
        seen, cursor = [], None
        while len(seen) < 160:
            events, cursor = await store.feed(shelf.account_id, cursor, 7)
            seen += events
            await asyncio.sleep(0.002)
        return seen

    slow = asyncio.create_task(straggler())
    async with asyncio.timeout(30):
        reader = asyncio.create_task(follow())
        await asyncio.gather(*(write((store, other)[number % 2], number) for number in range(16)))
        writing = False
        await slow
        seen = await reader
    await other.close()
    assert len({event.id for event in seen}) == 160
    for number in range(16):  # and each object's events in the order in which they happened
        assert [event.version for event in seen if event.object_id == f"w-{number}"] == list(range(1, 11))


async def test_events_come_back_whole_and_in_pages(store, shelf):
    changes = [Change(events=(shelf.event(f"o-{n}"), shelf.event(f"o-{n}", 2))) for n in range(5)]
    for change in changes:
        await store.commit(change)
    first, cursor = await store.feed(shelf.account_id, None, 3)
    rest, _ = await store.feed(shelf.account_id, cursor, 100)
    assert [*first, *rest] == [event for change in changes for event in change.events]


async def test_another_accounts_events_are_not_shown(store, shelf):
    await store.commit(Change(events=(shelf.event("mine"),)))
    events, _ = await store.feed("T00000000", None, 100)
    assert all(event.account_id == "T00000000" for event in events)


async def test_after_a_restore_into_another_cluster_the_feed_goes_on_behind_the_old_events(store, shelf, raw):
    """A new cluster's transaction ids begin low: old rows may carry ids from the future, in an earlier epoch."""
    await raw.execute(
        LATE.replace("epoch, id", "epoch, xid, id").replace("$1, 1, 'late'", "$1, 0, '9000000000000'::xid8, 'old'"),
        shelf.account_id,
    )
    await store.commit(Change(events=(shelf.event("new"),)))
    events, cursor = await store.feed(shelf.account_id, None, 1)
    assert [event.id for event in events] == ["old"]
    events, _ = await store.feed(shelf.account_id, cursor, 10)
    assert [event.object_id for event in events] == ["new"]
