"""What `kvitt verify` reads: one moment of the whole database, in ordered streams, and never anything written.

All streams see the same snapshot, so a server may go on working meanwhile. Each has a connection of its own and fetches
its next rows while the ones before are looked at. Rows come in the order of (account_id, key), keys compared by bytes,
so that streams can be merged by whoever reads them; the sandbox's books are such a stream, and never joined with ours.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import asyncpg

from kvitt.core.errors import Unavailable
from kvitt.store.line import CONNECT_SECONDS

AT_ONCE = 1000
"""Rows of one fetch: some megabytes of documents."""

_SETTINGS = {
    "application_name": "kvitt verify",
    "timezone": "UTC",
    "jit": "off",
    "plan_cache_mode": "force_custom_plan",
    "work_mem": "32MB",
    # It waits for the streams it is not reading from; it holds no lock and no transaction id meanwhile.
    "idle_in_transaction_session_timeout": "0",
    "statement_timeout": "0",
}

_IN_ORDER = {"enable_seqscan": "off", "enable_bitmapscan": "off", "enable_sort": "off"}
"""Along an index: what is read whole and in the order of a key must not be sorted first."""

ORDERS = """
select account_id, id, version, order_id, status, payment_status, doc from orders
where ($1::text is null or account_id = $1) order by account_id, id
"""
"""All orders."""

ORDER_LIST = """
select account_id, id, created_at, updated_at, amount, status, payment_status, customer_id, store_id from order_list
where ($1::text is null or account_id = $1) order by account_id, id
"""
"""The orders' rows in lists."""

ORDER_WORDS = """
select account_id, id from order_words
where ($1::text is null or account_id = $1) order by account_id, id
"""
"""Which orders have words that they are found by."""

TRANSACTION_LIST = """
select account_id, id, created_at, amount, status, captured_at, refunded_at, labels from transaction_list
where ($1::text is null or account_id = $1) order by account_id, id
"""
"""The transactions' rows in lists."""

TRANSACTION_WORDS = """
select account_id, id from transaction_words
where ($1::text is null or account_id = $1) order by account_id, id
"""
"""Which transactions have words that they are found by."""

SESSION_LIST = """
select account_id, id, created_at, labels from session_list
where ($1::text is null or account_id = $1) order by account_id, id
"""
"""The sessions' rows in lists."""

SESSION_WORDS = """
select account_id, id from session_words
where ($1::text is null or account_id = $1) order by account_id, id
"""
"""Which sessions have words that they are found by."""

ORDER_EVENTS = """
select l.account_id, l.object_id, l.version,
  substring(convert_to(l.data, 'UTF8')
    from position(convert_to('},"status":', 'UTF8') in convert_to(l.data, 'UTF8'))) as data
from log l
where ($1::text is null or l.account_id = $1) and l.object_type = 'order'
order by l.account_id, l.object_id collate "C", l.version, l.epoch, l.xid, l.seq
"""
"""What the log says of orders, by order. The request that was kept stands before `status` and is cut off, so that less
is sorted; inside it, as in any JSON text, the quotes are escaped. As bytes, where this takes a quarter of the time."""

ORDER_NUMBERS = """
select account_id, order_id, id from orders
where ($1::text is null or account_id = $1) and order_id is not null order by account_id, order_id
"""
"""Orders by their number; one that was removed has none any more."""

NUMBER_CLAIMS = """
select account_id, substr(key, 10) as number, value from claims
where ($1::text is null or account_id = $1) and key >= 'order_id:' and key < 'order_id;' order by account_id, key
"""
"""The claims on numbers. `value` is the order's id, or that of the draft that reserved the number."""

TRANSACTIONS = """
select account_id, id, version, session_id, status, doc from transactions
where ($1::text is null or account_id = $1) order by account_id, id
"""
"""All transactions, with their attempts."""

TRANSACTION_EVENTS = """
select l.account_id, l.object_id, l.version, l.type, (
    select l.data from transactions t where (t.account_id, t.id, t.version) = (l.account_id, l.object_id, l.version)
  ) as data
from log l
where ($1::text is null or l.account_id = $1) and l.object_type = 'transaction'
order by l.account_id, l.object_id collate "C", l.version, l.epoch, l.xid, l.seq
"""
"""What the log says of transactions, by transaction; of the documents in it those of the rows' own versions."""

POSTINGS = """
select account_id, object_id, id, kind, debit, credit, amount, currency from postings
where ($1::text is null or account_id = $1) order by account_id, object_id, id
"""
"""The ledger, by transaction."""

MOVEMENTS = """
select account_id, payment_id, attempt_id, verb, amount, currency, outcome from sandbox.movements
where ($1::text is null or account_id = $1) order by account_id, payment_id
"""
"""What the sandbox believes, by payment."""

SESSIONS = """
select account_id, id, doc from sessions
where ($1::text is null or account_id = $1) order by account_id, id
"""
"""All sessions."""

SESSION_TRANSACTIONS = """
select account_id, session_id, id from transactions
where ($1::text is null or account_id = $1) order by account_id, session_id
"""
"""Transactions by their session."""

