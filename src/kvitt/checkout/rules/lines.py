"""What is wrong with the lines of a session's order."""

from __future__ import annotations

from collections.abc import Iterator

from kvitt.checkout.model.order import SessionOrder
from kvitt.checkout.rules.prices import listed
from kvitt.core.errors import Problem, problem
from kvitt.core.money import MAX_AMOUNT


def line_faults(order: SessionOrder) -> Iterator[Problem]:
    """Whatever names a line has to name one line."""
    seen: set[str] = set()
    for place, item in enumerate(order.items or ()):
        if item.line_id is None:
            continue
        if str(item.line_id) in seen:
            yield problem(f"Another line has the line_id {item.line_id} too", f"order.items.{place}.line_id")
        seen.add(str(item.line_id))
    shipping = order.shipping_option
    if shipping is not None and str(shipping.line_id) in seen:
        yield problem(f"An item has the line_id {shipping.line_id} too", "order.shipping_option.line_id")


def amount_faults(order: SessionOrder) -> Iterator[Problem]:
    """What was added up may be more, or less, than can be paid or written down."""
    if not 0 <= order.amount <= MAX_AMOUNT:
        yield problem(f"The order comes to {order.amount}, and may come to 0 to {MAX_AMOUNT}", "order.amount")
    if order.vat_amount is not None and abs(order.vat_amount) > MAX_AMOUNT:
        yield problem(f"The taxes come to {order.vat_amount}, and may come to {MAX_AMOUNT}", "order.vat_amount")
    for place, item in enumerate(order.items or ()):
        if abs(item.amount) > MAX_AMOUNT:
            yield problem(f"The line comes to {item.amount}", f"order.items.{place}.amount")


def sum_fault(order: SessionOrder, *, part_allowed: bool = False) -> Iterator[Problem]:
    """The amount has to be the sum of the lines and the shipping; less will do when a part is paid."""
    total = listed(order)
    if order.amount != total and not (part_allowed and order.amount < total):
        yield problem(
            f"The lines and the shipping add up to {total}, the order's amount is {order.amount}",
            "order.amount", amount=order.amount, listed=total,
        )  # fmt: skip
