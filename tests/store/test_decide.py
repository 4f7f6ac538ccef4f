"""Load, rule, commit; on Conflict load and rule again."""

from __future__ import annotations

import asyncio

import pytest

from kvitt.core.change import Change
from kvitt.core.errors import Conflicting, InvalidOperation
from kvitt.store import connect
from kvitt.store.decide import Turns


def _adding(store, shelf, id, limit=None):
    """A decide that adds one, refuses beyond `limit`, and answers the new count."""

    async def decide():
        row = await store.get(shelf.kind, shelf.account_id, id)
        if limit is not None and row.doc.count >= limit:
            raise InvalidOperation("full")
        put = shelf.put(id, row.version, count=row.doc.count + 1)
        return Change(puts=(put,), events=(shelf.event(id, row.version + 1),)), row.doc.count + 1

    return decide


async def test_two_hundred_callers_on_one_object_all_decide_on_what_stands(store, shelf, written):
    await store.commit(Change(puts=(shelf.put("a"),)))
    on = (shelf.account_id, "a")
    results = await asyncio.gather(
        *(store.decide(_adding(store, shelf, "a", limit=150), on=on) for _ in range(200)), return_exceptions=True
    )
    assert [result for result in results if isinstance(result, int)] == list(range(1, 151))  # in order of arrival
    assert sum(isinstance(result, InvalidOperation) for result in results) == 50
    assert (await written()).events == 150


async def test_two_processes_on_one_object_decide_again_until_both_stand(store, database_url, shelf):
    other = await connect(database_url)
    await store.commit(Change(puts=(shelf.put("a"),)))
    on = (shelf.account_id, "a")

    async def twenty(mine):
        for _ in range(20):
            await mine.decide(_adding(mine, shelf, "a"), on=on)

    await asyncio.gather(twenty(store), twenty(other))
    await other.close()
    assert (await store.get(shelf.kind, shelf.account_id, "a")).doc.count == 40


async def test_an_empty_change_is_not_committed(store):
    calls = 0

    async def decide():
        nonlocal calls
        calls += 1
        return Change(), "nothing to do"

    assert await store.decide(decide) == "nothing to do"
    assert calls == 1


async def test_a_decision_that_never_lands_ends_in_conflicting(store, shelf):
    calls = 0

    async def decide():
        nonlocal calls
        calls += 1
        return Change(puts=(shelf.put("never there", 7),)), None

    with pytest.raises(Conflicting):
        await store.decide(decide)
    assert calls == 30


async def test_a_caller_that_fails_or_is_cancelled_gives_its_turn_on(store, shelf):
    on = (shelf.account_id, "a")
    started = asyncio.Event()

    async def forever():
        started.set()
        await asyncio.sleep(60)

    async def failing():
        raise InvalidOperation("no")

    stuck = asyncio.create_task(store.decide(forever, on=on))
    await started.wait()
    waiting = [asyncio.create_task(store.decide(failing, on=on)) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    stuck.cancel()
    results = await asyncio.gather(stuck, *waiting, return_exceptions=True)
    assert [type(result) for result in results] == [
        asyncio.CancelledError,
        asyncio.CancelledError,
        InvalidOperation,
        InvalidOperation,
    ]
    assert not store._turns._waiting


async def test_one_that_is_cancelled_in_the_moment_its_turn_would_come_is_cancelled_and_no_more() -> None:
    turns, on, go = Turns(), ("T1", "a"), asyncio.Event()

    async def take_turn() -> None:
        async with turns.of(on):
            await go.wait()

    first, second, third = (asyncio.create_task(take_turn()) for _ in range(3))
    await asyncio.sleep(0)
    go.set()
    second.cancel()
    results = await asyncio.gather(first, second, third, return_exceptions=True)
    assert [type(result) for result in results] == [type(None), asyncio.CancelledError, type(None)]
    assert turns._waiting == {}
