"""What waits for the customer at the sandbox. It is over once a movement of the attempt stands, which says so alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from kvitt.store.line import Lines

_COLUMNS = (
    "account_id, attempt_id, payment_id, session_id, product, kind, amount, currency, merchant_name, phone_number, "
    "created_at, expires_at, review, held_at, data"
)

OPEN_WAIT = f"""
with new as (
  insert into sandbox.waits ({_COLUMNS})
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
  on conflict do nothing returning account_id
)
insert into sandbox.notices (account_id, attempt_id, number, payment_id, due_at, held)
select $1, $2, u.n, $3, u.w, u.h from new, unnest($16::int[], $17::timestamptz[], $18::boolean[]) as u(n, w, h)
on conflict do nothing
"""  # noqa: S608
"""An attempt waits, and the news that are owed; nothing when it waits already."""

WAIT = f"select {_COLUMNS} from sandbox.waits where account_id = $1 and attempt_id = $2"  # noqa: S608

HOLD = """
with held as (
  update sandbox.waits w set held_at = $3 where w.account_id = $1 and w.attempt_id = $2 and w.held_at is null
  and not exists (select from sandbox.movements m where m.account_id = $1 and m.attempt_id = $2)
  returning w.payment_id
)
insert into sandbox.notices (account_id, attempt_id, number, payment_id, due_at)
select $1, $2, $4, held.payment_id, $5 from held
on conflict do nothing
"""
"""A review begins, and the news of that are owed; once."""


class WaitRow(msgspec.Struct, frozen=True):
    """See `checkout/providers/books.py`. `amount`: minor units of `currency`; `data`: JSON."""

    account_id: str
    attempt_id: str
    payment_id: str
    session_id: str
    product: str
    kind: str
    amount: int
    currency: str
    merchant_name: str
    phone_number: str | None
    created_at: datetime
    expires_at: datetime
    review: bool = False
    held_at: datetime | None = None
    data: str = "{}"


class SandboxWaits:
    def __init__(self, lines: Lines) -> None:
        self._lines = lines

    async def open(self, wait: WaitRow, notices: Sequence[Any]) -> WaitRow:
        """`notices`: `due_at`, `held` and `number` of each; its place when the number is not said."""
        numbers = [place if plan.number is None else plan.number for place, plan in enumerate(notices)]
        columns = numbers, [plan.due_at for plan in notices], [plan.held for plan in notices]

        async def run(connection: Any) -> WaitRow:
            await connection.execute(OPEN_WAIT, *msgspec.structs.astuple(wait), *columns)
            return WaitRow(*await connection.fetchrow(WAIT, wait.account_id, wait.attempt_id))

        return await self._lines.run(run)

    async def get(self, account_id: str, attempt_id: str) -> WaitRow | None:
        async def run(connection: Any) -> WaitRow | None:
            row = await connection.fetchrow(WAIT, account_id, attempt_id)
            return None if row is None else WaitRow(*row)

        return await self._lines.run(run)

    async def hold(self, account_id: str, attempt_id: str, at: datetime, notice: Any) -> None:
        await self._lines.run(
            lambda connection: connection.execute(HOLD, account_id, attempt_id, at, notice.number, notice.due_at)
        )
