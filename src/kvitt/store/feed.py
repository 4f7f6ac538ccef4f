"""The account's log, in an order that a reader can trust while many writers commit at once.

A plain sequence would skip: number 7 may commit after number 8 was read. Every row keeps its transaction id, and the
feed shows only transactions older than the oldest that still runs; none can appear before those later. So it lags by
the oldest open write transaction of the cluster, and never skips.
"""

from __future__ import annotations

from typing import Any

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


class Cursor(msgspec.Struct, frozen=True):
    """A place in an account's log. `epoch` rises when a dump is restored into another cluster."""

    epoch: int
    xid: int
    seq: int


START = Cursor(0, 0, 0)


async def read_feed(lines: Lines, account_id: str, after: Cursor | None, limit: int) -> tuple[list[Event], Cursor]:
    """At most `limit` events after the cursor, and the cursor to go on from."""
    cursor = after or START

    async def run(connection: Any) -> list[Any]:
        rows: list[Any] = await connection.fetch(FEED, account_id, cursor.epoch, cursor.xid, cursor.seq, limit)
        return rows

    rows = await lines.run(run)
    events = [Event(account_id, *row[:7]) for row in rows]
    return events, Cursor(*rows[-1][7:10]) if rows else cursor
