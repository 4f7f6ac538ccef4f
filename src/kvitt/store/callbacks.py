"""Callbacks: each is a task while it is owed, and a row beside the webhooks' deliveries once there is more to tell.

A row of `deliveries` whose `subscription_id` is `callbacks`; its `lane` is the id of the task, its `body` the task's
data. A callback that is taken at the first try is written down afterwards, together with others.
Every statement may be repeated.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from kvitt.store.line import Lines, sqlstate

_BAD_DATA = "22"
"""The class of SQLSTATEs for values that cannot be."""

CALLBACKS = "callbacks"
"""The subscription that callbacks stand under: none has this id."""

RECORD = """
insert into deliveries as d
  (account_id, id, subscription_id, lane, event, status, tries, created_at, body, attempts)
select u.a, u.i, 'callbacks', u.l, u.e, u.s, u.t, u.c, u.b, u.j
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::int[], $7::timestamptz[], $8::text[],
  $9::text[]) as u(a, i, l, e, s, t, c, b, j)
order by u.a, u.i
on conflict (account_id, id) do update
set status = excluded.status, version = d.version + 1, tries = excluded.tries,
  attempts = jsonb_path_query_array(d.attempts::jsonb || excluded.attempts::jsonb, '$[(last - 59) to last]')::text
where d.account_id = excluded.account_id and d.subscription_id = 'callbacks' and d.status = 'waiting'
"""
"""Attempts of callbacks, and where that leaves them; the last sixty of each are kept. What has ended stays ended."""

REPLAY_CALLBACKS = """
with again as (
  update deliveries d set status = 'waiting', version = d.version + 1, tries = 0
  where d.account_id = $1 and d.id = any ($2) and d.subscription_id = 'callbacks' and d.status <> 'waiting'
  returning d.account_id, d.lane, d.body
)
insert into tasks as t (account_id, id, kind, due_at, data)
select account_id, lane, $3, now(), body from again order by lane
on conflict (account_id, id) do update set due_at = least(t.due_at, excluded.due_at)
"""
"""Callbacks that ended are owed again, as they were: another try at each, from the first on."""

OWED_BESIDE = """
select id, data from tasks where account_id = $1 and id >= $2 and id < $3 and id <> $4
"""
"""Tasks that share the beginning of their id, but for one."""

HASTEN_CALLBACKS = """
update tasks t set due_at = $3
from deliveries d
where d.account_id = $1 and d.subscription_id = 'callbacks' and d.status = 'waiting'
  and position('"url":"' || $2 in d.body) > 0
  and t.account_id = $1 and t.account_id = d.account_id and t.id = d.lane and t.due_at > $3::timestamptz + $4::interval
"""
"""Callbacks to one receiver that were tried before need not wait any longer."""


class CallbackNote(msgspec.Struct, frozen=True):
    """What is known of a callback. `data`: its task's at the first try; `attempts`: a JSON list of those to add."""

    account_id: str
    id: str
    task_id: str
    event: str
    status: str
    tries: int
    created_at: datetime
    data: str
    attempts: str


class Callbacks:
    """`owing` is set when this process made something that is due at once."""

    def __init__(self, lines: Lines, owing: asyncio.Event) -> None:
        self._lines = lines
        self._owing = owing

    async def record(self, notes: Sequence[CallbackNote]) -> None:
        """Writes these down; no two may be of one callback. ValueError when PostgreSQL cannot store one of them."""
        columns = [list(column) for column in zip(*map(msgspec.structs.astuple, notes), strict=True)]
        try:
            await self._fetch(RECORD, *columns)
        except Exception as error:
            if sqlstate(error).startswith(_BAD_DATA):  # not the driver's message: it may quote the value
                raise ValueError(f"PostgreSQL cannot store this ({type(error).__name__})") from error
            raise

    async def replay(self, account_id: str, kind: str, ids: Sequence[str]) -> None:
        """Those of these that ended are tasks of that kind again; the others are left alone."""
        await self._fetch(REPLAY_CALLBACKS, account_id, ids, kind)
        self._owing.set()

    async def owed_beside(self, account_id: str, task_id: str) -> list[str]:
        """The data of the tasks whose id differs in what comes behind the last colon alone."""
        begin = task_id.rpartition(":")[0]
        rows = await self._fetch(OWED_BESIDE, account_id, f"{begin}:", f"{begin};", task_id)
        return [row[1] for row in rows]

    async def hasten(self, account_id: str, receiver: str, now: datetime, beyond: timedelta) -> None:
        """Those tried before, to URLs that begin with `receiver`, and due later than `beyond` from now, are due now."""
        await self._fetch(HASTEN_CALLBACKS, account_id, receiver, now, beyond)
        self._owing.set()

    async def _fetch(self, query: str, *arguments: Any) -> Sequence[Any]:
        async def run(connection: Any) -> Sequence[Any]:
            rows: Sequence[Any] = await connection.fetch(query, *arguments)
            return rows

        return await self._lines.run(run)
