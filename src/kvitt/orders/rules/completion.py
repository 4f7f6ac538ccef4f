"""A draft becomes an order, or adds its lines to one: what was sold is never edited, only added to or taken back."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import asdict, replace

from kvitt.core.errors import Problem, problem
from kvitt.orders.model import (
    MAX_LINES,
    DraftOptions,
    DraftOrder,
    DraftRecord,
    Item,
    Order,
    OrderContent,
    OrderRecord,
)
from kvitt.orders.rules.drafts import stamped
from kvitt.orders.rules.refusals import ExceedsReversible, InvalidDraft, OrderFull, OrderNotOpen, refuse_if
from kvitt.orders.rules.remaining import amount_of, reversible
from kvitt.orders.rules.status import payment_status
from kvitt.orders.rules.totals import totals


def new_order(record: DraftRecord, *, id: str, number: str, now: datetime, by: str) -> tuple[DraftRecord, OrderRecord]:
    """The draft, completed, and the order it became. `number` is the order_id."""
    draft = record.draft
    refuse_empty(draft.order.items)
    check_new(draft.order.items)
    members = {name: getattr(draft.order, name) for name in OrderContent.__struct_fields__}
    members["items"] = items = tuple(stamped(item, 1) for item in draft.order.items)
    members["order_id"] = number
    members["store"] = draft.order.store or draft.store
    order = Order(
        **members,
        **asdict(totals(items)),
        id=id,
        status="open",
        payment_status="pending",
        version=1,
        created_at=now,
        created_by=by,
        updated_at=now,
        authorizations=(),
        captures=(),
        refunds=(),
        cancellations=(),
    )
    order = replace(order, payment_status=payment_status(order))
    multiple = draft.options is not None and bool(draft.options.multiple_authorizations)
    made = OrderRecord(order=order, draft_ids=(draft.id,), multiple_authorizations=multiple)
    return completed(record, id, now), made


def added_lines(
    record: DraftRecord, target: OrderRecord, *, version: int, now: datetime
) -> tuple[DraftRecord, OrderRecord]:
    """The draft, completed, and the order with its lines. Only lines are added. `version` is the one the order gets."""
    refuse_empty(record.draft.order.items)
    check_addition(target, record.draft.order, record.draft.options)
    items = (*target.order.items, *(stamped(item, version) for item in record.draft.order.items))
    order = replace(target.order, items=items, **asdict(totals(items)), version=version, updated_at=now)
    order = replace(order, payment_status=payment_status(order))
    changed = replace(target, order=order, draft_ids=(*target.draft_ids, record.draft.id))
    return completed(record, order.id, now), changed


def completed(record: DraftRecord, order_id: str, now: datetime) -> DraftRecord:
    draft = replace(record.draft, status="completed", version=record.draft.version + 1, updated_at=now)
    return replace(record, draft=draft, order_ids=(order_id,))


def refuse_empty(items: tuple[Item, ...]) -> None:
    if not items:
        message = "a draft needs at least one item to be completed"
        raise InvalidDraft(message, problem(message, "order.items"))


def check_new(items: tuple[Item, ...]) -> None:
    """Reversal lines of a new order take back lines of the same draft, and leave nothing negative."""
    _check_related({}, {}, items)
    total = totals(items).net_amount
    if total < 0:
        message = f"the lines come to {total}: an order's total cannot be negative"
        raise InvalidDraft(message, problem(message, "order.items"))


def check_addition(target: OrderRecord, added: DraftOrder, options: DraftOptions | None) -> None:
    """Raises when these lines cannot be added: 400 for what is wrong in the draft, 409 for what the order forbids."""
    order = target.order
    if order.status != "open":
        raise OrderNotOpen(f"order {order.order_id} is {order.status}: nothing can be added to it")
    faults = []
    if added.currency != order.currency:
        message = f"order {order.order_id} is in {order.currency}, the draft in {added.currency}"
        faults.append(problem(message, "order.currency"))
    if options is not None and options.multiple_authorizations and not target.multiple_authorizations:
        message = f"order {order.order_id} was made without multiple_authorizations, and stays so"
        faults.append(problem(message, "options.multiple_authorizations"))
    known = {item.line_id: item for item in order.items}
    for index, item in enumerate(added.items):
        if item.line_id in known:
            message = f"order {order.order_id} has a line {item.line_id} already"
            faults.append(problem(message, f"order.items.{index}.line_id", line_id=item.line_id))
    refuse_if(faults, InvalidDraft)
    if len(order.items) + len(added.items) > MAX_LINES:
        raise OrderFull(f"an order takes at most {MAX_LINES} lines; it has {len(order.items)}")
    _check_related(known, reversible(order), added.items)
    left = order.net_amount - amount_of(order.cancellations)
    if left + added.net_amount < 0:
        message = f"the lines take {-added.net_amount} off an order of which {left} is left"
        raise ExceedsReversible(message, problem(message, "order.items", requested=added.net_amount, left=left))


def _check_related(known: dict[int, Item], rest: dict[int, int], added: tuple[Item, ...]) -> None:
    """`rest`: what may be taken back of each known line. Added lines may take back each other."""
    lines = known | {item.line_id: item for item in added}
    rest = rest | {item.line_id: item.net for item in added if item.net >= 0}
    faults: list[Problem] = []
    beyond: list[Problem] = []
    for index, item in enumerate(added):
        if item.related_item is None:
            continue
        path, target = f"order.items.{index}", item.related_item.line_id
        if target not in lines or target == item.line_id:
            message = f"line {item.line_id} names line {target} as related_item, and there is no such other line"
            faults.append(problem(message, f"{path}.related_item.line_id", line_id=target))
        elif item.net < 0 and target not in rest:
            message = f"line {target} takes back a line itself, so line {item.line_id} cannot take it back"
            faults.append(problem(message, f"{path}.related_item.line_id", line_id=target))
        elif item.net < 0:
            if -item.net > rest[target]:
                message = (
                    f"line {item.line_id} takes {-item.net} back of line {target}, of which {rest[target]} is left"
                )
                details = {"line_id": target, "requested": item.net, "left": rest[target]}
                beyond.append(problem(message, f"{path}.gross_amount", **details))
            rest[target] += item.net
    refuse_if(faults, InvalidDraft)
    refuse_if(beyond, ExceedsReversible)
