"""Housekeeping: forgets the ids of groups that committed long ago."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from kvitt.store.line import Lines

KEEP = timedelta(hours=1)
"""A group is in doubt for half a minute at most; an hour is far beyond, and a day would be tens of millions of rows."""

AT_ONCE = 5000

PRUNE = """
delete from groups where gid in (
  select gid from groups where created_at < least($1::timestamptz, now()) - $2::interval limit $3
)
"""
"""A few old groups at a time: a long write transaction would hold the feed back. Never by a clock that runs ahead."""


async def prune_groups(lines: Lines, now: datetime) -> int:
    async def run(connection: Any) -> int:
        status: str = await connection.execute(PRUNE, now, KEEP, AT_ONCE)
        return int(status.rpartition(" ")[2])

    total = 0
    while True:
        count = await lines.run(run)
        total += count
        if count < AT_ONCE:
            return total
