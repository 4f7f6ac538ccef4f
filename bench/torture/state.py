"""What the database holds of some accounts, and the provider's own books, as JSON and numbers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import asyncpg
import msgspec

_TABLES = ("drafts", "orders", "sessions", "transactions")
_SILENCE = 5.0
"""Seconds for which the provider is silent when its books name no others."""
_TIMERS_FROM_NOW = "2 hours"
"""What is due later than this is a timer of something that lives on (a session, an authorization), nothing owed."""

_TOLD = "^(transaction|draft)[.]|^session[.](cancelled|expired)$|^order[.](?!created$)"
"""The types of events that webhooks tell of."""

_read_json = msgspec.json.decode


class Entry(NamedTuple):
    """One event of the log, in the order of the feed."""

    account_id: str
    id: str
    type: str
    object_type: str
    object_id: str
    version: int


class Movement(NamedTuple):
    """What the provider says it did for one attempt. `silent_until`: when it begins to say so, if not at once."""

    payment_id: str
    verb: str
    amount: int
    outcome: str
    silent_until: datetime | None = None


class Delivery(NamedTuple):
    """One event for one subscription. `seq`: their order."""

    id: str
    account_id: str
    subscription_id: str
    event: str
    lane: str
    seq: int
    status: str


@dataclass
class State:
    """`drafts`, `orders`, `sessions`, `transactions`: records by id, attempts with their transaction."""

    drafts: dict[str, Any] = field(default_factory=dict)
    orders: dict[str, Any] = field(default_factory=dict)
    sessions: dict[str, Any] = field(default_factory=dict)
    transactions: dict[str, Any] = field(default_factory=dict)
    versions: dict[tuple[str, str], int] = field(default_factory=dict)
    log: list[Entry] = field(default_factory=list)
    books: dict[str, Movement] = field(default_factory=dict)
    deliveries: list[Delivery] = field(default_factory=list)

    def log_of(self) -> dict[tuple[str, str], list[Entry]]:
        """By type and id of the object."""
        found: dict[tuple[str, str], list[Entry]] = defaultdict(list)
        for entry in self.log:
            found[entry.object_type, entry.object_id].append(entry)
        return dict(found)


async def read_state(database_url: str, accounts: Sequence[str]) -> State:
    connection: Any = await asyncpg.connect(database_url)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            return await _read(connection, accounts)
    finally:
        await connection.close()


async def _read(connection: Any, accounts: Sequence[str]) -> State:
    state = State()
    for table in _TABLES:
        kept = getattr(state, table)
        query = f"select id, version, doc from {table} where account_id = any($1)"
        async for row in connection.cursor(query, accounts, prefetch=1000):
            kept[row["id"]] = _read_json(row["doc"])
            state.versions[table[:-1], row["id"]] = row["version"]
    log = await connection.fetch(
        "select account_id, id, type, object_type, object_id, version from log where account_id = any($1) "
        "order by account_id, epoch, xid, seq",
        accounts,
    )
    state.log = [Entry(*row) for row in log]
    books = await connection.fetch(
        "select attempt_id, payment_id, verb, amount, outcome, created_at, data from sandbox.movements "
        "where account_id = any($1)",
        accounts,
    )
    state.books = {
        id: Movement(payment_id, verb, amount, outcome, _silent_until(at, data))
        for id, payment_id, verb, amount, outcome, at, data in books
    }
    deliveries = await connection.fetch(
        "select id, account_id, subscription_id, event, lane, seq, status from deliveries "
        "where account_id = any($1) order by seq",
        accounts,
    )
    state.deliveries = [Delivery(*row) for row in deliveries]
    return state


def _silent_until(created_at: datetime, data: str) -> datetime | None:
    notes = _read_json(data)
    return created_at + timedelta(seconds=notes.get("seconds", _SILENCE)) if notes.get("silent") else None


async def unsettled(database_url: str, accounts: Sequence[str]) -> dict[str, int]:
    """What is still to be done, by kind of task; and events that webhooks have not looked at."""
    connection: Any = await asyncpg.connect(database_url)
    try:
        tasks = await connection.fetch(
            "select t.kind, count(*) from tasks t where t.account_id = any($1) "
            f"and t.due_at < now() + interval '{_TIMERS_FROM_NOW}' group by t.kind",
            accounts,
        )
        unread = await connection.fetchval(
            "select count(*) from log l join hook_cursors c on c.account_id = l.account_id "
            "where l.account_id = any($1) and (l.epoch, l.xid, l.seq) > (c.epoch, c.xid, c.seq) "
            f"and l.type ~ '{_TOLD}'",
            accounts,
        )
    finally:
        await connection.close()
    found = {row[0]: row[1] for row in tasks}
    return found | ({"unread events": unread} if unread else {})
