"""A Change that goes alone, as one statement: half the latency of the function that commits a group.

Every part is a CTE of one statement, so all of it happens or none. When fewer rows were written than the Change has,
the statement aborts itself with SQLSTATE KV001. The text depends on the Change's shape alone, so that it is
prepared once.
"""

# ruff: noqa: S608 -- the text is made of our own table and column names alone; values are parameters

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import count
from operator import attrgetter
from typing import Any

from kvitt.core.change import Change
from kvitt.store.tables import CLAIMS, DONE, LOG, TABLES, TASKS

Shape = tuple[tuple[tuple[str, bool], ...], bool, bool, bool, bool]

_put_key = attrgetter("table", "account_id", "id")
_task_key = attrgetter("account_id", "id")


def single(gid: Any, change: Change) -> tuple[str, list[Any]]:
    """The statement for this Change and its arguments."""
    puts = sorted(change.puts, key=_put_key) if len(change.puts) > 1 else change.puts
    shape: Shape = (
        tuple([(put.table, put.version == 0) for put in puts]),
        bool(change.claims),
        bool(change.events),
        bool(change.tasks),
        bool(change.done),
    )
    arguments: list[Any] = [gid, len(puts) + len(change.claims)]
    for put in puts:
        arguments += (put.account_id, put.id, put.doc, *put.columns)
        if put.version:
            arguments.append(put.version)
    if change.claims:
        claims = sorted(change.claims, key=attrgetter("key"))
        arguments += zip(*[(c.account_id, c.key, c.value) for c in claims], strict=True)
    if change.events:
        arguments += zip(
            *[
                (e.account_id, e.id, e.type, e.object_type, e.object_id, e.version, e.created_at, e.data)
                for e in change.events
            ],
            strict=True,
        )
    if change.tasks:
        tasks = sorted(change.tasks, key=_task_key)
        arguments += zip(*[(t.account_id, t.id, t.kind, t.due_at, t.data) for t in tasks], strict=True)
    if change.done:
        arguments += zip(*[(d.account_id, d.id) for d in sorted(change.done, key=_task_key)], strict=True)
    return _statement(shape), arguments


@lru_cache(maxsize=512)
def _statement(shape: Shape) -> str:
    puts, has_claims, has_events, has_tasks, has_done = shape
    number = count(3)  # $1 is the group's id, $2 how many rows must be written
    parts: list[str] = []
    must_write: list[str] = []
    for i, (name, is_new) in enumerate(puts):
        parts.append(f"p{i} as ({_insert(name, number) if is_new else _update(name, number)} returning 1)")
        must_write.append(f"(select count(*) from p{i})")
    if has_claims:
        parts.append(
            f"c as (insert into claims ({', '.join(CLAIMS)}) select * from {_unnest(CLAIMS, number)} "
            "on conflict do nothing returning 1)"
        )
        must_write.append("(select count(*) from c)")
    if has_events:
        parts.append(
            f"e as (insert into log (epoch, {', '.join(LOG)}) "
            f"select i.epoch, u.* from installation i, {_unnest(LOG, number)} u)"
        )
    if has_tasks:
        parts.append(
            f"t as (insert into tasks ({', '.join(TASKS)}) select * from {_unnest(TASKS, number)} "
            "on conflict (account_id, id) do update set kind = excluded.kind, due_at = excluded.due_at, "
            "data = excluded.data, tries = 0)"
        )
    if has_done:
        parts.append(
            f"d as (delete from tasks t using {_unnest(DONE, number)} u(a, i) where t.account_id = a and t.id = i)"
        )
    parts.append("g as (insert into groups (gid, refused) values ($1, '{}'))")
    total = " + ".join(must_write) or "0::bigint"
    return f"with {', '.join(parts)} select all_or_nothing_v1({total}, $2)"


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
