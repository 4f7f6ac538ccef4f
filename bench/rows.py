"""How many rows were written, read off the tables themselves: what was inserted, and how often it was updated."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence

import asyncpg

from kvitt.store.tables import LISTINGS, TABLES

_VERSIONED = [name for name in TABLES if name != "settings"]
_LISTS = [table for listing in LISTINGS.values() for table in (listing.name, listing.words)]
_PLAIN = ("claims", "log", "postings", *_LISTS, "sandbox.movements", "sandbox.payments")


def rows_of(database_url: str, accounts: Sequence[str]) -> tuple[Counter[str], Counter[str]]:
    """Inserts and updates by table, of these accounts. (Tasks end by being deleted: `task_counts` sees those.)"""

    async def work() -> tuple[Counter[str], Counter[str]]:
        inserts: Counter[str] = Counter()
        updates: Counter[str] = Counter()
        connection = await asyncpg.connect(database_url)
        try:
            for table in _VERSIONED:
                count, versions = await connection.fetchrow(
                    f"select count(*), coalesce(sum(version), 0) from {table} where account_id = any($1)",
                    accounts,
                )
                inserts[table], updates[table] = count, versions - count
            for table in _PLAIN:
                inserts[table] = await connection.fetchval(
                    f"select count(*) from {table} where account_id = any($1)",
                    accounts,
                )
        finally:
            await connection.close()
        return inserts, updates

    return asyncio.run(work())


def checkpoint(database_url: str) -> None:
    """Each phase begins with what the one before it left written out, so that neither pays for the other."""

    async def work() -> None:
        connection = await asyncpg.connect(database_url)
        await connection.execute("checkpoint")
        await connection.close()

    asyncio.run(work())


def waiting_tasks(database_url: str, accounts: Sequence[str], kind: str) -> int:
    async def work() -> int:
        connection = await asyncpg.connect(database_url)
        try:
            count: int = await connection.fetchval(
                "select count(*) from tasks where account_id = any($1) and kind = $2", accounts, kind
            )
            return count
        finally:
            await connection.close()

    return asyncio.run(work())
