"""Which shipping options an express session offers, and what becomes of the chosen one when that changes.

An option is one of several with the same `id`; its `line_id` tells it from them. What it costs is said by the session,
never by whoever chooses it.
"""

from __future__ import annotations

import msgspec

from kvitt.checkout.model.order import Address, SessionOrder, ShippingOption
from kvitt.checkout.model.session import Express
from kvitt.checkout.rules.prices import with_shipping


def is_required(express: Express) -> bool:
    """Whether the customer has to say where the goods go."""
    return express.shipping_mode != "shipping_not_required"


def on_offer(express: Express | None, address: Address | None) -> tuple[ShippingOption, ...]:
    """The options that go to the address's country; all of them as long as nobody knows it."""
    country = address.country if address else None
    options = (express.shipping_options if express else None) or ()
    return tuple(option for option in options if not (country and option.countries) or country in option.countries)


def same(one: ShippingOption, other: ShippingOption) -> bool:
    return one.id == other.id and str(one.line_id) == str(other.line_id)


def find(options: tuple[ShippingOption, ...], like: ShippingOption) -> ShippingOption | None:
    return next((option for option in options if same(option, like)), None)


def still_offered(order: SessionOrder, express: Express, *, priced: bool = False) -> SessionOrder:
    """The chosen option at today's terms, or dropped when it is offered no more. Sessions that never said what they
    offer keep what they have. `priced`: the amount takes that into account already."""
    chosen = order.shipping_option
    if chosen is None or express.shipping_options is None:
        return order
    option = find(on_offer(express, order.shipping_address), chosen)
    if option == chosen:
        return order
    if priced:
        return msgspec.structs.replace(order, shipping_option=option)
    return with_shipping(order, option)
