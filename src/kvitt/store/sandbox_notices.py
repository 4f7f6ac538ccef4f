"""The sandbox's news for kvitt: owed with the movement they tell of, sent until they were taken."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from kvitt.store.line import Lines

TAKE_NOTICES = """
with due as (
  select account_id, attempt_id, number, payment_id, interval '0' as ahead from sandbox.notices
  where due_at <= $1::timestamptz
  order by due_at limit $2
  for update skip locked
), early as (
  select n.account_id, n.attempt_id, n.number, n.payment_id, u.ahead
  from unnest($4::text[], $5::interval[]) as u(a, ahead)
  cross join lateral (
    select n.account_id, n.attempt_id, n.number, n.payment_id from sandbox.notices n
    where n.account_id = u.a and n.due_at > $1 and n.due_at <= $1 + u.ahead
    order by n.due_at limit $2
    for update skip locked
  ) n
  limit $2
), taken as (
  select d.account_id, d.attempt_id, d.number, d.payment_id, coalesce(u.ahead, d.ahead) as ahead
  from due d left join unnest($4::text[], $5::interval[]) as u(a, ahead) on u.a = d.account_id
  union all
  select * from early
)
update sandbox.notices n set due_at = $1 + taken.ahead + $3::interval, tries = n.tries + 1
from taken
where n.account_id = taken.account_id and n.attempt_id = taken.attempt_id and n.number = taken.number
returning n.account_id, n.attempt_id, n.number, n.payment_id, n.tries
"""
"""Due notices, each to one taker until its lease ends. Where accounts are ahead is told, not looked up: it is ours."""

SENT = "delete from sandbox.notices where account_id = $1 and attempt_id = $2 and number = $3"
"""One was taken by kvitt."""

RELEASE = """
update sandbox.notices set due_at = $4, held = false
where account_id = $1 and payment_id = $2 and attempt_id <> $3 and held
"""
"""Those that were held back until another one of their payment was sent."""

PUT_OFF_NOTICE = """
update sandbox.notices set due_at = $4 where account_id = $1 and attempt_id = $2 and number = $3
"""
"""One is to be sent again later."""

UNTOLD = "select exists (select from sandbox.notices where account_id = $1 and attempt_id = $2 and number >= 0)"
"""Whether news of an attempt are still to be sent. That a wait ran out (below zero) is none of its call's."""


class Notice(msgspec.Struct, frozen=True):
    """News of one attempt. `tries`: how often it was taken to be sent, 1 at the first."""

    account_id: str
    attempt_id: str
    number: int
    payment_id: str
    tries: int


class Notices:
    """`waiting` is set when this process owes one more; whoever sends them clears it."""

    def __init__(self, lines: Lines) -> None:
        self.waiting = asyncio.Event()
        self._lines = lines

    async def take(self, now: datetime, limit: int, lease: timedelta, ahead: Mapping[str, timedelta]) -> list[Notice]:
        """At most about `limit` that are due, for this taker alone until `lease` has passed. `now`: on the wall."""

        async def run(connection: Any) -> list[Notice]:
            rows = await connection.fetch(TAKE_NOTICES, now, limit, lease, list(ahead), list(ahead.values()))
            return [Notice(*row) for row in rows]

        return await self._lines.run(run)

    async def sent(self, notice: Notice, now: datetime) -> None:
        """kvitt took it; those that were held back for it may go. `now`: in the account."""

        async def run(connection: Any) -> None:
            await connection.execute(SENT, notice.account_id, notice.attempt_id, notice.number)
            await connection.execute(RELEASE, notice.account_id, notice.payment_id, notice.attempt_id, now)

        await self._lines.run(run)
        self.waiting.set()

    async def put_off(self, notice: Notice, due_at: datetime) -> None:
        await self._lines.run(
            lambda connection: connection.execute(
                PUT_OFF_NOTICE, notice.account_id, notice.attempt_id, notice.number, due_at
            )
        )

    async def untold(self, account_id: str, attempt_id: str) -> bool:
        return bool(await self._lines.run(lambda connection: connection.fetchval(UNTOLD, account_id, attempt_id)))
