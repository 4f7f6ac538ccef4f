"""Housekeeping: forgets the ids of groups that committed long ago, the keys of old requests, and old deliveries."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from kvitt.store.line import Lines

KEEP = timedelta(hours=1)
"""A group is in doubt for half a minute at most; an hour is far beyond, and a day would be tens of millions of rows."""

KEEP_KEYS = timedelta(hours=48)
"""Callers are promised a day."""

KEEP_DELIVERIES = timedelta(days=30)
"""Shops are promised that long to replay."""

AT_ONCE = 5000
KEYS_AT_ONCE = 1000
"""They carry whole answers."""

PRUNE = """
delete from groups where gid in (
  select gid from groups where created_at < least($1::timestamptz, now()) - $2::interval limit $3
)
"""
"""A few old groups at a time: a long write transaction would hold the feed back. Never by a clock that runs ahead."""

PRUNE_KEYS = """
delete from claims where (account_id, key) in (
  select account_id, key from claims
  where key like 'idempotency%' and created_at < least($1::timestamptz, now()) - $2::interval
  order by created_at limit $3 for update skip locked
)
"""
"""Keys and the answers under them; what two servers prune at once does not lock them against each other."""

PRUNE_DELIVERIES = """
delete from deliveries where (account_id, id) in (
  select account_id, id from deliveries
  where created_at < least($1::timestamptz, now()) - $2::interval and status <> 'waiting'
  order by created_at limit $3 for update skip locked
)
"""
"""Webhooks' deliveries that were settled."""


async def prune_groups(lines: Lines, now: datetime) -> int:
    return await _prune(lines, PRUNE, now, KEEP, AT_ONCE)


async def prune_keys(lines: Lines, now: datetime) -> int:
    return await _prune(lines, PRUNE_KEYS, now, KEEP_KEYS, KEYS_AT_ONCE)


async def prune_deliveries(lines: Lines, now: datetime) -> int:
    return await _prune(lines, PRUNE_DELIVERIES, now, KEEP_DELIVERIES, KEYS_AT_ONCE)


async def _prune(lines: Lines, statement: str, now: datetime, keep: timedelta, at_once: int) -> int:
    async def run(connection: Any) -> int:
        status: str = await connection.execute(statement, now, keep, at_once)
        return int(status.rpartition(" ")[2])

    total = 0
    while True:
        count = await lines.run(run)
        total += count
        if count < at_once:
            return total
