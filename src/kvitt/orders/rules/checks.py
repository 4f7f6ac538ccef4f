"""Whether a draft can become an order, be added to one, or replace one, as things stand."""

from __future__ import annotations

from kvitt.core.errors import Problem, problem
from kvitt.orders.model import MAX_LINES, Draft, DraftOptions, DraftOrder, Item, Order, OrderRecord, Verb
from kvitt.orders.rules.options import splits
from kvitt.orders.rules.refusals import (
    ExceedsReversible,
    InvalidDraft,
    NotReplaceable,
    OrderFull,
    OrderNotOpen,
    refuse_if,
)
from kvitt.orders.rules.remaining import amount_of, operations, reversible
from kvitt.orders.rules.split import shares
from kvitt.orders.rules.totals import totals


def refuse_empty(items: tuple[Item, ...]) -> None:
    if not items:
        message = "a draft needs at least one item to be completed"
        raise InvalidDraft(message, problem(message, "order.items"))


def check_new(draft: Draft) -> None:
    """Reversal lines of a new order take back lines of the same order, and leave nothing negative."""
    _check_related({}, {}, draft.order.items)
    for share in shares(draft):
        total = totals(share.items).net_amount
        if total < 0:
            of = f" of store {share.store.id}" if share.store is not None and splits(draft.options) else ""
            message = f"the lines{of} come to {total}: an order's total cannot be negative"
            raise InvalidDraft(message, problem(message, "order.items"))


def check_replacement(target: OrderRecord, draft: Draft) -> None:
    """An order is replaced as long as it is open and nothing was registered on it, not even what failed.

    Nor is one that has sessions: a customer could pay what it held before.
    """
    check_new(draft)
    _refuse_unless_open(target.order)
    if any(operations(target.order, verb) for verb in Verb):
        message = f"order {target.order.order_id} has payment operations: lines can be added to it, nothing replaced"
        raise NotReplaceable(message, problem(message, "options.replace"))
    if target.order.sessions:
        message = f"order {target.order.order_id} has sessions: a customer may be paying what it holds now"
        raise NotReplaceable(message, problem(message, "options.replace"))


def check_addition(target: OrderRecord, added: DraftOrder, options: DraftOptions | None) -> None:
    """Raises when these lines cannot be added: 400 for what is wrong in the draft, 409 for what the order forbids."""
    order = target.order
    _refuse_unless_open(order)
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


def _refuse_unless_open(order: Order) -> None:
    if order.status != "open":
        message = f"order {order.order_id} is {order.status}: nothing can be added to it"
        raise OrderNotOpen(message, problem(message, "options.order_id"))


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
