"""What receivers and readers got: every callback, every webhook in order, and the feed as the log has it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import aiohttp

from bench.torture.receiver import Arrival
from bench.torture.state import Entry, State

Owed = tuple[str, str, str]
"""A callback by its query: session, `event_id` of an operation, `error`."""

_WEBHOOKS_OF = {
    "transaction.authorized": ("checkout_transaction", "checkout_authorization"),
    "transaction.captured": ("checkout_transaction",),
    "transaction.refunded": ("checkout_transaction",),
    "transaction.voided": ("checkout_transaction",),
    "transaction.failed": ("checkout_transaction",),
    "session.cancelled": ("checkout_authorization",),
    "session.expired": ("checkout_authorization",),
    "draft.created": ("shopping_draft_add",),
    "draft.completed": ("shopping_draft_complete",),
    "order.authorization_added": ("shopping_order_update",),
    "order.capture_added": ("shopping_order_update",),
    "order.refund_added": ("shopping_order_update",),
    "order.cancellation_added": ("shopping_order_update",),
}
EVENTS = tuple(sorted({name for names in _WEBHOOKS_OF.values() for name in names}))


def callbacks_owed(state: State) -> dict[Owed, str]:
    """What the shop has to hear, and why: payments, what was done with their money, and sessions given up."""
    owed: dict[Owed, str] = {}
    for record in state.transactions.values():
        transaction = record["transaction"]
        sid = transaction["session_id"]
        happened = {event["event"] for event in transaction.get("events", []) if event["success"] and "amount" in event}
        automatic = any(attempt.get("automatic") for attempt in record.get("attempts", []))
        if "AUTHORIZE" in happened and (not automatic or "CAPTURE" in happened):
            owed[sid, "", ""] = "the payment"
        for event in transaction.get("events", []):
            own = event["event"] in ("CAPTURE", "REFUND") or (event["event"] == "VOID" and "CAPTURE" not in happened)
            if own and event["success"] and "amount" in event:  # a final capture tells of its remainder itself
                owed[sid, event["id"], ""] = event["event"]
    for sid, record in state.sessions.items():
        session = record["session"]
        if "cancelled_at" in session and session.get("cancelled_by", "customer") == "customer":
            owed[sid, "", "cancelled"] = "given up"
    return owed


def callback_faults(state: State, arrivals: Sequence[Arrival]) -> Iterator[str]:
    owed = callbacks_owed(state)
    ids: dict[Owed, set[str]] = defaultdict(set)
    taken: set[Owed] = set()
    for arrival in arrivals:
        if arrival.event:
            continue
        query = arrival.query
        key = (query.get("session_id", ""), query.get("event_id", ""), query.get("error", ""))
        ids[key].add(arrival.delivery)
        if arrival.taken:
            taken.add(key)
    yield from (f"no callback of session {key[0]} for {owed[key]} {key[1]}" for key in owed.keys() - taken)
    yield from (f"a callback for {key}, of which nothing is known" for key in ids.keys() - owed.keys())
    yield from (f"{key} was told under {len(names)} ids" for key, names in ids.items() if len(names) > 1)


def webhook_faults(
    state: State, arrivals: Sequence[Arrival], hooks: dict[str, dict[str, frozenset[str]]]
) -> Iterator[str]:
    """`hooks`: by account the subscriptions' ids with the events they asked for."""
    wanted = _webhooks_wanted(state, hooks)
    owed: dict[tuple[str, str, str], int] = defaultdict(int)
    lanes: dict[tuple[str, str], list[str]] = defaultdict(list)
    ours = {hook for of_account in hooks.values() for hook in of_account}
    for delivery in state.deliveries:
        if delivery.subscription_id in ours and delivery.event != "ping":
            owed[delivery.subscription_id, delivery.lane, delivery.event] += 1
            lanes[delivery.subscription_id, delivery.lane].append(delivery.id)
        if delivery.status != "delivered":
            yield f"the webhook {delivery.event} {delivery.id} is {delivery.status}"
    for key in wanted.keys() | owed.keys():
        if wanted[key] != owed[key]:
            yield f"subscription {key[0]}, {key[1]}: {owed[key]} deliveries of {key[2]}, the log has {wanted[key]}"
    first: dict[str, int] = {}
    for place, arrival in enumerate(arrivals):
        if arrival.event and arrival.taken:
            first.setdefault(arrival.delivery, place)
    for (hook, lane), ids in lanes.items():
        places = [first.get(id, -1) for id in ids]
        if -1 in places:
            yield f"subscription {hook}, {lane}: {places.count(-1)} of {len(places)} webhooks never came"
        elif places != sorted(places):
            yield f"subscription {hook}, {lane}: its webhooks came as {places}"
    yield from _progress(arrivals, first)


def _webhooks_wanted(state: State, hooks: dict[str, dict[str, frozenset[str]]]) -> dict[tuple[str, str, str], int]:
    """How many deliveries the log owes, by subscription, object and webhook event."""
    wanted: dict[tuple[str, str, str], int] = defaultdict(int)
    for entry in state.log:
        for name in _WEBHOOKS_OF.get(entry.type, ()):
            for hook, names in hooks.get(entry.account_id, {}).items():
                if name in names:
                    wanted[hook, f"{entry.object_type}:{entry.object_id}", name] += 1
    return wanted


def _progress(arrivals: Sequence[Arrival], first: dict[str, int]) -> Iterator[str]:
    """An object is never told of as it was before what was told already."""
    seen: dict[tuple[str, str], int] = defaultdict(int)
    for place in sorted(first.values()):
        arrival = arrivals[place]
        key = (arrival.subscription, arrival.object)
        if arrival.object and arrival.progress < seen[key]:
            yield f"the webhooks of {arrival.object} went back from {seen[key]} to {arrival.progress}"
        seen[key] = max(seen[key], arrival.progress)


async def feed_faults(http: aiohttp.ClientSession, state: State, tokens: dict[str, str]) -> list[str]:
    """The feed, read page by page from its start, is the log: each event once, in its order."""
    log: dict[str, list[Entry]] = defaultdict(list)
    for entry in state.log:
        log[entry.account_id].append(entry)
    found = []
    for account_id, token in tokens.items():
        read = await _read_feed(http, account_id, token)
        written = [entry.id for entry in log[account_id]]
        if read != written:
            missing, extra = set(written) - set(read), len(read) - len(set(read))
            found.append(
                f"the feed of {account_id} has {len(read)} events ({extra} twice), the log {len(written)}; "
                f"{len(missing)} are missing"
            )
    return found


async def _read_feed(http: aiohttp.ClientSession, account_id: str, token: str) -> list[str]:
    ids: list[str] = []
    after = ""
    while True:
        query = {"limit": "1000"} | ({"after": after} if after else {})
        headers = {"Authorization": f"Bearer {token}"}
        async with http.get(f"/v1/accounts/{account_id}/events", params=query, headers=headers) as answer:
            answer.raise_for_status()
            page: Any = await answer.json()
        ids += [event["id"] for event in page["events"]]
        if page["next"] == after or not page["events"]:
            return ids
        after = page["next"]
