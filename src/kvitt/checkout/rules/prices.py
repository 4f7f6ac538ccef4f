"""What an order comes to when its shipping or its lines change.

`order.amount` is what the customer pays: the lines and the shipping. A shop may have stated another amount; then what
changes is added to it or taken off, and the difference stays the shop's own.
"""

from __future__ import annotations

import msgspec

from kvitt.checkout.model.order import Item, SessionOrder, ShippingOption
from kvitt.checkout.rules.shares import vat_of

CORRECTION = "Correction"


def listed(order: SessionOrder) -> int:
    """The sum of the lines and the shipping, in minor units."""
    shipping = order.shipping_option.amount if order.shipping_option else 0
    return sum(item.amount for item in order.items or ()) + shipping


def with_shipping(order: SessionOrder, option: ShippingOption | None) -> SessionOrder:
    """The order with this shipping in place of the one before, or without any."""
    before = order.shipping_option
    amount = order.amount + (option.amount if option else 0) - (before.amount if before else 0)
    vat = order.vat_amount
    if vat is not None:
        vat += _vat(option) - _vat(before)
    return msgspec.structs.replace(order, shipping_option=option, amount=amount, vat_amount=vat)


def _vat(option: ShippingOption | None) -> int:
    return (vat_of(option) or 0) if option else 0


def corrected(order: SessionOrder, line_id: str) -> SessionOrder:
    """With one line more where the lines and the shipping do not come to the amount: the difference, either way.

    An order without lines states its amount alone, and one that is paid in parts may be asked for less.
    """
    items = uncorrected(order.items)
    difference = order.amount - listed(msgspec.structs.replace(order, items=items))
    if items and difference and not (order.partial_payment and difference < 0):
        items += (Item(id=line_id, line_id=line_id, quantity=1, description=CORRECTION, amount=difference),)
    return msgspec.structs.replace(order, items=items)


def uncorrected(items: tuple[Item, ...] | None) -> tuple[Item, ...] | None:
    """The lines without those that were added to make them come to the amount."""
    return items and tuple(item for item in items if not _is_correction(item))


def _is_correction(item: Item) -> bool:
    named = isinstance(item.line_id, str) and item.line_id.startswith("correction-")
    return named and item.id == item.line_id and item.description == CORRECTION
