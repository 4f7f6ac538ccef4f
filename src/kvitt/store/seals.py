"""Sealing the log: each account's log is a chain of hashes, made a little after the fact, in the order of the feed.

Many writers commit at once, so no commit could know what stands before it. What is sealed lies behind every transaction
that still runs: nothing can be added to it later without being found. `kvitt verify` walks the chain.
"""

from __future__ import annotations

from typing import Any

from kvitt.store.line import Lines

MOST = 1000
"""Entries of one seal: some milliseconds of the database's time, in one short transaction."""

SEAL = "select sealed, more from seal_log_v1(in_account_id => $1, most => $2)"
"""Makes the account's next seal. The log's data never leaves the database for it."""

UNSEALED = """
with recursive a as (
  (select account_id from log order by account_id limit 1)
  union all
  select (select l.account_id from log l where l.account_id > a.account_id order by l.account_id limit 1)
  from a where a.account_id is not null
)
select a.account_id
from a
left join lateral (
  select epoch, xid, seq from seals where account_id = a.account_id order by number desc limit 1
) s on true
cross join lateral (
  select 1 from log l
  where l.account_id = a.account_id
    and (l.epoch, l.xid, l.seq) > (coalesce(s.epoch, 0), coalesce(s.xid, '0'::xid8), coalesce(s.seq, 0))
  limit 1
) l
"""
"""Accounts with entries behind their last seal; skips from account to account, so it reads a few rows of each."""


async def seal(lines: Lines, account_id: str) -> tuple[int, bool]:
    """How many entries the new seal covers, and whether entries are left; 0 when no seal was made."""

    async def run(connection: Any) -> tuple[int, bool]:
        row = await connection.fetchrow(SEAL, account_id, MOST)
        return row["sealed"], row["more"]

    return await lines.run(run)


async def unsealed(lines: Lines) -> list[str]:
    """Accounts whose log goes on behind their last seal."""

    async def run(connection: Any) -> list[str]:
        return [row["account_id"] for row in await connection.fetch(UNSEALED)]

    return await lines.run(run)
