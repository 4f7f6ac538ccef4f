"""What is being paid for: the order inside a session, its lines, addresses, shipping and discounts.

Amounts are integers in minor units of the order's currency. Percentages and quantities are shown, never counted with,
and are kept exactly as the shop wrote them. Members that a provider alone understands (`emd`) stay opaque.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from kvitt.core.money import Amount, NonNegativeAmount

Number = int | float
"""A quantity, a percentage or a measure, echoed as it was sent. Money is never one of these."""

LineId = str | int
"""What names a line. Shops send it as text or as a number; "1" and 1 name the same line."""

Reference = Annotated[str, Meta(max_length=255)]
"""A text that lists filter by: bounded, because it stands in an index."""


class Address(Struct, frozen=True, omit_defaults=True):
    first_name: str | None = None
    last_name: str | None = None
    address_line: str | None = None
    address_line_2: str | None = None
    co_address: str | None = None
    business_name: str | None = None
    postal_code: str | None = None
    postal_place: str | None = None
    country: str | None = None
    phone_number: str | None = None
    email: str | None = None
    latitude: Number | None = None
    longitude: Number | None = None
    comment: str | None = None
    organization_number: str | None = None
    organization_type: str | None = None
    customer_reference: str | None = None
    cost_center: str | None = None


class PickUpAddress(Address, frozen=True, omit_defaults=True):
    """`distance`: kilometres from the customer."""

    website_url: str | None = None
    opening_hours: dict[str, Any] | None = None
    distance: Number | None = None


class StoreAddress(Struct, frozen=True, omit_defaults=True):
    address_line: str | None = None
    address_line_2: str | None = None
    postal_code: str | None = None
    postal_place: str | None = None
    country: str | None = None


class OrderStore(Struct, frozen=True, omit_defaults=True):
    """The shop or branch that sells."""

    id: str
    name: str | None = None
    business_name: str | None = None
    address: StoreAddress | None = None
    chain: str | None = None
    email: str | None = None
    gln: str | None = None
    organization_number: str | None = None
    phone_number: str | None = None
    mcc: str | None = None
    bax: str | None = None
    terminal_id: str | None = None
    payout_destination_id: str | None = None


class Group(Struct, frozen=True, omit_defaults=True):
    id: str
    name: str | None = None


class Split(Struct, frozen=True, omit_defaults=True):
    """A part of a line that belongs to another seller."""

    payout_destination_id: str
    amount: Amount


class FeeSplit(Struct, frozen=True, omit_defaults=True):
    type: str | None = None
    destinations: tuple[str, ...] | None = None


class DiscountLine(Struct, frozen=True, omit_defaults=True):
    amount: Amount | None = None
    percentage: Number | None = None
    discount_type: str | None = None
    discount_id: str | None = None
    description: str | None = None
    line_id: LineId | None = None


class Item(Struct, frozen=True, omit_defaults=True):
    """An order line. `amount`: the whole line with VAT and discounts, negative for a discount line."""

    amount: Amount
    id: str | None = None
    line_id: LineId | None = None
    groups: tuple[Group, ...] | None = None
    version: int | None = None
    description: str | None = None
    quantity: Number | None = None
    vat_amount: Amount | None = None
    vat: Number | None = None
    unit_volume: Number | None = None
    unit_weight: Number | None = None
    unit_dimensional_weight: Number | None = None
    type: Literal["physical", "digital", "service", "gift_card", "shipping", "surcharge"] | None = None
    fee_split: FeeSplit | None = None
    splits: tuple[Split, ...] | None = None
    thumbnail_url: str | None = None
    emd: Any = None
    store: OrderStore | None = None
    eligible_for_discount: bool | None = None
    is_changed: bool | None = None
    gross_amount: Amount | None = None
    discount_lines: tuple[DiscountLine, ...] | None = None


class ShipmentItem(Struct, frozen=True, omit_defaults=True):
    line_id: LineId
    quantity: Number | None = None


class ShippingOption(Struct, frozen=True, omit_defaults=True):
    """One way to get the goods. Several with one `id` are variants of each other; `line_id` is unique in the order."""

    id: str
    line_id: LineId
    amount: NonNegativeAmount
    title: str
    operator: str
    countries: tuple[str, ...] | None = None
    vat_amount: Amount | None = None
    vat: Number | None = None
    description: str | None = None
    delivery_method: Literal["delivery", "pick_up", "unspecified", "none"] | None = None
    operator_product_id: str | None = None
    eta: dict[str, Any] | None = None
    time_slot: dict[str, Any] | None = None
    pick_up_address: PickUpAddress | None = None
    metadata: dict[str, Any] | None = None
    environmental_data: dict[str, Any] | None = None
    thumbnail_url: str | None = None
    pay_in_store: dict[str, Any] | None = None
    fee_split: FeeSplit | None = None
    splits: tuple[Split, ...] | None = None
    shipment_id: str | None = None
    shipment_items: tuple[ShipmentItem, ...] | None = None
    shipments: tuple[dict[str, Any], ...] | None = None


class GiftCard(Struct, frozen=True, omit_defaults=True):
    type: str | None = None
    card_id: str | None = None
    amount: Amount | None = None
    masked_card_token: str | None = None


class SessionOrder(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """`amount`: what the customer pays. `merchant_reference`: the shop's own number for the order."""

    amount: NonNegativeAmount
    currency: str
    merchant_reference: Reference
    vat_amount: Amount | None = None
    merchant_reference_2: Reference | None = None
    event_reference: str | None = None
    payout_destination_id: str | None = None
    shipping_address: Address | None = None
    billing_address: Address | None = None
    partial_payment: bool | None = None
    items: tuple[Item, ...] | None = None
    gross_amount: Amount | None = None
    is_changed: bool | None = None
    shipping_option: ShippingOption | None = None
    store: OrderStore | None = None
    discount_lines: tuple[DiscountLine, ...] | None = None
    discount_codes: tuple[str, ...] | None = None
    gift_cards: tuple[GiftCard, ...] | None = None
