"""Is everything whole? Reads the database as JSON and numbers and says, with none of kvitt's own rules, what is wrong.

The load of `bench.kill9` moves whole amounts, so what must hold can be said in a few lines.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from bench.requests import AMOUNT

ASKED_WITHIN = timedelta(seconds=20 + 15)
"""A provider is asked what became of an attempt 20 seconds after the intent; the rest is time to do it."""

_EVENT_OF = {"authorize": "AUTHORIZE", "capture": "CAPTURE", "refund": "REFUND", "void": "VOID"}
_REACHED = {"pay": "AUTHORIZE", "capture": "CAPTURE", "refund": "REFUND"}
_REGISTERED = {"authorization": "authorizations", "order capture": "captures", "order refund": "refunds"}
_TABLES = {"draft": "drafts", "order": "orders", "session": "sessions", "transaction": "transactions"}


@dataclass
class Life:
    """One order's way through the journey, as its shop saw it: which answers came."""

    account_id: str
    values: dict[str, str] = field(default_factory=dict)
    answered: list[str] = field(default_factory=list)


@dataclass
class World:
    """All that the database holds of some accounts, and what the sandbox's own books say."""

    drafts: dict[str, Any]
    orders: dict[str, Any]
    sessions: dict[str, Any]
    transactions: dict[str, Any]
    versions: dict[tuple[str, str], int]
    log: list[tuple[str, str, int]]
    moved: dict[tuple[str, str], int]
    """By payment and verb: the sum of what the books say was done."""
    callbacks_waiting: int


def read_world(database_url: str, accounts: Sequence[str]) -> World:
    async def work() -> World:
        connection = await asyncpg.connect(database_url)
        try:
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                return await _read(connection, accounts)
        finally:
            await connection.close()

    return asyncio.run(work())


async def _read(connection: Any, accounts: Sequence[str]) -> World:
    docs: dict[str, dict[str, Any]] = {}
    versions: dict[tuple[str, str], int] = {}
    for kind, table in _TABLES.items():
        rows = await connection.fetch(f"select id, version, doc from {table} where account_id = any($1)", accounts)
        docs[table] = {row["id"]: json.loads(row["doc"]) for row in rows}
        versions |= {(kind, row["id"]): row["version"] for row in rows}
    log = await connection.fetch("select object_type, object_id, version from log where account_id = any($1)", accounts)
    moved: dict[tuple[str, str], int] = defaultdict(int)
    for row in await connection.fetch(
        "select payment_id, verb, amount from sandbox.movements where account_id = any($1) and outcome = 'done'",
        accounts,
    ):
        moved[row["payment_id"], row["verb"]] += row["amount"]
    waiting = await connection.fetchval(
        "select count(*) from tasks where account_id = any($1) and kind = 'checkout.callback'", accounts
    )
    return World(**docs, versions=versions, log=[tuple(row) for row in log], moved=moved, callbacks_waiting=waiting)


def faults(world: World, lives: Iterable[Life], *, settled: bool, now: datetime | None = None) -> list[str]:
    """Everything that is wrong. `settled`: the worker has had its time, so nothing may be under way any more."""
    now = now or datetime.now(UTC)
    found = []
    for transaction_id, record in world.transactions.items():
        found += [f"transaction {transaction_id}: {text}" for text in _transaction(world, record, settled, now)]
    for order_id, record in world.orders.items():
        found += [f"order {order_id}: {text}" for text in _order(record)]
    found += _log(world)
    orders = {record["order"]["order_id"]: record["order"] for record in world.orders.values()}
    for life in lives:
        found += [f"answered, but not there: {text}" for text in _kept(world, orders, life)]
    return found


def owed_callbacks(world: World) -> set[str]:
    """Transactions whose authorization the shop is to hear of."""
    return {id for id, record in world.transactions.items() if _sums(record)["AUTHORIZE"]}


