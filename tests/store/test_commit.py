"""A Change is all or nothing, alone or in a group, and fails alone."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from kvitt.core.change import Change, Put, TaskKey
from kvitt.core.errors import Conflict
from kvitt.store import Store, connect


async def _land(store: Store, change: Change) -> str:
    try:
        await store.commit(change)
    except Conflict:
        return "conflict"
    except ValueError:
        return "refused"
    return "landed"


async def _together(store: Store, *changes: Change) -> list[str]:
    """Commits them at once; all but the first few share groups."""
    return list(await asyncio.gather(*(_land(store, change) for change in changes)))


def _fillers(shelf, number=8):
    """Changes that keep the writers busy, so that what is committed beside them travels in groups."""
    return [shelf.whole(f"filler-{n}") for n in range(number)]


async def test_a_change_writes_its_row_claim_event_task_and_posting_together(store, shelf, written):
    await store.commit(shelf.whole("a"))
    now = await written()
    assert (now.rows, now.claims, now.events, now.tasks, now.postings) == (1, 1, 1, 1, 1)


async def test_a_row_is_written_with_the_columns_that_its_kind_derives(store, shelf, raw):
    await store.commit(Change(puts=(shelf.put("a", status="open"),)))
    await store.commit(Change(puts=(shelf.put("a", 1, status="closed"),)))
    row = await raw.fetchrow("select * from orders_json where account_id = $1", shelf.account_id)
    assert (row["version"], row["order_id"], row["status"], row["payment_status"]) == (2, "O-a", "closed", "pending")
    assert '"status": "closed"' in row["doc"]


@pytest.mark.parametrize("company", ["alone", "in a group"])
@pytest.mark.parametrize("version", [0, 1, 3])
async def test_a_change_read_at_another_version_meets_conflict_and_writes_nothing(
    store, shelf, written, company, version
):
    await store.commit(shelf.whole("a"))
    await store.commit(shelf.whole("a", 1))
    fillers = _fillers(shelf) if company == "in a group" else []
    stale = Change(
        puts=(shelf.put("b"), shelf.put("a", version)),
        claims=(shelf.claim("mine"),),
        events=(shelf.event("a"),),
        tasks=(shelf.task("mine"),),
        done=(TaskKey(shelf.account_id, "a:0"),),
        postings=(shelf.posting("b", "mine"),),
    )
    outcomes = await _together(store, *fillers, stale)
    assert outcomes == ["landed"] * len(fillers) + ["conflict"]
    now = await written()
    whole = 2 + len(fillers)
    assert (now.rows, now.claims, now.events, now.tasks) == (1 + len(fillers), whole, whole, whole)
    assert now.postings == whole


@pytest.mark.parametrize("company", ["alone", "in a group"])
async def test_a_claim_that_is_taken_meets_conflict_and_writes_nothing(store, shelf, written, company):
    await store.commit(Change(claims=(shelf.claim("order_id:1", "a"),)))
    fillers = _fillers(shelf) if company == "in a group" else []
    late = Change(
        puts=(shelf.put("b"),),
        claims=(shelf.claim("free"), shelf.claim("order_id:1", "b")),
        events=(shelf.event("b"),),
    )
    assert (await _together(store, *fillers, late))[-1] == "conflict"
    assert await store.claimed(shelf.account_id, "order_id:1") == "a"
    assert await store.claimed(shelf.account_id, "free") is None
    assert (await written()).rows == len(fillers)


@pytest.mark.parametrize("company", ["alone", "in a group"])
async def test_money_that_moved_for_a_cause_never_moves_again_for_it(store, shelf, written, raw, company):
    await store.commit(shelf.whole("a"))
    fillers = _fillers(shelf) if company == "in a group" else []
    again = Change(
        puts=(shelf.put("a", 1),), events=(shelf.event("a", 2),), postings=(shelf.posting("a", "0", amount=7),)
    )
    outcomes = await _together(store, *fillers, again)
    assert outcomes == ["landed"] * len(fillers) + ["conflict"]
    now = await written()
    assert now.postings == now.events == now.versions == 1 + len(fillers)
    assert await raw.fetchval("select sum(amount) from postings where account_id = $1", shelf.account_id) == 100 * (
        1 + len(fillers)
    )


async def test_innocent_changes_in_a_group_with_guilty_ones_still_land(store, shelf, written):
    await store.commit(Change(puts=tuple(shelf.put(f"old-{n}") for n in range(20))))
    await store.commit(Change(claims=tuple(shelf.claim(f"taken-{n}") for n in range(20))))
    changes = []
    for n in range(20):
        changes += [
            shelf.whole(f"new-{n}"),
            Change(puts=(shelf.put(f"old-{n}", 1),), events=(shelf.event(f"old-{n}", 2),)),
            Change(puts=(shelf.put(f"stale-{n}", 5),), events=(shelf.event("x"),)),
            Change(puts=(shelf.put(f"x-{n}"),), claims=(shelf.claim(f"taken-{n}"),), events=(shelf.event("x"),)),
        ]
    outcomes = await _together(store, *changes)
    assert outcomes == ["landed", "landed", "conflict", "conflict"] * 20
    now = await written()
    assert (now.rows, now.versions, now.events, now.claims) == (40, 60, 40, 40)


async def test_poison_in_a_group_of_a_hundred_fails_alone(store, shelf, written):
    changes = [shelf.whole(f"p-{n}") for n in range(100)]
    changes[30] = Change(puts=(Put("orders", shelf.account_id, "nul\0", 0, "{}", shelf.put("x").columns),))
    changes[60] = Change(puts=(Put("orders", shelf.account_id, "half \ud800", 0, "{}", shelf.put("x").columns),))
    changes[90] = Change(puts=(Put("orders", shelf.account_id, "no date", 0, "{}", ("O", "open", "pending", None)),))
    outcomes = await _together(store, *changes)
    assert [n for n, outcome in enumerate(outcomes) if outcome != "landed"] == [30, 60, 90]
    assert {outcomes[n] for n in (30, 60, 90)} == {"refused"}
    now = await written()
    assert (now.rows, now.events, now.claims, now.tasks, now.postings) == (97, 97, 97, 97, 97)


async def test_poison_is_refused_without_quoting_it(store, shelf):
    secret = "4000000000000002"
    with pytest.raises(ValueError, match="cannot store") as refused:
        await store.commit(Change(claims=(shelf.claim(f"\0{secret}"),)))
    assert secret not in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("part", ["puts", "claims", "tasks", "task and done"])
async def test_a_change_that_names_one_key_twice_is_a_programming_error(store, shelf, written, part):
    change = {
        "puts": Change(puts=(shelf.put("a"), shelf.put("a", 1))),
        "claims": Change(claims=(shelf.claim("k", "1"), shelf.claim("k", "2"))),
        "tasks": Change(tasks=(shelf.task("t"), shelf.task("t"))),
        "task and done": Change(tasks=(shelf.task("t"),), done=(TaskKey(shelf.account_id, "t"),)),
    }[part]
    with pytest.raises(ValueError, match="twice"):
        await store.commit(change)
    now = await written()
    assert (now.rows, now.claims, now.tasks) == (0, 0, 0)


async def test_a_put_into_an_unknown_table_or_without_its_columns_is_a_programming_error(store, shelf):
    for put in (Put("nowhere", shelf.account_id, "a", 0, "{}"), Put("orders", shelf.account_id, "a", 0, "{}", ("O",))):
        with pytest.raises(ValueError, match="columns"):
            await store.commit(Change(puts=(put,)))


async def test_changes_on_one_key_never_share_a_group_and_go_in_order(store, shelf, written):
    await store.commit(Change(puts=(shelf.put("a"),)))
    changes = [Change(puts=(shelf.put("a", n),), events=(shelf.event("a", n + 1),)) for n in range(1, 21)]
    assert await _together(store, *_fillers(shelf, 4), *changes) == ["landed"] * 24
    row = await store.get(shelf.kind, shelf.account_id, "a")
    assert row.version == 21
    events, _ = await store.feed(shelf.account_id, None, 100)
    assert [event.version for event in events if event.object_id == "a"] == list(range(2, 22))


async def test_a_large_change_and_many_tables_land_in_one_commit(store, shelf, raw):
    columns = {
        "settings": ("client",),
        "drafts": ("open", shelf.put("x").columns[3]),
        "orders": shelf.put("x").columns,
        "sessions": ("ref", shelf.put("x").columns[3]),
        "transactions": ("s", "ref", "AUTHORIZED", shelf.put("x").columns[3]),
    }

    def everywhere(id, version):
        return Change(puts=tuple(Put(t, shelf.account_id, id, version, "{}", c) for t, c in columns.items()))

    assert await _together(store, *[everywhere(f"r-{n}", 0) for n in range(10)]) == ["landed"] * 10
    assert await _together(store, *[everywhere(f"r-{n}", 1) for n in range(10)]) == ["landed"] * 10
    await store.commit(everywhere("r-0", 2))
    for table in columns:
        total = await raw.fetchval(f"select sum(version) from {table} where account_id = $1", shelf.account_id)  # noqa: S608
        assert total == 21, table


async def test_events_of_a_change_keep_their_order(store, shelf):
    changes = [Change(events=tuple(shelf.event(f"o-{n}", v) for v in range(1, 6))) for n in range(20)]
    await _together(store, *changes)
    events, _ = await store.feed(shelf.account_id, None, 200)
    for n in range(20):
        assert [event.version for event in events if event.object_id == f"o-{n}"] == [1, 2, 3, 4, 5]


async def test_a_caller_that_is_cancelled_breaks_nobody_else_and_reserves_nothing(store, shelf, written):
    changes = [shelf.whole(f"c-{n}") for n in range(60)]
    callers = [asyncio.create_task(store.commit(change)) for change in changes]
    await asyncio.sleep(0)
    for n, caller in enumerate(callers):
        if n % 3 == 0:
            caller.cancel()
    results = await asyncio.gather(*callers, return_exceptions=True)
    assert [result for n, result in enumerate(results) if n % 3] == [None] * 40
    # Whatever became of the cancelled ones, their keys are free again and each is whole or absent.
    again = await _together(store, *[shelf.whole(f"c-{n}") for n in range(0, 60, 3)])
    assert set(again) <= {"landed", "conflict"}
    now = await written()
    assert (now.rows, now.versions, now.claims, now.events, now.tasks) == (60, 60, 60, 60, 60)


async def test_a_change_whose_caller_was_cancelled_on_its_way_is_committed_all_the_same(store, shelf, written, raw):
    await store.commit(Change(puts=(shelf.put("a"),)))
    async with raw.transaction():
        await raw.execute("select 1 from orders where account_id = $1 and id = 'a' for update", shelf.account_id)
        caller = asyncio.create_task(store.commit(shelf.whole("a", 1)))
        await asyncio.sleep(0.2)  # it waits for the row by now
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
    for _ in range(100):
        if (await written()).versions == 2:
            break
        await asyncio.sleep(0.02)
    now = await written()
    assert (now.versions, now.events, now.claims, now.tasks) == (2, 1, 1, 1)


async def test_thirty_two_writers_on_hot_rows_win_exactly_as_often_as_versions_say(store, database_url, shelf, written):
    hot = [f"hot-{n}" for n in range(4)]
    await store.commit(Change(puts=tuple(shelf.put(id) for id in hot)))
    other = await connect(database_url)  # as another process would
    wins = 0

    async def writer(number: int) -> None:
        nonlocal wins
        mine = (store, other)[number % 2]
        for turn in range(12):
            id = hot[(number + turn) % len(hot)]
            row = await mine.get(shelf.kind, shelf.account_id, id)
            put = shelf.put(id, row.version, count=row.doc.count + 1)
            change = Change(
                puts=(put,),
                events=(shelf.event(id, row.version + 1),),
                claims=(shelf.claim(f"{id}:{row.version}", str(number)),),
            )
            outcome = await _land(mine, change)
            wins += outcome == "landed"

    await asyncio.gather(*(writer(number) for number in range(32)))
    counted = sum([(await store.get(shelf.kind, shelf.account_id, id)).doc.count for id in hot])
    await other.close()
    now = await written()
    assert wins > 0
    assert wins == counted == now.events == now.claims == now.versions - len(hot)


async def test_exactly_one_of_many_stores_gets_a_claim(store, database_url, shelf):
    other = await connect(database_url)
    for n in range(10):
        outcomes = await asyncio.gather(
            *(
                _land(mine, Change(claims=(shelf.claim(f"k-{n}", str(i)),), puts=(shelf.put(f"{n}-{i}"),)))
                for i, mine in enumerate((store, other) * 4)
            )
        )
        assert sorted(outcomes) == ["conflict"] * 7 + ["landed"]
    await other.close()


async def test_closing_lets_what_waits_land(database_url, shelf, written):
    store = await connect(database_url)
    callers = [asyncio.create_task(store.commit(shelf.whole(f"z-{n}"))) for n in range(50)]
    await asyncio.sleep(0)
    await store.close()
    await asyncio.gather(*callers)
    assert (await written()).rows == 50


async def test_values_of_the_wrong_type_fail_alone_and_at_once(store, shelf, written):
    changes = [shelf.whole(f"t-{n}") for n in range(24)]
    columns = shelf.put("x").columns
    changes[3] = Change(puts=(Put("orders", shelf.account_id, "no doc", 0, None, columns),))
    changes[9] = Change(puts=(Put("orders", shelf.account_id, "text date", 0, "{}", (*columns[:3], "2026-03-01")),))
    changes[15] = Change(claims=(shelf.claim(None),))
    changes[21] = Change(puts=(Put("orders", shelf.account_id, 7, 0, "{}", columns),))
    async with asyncio.timeout(10):
        outcomes = await _together(store, *changes)
    assert [n for n, outcome in enumerate(outcomes) if outcome != "landed"] == [3, 9, 15, 21]
    assert (await written()).rows == 20


async def test_an_empty_change_is_nothing_to_do(store, raw):
    before = await raw.fetchval("select count(*) from groups")
    await store.commit(Change())
    assert await raw.fetchval("select count(*) from groups") == before


async def test_old_groups_are_forgotten_and_young_ones_kept_whatever_the_callers_clock_says(store, shelf, raw):
    old = "00000000-0000-0000-0000-0000000000{:02}"
    await raw.executemany(
        "insert into groups (gid, refused, created_at) values ($1, '{}', now() - interval '2 hours')",
        [(old.format(n),) for n in range(10)],
    )
    await store.commit(Change(events=(shelf.event("young"),)))
    assert await store.prune(datetime.now(UTC) + timedelta(days=365)) >= 10
    old_left, young_left = await raw.fetchrow(
        "select count(*) filter (where created_at < now() - interval '1 hour'), count(*) from groups"
    )
    assert old_left == 0
    assert young_left > 0
