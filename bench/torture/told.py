"""What callers were told: all of it is there, and each thing that was asked for happened once at most."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from bench.torture.calls import Told
from bench.torture.journey import Journey
from bench.torture.state import State

_MONEY = {"capture": "CAPTURE", "refund": "REFUND"}
_MARKED = frozenset(("draft", "session", "capture", "refund"))
_ORDER_VERBS = ("authorizations", "captures", "refunds", "cancellations")


def faults(state: State, journeys: Iterable[Journey]) -> Iterator[str]:
    """Everything that is wrong, once all has settled."""
    effects = _effects(state)
    orders = {record["order"]["order_id"]: record for record in state.orders.values()}
    of_draft = Counter(id for record in state.orders.values() for id in record.get("draft_ids", ()))
    for journey in journeys:
        for told in journey.told:
            if told.kind in _MARKED or told.kind.startswith("order "):
                yield from _marked(told, effects[told.kind, told.mark])
            elif told.outcome == "done":
                yield from _kept(state, journey, told)
        if journey.draft_id and of_draft[journey.draft_id] > 1:
            yield f"draft {journey.draft_id} became {of_draft[journey.draft_id]} orders"
        if journey.order_id and journey.order_id not in orders:
            yield f"order {journey.order_id} was answered and is not there"
        if journey.session_id and journey.session_id not in state.sessions:
            yield f"session {journey.session_id} was answered and is not there"
        if journey.transaction_id and journey.transaction_id not in state.transactions:
            yield f"transaction {journey.transaction_id} was answered and is not there"


def _effects(state: State) -> dict[tuple[str, str], list[int]]:
    """By kind and mark: the amounts of what happened. (Drafts and sessions have none: 0.)"""
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    for record in state.drafts.values():
        found["draft", record["draft"]["order"].get("metadata", {}).get("mark", "")].append(0)
    for record in state.sessions.values():
        found["session", record["session"]["order"]["merchant_reference"]].append(0)
    for record in state.transactions.values():
        for event in record["transaction"].get("events", []):
            for verb, name in _MONEY.items():
                if event["event"] == name and event["success"]:
                    found[verb, event.get("event_reference", "")].append(event["amount"])
    for record in state.orders.values():
        for verb in _ORDER_VERBS:
            for operation in record["order"].get(verb) or []:
                found[f"order {verb}", operation.get("metadata", {}).get("mark", "")].append(operation["amount"])
    return found


def _marked(told: Told, amounts: list[int]) -> Iterator[str]:
    what = f"{told.kind} {told.mark}, {'with' if told.keyed else 'without'} a key, told {told.outcome}"
    if len(amounts) > 1:
        yield f"{what}: happened {len(amounts)} times"
    if told.outcome == "done" and not amounts:
        yield f"{what}: is not there"
    if told.outcome in ("refused", "busy") and amounts:
        yield f"{what} ({told.status}): happened all the same"
    if amounts and amounts[0] != told.amount:
        yield f"{what}: {told.amount} was asked for, {amounts[0]} moved"


def _kept(state: State, journey: Journey, told: Told) -> Iterator[str]:
    """What has no mark of its own is looked for where it belongs."""
    record: Any = state.transactions.get(journey.transaction_id, {})
    done = Counter(attempt["verb"] for attempt in record.get("attempts", []) if attempt["status"] == "done")
    if told.kind == "complete":
        if not state.drafts.get(journey.draft_id, {}).get("order_ids"):
            yield f"draft {journey.draft_id} was answered as completed and is not"
    elif told.kind == "pay":
        if done["authorize"] != 1:
            yield f"session {journey.session_id} was answered as paid; it has {done['authorize']} authorizations"
    elif told.kind == "void":
        if done["void"] != 1:
            yield f"transaction {journey.transaction_id} was answered as voided; it has {done['void']} voids"
    elif told.kind in ("cancel", "abandon"):
        session = state.sessions.get(journey.session_id, {}).get("session", {})
        if "cancelled_at" not in session:
            yield f"session {journey.session_id} was answered as cancelled and is not"
