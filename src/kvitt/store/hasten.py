"""Tasks that need not wait any longer: what they waited for has come back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from kvitt.store.line import Lines

HASTEN = """
update tasks set due_at = $3::timestamptz + random() * $4::interval
where account_id = $1 and kind = $2 and due_at > $3::timestamptz + $4::interval
"""
"""Tasks of one kind and account that are further off than an interval become due within it, spread out."""


async def hasten(lines: Lines, account_id: str, kind: str, now: datetime, within: timedelta) -> None:
    async def run(connection: Any) -> None:
        await connection.execute(HASTEN, account_id, kind, now, within)

    await lines.run(run)
