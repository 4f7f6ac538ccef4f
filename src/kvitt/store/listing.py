"""Lists: rows of one account, filtered by equality, newest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kvitt.store.line import Lines
from kvitt.store.read import can_exist
from kvitt.store.tables import TABLES


async def list_rows(
    lines: Lines, table: str, account_id: str, where: Mapping[str, str], limit: int
) -> list[tuple[int, str]]:
    """(version, doc) of at most `limit` rows. Raises ValueError for a column that the table does not declare."""
    columns = TABLES[table].columns
    for column in where:
        if columns.get(column) != "text":
            raise ValueError(f"{table} cannot be filtered by {column}")
    values = [account_id, *where.values()]
    if not all(can_exist(value) for value in values):
        return []
    query = list_query(table, list(where))

    async def run(connection: Any) -> list[tuple[int, str]]:
        return [(row[0], row[1]) for row in await connection.fetch(query, *values, limit)]

    return await lines.run(run)


def list_query(table: str, filters: Sequence[str]) -> str:
    """$1 is the account, then the filters' values, at last the limit."""
    conditions = "".join(f" and {column} = ${n}" for n, column in enumerate(filters, start=2))
    return (
        f"select version, doc from {table} where account_id = $1{conditions} "  # noqa: S608
        f"order by {TABLES[table].newest_first} limit ${len(filters) + 2}"
    )
