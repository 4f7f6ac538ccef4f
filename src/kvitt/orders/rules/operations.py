"""Registering an authorization, a capture, a refund or a cancellation: one rule, the verb is an argument.

Malformed requests are refused before the state is looked at (400), what the state forbids after (409); each refusal
names every line at fault, what was asked and what was left. An operation that did not succeed is recorded whatever
is left: it changes no sum.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from msgspec.structs import replace

from kvitt.core.errors import Conflicting, Problem, problem
from kvitt.orders.model import MAX_OPERATIONS, Operation, OperationRequest, Order, OrderRecord, Verb
from kvitt.orders.rules.refusals import (
    AlreadyAuthorized,
    AuthorizationRequired,
    DuplicateLine,
    ExceedsAuthorized,
    ExceedsCaptured,
    ExceedsLine,
    ExceedsReceived,
    GivenBackTwice,
    OrderFull,
    OrderNotOpen,
    UnknownAuthorization,
    UnknownLine,
    WrongSign,
    refuse_if,
)
from kvitt.orders.rules.remaining import Left, left, operations, received, returned_by_reversals, reversals, sums
from kvitt.orders.rules.status import payment_status, status

_EXCEEDS: dict[Verb, tuple[type[Conflicting], str]] = {
    Verb.AUTHORIZE: (ExceedsLine, "left to authorize"),
    Verb.CAPTURE: (ExceedsAuthorized, "authorized and not yet captured or cancelled"),
    Verb.REFUND: (ExceedsCaptured, "captured and not yet given back"),
    Verb.CANCEL: (ExceedsAuthorized, "authorized and not yet captured or cancelled"),
}


def register(
    record: OrderRecord, verb: Verb, request: OperationRequest, *, id: str, now: datetime, by: str, version: int
) -> tuple[OrderRecord, Operation]:
    """The order with the operation on it, and the operation. `version` is the one the order gets."""
    success = request.success is not False
    refuse_malformed(record, verb, request)
    if success:
        refuse_by_state(record, verb, request)
    if len(operations(record.order, verb)) >= MAX_OPERATIONS:
        raise OrderFull(f"an order takes at most {MAX_OPERATIONS} {verb}")
    operation = Operation(
        id=id,
        items=request.items,
        amount=sum(part.amount for part in request.items),
        success=success,
        created_at=now,
        created_by=by,
        processed_at=request.processed_at,
        processed_by=request.processed_by,
        payment_details=request.payment_details,
        metadata=request.metadata,
        authorization_id=_named_authorization(record, verb, request),
        links=(),
    )
    order = _with(record.order, verb, operation)
    order = replace(
        order,
        payment_status=payment_status(order),
        status=status(order),
        version=version,
        updated_at=max(now, order.updated_at),
    )
    return replace(record, order=order), operation


def refuse_malformed(record: OrderRecord, verb: Verb, request: OperationRequest) -> None:
    """400: faults that no state of the order's money would mend."""
    net = {item.line_id: item.net for item in record.order.items}
    times = Counter(part.line_id for part in request.items)
    unknown: list[Problem] = []
    twice: list[Problem] = []
    wrong: list[Problem] = []
    for index, part in enumerate(request.items):
        path = f"items.{index}"
        if part.line_id not in net:
            unknown.append(problem(f"the order has no line {part.line_id}", f"{path}.line_id", line_id=part.line_id))
        elif times[part.line_id] > 1:
            twice.append(problem(f"line {part.line_id} is named twice", f"{path}.line_id", line_id=part.line_id))
        elif why := _wrong_sign(part.amount, net[part.line_id]):
            message = f"line {part.line_id}: {why}"
            wrong.append(problem(message, f"{path}.amount", line_id=part.line_id, requested=part.amount))
    refuse_if(unknown, UnknownLine)
    refuse_if(twice, DuplicateLine)
    refuse_if(wrong, WrongSign)
    if record.multiple_authorizations and verb is not Verb.AUTHORIZE and not request.authorization_id:
        message = f"authorization_id is required: the order takes several authorizations, so a {verb.noun} names one"
        raise AuthorizationRequired(message, problem(message, "authorization_id"))


