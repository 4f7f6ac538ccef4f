"""Changing what may be changed of an order. What was sold, and for how much, is changed by drafts, not here.

A caller who read the order may send it back whole: members that cannot be changed are let through as they stand, and
refused with their place when they differ.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
from msgspec.structs import replace

from kvitt.core.errors import Problem, problem
from kvitt.core.reply import encode
from kvitt.orders.model import Item, Order, OrderRecord
from kvitt.orders.model.lines import DiscountLine, ExchangeRate
from kvitt.orders.model.updates import ItemUpdate, OrderUpdate
from kvitt.orders.rules.events import touched
from kvitt.orders.rules.refusals import InvalidUpdate, UnknownLine, refuse_if
from kvitt.orders.rules.totals import totals

_OF_ORDER = tuple(name for name in OrderUpdate.__struct_fields__ if name not in ("version", "items"))
_OF_ITEM = ("status", "discount_lines", *ExchangeRate.__struct_fields__)
_FIXED_OF_ORDER = frozenset(Order.__struct_fields__) - {*_OF_ORDER, "version", "items"}
_FIXED_OF_ITEM = frozenset(Item.__struct_fields__) - {*_OF_ITEM, "line_id"}

_read_plain = msgspec.json.Decoder(float_hook=Decimal).decode


def updated(
    record: OrderRecord, update: OrderUpdate, sent: Mapping[str, Any], *, now: datetime, version: int
) -> OrderRecord:
    """`sent`: the body as it came, its fractions as Decimal, for the members that an update does not know.

    `version`: the one the order gets.
    """
    order = record.order
    known = {item.line_id: item for item in order.items}
    refuse_if(_line_faults(update.items or (), known), UnknownLine)
    faults = _fixed_faults(order, _FIXED_OF_ORDER, sent, "")
    for index, (change, given) in enumerate(zip(update.items or (), sent.get("items") or (), strict=False)):
        faults += _fixed_faults(known[change.line_id], _FIXED_OF_ITEM, given, f"items.{index}.")
        faults += _discount_faults(known[change.line_id], change.discount_lines, f"items.{index}.discount_lines")
    refuse_if(faults, InvalidUpdate)
    changes = {change.line_id: _given(change, _OF_ITEM) for change in update.items or ()}
    items = tuple(
        replace(item, **changes[item.line_id], version=version) if changes.get(item.line_id) else item
        for item in order.items
    )
    manual = totals(items).total_manual_discount_amount
    order = replace(order, **_given(update, _OF_ORDER), items=items, total_manual_discount_amount=manual)
    return replace(record, order=touched(order, version, now))


def _given(update: msgspec.Struct, names: Iterable[str]) -> dict[str, Any]:
    given = ((name, getattr(update, name)) for name in names)
    return {name: value for name, value in given if value is not None}


def _line_faults(items: Iterable[ItemUpdate], known: Mapping[int, Item]) -> list[Problem]:
    times = Counter(item.line_id for item in items)
    faults = []
    for index, item in enumerate(items):
        path = f"items.{index}.line_id"
        if item.line_id not in known:
            message = f"the order has no line {item.line_id}; lines are added by a draft with options.order_id"
            faults.append(problem(message, path, line_id=item.line_id))
        elif times[item.line_id] > 1:
            faults.append(problem(f"line {item.line_id} is named twice", path, line_id=item.line_id))
    return faults


def _fixed_faults(document: Order | Item, fixed: frozenset[str], sent: Mapping[str, Any], prefix: str) -> list[Problem]:
    """Members that cannot be changed and are not what they were."""
    faults = []
    for name in sorted(fixed.intersection(sent)):
        if sent[name] is not None and sent[name] != _plain(getattr(document, name)):
            message = (
                f"{prefix}{name} cannot be changed by an update, which takes {', '.join(_OF_ORDER)} and of items "
                f"{', '.join(_OF_ITEM)}; what was sold is changed by a draft with options.order_id"
            )
            faults.append(problem(message, f"{prefix}{name}"))
    return faults


def _plain(value: Any) -> Any:
    """As the wire shows it, and as a body is read: numbers with a fraction as Decimal."""
    return _read_plain(encode(value))


def _discount_faults(item: Item, discounts: tuple[DiscountLine, ...] | None, path: str) -> list[Problem]:
    """Discounts may be told differently, and come to the same amount."""
    if discounts is None:
        return []
    gross = item.gross_amount
    for index, discount in enumerate(discounts):
        if not (0 <= discount.amount <= gross or gross <= discount.amount <= 0):
            message = f"line {item.line_id}: a discount of {discount.amount} cannot be part of {gross}"
            return [problem(message, f"{path}.{index}.amount", line_id=item.line_id, requested=discount.amount)]
    asked = sum(discount.amount for discount in discounts)
    if asked in (gross - item.net, sum(discount.amount for discount in item.discount_lines or ())):
        return []
    off = gross - item.net
    message = f"line {item.line_id}: discounts of {asked}, and {off} is off its price, which cannot be changed here"
    return [problem(message, path, line_id=item.line_id, requested=asked, expected=off)]