def _sums(record: Any) -> Counter[str]:
    sums: Counter[str] = Counter()
    for event in record["transaction"].get("events", []):
        if event["success"]:
            sums[event["event"]] += event.get("amount", 0)
    return sums


def _transaction(world: World, record: Any, settled: bool, now: datetime) -> Iterable[str]:
    transaction, attempts = record["transaction"], record.get("attempts", [])
    events, sums = transaction.get("events", []), _sums(record)
    if [event["id"] for event in events] != [str(n + 1) for n in range(len(events))]:
        yield f"its events are numbered {[event['id'] for event in events]}"
    if events and events[-1]["transaction_status"] != transaction["status"]:
        yield f"is {transaction['status']}, its last event says {events[-1]['transaction_status']}"
    if settled and transaction["status"] != (wanted := _status(sums)):
        yield f"is {transaction['status']}, its events make it {wanted}"
    for verb, event in _EVENT_OF.items():
        done = sum(attempt["amount"] for attempt in attempts if attempt["verb"] == verb and attempt["status"] == "done")
        moved = world.moved.get((transaction["id"], verb), 0)
        if done != sums[event]:
            yield f"attempts to {verb} sum to {done}, events to {sums[event]}"
        if moved < done or (settled and moved != done):
            yield f"the provider's books say {verb} {moved}, ours {done}"
        if moved > AMOUNT:
            yield f"{verb} moved {moved} of {AMOUNT}: twice"
    for attempt in attempts:
        if attempt["status"] in ("open", "unknown"):
            age = now - datetime.fromisoformat(attempt["created_at"])
            if settled or age > ASKED_WITHIN:
                yield f"an attempt to {attempt['verb']} is still {attempt['status']} after {age}"


def _status(sums: Counter[str]) -> str:
    if not sums["AUTHORIZE"]:
        return "INITIATED"
    if sums["REFUND"]:
        return "REFUNDED" if sums["REFUND"] == AMOUNT else "PARTIALLY_REFUNDED"
    if sums["CAPTURE"]:
        return "CAPTURED" if sums["CAPTURE"] == AMOUNT else "PARTIALLY_CAPTURED"
    return "AUTHORIZED"


def _order(record: Any) -> Iterable[str]:
    order = record["order"]
    sums = {
        name: sum(operation["amount"] for operation in order.get(name) or [] if operation.get("success", True))
        for name in _REGISTERED.values()
    }
    for name, total in sums.items():
        if total not in (0, AMOUNT):
            yield f"{name} sum to {total}"
    wanted = "refunded" if sums["refunds"] else "paid" if sums["captures"] else "pending"
    if order["payment_status"] != wanted:
        yield f"is {order['payment_status']}, its operations make it {wanted}"
    if order["gross_amount"] != AMOUNT or len(order["items"]) != 1:
        yield f"has {len(order['items'])} lines of {order['gross_amount']}"


def _log(world: World) -> Iterable[str]:
    """An event is committed with the row it tells of, or not at all."""
    for kind, id, version in world.log:
        if kind in _TABLES and world.versions.get((kind, id), 0) < version:
            yield f"the log tells of {kind} {id} version {version}, the row is at {world.versions.get((kind, id))}"


def _kept(world: World, orders: dict[str, Any], life: Life) -> Iterable[str]:
    """What was answered with 200 is there, whatever was killed afterwards."""
    values = life.values
    for step in life.answered:
        if step == "draft" and values["draft_id"] not in world.drafts:
            yield f"draft {values['draft_id']}"
        elif step == "complete" and values["order_id"] not in orders:
            yield f"order {values['order_id']}"
        elif step == "session" and values["session_id"] not in world.sessions:
            yield f"session {values['session_id']}"
        elif step in _REACHED:
            record = world.transactions.get(values["transaction_id"])
            if record is None or not _sums(record)[_REACHED[step]]:
                yield f"{step} of transaction {values['transaction_id']}"
        elif step in _REGISTERED and not orders[values["order_id"]].get(_REGISTERED[step]):
            yield f"{step} on order {values['order_id']}"
