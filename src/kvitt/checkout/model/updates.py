"""What changes a session: the shop's update, and what a shop answers that is asked for its shipping or its prices."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from kvitt.checkout.model.order import (
    Address,
    DiscountLine,
    GiftCard,
    Item,
    OrderStore,
    Reference,
    ShippingOption,
)
from kvitt.core.money import Amount, NonNegativeAmount

DiscountCode = Annotated[str, Meta(min_length=1, max_length=100)]
MOST_CODES = 100
"""However many a shop allows, or answers."""


class OrderUpdate(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Members that are there replace those of the session's order; the others stay. Neither the order's number nor its
    receiver of the money can be changed."""

    amount: NonNegativeAmount | None = None
    currency: str | None = None
    vat_amount: Amount | None = None
    merchant_reference_2: Reference | None = None
    event_reference: str | None = None
    shipping_address: Address | None = None
    billing_address: Address | None = None
    partial_payment: bool | None = None
    items: tuple[Item, ...] | None = None
    shipping_option: ShippingOption | None = None
    store: OrderStore | None = None
    discount_lines: tuple[DiscountLine, ...] | None = None
    discount_codes: tuple[str, ...] | None = None
    gift_cards: tuple[GiftCard, ...] | None = None


class ExpressUpdate(Struct, frozen=True, omit_defaults=True):
    shipping_options: tuple[ShippingOption, ...] | None = None
    shipping_mode: Literal["shipping_required", "shipping_not_required"] | None = None


class SessionUpdate(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """`remove_lock`: whether the customer may pay again when it is done."""

    order: OrderUpdate
    express: ExpressUpdate | None = None
    remove_lock: bool = True


class PricedOrder(Struct, frozen=True, omit_defaults=True):
    """What a shop may change of the order when it is asked. `items`: all of them."""

    amount: NonNegativeAmount | None = None
    currency: str | None = None
    vat_amount: Amount | None = None
    items: tuple[Item, ...] | None = None
    discount_codes: tuple[DiscountCode, ...] | None = None


class ShippingAnswer(Struct, frozen=True, omit_defaults=True):
    """What `shipping_address_callback_url` answers. No option: the shop does not ship there."""

    shipping_options: tuple[ShippingOption, ...]
    order: PricedOrder | None = None


class DiscountOrder(PricedOrder, frozen=True, omit_defaults=True, kw_only=True):
    amount: NonNegativeAmount


class DiscountAnswer(Struct, frozen=True, omit_defaults=True):
    """What `discount_codes.callback_url` answers."""

    shipping_options: tuple[ShippingOption, ...]
    order: DiscountOrder
