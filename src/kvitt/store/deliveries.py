"""What webhooks owe: deliveries, each one event for one subscription, in lanes that keep the order.

A lane is one object of one subscription. Its deliveries go one after another; a task of kind `hooks.deliver` works on
it, and is there exactly while something waits. Whoever adds to a lane and whoever settles in it lock the task first, so
that neither misses the other. Every statement may be repeated.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from kvitt.store.feed import START, Cursor
from kvitt.store.line import Lines
from kvitt.store.read import can_exist

FOLLOWERS = "select account_id from settings where kind = 'hooks' order by account_id"
"""Accounts that have an active subscription, over all of them: an index holds exactly these."""

CURSOR = "select epoch, xid, seq from hook_cursors where account_id = $1"
"""How far an account's feed was read for its subscriptions."""

FAN_OUT = """
select hooks_fan_out_v1(in_account_id => $1, old_epoch => $2, old_xid => $3, old_seq => $4, new_epoch => $5,
  new_xid => $6, new_seq => $7, task_ids => $8, task_data => $9, ids => $10, subscription_ids => $11, lanes => $12,
  events => $13, bodies => $14, at => $15)
"""
"""The cursor moves and the deliveries are owed, or neither."""

OWE = """
select hooks_owe_v1(in_account_id => $1, task_ids => $2, task_data => $3, ids => $4, subscription_ids => $5,
  lanes => $6, events => $7, bodies => $8, at => $9)
"""
"""Owes deliveries that no event made."""

SETTLE = """
select hooks_settle_v1(in_account_id => $1, in_id => $2, in_version => $3, in_task_id => $4, in_status => $5,
  in_tries => $6, in_attempts => $7, in_due_at => $8)
"""
"""An attempt, and what became of the delivery."""

END_LANE = """
select hooks_end_lane_v1(in_account_id => $1, in_task_id => $2, in_subscription_id => $3, in_lane => $4, gone => $5)
"""
"""A lane where nothing is to be done any more."""

REPLAY = "select hooks_replay_v1(in_account_id => $1, task_ids => $2, task_data => $3, ids => $4)"
"""Settled deliveries wait again."""

HASTEN_LANES = """
update tasks t set due_at = $3
where t.account_id = $1 and t.kind = 'hooks.deliver' and split_part(t.id, ':', 2) = any ($2)
  and t.due_at > $3::timestamptz + $4::interval
"""
"""Lanes of subscriptions need not wait any longer."""

NEXT = """
select id, subscription_id, lane, seq, event, status, version, tries, created_at, body, attempts
from deliveries
where account_id = $1 and subscription_id = $2 and lane = $3 and status = 'waiting'
order by seq limit 1
"""
"""The delivery whose turn it is in a lane."""

ONE = """
select id, subscription_id, lane, seq, event, status, version, tries, created_at, body, attempts
from deliveries where account_id = $1 and id = $2 and subscription_id = $3
"""
"""A delivery of a subscription by its id."""

LISTED = """
select id, subscription_id, lane, seq, event, status, version, tries, created_at, '' as body, attempts
from deliveries
where account_id = $1 and subscription_id = $2
  and ($3::bigint is null or seq < $3)
  and ($4::text is null or status = $4)
  and ($5::timestamptz is null or created_at >= $5)
  and ($6::timestamptz is null or created_at < $6)
order by seq desc limit $7
"""
"""Deliveries of a subscription, newest first, without their bodies."""

SETTLED = """
select id, lane, seq from deliveries
where account_id = $1 and subscription_id = $2 and seq > $3
  and status = $4 and created_at >= $5 and created_at < $6
order by seq limit $7
"""
"""Settled deliveries of a time range, oldest first."""

COUNTED = """
select count(*) from deliveries
where account_id = $1 and subscription_id = $2 and status = $3 and created_at >= $4 and created_at < $5
"""
"""How many deliveries of a time range stand so."""


class Delivery(msgspec.Struct, frozen=True):
    """One event for one subscription. `status`: waiting, delivered or dead. `attempts`: a JSON list of all there were;
    `tries`: those since it last began to wait."""

    id: str
    subscription_id: str
    lane: str
    seq: int
    event: str
    status: str
    version: int
    tries: int
    created_at: datetime
    body: str
    attempts: str


class Owed(msgspec.Struct, frozen=True):
    """A delivery to be made. `body` is the JSON to send."""

    id: str
    subscription_id: str
    lane: str
    event: str
    body: str


class LaneData(msgspec.Struct, frozen=True):
    """The data of a lane's task."""

    subscription_id: str
    lane: str


