"""What the page needs to know of a session: the part of the customer's JSON that it shows.

Members it does not name are ignored, so the checkout may tell more than the page shows.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct


class Line(Struct, frozen=True):
    """An order line. `amount` and `vat_amount`: minor units, of the whole line and with VAT; `vat`: per cent."""

    amount: int
    id: str | None = None
    description: str | None = None
    quantity: Decimal | None = None
    vat_amount: int | None = None
    vat: Decimal | None = None


class Shipping(Struct, frozen=True):
    amount: int
    title: str | None = None
    vat_amount: int | None = None
    vat: Decimal | None = None


class Order(Struct, frozen=True):
    """`amount`: what is to be paid, minor units of `currency`."""

    amount: int
    currency: str
    merchant_reference: str | None = None
    vat_amount: int | None = None
    items: tuple[Line, ...] | None = None
    shipping_option: Shipping | None = None


class Merchant(Struct, frozen=True):
    """`logo_url` is left out on purpose: it lives at a third party, and the page loads nothing from those."""

    name: str | None = None


class Method(Struct, frozen=True):
    payment_product_type: str


class Session(Struct, frozen=True):
    """`state`: open, paying, unknown, paid, on_hold, cancelled, expired, failed or locked.
    `href`: where the shop wants the customer when the state is final. `test`: no money moves."""

    id: str
    state: str
    order: Order
    merchant: Merchant | None = None
    href: str | None = None
    test: bool = False
    payment_methods: tuple[Method, ...] = ()
