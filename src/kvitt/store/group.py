"""A group of Changes as the arrays that `commit_group_v1` takes: one SQL call, however many Changes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any

from kvitt.core.change import Change
from kvitt.store.tables import CLAIMS, DONE, LOG, TABLES, TASKS, arrays

_AS_TEXT = {"int[]": "$%d::text::int[]", "timestamptz[]": "$%d::text::timestamptz[]"}
"""Arrays of numbers and times travel as text: the driver spends microseconds on each element of theirs."""

COMMIT_GROUP = "select commit_group_v1({})".format(
    ", ".join(_AS_TEXT.get(type, "$%d") % n for n, type in enumerate(arrays().values(), 1))
)
"""Commits a group; answers the numbers of the Changes that met a conflict."""

_TYPES = [type for type in arrays().values() if type != "uuid"]

_by_key = itemgetter(1, 2)
_WIDTHS = {table.name: 5 + len(table.columns) for table in TABLES.values()}

Key = tuple[str, str, str]


def keys_of(change: Change) -> tuple[Key, ...]:
    """What the Change touches. No two Changes that share a key may be under way at once.

    Raises ValueError when a key comes twice in one Change, a table is unknown or columns are missing: errors of the
    program, not of its user. (A task that is planned anew replaces the one with its id; it is not also `done`.)
    """
    for put in change.puts:
        table = TABLES.get(put.table)
        if table is None or len(put.columns) != len(table.columns) or put.version < 0:
            raise ValueError(f"a Put names an unknown table, or not its columns: {put.table}")
    keys = (
        *[(put.table, put.account_id, put.id) for put in change.puts],
        *[("claims", claim.account_id, claim.key) for claim in change.claims],
        *[("tasks", task.account_id, task.id) for task in change.tasks],
        *[("tasks", done.account_id, done.id) for done in change.done],
    )
    if len(keys) > 1 and len(set(keys)) < len(keys):
        raise ValueError(f"a Change names one key twice: {next(key for key in keys if keys.count(key) > 1)}")
    return keys


def group(gid: Any, changes: Sequence[Change]) -> tuple[str, list[Any]]:
    """The call and its arguments. Rows are sorted by key so that groups lock in one order and never deadlock."""
    puts: dict[str, list[tuple[Any, ...]]] = {name: [] for name in TABLES}
    claims: list[tuple[Any, ...]] = []
    log: list[tuple[Any, ...]] = []
    tasks: list[tuple[Any, ...]] = []
    done: list[tuple[Any, ...]] = []
    for n, change in enumerate(changes):
        for p in change.puts:
            puts[p.table].append((n, p.account_id, p.id, p.version, p.doc, *p.columns))
        claims += [(n, c.account_id, c.key, c.value) for c in change.claims]
        log += [
            (n, e.account_id, e.id, e.type, e.object_type, e.object_id, e.version, e.created_at, e.data)
            for e in change.events
        ]
        tasks += [(n, t.account_id, t.id, t.kind, t.due_at, t.data) for t in change.tasks]
        done += [(n, d.account_id, d.id) for d in change.done]
    arguments: list[Sequence[Any]] = []
    for name, rows in puts.items():
        rows.sort(key=_by_key)
        arguments += _columns(rows, _WIDTHS[name])
    for rows, width in ((claims, 1 + len(CLAIMS)), (log, 1 + len(LOG)), (tasks, 1 + len(TASKS)), (done, 1 + len(DONE))):
        if rows is not log:  # events keep the order in which they happened; their rows are new and lock nothing
            rows.sort(key=_by_key)
        arguments += _columns(rows, width)
    return COMMIT_GROUP, [gid, *map(_sent, _TYPES, arguments)]


def _sent(type: str, values: Sequence[Any]) -> Sequence[Any] | str:
    if type == "int[]":
        return f"{{{','.join(map(str, values))}}}" if values else "{}"
    if type == "timestamptz[]":
        return f"{{{','.join([value.isoformat() for value in values])}}}" if values else "{}"
    return values


def _columns(rows: list[tuple[Any, ...]], width: int) -> Iterable[Sequence[Any]]:
    return zip(*rows, strict=True) if rows else ((),) * width
