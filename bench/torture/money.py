"""The inside: is every transaction and order whole, do the provider's books say the same, is the log complete?

Knows what must hold in plain words and sums; shares no code with kvitt's own rules.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from bench.torture.state import Entry, State

_DONE_EVENT = {"authorize": "AUTHORIZE", "capture": "CAPTURE", "refund": "REFUND", "void": "VOID"}
_NEWS = {
    "authorize": "transaction.authorized",
    "capture": "transaction.captured",
    "refund": "transaction.refunded",
    "void": "transaction.voided",
}
_ORDER_NEWS = {
    "authorizations": "order.authorization_added",
    "captures": "order.capture_added",
    "refunds": "order.refund_added",
    "cancellations": "order.cancellation_added",
}


def faults(state: State) -> Iterator[str]:
    """Everything that is wrong, once all has settled."""
    log = state.log_of()
    of_session: Counter[str] = Counter()
    for id, record in state.transactions.items():
        of_session[record["transaction"]["session_id"]] += 1
        for text in _transaction(state, record, log.get(("transaction", id), [])):
            yield f"transaction {id}: {text}"
    yield from (f"session {id} has {count} transactions" for id, count in of_session.items() if count > 1)
    for id, record in state.orders.items():
        yield from (f"order {id}: {text}" for text in _order(record["order"], log.get(("order", id), [])))
    for id, record in state.drafts.items():
        yield from (f"draft {id}: {text}" for text in _draft(record, log.get(("draft", id), [])))
    for (kind, id), entries in log.items():
        yield from (f"{kind} {id}: {text}" for text in _entries(state, kind, id, entries))
    yield from _books(state)


def _transaction(state: State, record: dict[str, Any], log: list[Entry]) -> Iterator[str]:
    transaction, attempts = record["transaction"], record.get("attempts", [])
    events = transaction.get("events", [])
    if [event["id"] for event in events] != [str(n) for n in range(1, len(events) + 1)]:
        yield f"its events are numbered {[event['id'] for event in events]}"
    told = [event["id"] for event in events if event["event"].startswith("INITIATE_") and event["success"]]
    if len(told) > len(attempts):
        yield f"tells of {len(told)} open outcomes and had {len(attempts)} attempts"
    happened: dict[str, list[int]] = defaultdict(list)
    for event in events:
        if event["success"] and "amount" in event:
            happened[event["event"]].append(event["amount"])
    remainder = sum(
        _remainder(attempts, transaction["amount"])
        for attempt in attempts
        if attempt.get("final") and attempt["status"] == "done"
    )
    done: dict[str, list[int]] = defaultdict(list)
    for attempt in attempts:
        if attempt["status"] not in ("done", "refused"):
            yield f"the attempt to {attempt['verb']} {attempt['id']} is still {attempt['status']}"
        elif attempt["status"] == "done":
            done[attempt["verb"]].append(attempt["amount"])
    for verb, name in _DONE_EVENT.items():
        wanted = sorted(done[verb] + ([remainder] if verb == "void" and remainder else []))
        if sorted(happened[name]) != wanted:
            yield f"its {name} events are {sorted(happened[name])}, its attempts to {verb} {wanted}"
        news = sum(entry.type == _NEWS[verb] for entry in log)
        if news != len(done[verb]):
            yield f"the log tells {news} times of {_NEWS[verb]}, there were {len(done[verb])}"
    yield from _sums(transaction, {verb: sum(amounts) for verb, amounts in done.items()}, remainder)


def _remainder(attempts: list[dict[str, Any]], authorized: int) -> int:
    """What the final capture gave free: all that no capture took."""
    captured = [each["amount"] for each in attempts if (each["verb"], each["status"]) == ("capture", "done")]
    return authorized - int(sum(captured))


def _sums(transaction: dict[str, Any], sums: dict[str, int], remainder: int) -> Iterator[str]:
    total = transaction["amount"]
    authorized, captured, refunded = (sums.get(verb, 0) for verb in ("authorize", "capture", "refund"))
    voided = sums.get("void", 0) + remainder
    if authorized not in (0, total):
        yield f"{authorized} of {total} was authorized"
    if captured + voided > authorized:
        yield f"{captured} captured and {voided} voided of {authorized}"
    if refunded > captured:
        yield f"{refunded} refunded of {captured}"
    if not authorized:
        wanted = {"INITIATED", "DECLINED", "FAILED", "AUTHORIZATION_VOIDED"}
    elif not captured:
        wanted = {"AUTHORIZATION_VOIDED" if voided else "AUTHORIZED"}
    elif captured + voided < authorized:
        wanted = {"PARTIALLY_CAPTURED_REFUNDED" if refunded else "PARTIALLY_CAPTURED"}
    else:
        wanted = {"CAPTURED" if not refunded else "REFUNDED" if refunded == captured else "PARTIALLY_REFUNDED"}
    if transaction["status"] not in wanted:
        yield f"is {transaction['status']}; its sums make it {' or '.join(sorted(wanted))}"


def _books(state: State) -> Iterator[str]:
    """Attempt by attempt: what the provider did is what we know it did."""
    ours = {
        attempt["id"]: (id, attempt["verb"], attempt["amount"], attempt["status"])
        for id, record in state.transactions.items()
        for attempt in record.get("attempts", [])
    }
    for attempt_id, (payment_id, verb, amount, status) in ours.items():
        found = state.books.get(attempt_id)
        if found is None:
            if status == "done":
                yield f"transaction {payment_id}: to {verb} {amount} is done; the provider knows nothing of it"
        elif (found.payment_id, found.verb, found.amount) != (payment_id, verb, amount):
            yield f"attempt {attempt_id} is {verb} {amount} of {payment_id}; the provider knows {found}"
        elif (found.outcome == "done") != (status == "done"):
            yield f"transaction {payment_id}: to {verb} {amount} is {status}; the provider says {found.outcome}"
    for attempt_id in state.books.keys() - ours.keys():
        yield f"the provider knows an attempt {attempt_id} that we do not: {state.books[attempt_id]}"


def _order(order: dict[str, Any], log: list[Entry]) -> Iterator[str]:
    lines = {item["line_id"]: item["gross_amount"] for item in order["items"]}
    if order["gross_amount"] != sum(lines.values()):
        yield f"costs {order['gross_amount']}, its lines {sum(lines.values())}"
    sums: dict[str, Counter[int]] = {}
    for verb, news in _ORDER_NEWS.items():
        operations = order.get(verb) or []
        sums[verb] = Counter()
        for operation in operations:
            for item in operation["items"]:
                sums[verb][item["line_id"]] += item["amount"] if operation["success"] else 0
        if len(operations) != (told := sum(entry.type == news for entry in log)):
            yield f"has {len(operations)} {verb}, the log tells of {told}"
    for line, gross in lines.items():
        authorized, captured, refunded, cancelled = (sums[verb][line] for verb in _ORDER_NEWS)
        if authorized > gross or captured + cancelled > authorized or refunded > captured:
            yield (
                f"line {line} of {gross}: authorized {authorized}, captured {captured}, cancelled {cancelled}, "
                f"refunded {refunded}"
            )
    if sum(entry.type == "order.created" for entry in log) != 1:
        yield "is not told of once"


def _draft(record: dict[str, Any], log: list[Entry]) -> Iterator[str]:
    completed = record["draft"]["status"] == "completed"
    if len(record.get("order_ids", ())) != completed:
        yield f"is {record['draft']['status']} and became {record.get('order_ids')}"
    told = [entry.type for entry in log]
    if told != ["draft.created", *(["draft.completed"] if completed else [])]:
        yield f"the log tells of {told}"


def _entries(state: State, kind: str, id: str, entries: list[Entry]) -> Iterator[str]:
    """An event is committed with the row it tells of, or not at all; of one object they come in order."""
    versions = [entry.version for entry in entries]
    if versions != sorted(set(versions)):
        yield f"the log has its versions {versions}"
    if kind in ("draft", "order", "session", "transaction") and versions[-1] > state.versions.get((kind, id), 0):
        yield f"the log tells of version {versions[-1]}, the row is at {state.versions.get((kind, id))}"
