"""The account's log, in an order that a reader can trust while many writers commit at once.

A plain sequence would skip: number 7 may commit after number 8 was read. Every row keeps its transaction id, and the
feed shows only transactions older than the oldest that still runs; none can appear before those later. So it lags by
the oldest open write transaction of the cluster, and never skips.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from kvitt.core.change import Event
from kvitt.store.line import Lines

FEED = """
select id, type, object_type, object_id, version, created_at, data, epoch, xid, seq
from log
where account_id = $1
  and (epoch, xid, seq) > ($2, $3::xid8, $4)
  and (xid < pg_snapshot_xmin(pg_current_snapshot()) or epoch < (select epoch from installation))
order by epoch, xid, seq
limit $5
"""
"""Events after a cursor. Those of an earlier epoch came from another cluster, whose transactions are all over."""

FOLLOW = """
select f.account_id, e.id, e.type, e.object_type, e.object_id, e.version, e.created_at, e.data, e.epoch, e.xid, e.seq
from unnest($1::text[], $2::int[], $3::text[], $4::bigint[]) as f(account_id, epoch, xid, seq)
cross join lateral (
  select *, sum(octet_length(data)) over (order by epoch, xid, seq rows unbounded preceding) as size
  from log
  where account_id = f.account_id
    and (epoch, xid, seq) > (f.epoch, f.xid::xid8, f.seq)
    and (xid < pg_snapshot_xmin(pg_current_snapshot()) or epoch < (select epoch from installation))
  order by epoch, xid, seq
  limit $5
) e
where e.size - octet_length(e.data) < $6
order by f.account_id, e.epoch, e.xid, e.seq
"""
"""The same for several accounts at once, each from its own cursor and with a bound on the sum of its data."""

LATEST = """
select epoch, xid, seq
from log
where account_id = $1
  and (xid < pg_snapshot_xmin(pg_current_snapshot()) or epoch < (select epoch from installation))
order by epoch desc, xid desc, seq desc
limit 1
"""
"""Where the feed ends now."""


class Cursor(msgspec.Struct, frozen=True, order=True):
    """A place in an account's log. `epoch` rises when a dump is restored into another cluster."""

    epoch: int
    xid: int
    seq: int


START = Cursor(0, 0, 0)


class Entry(NamedTuple):
    """An event, and the cursor from which the feed goes on behind it."""

    event: Event
    cursor: Cursor


async def read_feed(lines: Lines, account_id: str, after: Cursor | None, limit: int) -> tuple[list[Event], Cursor]:
    """At most `limit` events after the cursor, and the cursor to go on from."""
    cursor = after or START

    async def run(connection: Any) -> list[Any]:
        rows: list[Any] = await connection.fetch(FEED, account_id, cursor.epoch, cursor.xid, cursor.seq, limit)
        return rows

    rows = await lines.run(run)
    events = [Event(account_id, *row[:7]) for row in rows]
    return events, Cursor(*rows[-1][7:10]) if rows else cursor


async def read_on(lines: Lines, positions: Mapping[str, Cursor], limit: int, most_bytes: int) -> dict[str, list[Entry]]:
    """For each account that has events after its cursor at least one, at most `limit`, and no more once their data
    has reached `most_bytes`."""
    accounts, cursors = list(positions), list(positions.values())
    columns = ([c.epoch for c in cursors], [str(c.xid) for c in cursors], [c.seq for c in cursors])

    async def run(connection: Any) -> list[Any]:
        rows: list[Any] = await connection.fetch(FOLLOW, accounts, *columns, limit, most_bytes)
        return rows

    found: dict[str, list[Entry]] = {}
    for row in await lines.run(run):
        found.setdefault(row[0], []).append(Entry(Event(*row[:8]), Cursor(*row[8:11])))
    return found


async def read_latest(lines: Lines, account_id: str) -> Cursor:
    """The cursor behind the newest event that the feed shows."""

    async def run(connection: Any) -> Any:
        return await connection.fetchrow(LATEST, account_id)

    row = await lines.run(run)
    return Cursor(*row) if row is not None else START
