"""Tasks that need not wait any longer: what they waited for has come back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from kvitt.store.line import Lines

HASTEN = """
with late as (
  select account_id, id from tasks
  where account_id = $1 and kind = $2 and due_at > $3::timestamptz + $4::interval
  for update skip locked
)
update tasks t set due_at = $3::timestamptz + random() * $4::interval
from late
where t.account_id = late.account_id and t.id = late.id
"""
"""Tasks of one kind and account that are further off than an interval become due within it, spread out.

One that somebody holds is being done: it is passed over, since whoever hastens has an answer in hand to write down.
"""


async def hasten(lines: Lines, account_id: str, kind: str, now: datetime, within: timedelta) -> None:
    async def run(connection: Any) -> None:
        await connection.execute(HASTEN, account_id, kind, now, within)

    await lines.run(run)
