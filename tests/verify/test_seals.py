"""Sealing: the chain is the same in SQL and in Python, never forks, and waits for transactions that still run."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import asyncpg
import pytest

from kvitt.core.change import Change, Event
from kvitt.store import connect
from kvitt.verify.chain import entry_hash
from kvitt.worker import Sealer

NOW = datetime(2026, 11, 20, 10, 11, 12, 345678, tzinfo=UTC)

ENTRIES = [
    ("1", "order.created", "order", "o", 1, NOW, "{}"),
    ("ø", "a|b", "", "Blåbær 🫐", 2_147_483_647, datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), "“æ”" * 5000),
]


async def commit(shop: Any, count: int, start: int = 0) -> None:
    events = [
        Event(shop.account_id, f"e{start + n}", "t.made", "t", f"o{n}", 1, shop.clock(), f'"{n}"') for n in range(count)
    ]
    await shop.store.commit(Change(events=tuple(events)))


async def seals(raw: Any, account_id: str) -> list[Any]:
    rows: list[Any] = await raw.fetch("select * from seals where account_id = $1 order by number", account_id)
    return rows


@pytest.mark.parametrize("entry", ENTRIES)
async def test_postgresql_and_python_hash_an_entry_to_the_same_bytes(raw: Any, entry: Any) -> None:
    hashed = await raw.fetchval("select log_entry_hash_v1($1, $2, $3, $4, $5, $6, $7)", *entry)
    assert hashed == entry_hash(*entry)


def test_no_two_entries_are_encoded_alike() -> None:
    def hashed(*texts: str) -> bytes:
        return entry_hash(*texts, 1, NOW, "{}")  # type: ignore[arg-type]

    assert len({hashed("ab", "c", "", ""), hashed("a", "bc", "", ""), hashed("a", "b", "c", "")}) == 3


async def test_a_seal_covers_a_thousand_entries_and_follows_from_the_one_before(shop: Any, raw: Any) -> None:
    for start in (0, 600, 1200):
        await commit(shop, 600, start)
    assert await shop.store.seal(shop.account_id) == (1000, True)
    assert await shop.store.seal(shop.account_id) == (800, False)
    assert await shop.store.seal(shop.account_id) == (0, False)
    first, second = await seals(raw, shop.account_id)
    rows = await raw.fetch("select * from log where account_id = $1 order by epoch, xid, seq", shop.account_id)
    hashes = [entry_hash(*tuple(row)[4:11]) for row in rows]
    assert first["hash"] == sha256(sha256(shop.account_id.encode()).digest() + b"".join(hashes[:1000])).digest()
    assert second["hash"] == sha256(first["hash"] + b"".join(hashes[1000:])).digest()
    assert (second["epoch"], second["xid"], second["seq"]) == tuple(rows[-1][name] for name in ("epoch", "xid", "seq"))


async def test_two_sealers_at_once_do_not_fork_the_chain(shop: Any, raw: Any, verify: Any, database_url: str) -> None:
    other = await connect(database_url)
    try:
        for turn in range(20):
            await commit(shop, 7, 10 * turn)
            await asyncio.gather(*(store.seal(shop.account_id) for store in (shop.store, other) for _ in range(2)))
    finally:
        await other.close()
    await shop.seal()
    made = await seals(raw, shop.account_id)
    assert [seal["number"] for seal in made] == list(range(1, len(made) + 1))
    assert sum(seal["entries"] for seal in made) == 140
    assert (await verify()).code == 0


async def test_what_is_younger_than_a_transaction_that_still_runs_is_sealed_later(shop: Any, raw: Any) -> None:
    async with raw.transaction():
        await raw.execute("select pg_current_xact_id()")
        await commit(shop, 3)
        assert await shop.store.seal(shop.account_id) == (0, True)
        shop.store.unsealed.clear()
        shop.store.unsealed.add(shop.account_id)
        await shop.sealer.seal_once()
        assert shop.store.unsealed == {shop.account_id}
    await shop.seal()
    assert [seal["entries"] for seal in await seals(raw, shop.account_id)] == [3]


async def test_the_chain_goes_on_after_a_restore_into_another_cluster(shop: Any, raw: Any, verify: Any) -> None:
    await commit(shop, 2)
    await shop.seal()
    await commit(shop, 2, 10)
    # A cluster whose transaction ids begin anew: the entries from before are of higher ids, and of an earlier epoch.
    far = "update log set xid = (xid::text::bigint + 1000000000)::text::xid8 where account_id = $1"
    await raw.execute(far, shop.account_id)
    await raw.execute(
        "update seals set xid = (xid::text::bigint + 1000000000)::text::xid8 where account_id = $1", shop.account_id
    )
    await raw.execute("update installation set epoch = epoch + 1")
    try:
        await commit(shop, 2, 20)
        await shop.seal()
    finally:
        await raw.execute("update installation set epoch = epoch - 1")
    assert [(seal["epoch"], seal["entries"]) for seal in await seals(raw, shop.account_id)] == [(1, 2), (2, 4)]
    assert (await verify()).code == 0


async def test_what_a_crash_left_behind_is_found(shop: Any) -> None:
    await commit(shop, 2)
    assert shop.account_id in await shop.store.find_unsealed()
    await shop.seal()
    assert shop.account_id not in await shop.store.find_unsealed()


async def test_a_sealer_that_fails_forgets_nothing(shop: Any, raw: Any) -> None:
    await commit(shop, 1)
    await raw.execute("alter function seal_log_v1 rename to seal_log_away")
    try:
        with pytest.raises(asyncpg.UndefinedFunctionError):
            await shop.sealer.seal_once()
        assert shop.account_id in shop.store.unsealed
    finally:
        await raw.execute("alter function seal_log_away rename to seal_log_v1")
    await shop.seal()
    assert shop.account_id not in shop.store.unsealed


async def test_it_seals_by_itself_what_this_process_committed(shop: Any, raw: Any) -> None:
    sealer = Sealer(shop.store, pause=0.01)
    sealer.start()
    try:
        await commit(shop, 4)
        async with asyncio.timeout(30):
            while not await seals(raw, shop.account_id):
                await asyncio.sleep(0.01)
    finally:
        await sealer.close()


async def test_a_server_seals(server: Any, account_id: str, raw: Any) -> None:
    event = Event(account_id, "e1", "t.made", "t", "o", 1, NOW, "{}")
    await server.store.commit(Change(events=(event,)))
    async with asyncio.timeout(30):
        while not await seals(raw, account_id):
            await asyncio.sleep(0.02)


async def test_one_turn_of_a_sealer_catches_up_and_does_not_chase_the_writers(shop: Any, raw: Any) -> None:
    for start in range(0, 2500, 500):
        await commit(shop, 500, start)
    async with raw.transaction():
        await raw.execute("select pg_current_xact_id()")
        await commit(shop, 3, 5000)
        shop.store.unsealed.clear()
        shop.store.unsealed.add(shop.account_id)
        await shop.sealer.seal_once()
        assert [seal["entries"] for seal in await seals(raw, shop.account_id)] == [1000, 1000, 500]
        assert shop.store.unsealed == {shop.account_id}
