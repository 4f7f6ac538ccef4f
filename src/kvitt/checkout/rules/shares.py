"""What lies inside a captured or refunded amount, as its lines say: VAT, and other sellers' parts."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from kvitt.checkout.model.order import ShippingOption, Split
from kvitt.checkout.model.transaction import Line, Transaction, TransactionItem
from kvitt.core.money import MAX_AMOUNT
from kvitt.core.tax import vat_included

Lines = Iterable[Line | TransactionItem]


def lines_of(transaction: Transaction, amount: int, items: tuple[Line, ...] | None) -> Lines:
    """What was captured or refunded: the lines that the shop named, all of them when it moves the whole amount and
    names none, and nothing that is known when it moves a part of it."""
    if items is not None:
        return items
    return transaction.items or () if amount == transaction.amount else ()


def vat_in(lines: Lines) -> int | None:
    """In minor units, as the lines say it or computed from their percentages; None when one of them says neither."""
    parts = [vat_of(line) for line in lines]
    known = [part for part in parts if part is not None]
    total = sum(known)
    return total if parts and len(known) == len(parts) and abs(total) <= MAX_AMOUNT else None


def vat_of(line: Line | TransactionItem | ShippingOption) -> int | None:
    """In minor units, as it says or computed from its percentage; None when it says neither."""
    if line.vat_amount is not None:
        return line.vat_amount
    if line.vat is None:
        return None
    try:
        return vat_included(line.amount, Decimal(str(line.vat)))
    except ValueError:  # no percentage that anybody means
        return None


def splits_in(lines: Lines) -> tuple[Split, ...] | None:
    """Of each other seller all that is theirs; None when there are none, or more than can be written down."""
    sums: dict[str, int] = {}
    for line in lines:
        for split in line.splits or ():
            sums[split.payout_destination_id] = sums.get(split.payout_destination_id, 0) + split.amount
    if any(abs(amount) > MAX_AMOUNT for amount in sums.values()):
        return None
    return tuple(Split(seller, amount) for seller, amount in sums.items()) or None
