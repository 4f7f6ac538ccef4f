"""Orders that were made before there were lists are listed when the database is brought up to date."""

from __future__ import annotations

import asyncio
import itertools
from datetime import timedelta
from urllib.parse import urlsplit

import asyncpg
import pytest
from tests.orders.conftest import NOW, line, order

from kvitt.core.change import Change
from kvitt.orders.model import ORDERS
from kvitt.store import Selection, Store, Word, connect
from kvitt.upgrade import bring_up_to_date

_names = itertools.count()
ACCOUNT = "T00000001"


@pytest.fixture
async def old(database_url: str):
    """A database of its own whose orders are in no list, as a release before the lists left them; its URL."""
    name = f"old_{next(_names)}"
    connection = await asyncpg.connect(database_url)
    await connection.execute(f"create database {name}")
    url = urlsplit(database_url)._replace(path=f"/{name}").geturl()
    await asyncio.to_thread(bring_up_to_date, url)
    store = await connect(url)
    await _make(store, 1200)
    await store.close()
    within = await asyncpg.connect(url)
    await within.execute("truncate order_list, order_words; update installation set listed = false")
    await within.close()
    yield url
    await connection.execute(f"drop database {name} with (force)")
    await connection.close()


async def _make(store: Store, count: int) -> None:
    made = order(line(1, 10_000, description="Stablestol"))
    puts = (ORDERS.put(ACCOUNT, f"order-{n}", made) for n in range(count))
    await asyncio.gather(*(store.commit(Change(puts=(put,))) for put in puts))


async def test_orders_from_before_are_listed_and_found(old):
    said: list[str] = []
    await asyncio.to_thread(bring_up_to_date, old, said.append)
    store = await connect(old)
    assert await store.count(ORDERS, ACCOUNT, Selection()) == 1200
    found = Selection(words=((Word("stable", prefix=True),),), least={"amount": 10_000})
    assert await store.count(ORDERS, ACCOUNT, found) == 1200
    await store.close()


async def test_what_was_cut_off_goes_on(old):
    connection = await asyncpg.connect(old)
    await asyncio.to_thread(bring_up_to_date, old)
    await connection.execute("delete from order_list where id > 'order-5'; update installation set listed = false")
    await asyncio.to_thread(bring_up_to_date, old)
    assert await connection.fetchval("select count(*) from order_list") == 1200
    await connection.close()


async def test_it_is_done_once_unless_asked_for_and_then_all_rows_are_made_new(old):
    await asyncio.to_thread(bring_up_to_date, old)
    connection = await asyncpg.connect(old)
    await connection.execute("delete from order_list where id = 'order-1'")
    await connection.execute(
        "update order_list set amount = 1, updated_at = $1 where id = 'order-2'", NOW - timedelta(1)
    )
    await connection.execute(
        "update order_list set amount = 2, updated_at = $1 where id = 'order-3'", NOW + timedelta(1)
    )
    await asyncio.to_thread(bring_up_to_date, old)
    assert await connection.fetchval("select count(*) from order_list") == 1199
    await asyncio.to_thread(bring_up_to_date, old, thoroughly=True)
    rows = await connection.fetch(
        "select amount from order_list where id = any ($1) order by id", [f"order-{n}" for n in (1, 2, 3)]
    )
    assert [row["amount"] for row in rows] == [10_000] * 3  # as the documents have it
    await connection.close()
