"""Reads find what stands, alone or many at once."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from kvitt.core.change import Change
from kvitt.core.errors import Unavailable
from kvitt.store import Selection, connect


async def test_a_document_comes_back_as_it_was_put_with_the_version_to_replace_it(store, shelf):
    parcel = shelf.parcel("a", note="Stablestol for utendørsbruk 🪑", count=3)
    await store.commit(Change(puts=(shelf.kind.put(shelf.account_id, "a", parcel),)))
    row = await store.get(shelf.kind, shelf.account_id, "a")
    assert (row.version, row.doc) == (1, parcel)


async def test_what_is_not_there_is_none(store, shelf):
    assert await store.get(shelf.kind, shelf.account_id, "nothing") is None
    assert await store.find(shelf.kind, shelf.account_id, "order_id", "nothing") is None
    assert await store.claimed(shelf.account_id, "nothing") is None


@pytest.mark.parametrize("value", ["nul\0", "half \ud800", "x" * 100_000, "'; drop table orders; --", "%", ""])
async def test_values_that_no_row_can_have_find_nothing_and_disturb_nobody(store, shelf, value):
    await store.commit(Change(puts=tuple(shelf.put(f"a-{n}") for n in range(5))))
    *rows, none, not_found, free = await asyncio.gather(
        *(store.get(shelf.kind, shelf.account_id, f"a-{n}") for n in range(5)),
        store.get(shelf.kind, shelf.account_id, value),
        store.find(shelf.kind, shelf.account_id, "order_id", value),
        store.claimed(shelf.account_id, value),
    )
    assert all(row.version == 1 for row in rows)
    assert none is not_found is free is None
    assert await store.list(shelf.kind, shelf.account_id, where={"status": value}) == []


async def test_a_thousand_reads_at_once_each_get_their_own_document(store, shelf):
    await store.commit(Change(puts=tuple(shelf.put(f"a-{n}") for n in range(300))))
    rows = await asyncio.gather(*(store.get(shelf.kind, shelf.account_id, f"a-{n % 400}") for n in range(1000)))
    assert [row and row.doc.id for row in rows] == [f"a-{n % 400}" if n % 400 < 300 else None for n in range(1000)]


async def test_a_read_after_a_commit_sees_it_whatever_reads_are_under_way(store, shelf):
    await store.commit(Change(puts=(shelf.put("a"),)))

    async def read_all_the_time():
        for _ in range(150):
            await store.get(shelf.kind, shelf.account_id, "a")

    crowd = [asyncio.create_task(read_all_the_time()) for _ in range(4)]
    for version in range(1, 20):
        await store.commit(Change(puts=(shelf.put("a", version),)))
        assert (await store.get(shelf.kind, shelf.account_id, "a")).version == version + 1
    await asyncio.gather(*crowd)


async def test_finding_by_a_column_that_several_share_answers_the_newest(store, shelf):
    first = shelf.parcel("old", order_id="shared")
    second = shelf.parcel("new", order_id="shared", created_at=first.created_at + timedelta(seconds=1))
    for parcel in (second, first):
        await store.commit(Change(puts=(shelf.kind.put(shelf.account_id, parcel.id, parcel),)))
    alone = await store.find(shelf.kind, shelf.account_id, "order_id", "shared")
    many = await asyncio.gather(
        *(store.find(shelf.kind, shelf.account_id, "order_id", value) for value in ("shared", "no", "none", "shared"))
    )
    assert [row and row.doc.id for row in (alone, *many)] == ["new", "new", None, None, "new"]


async def test_finding_by_a_column_without_an_index_is_a_programming_error(store, shelf):
    with pytest.raises(ValueError, match="no index"):
        await store.find(shelf.kind, shelf.account_id, "payment_status", "paid")


async def test_another_accounts_documents_are_not_found(store, shelf):
    await store.commit(Change(puts=(shelf.put("a"),), claims=(shelf.claim("k"),)))
    assert await store.get(shelf.kind, "T00000000", "a") is None
    assert await store.find(shelf.kind, "T00000000", "order_id", "O-a") is None
    assert await store.claimed("T00000000", "k") is None


async def test_lists_are_filtered_newest_first_and_limited(store, shelf):
    start = shelf.parcel("x").created_at
    await store.commit(
        Change(
            puts=tuple(
                shelf.put(
                    f"a-{n}",
                    created_at=start + timedelta(minutes=n),
                    status=("open", "closed")[n % 2],
                    note=f"note-{n}",
                )
                for n in range(6)
            )
        )
    )
    rows = await store.list(shelf.kind, shelf.account_id)
    assert [row.doc.id for row in rows] == ["a-5", "a-4", "a-3", "a-2", "a-1", "a-0"]
    rows = await store.list(shelf.kind, shelf.account_id, where={"status": "open", "customer_id": "note-2"})
    assert [row.doc.id for row in rows] == ["a-2"]
    rows = await store.list(shelf.kind, shelf.account_id, where={"status": "open"}, limit=2)
    assert [row.doc.id for row in rows] == ["a-4", "a-2"]
    with pytest.raises(ValueError, match="cannot be filtered"):
        await store.list(shelf.kind, shelf.account_id, where={"doc": "x"})


async def test_a_reader_that_is_cancelled_disturbs_nobody_else(store, shelf):
    await store.commit(Change(puts=(shelf.put("a"),)))
    readers = [asyncio.create_task(store.get(shelf.kind, shelf.account_id, "a")) for _ in range(30)]
    await asyncio.sleep(0)
    for reader in readers[::2]:
        reader.cancel()
    results = await asyncio.gather(*readers, return_exceptions=True)
    assert [row.version for row in results[1::2]] == [1] * 15


async def test_a_read_that_is_cut_off_by_closing_never_passes_for_not_there(database_url, shelf, raw):
    store = await connect(database_url)
    await store.commit(Change(puts=(shelf.put("a"),)))
    async with raw.transaction():
        await raw.execute("lock table orders in access exclusive mode")
        readers = [asyncio.create_task(store.get(shelf.kind, shelf.account_id, "a")) for _ in range(3)]
        await asyncio.sleep(0.1)
        readers += [asyncio.create_task(store.claimed(shelf.account_id, "k")) for _ in range(3)]
        await asyncio.sleep(0)
        await store.close()
        results = await asyncio.gather(*readers, return_exceptions=True)
    assert [type(result) for result in results] == [Unavailable] * 6


async def test_pages_follow_each_other_without_a_gap_whatever_comes_between(store, shelf):
    """Rows of the same moment are told apart by their ids."""
    start = shelf.parcel("x").created_at
    ids = [f"a-{n}" for n in range(7)]
    await store.commit(
        Change(puts=tuple(shelf.put(id, created_at=start + timedelta(minutes=n // 3)) for n, id in enumerate(ids)))
    )
    seen, after = [], None
    while rows := await store.page(shelf.kind, shelf.account_id, Selection(after=after), 2):
        seen += [row.doc.id for row in rows]
        after = (rows[-1].doc.created_at, rows[-1].doc.id)
        await store.commit(Change(puts=(shelf.put(f"new-{len(seen)}", created_at=start + timedelta(days=1)),)))
    assert seen == ids[::-1]


async def test_a_page_has_bounds_that_count_in_and_may_be_sorted_the_other_way(store, shelf):
    start = shelf.parcel("x").created_at
    times = [start + timedelta(minutes=n) for n in range(6)]
    status = ["open", "closed", "cancelled"]
    await store.commit(
        Change(puts=tuple(shelf.put(f"a-{n}", created_at=at, status=status[n % 3]) for n, at in enumerate(times)))
    )
    some = Selection(
        among={"status": ["open", "closed"]},
        least={"created_at": times[1]},
        most={"created_at": times[4]},
        sort="created_at",
        descending=False,
    )
    rows = await store.page(shelf.kind, shelf.account_id, some, 10)
    assert [row.doc.id for row in rows] == ["a-1", "a-3", "a-4"]
    assert await store.count(shelf.kind, shelf.account_id, some) == 3
    assert await store.page(shelf.kind, shelf.account_id, Selection(among={"status": ["a\0"]}), 10) == []
    for wrong in (Selection(sort="doc"), Selection(least={"version": 1})):
        with pytest.raises(ValueError, match="no column"):
            await store.page(shelf.kind, shelf.account_id, wrong, 10)


async def test_the_last_claims_of_a_series_are_found_by_how_they_begin(store, shelf):
    keys = [f"serial:A:{n:012d}" for n in (1, 2, 10)]
    others = ["serial:A", "serial:AB:000000000099", "serial:B:000000000003"]
    await store.commit(Change(claims=tuple(shelf.claim(key) for key in sorted([*keys, *others]))))
    assert await store.latest_claims(shelf.account_id, "serial:A:", 2) == [keys[2], keys[1]]
    assert await store.latest_claims("T00000000", "serial:A:", 2) == []