class Deliveries:
    """`owing` is set when this process made something that is due at once."""

    def __init__(self, lines: Lines, owing: asyncio.Event) -> None:
        self._lines = lines
        self._owing = owing

    async def followers(self) -> list[str]:
        return [row[0] for row in await self._fetch(FOLLOWERS)]

    async def cursor(self, account_id: str) -> Cursor:
        rows = await self._fetch(CURSOR, account_id)
        return Cursor(*rows[0]) if rows else START

    async def fan_out(self, account_id: str, old: Cursor, new: Cursor, owed: Sequence[Owed], now: datetime) -> bool:
        """Moves the cursor from `old` to `new` and owes these, in this order; False when it did not stand at `old`."""
        moved = await self._value(
            FAN_OUT, account_id, old.epoch, str(old.xid), old.seq, new.epoch, str(new.xid), new.seq, *_owing(owed), now
        )
        if owed and moved:
            self._owing.set()
        return bool(moved)

    async def owe(self, account_id: str, owed: Sequence[Owed], now: datetime) -> None:
        """Owes these; those that are owed already stay as they are."""
        await self._value(OWE, account_id, *_owing(owed), now)
        self._owing.set()

    async def next(self, account_id: str, subscription_id: str, lane: str) -> Delivery | None:
        rows = await self._fetch(NEXT, account_id, subscription_id, lane)
        return Delivery(*rows[0]) if rows else None

    async def settle(
        self, account_id: str, delivery: Delivery, status: str, tries: int, attempts: str, due_at: datetime
    ) -> bool:
        """Writes down what became of a delivery as it was read. False when it was settled meanwhile.

        `status` waiting: the lane goes on with it at `due_at`; otherwise with the next, at once.
        """
        lane = lane_id(delivery.subscription_id, delivery.lane)
        settled = await self._value(
            SETTLE, account_id, delivery.id, delivery.version, lane, status, tries, attempts, due_at
        )
        self._owing.set()
        return bool(settled)

    async def end_lane(self, account_id: str, subscription_id: str, lane: str, *, gone: bool) -> None:
        """Nothing waits here; `gone`: drops what does, since nobody subscribes any more."""
        await self._value(END_LANE, account_id, lane_id(subscription_id, lane), subscription_id, lane, gone)

    async def replay(self, account_id: str, subscription_id: str, deliveries: Sequence[tuple[str, str]]) -> None:
        """(id, lane) of deliveries that wait again; those that do already are left alone."""
        lanes = {lane for _, lane in deliveries}
        await self._value(REPLAY, account_id, *_tasks({(subscription_id, lane) for lane in lanes}),
                          [id for id, _ in deliveries])  # fmt: skip
        self._owing.set()

    async def hasten(self, account_id: str, subscription_ids: Sequence[str], now: datetime, beyond: timedelta) -> None:
        """What waits for these subscriptions and is due later than `beyond` from now is due now."""
        if subscription_ids:
            await self._fetch(HASTEN_LANES, account_id, subscription_ids, now, beyond)
            self._owing.set()

    async def get(self, account_id: str, subscription_id: str, id: str) -> Delivery | None:
        if not can_exist(id):
            return None
        rows = await self._fetch(ONE, account_id, id, subscription_id)
        return Delivery(*rows[0]) if rows else None

    async def list(
        self,
        account_id: str,
        subscription_id: str,
        *,
        before: int | None = None,
        status: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 100,
    ) -> list[Delivery]:
        """Newest first, `body` left empty. `before`: the `seq` to go on behind."""
        rows = await self._fetch(LISTED, account_id, subscription_id, before, status, since, until, limit)
        return [Delivery(*row) for row in rows]

    async def settled(
        self, account_id: str, subscription_id: str, status: str, since: datetime, until: datetime, after: int,
        limit: int,
    ) -> Sequence[tuple[str, str, int]]:  # fmt: skip
        """(id, lane, seq) of deliveries with this status, oldest first, behind the seq `after`."""
        rows = await self._fetch(SETTLED, account_id, subscription_id, after, status, since, until, limit)
        return [(row[0], row[1], row[2]) for row in rows]

    async def count(self, account_id: str, subscription_id: str, status: str, since: datetime, until: datetime) -> int:
        return int(await self._value(COUNTED, account_id, subscription_id, status, since, until))

    async def _fetch(self, query: str, *arguments: Any) -> Sequence[Any]:
        async def run(connection: Any) -> Sequence[Any]:
            rows: Sequence[Any] = await connection.fetch(query, *arguments)
            return rows

        return await self._lines.run(run)

    async def _value(self, query: str, *arguments: Any) -> Any:
        rows = await self._fetch(query, *arguments)
        return rows[0][0]


def lane_id(subscription_id: str, lane: str) -> str:
    """The id of the lane's task."""
    return f"hook:{subscription_id}:{lane}"


def _tasks(lanes: set[tuple[str, str]]) -> tuple[list[str], list[str]]:
    pairs = sorted(lanes)
    data = [msgspec.json.encode(LaneData(*pair)).decode() for pair in pairs]
    return [lane_id(*pair) for pair in pairs], data


def _owing(owed: Sequence[Owed]) -> tuple[list[str], ...]:
    return (
        *_tasks({(each.subscription_id, each.lane) for each in owed}),
        [each.id for each in owed],
        [each.subscription_id for each in owed],
        [each.lane for each in owed],
        [each.event for each in owed],
        [each.body for each in owed],
    )
