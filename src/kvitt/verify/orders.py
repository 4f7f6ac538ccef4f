"""An order, re-derived from its lines and its operations; and compared with what the log says of it.

Every write of an order appends one event, so an order at version n has the events of the versions 1 to n.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from kvitt.verify.documents import Line, Operation, Order, OrderSession, read_order, read_order_entry
from kvitt.verify.report import Fault

_KINDS = ("authorizations", "captures", "refunds", "cancellations")


def order_faults(row: Any, events: Sequence[Any]) -> Iterator[Fault]:
    """`row`: account_id, id, version, order_id, status, payment_status, doc. `events`: account_id, object_id, version,
    data, in the order of versions; what stands before `status` may be missing."""
    _, id, version, number, status, payment_status, doc = row
    try:
        document = read_order(doc)
    except msgspec.DecodeError as error:
        yield Fault("the document", "an order", f"what cannot be read: {error}")
        return
    order = document.order
    if document.removed:
        yield from _removed(order, (number, status, payment_status))
        yield from _log(order, version, events)
        return
    yield from unequal(
        ("id in the document", id, order.id),
        ("version in the document", version, order.version),
        ("number in the document", number, order.order_id),
        ("column status", order.status, status),
        ("column payment_status", order.payment_status, payment_status),
    )
    yield from _totals(order)
    yield from _ceilings(order)
    derived = "cancelled" if order.cancelled_at else "closed" if order.closed_at else "open"
    yield from unequal(
        ("status", derived, order.status), ("payment_status", _payment_status(order), order.payment_status)
    )
    yield from _log(order, version, events)


def _removed(order: Order, columns: tuple[Any, ...]) -> Iterator[Fault]:
    """No list and no number leads to it, and no money: what had any is kept."""
    yield from unequal(
        ("columns of a removed order", (None, None, None), columns),
        ("lines of a removed order", 0, len(order.items)),
        ("operations of a removed order", 0, sum(len(getattr(order, kind)) for kind in _KINDS)),
    )


def unequal(*compared: tuple[str, Any, Any]) -> Iterator[Fault]:
    """A fault for each (what, expected, found) whose two sides differ."""
    return (Fault(*each) for each in compared if each[1] != each[2])


def _net(line: Line) -> int:
    if line.net_amount is not None:
        return line.net_amount
    return line.gross_amount - sum(discount.amount for discount in line.discount_lines or ())


def _totals(order: Order) -> Iterator[Fault]:
    gross = sum(line.gross_amount for line in order.items)
    net = sum(_net(line) for line in order.items)
    manual = sum(d.amount for line in order.items for d in line.discount_lines or () if d.discount_type == "manual")
    yield from unequal(
        ("gross_amount", gross, order.gross_amount),
        ("net_amount", net, order.net_amount),
        ("total_discount", gross - net, order.total_discount),
        ("total_manual_discount_amount", manual, order.total_manual_discount_amount),
    )
    for kind in _KINDS:
        for operation in getattr(order, kind):
            summed = sum(part.amount for part in operation.items)
            yield from unequal((f"amount of {kind} {operation.id}", summed, operation.amount))
    for session in order.sessions:
        summed = sum(line.amount for line in session.items)
        yield from unequal((f"amount of session {session.id}", summed, session.amount))


def _sum(operations: Sequence[Operation]) -> int:
    return sum(part.amount for done in operations if done.success for part in done.items)


def _payment_status(order: Order) -> str:
    """What is owed is what the lines cost less what was cancelled of them."""
    captured, refunded, cancelled = _sum(order.captures), _sum(order.refunds), _sum(order.cancellations)
    owed = sum(_net(line) for line in order.items) - cancelled
    if refunded > 0:
        return "partially_refunded" if refunded < captured else "refunded"
    if captured > 0:
        return "partially_paid" if captured < owed else "paid"
    free = owed == 0 and captured == 0 and cancelled == 0
    return "paid" if free else "pending"


def _ceilings(order: Order) -> Iterator[Fault]:
    """Line by line, and for each authorization that others name; a reversal line's amounts are all negative."""
    lines = {line.line_id: _net(line) for line in order.items}
    if len(lines) != len(order.items):
        yield Fault("lines", "each line_id once", [line.line_id for line in order.items])
    done = _moved(order)
    named_by_others = {o.authorization_id for kind in _KINDS[1:] for o in getattr(order, kind) if o.success}
    for (authorization, line_id), signed in done.items():
        if authorization is not None and authorization not in named_by_others:
            continue
        where = f"line {line_id}" + (f" of authorization {authorization}" if authorization else "")
        if line_id not in lines:
            yield Fault(where, "a line of the order", dict(signed))
            continue
        sums = signed if lines[line_id] >= 0 else Counter({kind: -amount for kind, amount in signed.items()})
        authorized, captured = sums["authorizations"], sums["captures"]
        refunded, cancelled = sums["refunds"], sums["cancellations"]
        if authorized > abs(lines[line_id]):
            yield Fault(f"authorized of {where}", f"at most {abs(lines[line_id])}", authorized)
        if captured + cancelled > authorized:
            yield Fault(f"captured and cancelled of {where}", f"at most {authorized}", captured + cancelled)
        if refunded > captured:
            yield Fault(f"refunded of {where}", f"at most {captured}", refunded)
        if min(sums.values()) < 0:
            yield Fault(f"amounts of {where}", "none below zero", dict(sums))
    if _sum(order.refunds) > max(_sum(order.captures), 0):
        yield Fault("refunded of the order", f"at most {_sum(order.captures)}", _sum(order.refunds))