def refuse_by_state(record: OrderRecord, verb: Verb, request: OperationRequest) -> None:
    """409: what the order's state or its money does not allow."""
    order = record.order
    if order.status == "closed" and verb is not Verb.REFUND:
        raise OrderNotOpen(f"the order is closed: it takes refunds, and no {verb}")
    if order.status == "cancelled" and verb in (Verb.AUTHORIZE, Verb.CAPTURE):
        raise OrderNotOpen(f"the order is cancelled: it takes no new {verb}")
    authorization_id = _named_authorization(record, verb, request)
    if authorization_id is not None and not _is_authorization(order, authorization_id):
        message = f"the order has no successful authorization {authorization_id}"
        raise UnknownAuthorization(message, problem(message, "authorization_id"))
    if verb is Verb.AUTHORIZE and not record.multiple_authorizations:
        _refuse_second_authorization(order, request)
    if verb is Verb.CAPTURE:
        _refuse_giving_back_twice(order, request)
    _refuse_beyond(left(record, authorization_id), verb, request)
    if verb in (Verb.CAPTURE, Verb.REFUND):
        _refuse_beyond_received(order, verb, request)


def _refuse_beyond(remaining: dict[int, Left], verb: Verb, request: OperationRequest) -> None:
    refusal, words = _EXCEEDS[verb]
    beyond = []
    for index, part in enumerate(request.items):
        rest = remaining[part.line_id].of(verb)
        if abs(part.amount) > abs(rest) or part.amount * rest < 0:
            beyond.append(
                problem(
                    f"line {part.line_id}: {part.amount} asked, {rest} {words}",
                    f"items.{index}.amount",
                    line_id=part.line_id,
                    requested=part.amount,
                    left=rest,
                )
            )
    refuse_if(beyond, refusal)


def _refuse_beyond_received(order: Order, verb: Verb, request: OperationRequest) -> None:
    """Refunds, and captures of negative lines, give back what came in and never more, whatever their lines allow."""
    asked = sum(part.amount for part in request.items)
    back = asked if verb is Verb.REFUND else -asked
    holds = received(order)
    if back > holds:
        message = f"this gives back {back}, and the order holds {holds}: captures less refunds"
        raise ExceedsReceived(message, problem(message, "items", requested=back, left=holds))


def _refuse_second_authorization(order: Order, request: OperationRequest) -> None:
    first = {part.line_id: done.id for done in order.authorizations if done.success for part in done.items}
    refuse_if(
        [
            problem(
                f"line {part.line_id} was authorized before; several authorizations of one line need an order made "
                "with options.multiple_authorizations",
                f"items.{index}.line_id",
                line_id=part.line_id,
                requested=part.amount,
                left=0,
                authorization_id=first[part.line_id],
            )
            for index, part in enumerate(request.items)
            if part.line_id in first
        ],
        AlreadyAuthorized,
    )


def _refuse_giving_back_twice(order: Order, request: OperationRequest) -> None:
    """Money of a line goes back once: refunded, or given back by a reversal line, together never more than captured."""
    target_of = {item.line_id: target for target, item in reversals(order.items)}
    if not target_of:
        return
    done = sums(order)
    for part in request.items:
        done[part.line_id].captured += part.amount
    returned = returned_by_reversals(order.items, done)
    twice = []
    for index, part in enumerate(request.items):
        target = target_of.get(part.line_id)
        if target is None or not done[target].refunded:
            continue
        over = done[target].refunded + returned[target] - done[target].captured
        if over > 0:
            rest = min(0, part.amount + over)
            twice.append(
                problem(
                    f"line {part.line_id}: {part.amount} asked, {rest} left: line {target}, which it takes back, "
                    f"was refunded {done[target].refunded}",
                    f"items.{index}.amount",
                    line_id=part.line_id,
                    requested=part.amount,
                    left=rest,
                )
            )
    refuse_if(twice, GivenBackTwice)


def _wrong_sign(amount: int, net: int) -> str | None:
    if amount == 0 and net != 0:
        return "the amount must not be 0"
    if amount * net < 0 or (net == 0 and amount != 0):
        words = (
            "negative, as the line is" if net < 0 else "0, as the line is" if net == 0 else "positive, as the line is"
        )
        return f"the amount must be {words}"
    return None


def _named_authorization(record: OrderRecord, verb: Verb, request: OperationRequest) -> str | None:
    """authorization_id means something on orders with several authorizations only; elsewhere it is not kept."""
    return request.authorization_id if record.multiple_authorizations and verb is not Verb.AUTHORIZE else None


def _is_authorization(order: Order, id: str) -> bool:
    return any(done.id == id and done.success for done in order.authorizations)


def _with(order: Order, verb: Verb, operation: Operation) -> Order:
    match verb:
        case Verb.AUTHORIZE:
            details = operation.payment_details if operation.success else None
            return replace(
                order,
                authorizations=(*order.authorizations, operation),
                payment_details=details or order.payment_details,
            )
        case Verb.CAPTURE:
            return replace(order, captures=(*order.captures, operation))
        case Verb.REFUND:
            return replace(order, refunds=(*order.refunds, operation))
        case Verb.CANCEL:
            return replace(order, cancellations=(*order.cancellations, operation))
