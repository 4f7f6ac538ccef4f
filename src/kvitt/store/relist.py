"""Lists documents that were made before there were lists. Only the features can read documents, so they say how."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import asyncpg
import msgspec

from kvitt.core.change import Kind
from kvitt.store.line import BY_KEY
from kvitt.store.lists import list_statements, rows_of
from kvitt.store.tables import LISTINGS

TOGETHER = 500

ALL_LISTED = "select listed from installation"
NOW_LISTED = "update installation set listed = true"


def next_documents(table: str) -> str:
    """The next ones, locked: nobody changes them while they are listed."""
    return (
        f"select account_id, id, doc from {table} "  # noqa: S608  our own tables
        "where (account_id, id) > ($1, $2) order by account_id, id limit $3 for no key update"
    )


async def relist(
    database_url: str, kinds: Sequence[Kind[Any]], tell: Callable[[int], object] | None = None, *, again: bool = False
) -> int:
    """Lists all documents of these kinds, which are all that have lists, and answers how many they are.

    Done once, unless `again`: a server of an older release may have written since. Servers may write meanwhile, and a
    run that was cut off is done again from the start. `tell` hears how many were looked at.
    """
    if {kind.table for kind in kinds} != {*LISTINGS} or any(kind.listed is None for kind in kinds):
        raise ValueError(f"all that have lists are listed together: {', '.join(LISTINGS)}")
    connection = await asyncpg.connect(database_url, server_settings=BY_KEY)
    try:
        if not again and await connection.fetchval(ALL_LISTED):
            return 0
        seen = 0
        for kind in kinds:
            place = ("", "")
            while (listed := await _list_next(connection, kind, place)) is not None:
                count, place = listed
                seen += count
                if tell is not None:
                    tell(seen)
        await connection.execute(NOW_LISTED)
        return seen
    finally:
        await connection.close()


async def _list_next(connection: Any, kind: Kind[Any], place: tuple[str, str]) -> tuple[int, tuple[str, str]] | None:
    """How many there were, and the place to go on from; None behind the last one."""
    decoder = msgspec.json.Decoder(kind.type)
    async with connection.transaction():
        rows = await connection.fetch(next_documents(kind.table), *place, TOGETHER)
        if not rows:
            return None
        puts = [kind.put(row[0], row[1], decoder.decode(row[2])) for row in rows]
        parts = list_statements(LISTINGS[kind.table], "$1::text", "l")
        await connection.execute(f"with {', '.join(parts)} select", rows_of((0, put) for put in puts))
    return len(rows), (rows[-1][0], rows[-1][1])
