"""An export goes on page by page: each order once while others come and change, and no more memory for more orders."""

from __future__ import annotations

import gc
import json
import tracemalloc
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import msgspec
import pytest

from kvitt.core.change import Change
from kvitt.core.clock import system_clock
from kvitt.core.errors import TooManyRequests
from kvitt.orders.flows import Orders
from kvitt.orders.flows.export import FIRST_ORDERS, LEAST_BYTES, MOST_EXPORTS, MOST_ORDERS, Part
from kvitt.orders.model import ORDERS, OrderRecord
from kvitt.orders.rules.cells import Style
from kvitt.orders.rules.export import json_lines, table_of_orders
from kvitt.store import Selection, Store

Made = Callable[..., Awaitable[list[OrderRecord]]]
OLDEST_FIRST = Selection(sort="created_at", descending=False)


@pytest.fixture
def orders(store: Store) -> Orders:
    return Orders(store, system_clock)


async def rest(parts: AsyncGenerator[Part, None]) -> bytes:
    return b"".join([part.data async for part in parts])


def ids(data: bytes) -> list[str]:
    return [json.loads(line)["id"] for line in data.splitlines()]


async def test_parts_are_of_some_size_and_count_their_orders(orders: Orders, made: Made, account_id: str) -> None:
    await made(500)
    parts = [part async for part in orders.export(account_id, OLDEST_FIRST, json_lines())]
    assert len(parts) > 3
    assert all(LEAST_BYTES <= len(part.data) < 2 * LEAST_BYTES for part in parts[:-1])
    assert [part.orders for part in parts] == sorted({part.orders for part in parts})
    assert parts[-1].orders == 500 == len(ids(b"".join(part.data for part in parts)))


async def test_an_order_that_is_there_all_along_is_there_once_while_others_come_and_change(
    orders: Orders, store: Store, made: Made, account_id: str
) -> None:
    before = await made(600)
    parts = orders.export(account_id, OLDEST_FIRST, json_lines())
    first = (await anext(parts)).data
    later = [msgspec.structs.replace(r.order, updated_at=r.order.updated_at + timedelta(days=1)) for r in before]
    for start in range(0, 600, 200):
        changed = [msgspec.structs.replace(before[0], order=order) for order in later[start : start + 200]]
        await store.commit(Change(puts=tuple(ORDERS.put(account_id, r.order.id, r, 1) for r in changed)))
    new = await made(5, [before[0].order.created_at + timedelta(hours=n) for n in range(-2, 3)])
    found = ids(first + await rest(parts))
    assert len(found) == len(set(found))
    assert {r.order.id for r in before} <= set(found)
    assert set(found) - {r.order.id for r in before} <= {r.order.id for r in new}


@pytest.mark.parametrize("most", [1, FIRST_ORDERS, FIRST_ORDERS + 1, FIRST_ORDERS + MOST_ORDERS, 150, 151])
async def test_no_more_orders_than_were_asked_for(orders: Orders, made: Made, account_id: str, most: int) -> None:
    records = await made(150)
    data = await rest(orders.export(account_id, OLDEST_FIRST, json_lines(), most))
    assert ids(data) == sorted(record.order.id for record in records)[:most]


@pytest.mark.parametrize("size", [1, 3_000, 30_000])
async def test_large_orders_are_read_a_few_at_a_time_and_none_is_left_out(
    orders: Orders, store: Store, made: Made, account_id: str, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    records = await made(60)
    monkeypatch.setattr("kvitt.orders.flows.export.MOST_SIZE", size)
    read: list[int] = []
    page = store.page

    async def watched(*given: Any) -> list[Any]:
        rows = await page(*given)
        read.append(sum(row.size for row in rows[:-1]))
        return rows

    monkeypatch.setattr(store, "page", watched)
    data = await rest(orders.export(account_id, OLDEST_FIRST, json_lines()))
    assert ids(data) == sorted(record.order.id for record in records)
    assert max(read) < size


async def test_every_sort_and_direction_has_every_order_once(orders: Orders, made: Made, account_id: str) -> None:
    expected = {record.order.id for record in await made(130)}
    for sort in ("created_at", "updated_at", "amount"):
        for descending in (False, True):
            selection = Selection(sort=sort, descending=descending)
            found = ids(await rest(orders.export(account_id, selection, json_lines())))
            assert found == sorted(expected, reverse=descending)


async def test_a_connection_that_is_lost_meanwhile_is_opened_again_and_the_file_is_whole(
    orders: Orders, made: Made, account_id: str, database_url: str
) -> None:
    records = await made(600)
    parts = orders.export(account_id, OLDEST_FIRST, json_lines())
    first = (await anext(parts)).data
    raw = await asyncpg.connect(database_url)
    try:
        await raw.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where application_name = 'kvitt' and datname = current_database()"
        )
    finally:
        await raw.close()
    assert ids(first + await rest(parts)) == sorted(record.order.id for record in records)


async def test_an_account_has_a_few_exports_at_a_time_and_others_have_theirs(
    orders: Orders, made: Made, account_id: str
) -> None:
    await made(300)
    running = [orders.export(account_id, OLDEST_FIRST, json_lines()) for _ in range(MOST_EXPORTS)]
    for parts in running:
        await anext(parts)
    with pytest.raises(TooManyRequests, match="exports under way"):
        await anext(orders.export(account_id, OLDEST_FIRST, json_lines()))
    assert await rest(orders.export(f"P{account_id[1:]}", OLDEST_FIRST, json_lines())) == b""
    await running.pop().aclose()  # its reader went away
    assert len(ids(await rest(orders.export(account_id, OLDEST_FIRST, json_lines())))) == 300
    for parts in running:
        assert await rest(parts)
    assert not orders._exports._open


@pytest.mark.slow
@pytest.mark.parametrize("form", [json_lines(), table_of_orders(Style(ZoneInfo("Europe/Oslo")))], ids=["json", "csv"])
async def test_ten_times_the_orders_take_no_more_memory(orders: Orders, made: Made, account_id: str, form: Any) -> None:
    await made(6000)

    async def peak(most: int) -> int:
        gc.collect()
        tracemalloc.reset_peak()
        begin = tracemalloc.get_traced_memory()[0]
        seen = 0
        async for part in orders.export(account_id, OLDEST_FIRST, form, most):
            seen = part.orders
        assert seen == most
        return tracemalloc.get_traced_memory()[1] - begin

    tracemalloc.start()
    try:
        await peak(600)  # what is made once and kept
        few, many = await peak(600), await peak(6000)
    finally:
        tracemalloc.stop()
    assert many < 1.5 * few
