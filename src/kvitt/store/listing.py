"""Lists: rows of one account, by what their columns hold, a page at a time.

A page begins behind the last row of the one before (keyset), so the thousandth costs what the first did, and rows that
come or go meanwhile are neither skipped nor seen twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from kvitt.store.line import Lines
from kvitt.store.read import can_exist
from kvitt.store.tables import TABLES

Value = str | int | datetime


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Which rows, in which order. Columns are those that the table declares.

    `among`: a column and the texts it may hold. `least` and `most`: a column and its bounds, which count in. `sort`: a
    column that is never null; without it the newest come first, or ids in their order where no time is known. `after`:
    the sort column's value and the id of the row that the page comes behind.
    """

    among: Mapping[str, Sequence[str]] = {}
    least: Mapping[str, Value] = {}
    most: Mapping[str, Value] = {}
    sort: str | None = None
    descending: bool = True
    after: tuple[Value, str] | None = None


class Shape(msgspec.Struct, frozen=True):
    """What of a Selection its query is made of."""

    table: str
    among: tuple[str, ...] = ()
    least: tuple[str, ...] = ()
    most: tuple[str, ...] = ()
    sort: str = "created_at"
    descending: bool = True
    after: bool = False


async def list_rows(
    lines: Lines, table: str, account_id: str, selection: Selection, limit: int
) -> list[tuple[int, str]]:
    """(version, doc) of at most `limit` rows. Raises ValueError for a column that the table does not declare."""
    query, values = page_query(_shape(table, selection)), _values(account_id, selection)
    if selection.after is not None:
        values += selection.after

    async def run(connection: Any) -> list[tuple[int, str]]:
        return [(row[0], row[1]) for row in await connection.fetch(query, *values, limit)]

    return await lines.run(run) if _can_exist(values) else []


async def count_rows(lines: Lines, table: str, account_id: str, selection: Selection) -> int:
    """How many rows all pages together have. Reads them all: for whoever asks for it."""
    query, values = count_query(_shape(table, selection)), _values(account_id, selection)

    async def run(connection: Any) -> int:
        found: int = await connection.fetchval(query, *values)
        return found

    return await lines.run(run) if _can_exist(values) else 0


def page_query(shape: Shape) -> str:
    """$1 is the account, then the values of `among`, `least` and `most`, then the place to go on from, then the limit.

    The comparison of rows is what lets the index begin at the place.
    """
    where, n = _where(shape)
    if shape.after:
        where += f" and ({shape.sort}, id) {'<' if shape.descending else '>'} (${n}, ${n + 1})"
        n += 2
    direction = "desc" if shape.descending else "asc"
    order = f"{shape.sort} {direction}, id {direction}"
    return f"select version, doc from {shape.table} where {where} order by {order} limit ${n}"  # noqa: S608


def count_query(shape: Shape) -> str:
    """The same values without a place and a limit."""
    return f"select count(*) from {shape.table} where {_where(shape)[0]}"  # noqa: S608


def _where(shape: Shape) -> tuple[str, int]:
    """The condition, and the number of the next value."""
    parts = ["account_id = $1"]
    parts += [f"{column} = any (${n}::text[])" for n, column in enumerate(shape.among, len(parts) + 1)]
    parts += [f"{column} >= ${n}" for n, column in enumerate(shape.least, len(parts) + 1)]
    parts += [f"{column} <= ${n}" for n, column in enumerate(shape.most, len(parts) + 1)]
    n = len(parts) + 1
    if TABLES[shape.table].listed_by is not None:
        parts.append(f"{TABLES[shape.table].listed_by} is not null")
    return " and ".join(parts), n


def _shape(table: str, selection: Selection) -> Shape:
    columns = TABLES[table].columns
    for column in selection.among:
        if columns.get(column) != "text":
            raise ValueError(f"{table} cannot be filtered by {column}")
    by_time = selection.sort is None and "created_at" in columns
    sort = selection.sort or ("created_at" if by_time else "id")
    for column in (*selection.least, *selection.most, *((sort,) if sort != "id" else ())):
        if column not in columns:
            raise ValueError(f"{table} has no column {column}")
    return Shape(
        table,
        among=tuple(selection.among),
        least=tuple(selection.least),
        most=tuple(selection.most),
        sort=sort,
        descending=by_time or (selection.sort is not None and selection.descending),
        after=selection.after is not None,
    )


def _values(account_id: str, selection: Selection) -> tuple[Any, ...]:
    among = (list(texts) for texts in selection.among.values())
    return (account_id, *among, *selection.least.values(), *selection.most.values())


def _can_exist(values: Sequence[Any]) -> bool:
    """PostgreSQL could not even be asked about some texts; no row has them."""
    texts = (text for value in values for text in (value if isinstance(value, list) else [value]))
    return all(can_exist(text) for text in texts if isinstance(text, str))
