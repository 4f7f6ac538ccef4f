"""Changes per second, grouped against one by one, and reads, grouped against one by one, on a given PostgreSQL.

    python bench/store_commits.py 'postgresql://user@host/dbname' [--seconds 3] [--callers 1,32,128]

The database is migrated if it is empty and keeps what the run writes: give it one of its own. A third of the callers'
turns create an order with its claim, event and task; the rest update one and tell of it. Documents are about 2.5 KB.
After every cell rows and log are counted and must equal what was confirmed. Ratios within a run count; the absolute
figures of a machine that does other things drift.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import asyncpg
import msgspec
import uvloop

from kvitt.core.change import Change, Claim, Event, Kind, Task
from kvitt.store import Store, commit, connect, read
from kvitt.store.migrate import migrate


class Doc(msgspec.Struct, frozen=True):
    id: str
    order_id: str
    status: str
    created_at: datetime
    lines: list[dict[str, str | int]]


ORDERS = Kind("orders", Doc, lambda d: (d.order_id, d.status, "pending", d.created_at))
READABLE = 20
WORDS = [
    "stol",
    "bord",
    "lampe",
    "hylle",
    "teppe",
    "skap",
    "benk",
    "vase",
    "ramme",
    "krakk",
    "puff",
    "seng",
    "pute",
    "gardin",
    "speil",
    "kurv",
]


def _doc(id: str, now: datetime) -> Doc:
    lines: list[dict[str, str | int]] = [
        {
            "id": f"{random.randrange(10**6)}",
            "line_id": n,
            "quantity": random.randrange(1, 5),
            "gross_amount": random.randrange(10**5),
            "description": " ".join(random.choices(WORDS, k=14)),
            "description_alias": " ".join(random.choices(WORDS, k=4)),
        }
        for n in range(12)
    ]
    return Doc(id, f"O{id}", "open", now, lines)


async def _changes(store: Store, account: str, caller: int, until: float, spent: list[float]) -> None:
    """One caller: creates an order, then updates it twice, and so on."""
    turn = 0
    while time.perf_counter() < until:
        id = f"{caller}-{turn}"
        doc = _doc(id, datetime.now(UTC))
        for version in range(3):
            now = datetime.now(UTC)
            change = Change(
                puts=(ORDERS.put(account, id, doc, version),),
                events=(Event(account, f"{id}-{version}", "order.changed", "order", id, version + 1, now, "{}"),),
            )
            if version == 0:
                change += Change(claims=(Claim(account, id),), tasks=(Task(account, id, "bench", now, "{}"),))
            started = time.perf_counter()
            await store.commit(change)
            spent.append(time.perf_counter() - started)
        turn += 1


async def _reads(store: Store, account: str, caller: int, until: float, spent: list[float]) -> None:
    account = "T00000000"  # filled before the first cell
    while time.perf_counter() < until:
        id = f"{caller}-{random.randrange(READABLE)}"
        started = time.perf_counter()
        await store.get(ORDERS, account, id)
        spent.append(time.perf_counter() - started)


Work = Callable[[Store, str, int, float, list[float]], Awaitable[None]]


async def _cell(url: str, work: Work, account: str, callers: int, seconds: float, grouped: bool) -> tuple[float, str]:
    commit.LARGEST_GROUP, read.MOST_TOGETHER = (64, 256) if grouped else (1, 1)
    store = await connect(url) if grouped else await connect(url, writers=min(16, callers), readers=min(16, callers))
    warm: list[float] = []
    await asyncio.gather(*(work(store, f"{account}w", n, time.perf_counter() + 0.3, warm) for n in range(callers)))
    spent: list[float] = []
    cpu, started = time.process_time(), time.perf_counter()
    await asyncio.gather(*(work(store, account, n, started + seconds, spent) for n in range(callers)))
    wall, cpu = time.perf_counter() - started, time.process_time() - cpu
    await store.close()
    await _verify(url, account, len(spent) if work is _changes else 0)
    spent.sort()
    p50, p99 = statistics.median(spent) * 1000, spent[int(len(spent) * 0.99)] * 1000
    rate = len(spent) / wall
    return rate, f"{rate:8,.0f} | {p50:6.2f} | {p99:6.2f} | {cpu / len(spent) * 1e6:5.0f}"


async def _verify(url: str, account: str, confirmed: int) -> None:
    connection = await asyncpg.connect(url)
    row = await connection.fetchrow(
        "select (select sum(version) from orders where account_id = $1), "
        "(select count(*) from log where account_id = $1)",
        account,
    )
    await connection.execute("vacuum analyze orders, tasks, log, claims, groups")
    await connection.close()
    assert row is not None
    assert (row[0] or 0, row[1]) == (confirmed, confirmed), f"{row} in the database, {confirmed} confirmed"


async def _main(url: str, seconds: float, callers: list[int]) -> None:
    store = await connect(url)
    for n in range(max(callers)):
        for m in range(READABLE):
            if await store.get(ORDERS, "T00000000", f"{n}-{m}") is None:
                doc = _doc(f"{n}-{m}", datetime.now(UTC))
                await store.commit(Change(puts=(ORDERS.put("T00000000", doc.id, doc),)))
    await store.close()
    print("| what | callers | how | per second | p50 ms | p99 ms | client CPU µs | x |")
    print("|---|---:|---|---:|---:|---:|---:|---:|")
    for name, work in (("Changes", _changes), ("reads", _reads)):
        for number in callers:
            base = 0.0
            for grouped in (False, True):
                account = f"T{random.randrange(10**8):08d}"
                rate, cells = await _cell(url, work, account, number, seconds, grouped)
                base = base or rate
                how = "grouped" if grouped else "one by one"
                print(f"| {name} | {number} | {how} | {cells} | {rate / base:.2f} |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("database_url")
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--callers", default="1,32,128")
    options = parser.parse_args()
    migrate(options.database_url)
    uvloop.run(_main(options.database_url, options.seconds, [int(n) for n in options.callers.split(",")]))
