"""A Change that goes alone, as one statement: half the latency of the function that commits a group.

Every part is a CTE of one statement, so all of it happens or none. When fewer rows were written than the Change has,
the statement aborts itself with SQLSTATE KV001. The text depends on the Change's shape alone, so that it is
prepared once. It locks in the order of the function (what changes, claims, what is new; each by table and key), so that
neither deadlocks with the other.
"""

# ruff: noqa: S608 -- the text is made of our own table and column names alone; values are parameters

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import count
from operator import attrgetter
from typing import Any

from kvitt.core.change import Change, Put
from kvitt.store.lists import list_statements, rows_of
from kvitt.store.tables import CLAIMS, DONE, LISTINGS, LOG, POSTINGS, TABLES, TASKS

MOST_PUTS = 8
"""Beyond, the statement costs more to prepare than the function to call."""

Tables = tuple[str, ...]
Shape = tuple[Tables, bool, Tables, bool, bool, bool, bool, Tables]
"""Tables of rows that change, claims?, tables of new rows, postings?, events?, tasks?, done?, tables of lists"""

_NOTHING: tuple[Put, ...] = ()
_PLACE = {name: n for n, name in enumerate(TABLES)}
_by_id = attrgetter("account_id", "id")
_by_key = attrgetter("account_id", "key")


def single(gid: Any, change: Change) -> tuple[str, list[Any]]:
    """The statement for this Change and its arguments."""
    arguments: list[Any] = [gid, len(change.puts) + len(change.claims) + len(change.postings)]
    changed: list[Put] | tuple[Put, ...] = _NOTHING
    new: list[Put] | tuple[Put, ...] = _NOTHING
    if len(change.puts) == 1:
        changed, new = (change.puts, _NOTHING) if change.puts[0].version else (_NOTHING, change.puts)
    elif change.puts:
        puts = sorted(change.puts, key=_in_order)
        changed, new = [put for put in puts if put.version], [put for put in puts if not put.version]
    for put in changed:
        arguments += (put.account_id, put.id, put.doc, *put.columns, put.version)
    if change.claims:
        claims = sorted(change.claims, key=_by_key)
        arguments += zip(*[(c.account_id, c.key, c.value) for c in claims], strict=True)
    for put in new:
        arguments += (put.account_id, put.id, put.doc, *put.columns)
    if change.postings:
        moved = [
            (m.account_id, m.object_id, m.id, m.kind, m.debit, m.credit, m.amount, m.currency, m.created_at)
            for m in change.postings
        ]
        arguments += zip(*moved, strict=True)
    if change.events:
        rows = [
            (e.account_id, e.id, e.type, e.object_type, e.object_id, e.version, e.created_at, e.data)
            for e in change.events
        ]
        arguments += zip(*rows, strict=True)
    if change.tasks:
        tasks = sorted(change.tasks, key=_by_id)
        arguments += zip(*[(t.account_id, t.id, t.kind, t.due_at, t.data) for t in tasks], strict=True)
    if change.done:
        arguments += zip(*[(d.account_id, d.id) for d in sorted(change.done, key=_by_id)], strict=True)
    listed: dict[str, list[tuple[int, Put]]] = {}
    for put in (*changed, *new):
        if put.listed:
            listed.setdefault(put.table, []).append((0, put))
    arguments += map(rows_of, listed.values())
    shape: Shape = (
        tuple([put.table for put in changed]),
        bool(change.claims),
        tuple([put.table for put in new]),
        bool(change.postings),
        bool(change.events),
        bool(change.tasks),
        bool(change.done),
        tuple(listed),
    )
    return statement(shape), arguments


@lru_cache(maxsize=512)
def statement(shape: Shape) -> str:
    """$1 is the group's id, $2 how many rows must be written, then the parts in the order of the shape."""
    changed, claims, new, postings, events, tasks, done, listed = shape
    number = count(3)
    parts: list[str] = []
    for name in changed:
        parts.append(f"w{len(parts)} as ({_update(name, number)} returning 1)")
    if claims:
        parts.append(
            f"w{len(parts)} as (insert into claims ({', '.join(CLAIMS)}) select * from {_unnest(CLAIMS, number)} "
            "on conflict do nothing returning 1)"
        )
    for name in new:
        parts.append(f"w{len(parts)} as ({_insert(name, number)} returning 1)")
    if postings:
        parts.append(
            f"w{len(parts)} as (insert into postings ({', '.join(POSTINGS)}) "
            f"select * from {_unnest(POSTINGS, number)} on conflict do nothing returning 1)"
        )
    written = " + ".join(f"(select count(*) from w{n})" for n in range(len(parts))) or "0::bigint"
    if events:
        parts.append(
            f"e as (insert into log (epoch, {', '.join(LOG)}) "
            f"select i.epoch, u.* from installation i, {_unnest(LOG, number)} u)"
        )
    if tasks:
        parts.append(
            f"t as (insert into tasks ({', '.join(TASKS)}) select * from {_unnest(TASKS, number)} "
            "on conflict (account_id, id) do update set kind = excluded.kind, due_at = excluded.due_at, "
            "data = excluded.data, tries = 0)"
        )
    if done:
        parts.append(
            f"d as (delete from tasks t using {_unnest(DONE, number)} u(a, i) where t.account_id = a and t.id = i)"
        )
    for name in listed:
        parts += list_statements(LISTINGS[name], f"${next(number)}::text", f"l{_PLACE[name]}")
    parts.append("g as (insert into groups (gid, refused) values ($1, '{}'))")
    return f"with {', '.join(parts)} select all_or_nothing_v1({written}, $2)"


def _in_order(put: Put) -> tuple[int, str, str]:
    return _PLACE[put.table], put.account_id, put.id


def _insert(name: str, number: Iterator[int]) -> str:
    columns = ["account_id", "id", "doc", *TABLES[name].columns]
    values = ", ".join(f"${next(number)}" for _ in columns)
    return f"insert into {name} (version, {', '.join(columns)}) values (1, {values}) on conflict do nothing"


def _update(name: str, number: Iterator[int]) -> str:
    key = f"account_id = ${next(number)} and id = ${next(number)}"
    sets = ", ".join(f"{column} = ${next(number)}" for column in ("doc", *TABLES[name].columns))
    return f"update {name} set version = version + 1, {sets} where {key} and version = ${next(number)}"


def _unnest(columns: dict[str, str], number: Iterator[int]) -> str:
    return f"unnest({', '.join(f'${next(number)}::{type}[]' for type in columns.values())})"