def _moved(order: Order) -> dict[tuple[str | None, int], Counter[str]]:
    """By authorization (None: over all of them) and line: what was done of each kind."""
    done: dict[tuple[str | None, int], Counter[str]] = defaultdict(Counter)
    for kind in _KINDS:
        for operation in getattr(order, kind):
            named = operation.id if kind == "authorizations" else operation.authorization_id
            for part in operation.items if operation.success else ():
                done[None, part.line_id][kind] += part.amount
                if named is not None:
                    done[named, part.line_id][kind] += part.amount
    return done


def _versions(version: int, events: Sequence[Any]) -> Iterator[Fault]:
    counted = Counter(event[2] for event in events)
    for missing in [n for n in range(1, version + 1) if n not in counted][:20]:
        yield Fault(f"log entry of version {missing}", "one", None)
    for found, times in counted.items():
        if times > 1 or not 1 <= found <= version:
            yield Fault(f"log entry of version {found}", "one" if 1 <= found <= version else None, times)


def _log(order: Order, version: int, events: Sequence[Any]) -> Iterator[Fault]:
    if [event[2] for event in events] != list(range(1, version + 1)):
        yield from _versions(version, events)
    told: dict[tuple[str, str], Operation] = {}
    sessions: dict[str, OrderSession] = {}
    for _, _, at, data in events:
        try:
            entry = read_order_entry(b"{" + data[2:] if data.startswith(b'},"status":') else data)
        except msgspec.DecodeError as error:
            yield Fault(f"log entry of version {at}", "an entry", f"what cannot be read: {error}")
            continue
        if entry.operation is not None:
            told[entry.verb or "", entry.operation.id] = entry.operation
        if entry.session is not None:
            sessions[entry.session.id] = entry.session
        if at == version:
            yield from unequal(
                ("status in the log's last entry", order.status, entry.status),
                ("payment_status in the log's last entry", order.payment_status, entry.payment_status),
            )
    for kind in _KINDS:
        for operation in getattr(order, kind):
            if (heard := told.pop((kind, operation.id), None)) != operation:
                yield Fault(f"{kind} {operation.id} in the log", _short(operation), heard and _short(heard))
    for (kind, id), operation in told.items():
        yield Fault(f"{kind} {id} in the document", _short(operation), None)
    yield from _sessions(order, sessions)


def _sessions(order: Order, told: dict[str, OrderSession]) -> Iterator[Fault]:
    kept = {session.id: session for session in order.sessions}
    for id in kept | told:
        if (heard := told.get(id)) != (found := kept.get(id)):
            yield Fault(f"session {id}", heard and _asked(heard), found and _asked(found))


def _asked(session: OrderSession) -> str:
    lines = ", ".join(f"line {part.line_id}: {part.amount}" for part in session.items[:5])
    return f"{session.amount} ({lines})"


def _short(operation: Operation) -> str:
    lines = ", ".join(f"line {part.line_id}: {part.amount}" for part in operation.items[:5])
    return f"{operation.amount} ({lines}), {'done' if operation.success else 'not done'}"
