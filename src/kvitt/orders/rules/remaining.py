"""Of every line: what was authorized, captured, refunded and cancelled, and what is left to do. Derived, never stored.

All amounts are in minor units with the sign of their line: a reversal line has negative sums and negative remainders.
Operations that did not succeed count for nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from kvitt.orders.model import Item, Operation, OperationItem, Order, OrderRecord, Verb


class Sums(msgspec.Struct):
    """What happened to a line, or to an order."""

    authorized: int = 0
    captured: int = 0
    refunded: int = 0
    cancelled: int = 0


class Left(msgspec.Struct, frozen=True):
    """What may still be authorized, captured, refunded, cancelled of a line, or of an order."""

    authorize: int
    capture: int
    refund: int
    cancel: int

    def of(self, verb: Verb) -> int:
        match verb:
            case Verb.AUTHORIZE:
                return self.authorize
            case Verb.CAPTURE:
                return self.capture
            case Verb.REFUND:
                return self.refund
            case Verb.CANCEL:
                return self.cancel


def operations(order: Order, verb: Verb) -> tuple[Operation, ...]:
    match verb:
        case Verb.AUTHORIZE:
            return order.authorizations
        case Verb.CAPTURE:
            return order.captures
        case Verb.REFUND:
            return order.refunds
        case Verb.CANCEL:
            return order.cancellations


def amount_of(done: Iterable[Operation]) -> int:
    """The sum of those that succeeded."""
    return sum(operation.amount for operation in done if operation.success)


def sums(order: Order, authorization_id: str | None = None) -> dict[int, Sums]:
    """By line_id. With `authorization_id`, of what that authorization and the operations that name it did."""
    lines = {item.line_id: Sums() for item in order.items}
    for operation in order.authorizations:
        if operation.success and authorization_id in (None, operation.id):
            for part in operation.items:
                lines[part.line_id].authorized += part.amount
    for part in _parts(order.captures, authorization_id):
        lines[part.line_id].captured += part.amount
    for part in _parts(order.refunds, authorization_id):
        lines[part.line_id].refunded += part.amount
    for part in _parts(order.cancellations, authorization_id):
        lines[part.line_id].cancelled += part.amount
    return lines


def _parts(done: Iterable[Operation], authorization_id: str | None) -> Iterable[OperationItem]:
    for operation in done:
        if operation.success and authorization_id in (None, operation.authorization_id):
            yield from operation.items


def left(record: OrderRecord, authorization_id: str | None = None) -> dict[int, Left]:
    """By line_id. With `authorization_id`, of what may be captured, refunded and cancelled under that authorization.

    A closed order takes refunds alone; a cancelled one takes no new authorization and no capture. Money of a line
    goes back once: refunded, or given back by capturing a reversal line.
    """
    order = record.order
    overall = sums(order)
    under = sums(order, authorization_id) if authorization_id is not None else overall
    given_back = returned_by_reversals(order.items, overall)
    target_of = {item.line_id: target for target, item in reversals(order.items)}
    seen = {part.line_id for done in order.authorizations if done.success for part in done.items}
    live = order.status == "open"
    lines = {}
    for item in order.items:
        id = item.line_id
        done, here = overall[id], under[id]
        authorize = item.net - done.authorized
        if not live or (id in seen and not record.multiple_authorizations):
            authorize = 0
        uncaptured = here.authorized - here.captured - here.cancelled
        refund = here.captured - here.refunded
        capture = uncaptured if live else 0
        if id in given_back:
            refund = max(0, min(refund, done.captured - done.refunded - given_back[id]))
        elif (target := target_of.get(id)) is not None and overall[target].refunded:
            sold = overall[target]
            capture = max(capture, min(0, given_back[target] + sold.refunded - sold.captured))
        lines[id] = Left(
            authorize=authorize,
            capture=capture,
            refund=refund,
            cancel=uncaptured if order.status != "closed" else 0,
        )
    return lines


def left_of_order(order: Order, lines: dict[int, Left]) -> Left:
    """`lines`: what is left of each. A reversal line takes its part off what may be authorized, captured and cancelled.

    What may be refunded is that of the lines that were sold, and at most what the order holds.
    """
    each = lines.values()
    return Left(
        authorize=sum(line.authorize for line in each),
        capture=sum(line.capture for line in each),
        refund=min(received(order), sum(line.refund for line in each if line.refund > 0)),
        cancel=sum(line.cancel for line in each),
    )


def received(order: Order) -> int:
    """What the order holds: captures less refunds, never less than nothing."""
    return max(0, amount_of(order.captures) - amount_of(order.refunds))


def reversals(items: Iterable[Item]) -> Iterable[tuple[int, Item]]:
    """The negative lines that name the line they take back, with that line's id."""
    return ((item.related_item.line_id, item) for item in items if item.related_item is not None and item.net < 0)


def returned_by_reversals(items: Iterable[Item], done: dict[int, Sums]) -> dict[int, int]:
    """By reversed line, as a positive amount: what captured reversal lines gave back of it."""
    returned: dict[int, int] = {}
    for target, item in reversals(items):
        line = done[item.line_id]
        returned[target] = returned.get(target, 0) - (line.captured - line.refunded)
    return returned


def reversible(order: Order) -> dict[int, int]:
    """By line_id, for lines that were sold: how much of it may still be taken back by a reversal line.

    What it costs, less what was cancelled or refunded of it, less the reversal lines that stand already (but not what
    was cancelled or refunded of those).
    """
    done = sums(order)
    rest = {i.line_id: i.net - done[i.line_id].cancelled - done[i.line_id].refunded for i in order.items if i.net >= 0}
    for target, item in reversals(order.items):
        line = done[item.line_id]
        if target in rest:
            rest[target] += item.net - line.cancelled - line.refunded
    return rest
