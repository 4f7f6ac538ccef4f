"""How PostgreSQL goes about a query: read off EXPLAIN, in a database of its own, so that it knows these rows alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import msgspec

from kvitt.store.listing import LISTING
from kvitt.store.migrate import migrate

Plan = dict[str, Any]
Explain = Callable[..., Awaitable[Plan]]


@contextmanager
def filled_database(database_url: str, *statements: str) -> Iterator[str]:
    """The URL of a database in which these statements were run; it is gone afterwards."""
    name = f"plans_{uuid4().hex[:8]}"
    url = urlunsplit(urlsplit(database_url)._replace(path=f"/{name}"))
    asyncio.run(_execute(database_url, f"create database {name}"))
    try:
        migrate(url)
        asyncio.run(_execute(url, *statements))
        yield url
    finally:
        asyncio.run(_execute(database_url, f"drop database {name} with (force)"))


@asynccontextmanager
async def explaining(url: str) -> AsyncIterator[Explain]:
    """The plan of a query with its values, with the settings of the connections that lists are read on."""
    connection = await asyncpg.connect(url, server_settings=LISTING)

    async def run(query: str, *values: Any) -> Plan:
        text = await connection.fetchval(f"explain (format json) {query}", *values)
        plan: Plan = msgspec.json.decode(text)[0]["Plan"]
        return plan

    try:
        yield run
    finally:
        await connection.close()


def nodes(plan: Plan) -> Iterator[Plan]:
    yield plan
    for each in plan.get("Plans", ()):
        yield from nodes(each)


def whole_tables(plan: Plan) -> list[str]:
    """The tables of which the plan reads every row, one by one."""
    return [node["Relation Name"] for node in nodes(plan) if node["Node Type"] in ("Seq Scan", "Sample Scan")]


def indexes(plan: Plan) -> set[str]:
    return {node["Index Name"] for node in nodes(plan) if "Index Name" in node}


A_FEW = 500
"""Rows that may be sorted: a walk in their order would spare little."""


def sorted_before_the_limit(plan: Plan) -> bool:
    """Whether all that is found, and more than a few, is sorted first, of which a page is then cut off."""
    limits = [node for node in nodes(plan) if node["Node Type"] == "Limit"]
    below = [node for limit in limits for node in nodes(limit)]
    return any("Sort" in node["Node Type"] and node["Plan Rows"] > A_FEW for node in below)


async def _execute(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    for statement in statements:
        await connection.execute(statement)
    await connection.close()
