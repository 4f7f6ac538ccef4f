"""The rows of lists as they travel to the database: one JSON text for each list, read by a type of the list's own.

Their widths differ, their columns may be null or lists themselves, and a call of PostgreSQL has at most a hundred
parameters: so they come as one.
"""

# ruff: noqa: S608 -- the text is made of our own table and column names alone; values are parameters

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from kvitt.core.change import Put, encode_text
from kvitt.store.tables import TABLES, Listing, lexeme


def rows_of(puts: Iterable[tuple[int, Put]]) -> str:
    """The JSON of these Puts of one table, each with its Change's number in the group."""
    return encode_text([_row(n, put) for n, put in puts])


def _row(n: int, put: Put) -> dict[str, Any]:
    row = {
        "n": n,
        "account_id": put.account_id,
        "id": put.id,
        **dict(zip(_columns(put.table), put.listed, strict=True)),
    }
    if put.words is not None:
        row["words"] = lexemes(put.account_id, put.words)
    return row


def lexemes(account_id: str, words: Iterable[str]) -> list[str]:
    """What no text of PostgreSQL holds is left out: nothing is found by it."""
    return [lexeme(account_id, word) for word in words if "\0" not in word]


@cache
def _columns(table: str) -> tuple[str, ...]:
    listing = TABLES[table].listing
    return () if listing is None else tuple(listing.columns)


def list_statements(listing: Listing, source: str, name: str) -> tuple[str, ...]:
    """What writes the rows of `source` (a text of JSON), as the parts of a `with`: the last is a part as the others.

    `name`: what the parts' names begin with. The same stands in the function that commits a group.
    """
    columns, keys = ", ".join(listing.columns), ", ".join(listing.sorts)
    parts = [
        f"{name} as materialized (select * from json_populate_recordset(null::{listing.row}, {source}::json))",
        f"{name}l as (insert into {listing.name} as t (account_id, id, {columns}) "
        f"select account_id, id, {columns} from {name} on conflict (account_id, id) do update set {_sets(listing)})",
        f"{name}w as (insert into {listing.words} (account_id, id, words, {keys}) "
        f"select account_id, id, array_to_tsvector(words), {keys} from {name} where words is not null "
        f"on conflict (account_id, id) do update set words = excluded.words, "
        f"{', '.join(f'{key} = excluded.{key}' for key in listing.sorts)})",
    ]
    if len(listing.sorts) > 1:  # the first is when it was made, and stays
        sets = ", ".join(f"{key} = l.{key}" for key in listing.sorts)
        parts.append(
            f"{name}k as (update {listing.words} t set {sets} from {name} l "
            "where l.words is null and t.account_id = l.account_id and t.id = l.id)"
        )
    return tuple(parts)


def _sets(listing: Listing) -> str:
    sets = {column: f"excluded.{column}" for column in listing.columns}
    sets["labels"] = "coalesce(excluded.labels, t.labels)"
    return ", ".join(f"{column} = {value}" for column, value in sets.items())
