"""What is wrong with one line, each fault with its path; and a line with all that follows from what was said of it."""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from kvitt.core.errors import Problem, problem
from kvitt.orders.model import Item

MAX_QUANTITY = Decimal(1_000_000_000)
MAX_PERCENTAGE = Decimal(1_000)


def line_faults(item: Item, prefix: str = "") -> list[Problem]:
    """`prefix` is put before every path: "order.items.0." for a line of a draft."""
    faults = _amount_faults(item, prefix) + _tax_faults(item, prefix)
    if item.quantity is not None and not 0 < item.quantity <= MAX_QUANTITY:
        faults.append(problem(f"quantity must be more than 0 and at most {MAX_QUANTITY}", f"{prefix}quantity"))
    return faults


def stamped(item: Item, version: int) -> Item:
    """`version`: the document's, when the line comes into it."""
    return replace(item, net_amount=item.net, quantity=item.quantity or Decimal(1), version=version)


def restamped(item: Item, before: Item | None, version: int) -> Item:
    """A line that says what it said before keeps its version."""
    now = stamped(item, version)
    return before if before is not None and replace(before, version=version) == now else now


def _amount_faults(item: Item, prefix: str) -> list[Problem]:
    gross, net = item.gross_amount, item.net
    faults = []
    if gross < 0 and not item.is_reversal:
        message = f"gross_amount {gross} is negative; only a reversal line (reversed_reason, related_item) may be"
        faults.append(problem(message, f"{prefix}gross_amount"))
    for index, discount in enumerate(item.discount_lines or ()):
        if not _is_part(discount.amount, gross):
            message = f"a discount of {discount.amount} cannot be part of a gross_amount of {gross}"
            faults.append(problem(message, f"{prefix}discount_lines.{index}.amount"))
        if not _is_percentage(discount.percentage):
            faults.append(_bad_percentage(f"{prefix}discount_lines.{index}.percentage"))
    if not faults and not _is_part(net, gross):
        where = "discount_lines" if item.net_amount is None else "net_amount"
        message = f"net_amount {net} must be between 0 and gross_amount {gross}"
        faults.append(problem(message, f"{prefix}{where}"))
    return faults


def _tax_faults(item: Item, prefix: str) -> list[Problem]:
    """Tax is kept as the caller computed it; only one of the other sign is refused."""
    faults = []
    for index, tax in enumerate(item.tax_lines):
        if tax.amount * item.gross_amount < 0:
            message = f"a tax of {tax.amount} has another sign than the gross_amount {item.gross_amount}"
            faults.append(problem(message, f"{prefix}tax_lines.{index}.amount"))
        if not _is_percentage(tax.percentage):
            faults.append(_bad_percentage(f"{prefix}tax_lines.{index}.percentage"))
    return faults


def _is_part(amount: int, whole: int) -> bool:
    """Between nothing and the whole, whichever sign the whole has."""
    return 0 <= amount <= whole or whole <= amount <= 0


def _is_percentage(percentage: Decimal | None) -> bool:
    return percentage is None or 0 <= percentage <= MAX_PERCENTAGE


def _bad_percentage(path: str) -> Problem:
    return problem(f"percentage must be between 0 and {MAX_PERCENTAGE}", path)
