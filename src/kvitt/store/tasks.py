"""What is due: taken under a lease, so that many workers may ask at once and a dead one's work comes back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from kvitt.store.line import Lines

TAKE = """
with due as (
  select account_id, id, due_at from tasks
  where due_at <= now() and ($3::text[] is null or kind = any ($3))
  order by due_at limit $1
  for update skip locked
)
update tasks t
set due_at = now() + $2 + coalesce((select c.ahead from clocks c where c.account_id = t.account_id), '0'),
  tries = tries + 1
from due
where t.account_id = due.account_id and t.id = due.id
returning t.account_id, t.id, t.kind, due.due_at, t.data, t.tries
"""
"""Due tasks of all accounts, oldest first, each to one taker; moving due_at forward is the lease.

Times of tasks are their account's. No account is behind the wall, so what is due by the wall is due.
"""

TAKE_AHEAD = """
with due as (
  select t.account_id, t.id, t.due_at, c.ahead
  from clocks c
  cross join lateral (
    select t.account_id, t.id, t.due_at from tasks t
    where t.account_id = c.account_id and t.due_at > now() and t.due_at <= now() + c.ahead
      and ($3::text[] is null or t.kind = any ($3))
    order by t.due_at limit $1
    for update skip locked
  ) t
  limit $1
)
update tasks t set due_at = now() + $2 + due.ahead, tries = tries + 1
from due
where t.account_id = due.account_id and t.id = due.id
returning t.account_id, t.id, t.kind, due.due_at, t.data, t.tries
"""
"""Tasks that are due only because their account is ahead. It reads all tasks of these accounts."""

PUT_OFF = """
update tasks t set due_at = $3
from unnest($1::text[], $2::text[]) as u(a, i)
where t.account_id = u.a and t.id = u.i
"""
"""Moves tasks to another time; their tries stay counted, and one that is gone stays gone."""

NEXT_AT = """
select least(
  (select min(due_at) from tasks),
  (select min(t.due_at - c.ahead) from clocks c join tasks t on t.account_id = c.account_id)
)
"""
"""When the next task falls due by the wall's time, over all accounts."""


class DueTask(msgspec.Struct, frozen=True):
    """A task to do now. `due_at` is when it fell due, `tries` how often it was taken, 1 at the first."""

    account_id: str
    id: str
    kind: str
    due_at: datetime
    data: str
    tries: int


async def take(
    lines: Lines, limit: int, lease: timedelta, kinds: Sequence[str] | None, *, ahead: bool
) -> list[DueTask]:
    """`ahead`: looks at accounts whose time is ahead, too."""

    async def run(connection: Any) -> list[DueTask]:
        rows = await connection.fetch(TAKE, limit, lease, kinds)
        if ahead and len(rows) < limit:
            rows += await connection.fetch(TAKE_AHEAD, limit - len(rows), lease, kinds)
        return sorted((DueTask(*row) for row in rows), key=lambda task: task.due_at)

    return await lines.run(run)


async def put_off(lines: Lines, tasks: Sequence[DueTask], due_at: datetime) -> None:
    keys = sorted((task.account_id, task.id) for task in tasks)

    async def run(connection: Any) -> None:
        await connection.execute(PUT_OFF, [key[0] for key in keys], [key[1] for key in keys], due_at)

    await lines.run(run)


async def next_at(lines: Lines) -> datetime | None:
    async def run(connection: Any) -> datetime | None:
        due_at: datetime | None = await connection.fetchval(NEXT_AT)
        return due_at

    return await lines.run(run)
