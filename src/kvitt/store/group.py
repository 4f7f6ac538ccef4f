"""A group of Changes as the arrays that `commit_group_v1`, `_v2` and `_v4` take: one SQL call, however many Changes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from operator import itemgetter
from typing import Any

from kvitt.core.change import Change
from kvitt.store.lists import rows_of
from kvitt.store.tables import LISTINGS, TABLES, arrays

_AS_TEXT = {
    "int[]": "${}::text::int[]",
    "bigint[]": "${}::text::bigint[]",
    "timestamptz[]": "${}::text::timestamptz[]",
}
"""Arrays of numbers and times travel as text: the driver spends microseconds on each element of theirs."""


def _parts() -> dict[str, tuple[str, ...]]:
    """The function's parameters after the group's id, by table (or claims, log, tasks ...): the types of its arrays."""
    parts: dict[str, tuple[str, ...]] = {}
    for name, type in list(arrays().items())[1:]:
        part = name.partition("_")[0] if name not in _LISTS.values() else name
        parts[part] = (*parts.get(part, ()), type)
    return parts


_LISTS = {table: f"{listing.name}s" for table, listing in LISTINGS.items()}
_PARTS = _parts()
_MISSING_IN = {1: ("postings", *_LISTS.values()), 2: (*_LISTS.values(),), 4: ()}
"""What a group must not have, by the version of the function that it calls: the lowest that will do is the cheapest."""


@cache
def commit_group(present: tuple[bool, ...]) -> str:
    """The call for a group that has rows of these parts. The others are written out: sending nothing costs too.

    Only a group that moves money calls the second version, which is the first and the postings; only one that changes
    lists calls the fourth. (The third is that of an older release.)
    """
    has = dict(zip(_PARTS, present, strict=True))
    version = next(number for number, missing in _MISSING_IN.items() if not any(has[part] for part in missing))
    sent: list[str] = []
    number = 1
    for part, types in _PARTS.items():
        if part in _MISSING_IN[version]:
            continue
        for type in types:
            number += has[part]
            nothing = f"null::{type}" if part in _LISTS.values() else f"'{{}}'::{type}"
            sent.append(_AS_TEXT.get(type, "${}").format(number) if has[part] else nothing)
    return f"select commit_group_v{version}($1, {', '.join(sent)})"


COMMIT_GROUP = commit_group((True,) * len(_PARTS))
"""Commits a group; answers the numbers of the Changes that met a conflict."""

_by_key = itemgetter(1, 2)

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
        if put.listed and (table.listing is None or len(put.listed) != len(table.listing.columns)):
            raise ValueError(f"a Put has not the columns of its list: {put.table}")
    keys = (
        *[(put.table, put.account_id, put.id) for put in change.puts],
        *[("claims", claim.account_id, claim.key) for claim in change.claims],
        *[("tasks", task.account_id, task.id) for task in change.tasks],
        *[("tasks", done.account_id, done.id) for done in change.done],
    )
    if len(keys) > 1 and len(set(keys)) < len(keys):
        raise ValueError(f"a Change names one key twice: {next(key for key in keys if keys.count(key) > 1)}")
    return keys


def goes_alone(change: Change) -> bool:
    """Whether no function for groups knows a table of it."""
    return any(TABLES[put.table].alone for put in change.puts)


def group(gid: Any, changes: Sequence[Change]) -> tuple[str, list[Any]]:
    """The call and its arguments. Rows are sorted by key so that groups lock in one order and never deadlock."""
    rows: dict[str, list[tuple[Any, ...]]] = {part: [] for part in _PARTS}
    claims, log, tasks, done = rows["claims"], rows["log"], rows["tasks"], rows["done"]
    postings = rows["postings"]
    for n, change in enumerate(changes):
        for p in change.puts:
            rows[p.table].append((n, p.account_id, p.id, p.version, p.doc, *p.columns))
            if p.listed:
                rows[_LISTS[p.table]].append((n, p.account_id, p.id, p))
        claims += [(n, c.account_id, c.key, c.value) for c in change.claims]
        log += [
            (n, e.account_id, e.id, e.type, e.object_type, e.object_id, e.version, e.created_at, e.data)
            for e in change.events
        ]
        tasks += [(n, t.account_id, t.id, t.kind, t.due_at, t.data) for t in change.tasks]
        done += [(n, d.account_id, d.id) for d in change.done]
        postings += [
            (n, m.account_id, m.object_id, m.id, m.kind, m.debit, m.credit, m.amount, m.currency, m.created_at)
            for m in change.postings
        ]
    arguments: list[Any] = [gid]
    for part, found in rows.items():
        if found:
            if found is not log:  # events keep the order in which they happened; their rows are new and lock nothing
                found.sort(key=_by_key)
            if part in _LISTS.values():
                arguments.append(rows_of([(n, put) for n, _, _, put in found]))
            else:
                arguments += map(_sent, _PARTS[part], zip(*found, strict=True))
    return commit_group(tuple(map(bool, rows.values()))), arguments


def _sent(type: str, values: Sequence[Any]) -> Sequence[Any] | str:
    if type in ("int[]", "bigint[]"):
        return f"{{{','.join(map(str, values))}}}"
    if type == "timestamptz[]":
        return f"{{{','.join([value.isoformat() for value in values])}}}"
    return values