ASKS = """
select u.a, u.i from unnest($1::text[], $2::text[]) as u(a, i)
where exists (select from tasks t where t.account_id = u.a and t.id = u.i)
"""
"""Which of these tasks are there."""

SEALS = """
select account_id, number, epoch, xid, seq, entries, hash from seals
where ($1::text is null or account_id = $1) order by account_id, number
"""
"""The chains, seal by seal."""

SEAL = "select hash from seals where account_id = $1 and number = $2"
"""One seal, to be compared with what somebody wrote down."""

LOG = """
select account_id, epoch, xid, seq, id, type, object_type, object_id, version, created_at, data from log
where ($1::text is null or account_id = $1) order by account_id, epoch, xid, seq
"""
"""The whole log, in the order of the feed."""

COUNTS = """
select (select count(*) from orders where $1::text is null or account_id = $1) as orders,
       (select count(*) from transactions where $1::text is null or account_id = $1) as transactions,
       (select count(*) from sessions where $1::text is null or account_id = $1) as sessions,
       (select count(*) from log where $1::text is null or account_id = $1) as entries
"""
"""How much there is to go through."""

KNOWN = """
select exists (select from settings where account_id = $1) or exists (select from log where account_id = $1)
"""
"""Whether there is such an account."""

LISTED = "select listed from installation"
"""Whether everything is listed: what is from before there were lists comes into them on `kvitt migrate`."""

LEDGER_SINCE = "select ledger_since from installation"
"""From when on every movement has a posting; null when the ledger is as old as the database."""

_SORTED = frozenset((ORDER_EVENTS, TRANSACTION_EVENTS))


class Reading:
    """One moment of the database. `account_id`: only this account's rows. Made by `reading`."""

    def __init__(self, database_url: str, account_id: str | None, snapshot: str, connection: Any) -> None:
        self.database_url = database_url
        self.account_id = account_id
        self.snapshot = snapshot
        self._connection = connection
        self._turn = asyncio.Lock()

    async def rows(self, query: str, at_once: int = AT_ONCE) -> AsyncGenerator[Sequence[Any], None]:
        """What one of the queries above finds, some rows at a time, on a connection of its own."""
        settings = _SETTINGS if query in _SORTED else _SETTINGS | _IN_ORDER
        async with _snapshot(self.database_url, settings, self.snapshot) as connection:
            cursor = await connection.cursor(query, self.account_id)
            following = asyncio.ensure_future(cursor.fetch(at_once))
            try:
                while rows := await following:
                    following = asyncio.ensure_future(cursor.fetch(at_once))
                    yield rows
            finally:
                following.cancel()
                await asyncio.wait([following])

    async def counts(self) -> dict[str, int]:
        """How many orders, transactions, sessions and entries of the log there are."""
        return dict(await self._row(COUNTS, self.account_id))

    async def knows(self, account_id: str) -> bool:
        return bool((await self._row(KNOWN, account_id))[0])

    async def ledger_since(self) -> datetime | None:
        """From when on every movement of money has a posting; None: always."""
        since: datetime | None = (await self._row(LEDGER_SINCE))[0]
        return since

    async def listed(self) -> bool:
        """Whether every order, session and transaction must be in its list."""
        return bool((await self._row(LISTED))[0])

    async def seal(self, account_id: str, number: int) -> bytes | None:
        """The hash of a seal; None when there is no such seal."""
        row = await self._row(SEAL, account_id, number)
        return None if row is None else bytes(row[0])

    async def tasks(self, keys: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
        """Which of these tasks, by account and id, are there."""
        async with self._turn:
            rows = await self._connection.fetch(ASKS, [key[0] for key in keys], [key[1] for key in keys])
        return {(row[0], row[1]) for row in rows}

    async def _row(self, query: str, *arguments: Any) -> Any:
        async with self._turn:
            return await self._connection.fetchrow(query, *arguments)


@asynccontextmanager
async def reading(
    database_url: str, account_id: str | None = None, snapshot: str | None = None
) -> AsyncIterator[Reading]:
    """Opens the database as it is now, or as another Reading sees it (`snapshot`), for as long as the block runs.

    Raises Unavailable when it cannot be reached, was lost, or is not up to date.
    """
    try:
        async with _snapshot(database_url, _SETTINGS, snapshot) as connection:
            if not await connection.fetchval("select to_regclass('session_list') is not null"):
                raise Unavailable("The database is not up to date: run kvitt migrate")
            own = snapshot or await connection.fetchval("select pg_export_snapshot()")
            yield Reading(database_url, account_id, own, connection)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
        raise Unavailable(f"The database cannot be read: {error or type(error).__name__}") from error


@asynccontextmanager
async def _snapshot(database_url: str, settings: dict[str, str], snapshot: str | None) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(database_url, timeout=CONNECT_SECONDS, server_settings=settings)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            if snapshot is not None:
                await connection.execute(f"set transaction snapshot '{snapshot}'")
            yield connection
    finally:
        connection.terminate()
