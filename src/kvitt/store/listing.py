"""Lists: documents of one account, by what their columns hold and by what they are found by, a page at a time.

A page begins behind the last row of the one before (keyset), so the thousandth costs what the first did, and rows that
come or go meanwhile are neither skipped nor seen twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from kvitt.core.change import LABEL
from kvitt.store.line import COMMON, Lines
from kvitt.store.pages import Shape, attempts, count_query, page_query
from kvitt.store.read import can_exist
from kvitt.store.tables import TABLES, Table, lexeme

Value = str | int | datetime

LISTING = {
    **COMMON,
    # How many rows a filter leaves is for the planner to know, of these values and not of any: few are fetched and
    # sorted, many are met soon on a walk in the order of the list.
    "plan_cache_mode": "force_custom_plan",
    "enable_seqscan": "off",
    "max_parallel_workers_per_gather": "0",  # a walk that ends soon is not for several to walk
    "work_mem": "32MB",
}


_TELLING = 6
"""Characters from which the beginning of a number says which is meant. Words of letters are common however long."""


class Word(msgspec.Struct, frozen=True):
    """A word or label that a document is found by. `prefix`: by whatever begins so."""

    text: str
    prefix: bool = False


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Which rows, in which order. Columns are those that the table's list declares, or the table where it has none.

    `among`: a column and the texts it may hold. `least` and `most`: a column and its bounds, which count in. `labels`
    and `words`: one of each of these groups. `sort`: a column that is never null; without it the newest come first, or
    ids in their order where no time is known. `after`: the sort column's value and the id of the row that the page
    comes behind.
    """

    among: Mapping[str, Sequence[str]] = {}
    least: Mapping[str, Value] = {}
    most: Mapping[str, Value] = {}
    labels: tuple[tuple[str, ...], ...] = ()
    words: tuple[tuple[Word, ...], ...] = ()
    sort: str | None = None
    descending: bool = True
    after: tuple[Value, str] | None = None


async def list_rows(
    lines: Lines, table: str, account_id: str, selection: Selection, limit: int
) -> list[tuple[int, str]]:
    """(version, doc) of at most `limit` rows. Raises ValueError for a column that the list does not declare."""
    shape = shape_of(table, selection)
    place = selection.after or ()
    values, near_values = values_of(account_id, selection) + place, near_values_of(account_id, selection) + place
    page = page_query(shape)
    tries = attempts(shape, telling=_is_telling(selection.words))

    async def run(connection: Any) -> list[tuple[int, str]]:
        for each in tries:
            rows = await connection.fetch(each.query, *(near_values if each.near else values), limit)
            found = [(row[0], row[1]) for row in rows if row[0] is not None]
            if rows[0][2] or (each.in_order and len(found) == limit):
                return found
        return [(row[0], row[1]) for row in await connection.fetch(page, *values, limit)]

    return await lines.run(run) if _can_exist(near_values) else []


async def count_rows(lines: Lines, table: str, account_id: str, selection: Selection) -> int:
    """How many rows all pages together have. Reads them all: for whoever asks for it."""
    query, values = count_query(shape_of(table, selection)), values_of(account_id, selection)

    async def run(connection: Any) -> int:
        found: int = await connection.fetchval(query, *values)
        return found

    return await lines.run(run) if _can_exist(values) else 0


def shape_of(table: str, selection: Selection) -> Shape:
    columns = _columns(TABLES[table])
    for column in selection.among:
        if columns.get(column) != "text":
            raise ValueError(f"{table} cannot be filtered by {column}")
    if (selection.words or selection.labels) and TABLES[table].listing is None:
        raise ValueError(f"{table} cannot be searched")
    by_time = selection.sort is None and "created_at" in columns
    sort = selection.sort or ("created_at" if by_time else "id")
    for column in (*selection.least, *selection.most, *((sort,) if sort != "id" else ())):
        if column not in columns:
            raise ValueError(f"{table} has no column {column}")
    return Shape(
        table,
        equal=tuple(column for column, texts in selection.among.items() if len(texts) == 1),
        among=tuple(column for column, texts in selection.among.items() if len(texts) != 1),
        least=tuple(selection.least),
        most=tuple(selection.most),
        labels=len(selection.labels),
        words=len(selection.words),
        sort=sort,
        descending=by_time or (selection.sort is not None and selection.descending),
        after=selection.after is not None,
    )


def values_of(account_id: str, selection: Selection) -> tuple[Any, ...]:
    """The account and the filters' values, in the order of Shape; labels are looked up among the words."""
    groups = (*_labelled(selection.labels), *selection.words)
    return (*_column_values(account_id, selection), *([_ts_query(account_id, groups)] if groups else []))


def near_values_of(account_id: str, selection: Selection) -> tuple[Any, ...]:
    """The same for `near_query`, which sees the labels of each row."""
    labels = [list(group) for group in selection.labels]
    words = [_ts_query(account_id, selection.words)] if selection.words else []
    return (*_column_values(account_id, selection), *labels, *words)


def _column_values(account_id: str, selection: Selection) -> tuple[Any, ...]:
    equal = [texts[0] for texts in selection.among.values() if len(texts) == 1]
    among = [list(texts) for texts in selection.among.values() if len(texts) != 1]
    return (account_id, *equal, *among, *selection.least.values(), *selection.most.values())


def _labelled(labels: Sequence[Sequence[str]]) -> Iterator[tuple[Word, ...]]:
    return (tuple(Word(LABEL + label) for label in group) for group in labels)


def _is_telling(groups: Sequence[Sequence[Word]]) -> bool:
    """Whether so much of a word is named that few documents will have it."""
    return any(all(len(word.text) >= _TELLING and _has_digit(word.text) for word in group) for group in groups)


def _has_digit(text: str) -> bool:
    return any(map(str.isdigit, text))


def _ts_query(account_id: str, groups: Sequence[Sequence[Word]]) -> str:
    """The words as PostgreSQL's tsquery: quoted, so that nothing in them is an operator."""
    return " & ".join(f"({' | '.join(_quoted(account_id, word) for word in group)})" for group in groups)


def _quoted(account_id: str, word: Word) -> str:
    text = lexeme(account_id, word.text).replace("\\", "\\\\").replace("'", "''")
    return f"'{text}'{':*' if word.prefix else ''}"


def _columns(table: Table) -> dict[str, str]:
    return table.columns if table.listing is None else table.listing.columns


def _can_exist(values: Sequence[Any]) -> bool:
    """PostgreSQL could not even be asked about some texts; no row has them."""
    texts = (text for value in values for text in (value if isinstance(value, list) else [value]))
    return all(can_exist(text) for text in texts if isinstance(text, str))
