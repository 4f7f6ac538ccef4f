"""How far a series of claims has come: the last of the keys that begin alike."""

from __future__ import annotations

from typing import Any

from kvitt.store.line import Lines

LATEST_CLAIMS = """
select key from claims
where account_id = $1 and key >= $2 and key < $3
order by key desc limit $4
"""
"""The last keys of a range, read from the end of the primary key's index."""


async def latest_claims(lines: Lines, account_id: str, prefix: str, limit: int) -> list[str]:
    beyond = prefix[:-1] + chr(ord(prefix[-1]) + 1)

    async def run(connection: Any) -> list[str]:
        return [row[0] for row in await connection.fetch(LATEST_CLAIMS, account_id, prefix, beyond, limit)]

    return await lines.run(run)
