"""What was made before there were lists is listed when the database is brought up to date."""

from __future__ import annotations

import asyncio
import itertools
from datetime import timedelta
from urllib.parse import urlsplit

import asyncpg
import msgspec
import pytest
from tests.orders.conftest import NOW, line, order

from kvitt.checkout.model.session import SESSIONS, SessionRecord
from kvitt.checkout.model.transaction import TRANSACTIONS, TransactionRecord
from kvitt.core.change import Change
from kvitt.orders.model import ORDERS
from kvitt.store import Selection, Store, Word, connect
from kvitt.upgrade import bring_up_to_date

_names = itertools.count()
ACCOUNT = "T00000001"
LISTS = "order_list, order_words, session_list, session_words, transaction_list, transaction_words"


@pytest.fixture
async def old(database_url: str):
    """A database of its own whose documents are in no list, as a release before the lists left them; its URL."""
    name = f"old_{next(_names)}"
    connection = await asyncpg.connect(database_url)
    await connection.execute(f"create database {name}")
    url = urlsplit(database_url)._replace(path=f"/{name}").geturl()
    await asyncio.to_thread(bring_up_to_date, url)
    store = await connect(url)
    await _make(store, 1200)
    await store.close()
    within = await asyncpg.connect(url)
    await within.execute(f"truncate {LISTS}; update installation set listed = false")  # noqa: S608  our own tables
    await within.close()
    yield url
    await connection.execute(f"drop database {name} with (force)")
    await connection.close()


async def _make(store: Store, count: int) -> None:
    made = order(line(1, 10_000, description="Stablestol"))
    puts = [ORDERS.put(ACCOUNT, f"order-{n}", made) for n in range(count)]
    puts += [TRANSACTIONS.put(ACCOUNT, f"transaction-{n}", _transaction(n)) for n in range(600)]
    puts += [SESSIONS.put(ACCOUNT, f"session-{n}", _session(n)) for n in range(600)]
    await asyncio.gather(*(store.commit(Change(puts=(put,))) for put in puts))


def _transaction(number: int) -> TransactionRecord:
    captured = {"id": "1", "event": "CAPTURE", "transaction_status": "CAPTURED", "success": True, "created_at": NOW}
    members = {
        "id": f"transaction-{number}", "session_id": f"session-{number}", "created_at": NOW, "updated_at": NOW,
        "payment_product": "vipps", "payment_product_type": "vipps", "amount": number + 1, "currency": "NOK",
        "merchant_reference": f"ref-{number}", "status": "CAPTURED", "settlement_status": "NOT_SETTLED",
        "events": [captured],
    }  # fmt: skip
    return msgspec.convert({"transaction": members}, TransactionRecord)


def _session(number: int) -> SessionRecord:
    members = {
        "id": f"session-{number}", "created_at": NOW, "updated_at": NOW, "expires_at": NOW,
        "url": {"return_url": "https://shop.example"},
        "order": {"amount": 1, "currency": "NOK", "merchant_reference": f"ref-{number}"},
    }  # fmt: skip
    return msgspec.convert({"session": members}, SessionRecord)


async def test_orders_from_before_are_listed_and_found(old):
    said: list[str] = []
    await asyncio.to_thread(bring_up_to_date, old, said.append)
    store = await connect(old)
    assert await store.count(ORDERS, ACCOUNT, Selection()) == 1200
    found = Selection(words=((Word("stable", prefix=True),),), least={"amount": 10_000})
    assert await store.count(ORDERS, ACCOUNT, found) == 1200
    await store.close()


async def test_transactions_and_sessions_from_before_are_listed_and_found(old):
    store = await connect(old)
    assert await store.page(TRANSACTIONS, ACCOUNT, Selection(), 10) == []
    assert await store.page(SESSIONS, ACCOUNT, Selection(), 10) == []
    await asyncio.to_thread(bring_up_to_date, old)
    assert await store.count(SESSIONS, ACCOUNT, Selection()) == 600
    of_one = Selection(words=((Word("17", prefix=True),),), labels=(("id:session-17",),))
    assert [row.doc.session.id for row in await store.page(SESSIONS, ACCOUNT, of_one, 10)] == ["session-17"]
    all_of_them = Selection(
        among={"status": ["CAPTURED"]},
        labels=(("currency:NOK",), ("payment_product:vipps",)),
        least={"captured_at": NOW},
    )
    assert await store.count(TRANSACTIONS, ACCOUNT, all_of_them) == 600
    few = msgspec.structs.replace(all_of_them, most={"amount": 3})
    page = await store.page(TRANSACTIONS, ACCOUNT, few, 10)
    assert [row.doc.transaction.amount for row in page] == [3, 2, 1]
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
