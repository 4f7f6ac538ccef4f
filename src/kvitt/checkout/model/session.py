"""A session: one customer, one order, at most one transaction.

`Session` is what the API shows; `SessionRecord` is what is stored, with the few facts the API does not show. A session
has no status: its state is derived (rules/state.py).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

from kvitt.checkout.model.listing import session_labels, session_listed, session_words
from kvitt.checkout.model.order import SessionOrder, ShippingOption
from kvitt.checkout.model.saved import SavedCard
from kvitt.core.change import Kind

SessionEventName = Literal[
    "INITIATED", "VISITED", "COMPLETED", "AUTHORIZED", "DECLINED", "PAY_LOCK_START", "PAY_LOCK_META", "PAY_LOCK_END",
    "PAY_FAILED", "ON_HOLD_CALLBACK_SENT", "AUTH_CALLBACK_SENT", "FAILED", "UNKNOWN", "PAYMENT_TOKEN_FLOW_START",
    "UPDATE_SESSION", "CANCELLED", "SET_BILLING_ADDRESS", "SET_DISCOUNT_CODES", "SET_SHIPPING_ADDRESS",
    "SET_SHIPPING_OPTION", "SET_GIFT_CARD", "PUSH_NOTIFICATION_SENT", "SECRET_CONFIRMATION_CODE_SENT",
    "SET_MY_DINTERO", "ADD_PAYMENT_INFORMATION",
]  # fmt: skip

SessionState = Literal["open", "paying", "unknown", "paid", "on_hold", "cancelled", "expired", "failed", "locked"]


class Url(Struct, frozen=True, omit_defaults=True):
    """Where the customer goes afterwards, and where the shop is told. `callback_url` carries its options as a query."""

    return_url: str
    callback_url: str | None = None
    merchant_terms_url: str | None = None


class Customer(Struct, frozen=True, omit_defaults=True):
    customer_id: str | None = None
    email: str | None = None
    phone_number: str | None = None
    gift_cards: dict[str, Any] | None = None
    tokens: dict[str, SavedCard] | None = None


class CheckboxLink(Struct, frozen=True, omit_defaults=True):
    url: str | None = None
    text: str | None = None


class Checkbox(Struct, frozen=True, omit_defaults=True):
    """Something the customer may or must tick. A plug-in sends `id` as a number, so both are taken."""

    id: str | int
    label: str
    checked: bool | None = None
    required: bool | None = None
    link: CheckboxLink | None = None


class Tick(Struct, frozen=True):
    """A checkbox as the customer left it. It is known by its `id`, a number or a text."""

    id: str | int
    checked: bool = False


class Merchant(Struct, frozen=True, omit_defaults=True):
    """Who sells, as the customer sees it."""

    name: str | None = None
    logo_url: str | None = None
    website: str | None = None
    email: str | None = None
    phone_number: str | None = None
    merchant_category_code: str | None = None
    platform_type: str | None = None
    country: str | None = None
    postal_code: str | None = None
    postal_place: str | None = None
    address_line: str | None = None
    address_line_2: str | None = None


class DiscountCodes(Struct, frozen=True, omit_defaults=True):
    max_count: int | None = None
    callback_url: str | None = None


class Express(Struct, frozen=True, omit_defaults=True):
    """The customer chooses address and shipping on the page. Plug-ins leave `shipping_options` out at times."""

    shipping_options: tuple[ShippingOption, ...] | None = None
    shipping_mode: Literal["shipping_required", "shipping_not_required"] | None = None
    shipping_address_callback_url: str | None = None
    discount_codes: DiscountCodes | None = None
    customer_types: tuple[Literal["b2c", "b2b"], ...] | None = None
    default_different_billing_shipping_address: tuple[Literal["b2c", "b2b"], ...] | None = None


class Publish(Struct, frozen=True, omit_defaults=True):
    channel: str | None = None
    type: str | None = None
    id: str | None = None
    status: str | None = None


class Switch(Struct, frozen=True, omit_defaults=True):
    enabled: bool | None = None


Methods = dict[str, Any]
"""The payment products of one group, by their last name: `{"creditcard": {"enabled": true, …}}`. Options are opaque."""


class Configuration(Struct, frozen=True, omit_defaults=True):
    """How a session may be paid and what its page looks like. Sessions inherit it from their profile."""

    auto_capture: bool | None = None
    pre_authorization: bool | None = None
    channel: Literal["ecommerce", "in_app", "in_store"] | None = None
    publish: tuple[Publish, ...] | None = None
    active_payment_types: Switch | None = None
    default_payment_type: str | None = None
    bambora: Methods | None = None
    dintero: Methods | None = None
    dintero_psp: Methods | None = None
    instabank: Methods | None = None
    netaxept: Methods | None = None
    payex: Methods | None = None
    vipps: Methods | None = None
    collector: Methods | None = None
    klarna: Methods | None = None
    kravia: Methods | None = None
    two: Methods | None = None
    santander: Methods | None = None
    seitatech: Methods | None = None
    swish: Methods | None = None
    payout: dict[str, Any] | None = None
    allow_express_wallet_payment: bool | None = None
    discounts: dict[str, Any] | None = None
    theme: dict[str, Any] | None = None
    countries: dict[str, Any] | None = None
    default_customer_type: Literal["b2c", "b2b"] | None = None
    allow_different_billing_shipping_address: tuple[Literal["b2c", "b2b"], ...] | None = None
    merchant: dict[str, Any] | None = None


Metadata = dict[str, str | int | float]


class SessionOptions(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What a shop asks for when it creates a session."""

    url: Url
    order: SessionOrder
    profile_id: str | None = None
    configuration: Configuration | None = None
    customer: Customer | None = None
    express: Express | None = None
    expires_at: datetime | None = None
    checkboxes: tuple[Checkbox, ...] | None = None
    merchant: Merchant | None = None
    metadata: Metadata | None = None


class SessionEvent(Struct, frozen=True, omit_defaults=True):
    """`id` counts from "1" in each session."""

    id: str
    name: SessionEventName
    created_at: datetime
    request_id: str | None = None
    request_headers: dict[str, str] | None = None
    details: dict[str, Any] | None = None


class PayLock(Struct, frozen=True, omit_defaults=True):
    """While the shop changes the session nobody pays it. The lock is over by itself at `expires_at`."""

    pay_lock_id: str
    expires_at: datetime


class Session(Struct, frozen=True, omit_defaults=True, kw_only=True):
    id: str
    created_at: datetime
    updated_at: datetime
    expires_at: datetime
    url: Url
    order: SessionOrder
    customer: Customer | None = None
    express: Express | None = None
    configuration: Configuration | None = None
    checkboxes: tuple[Checkbox, ...] | None = None
    merchant: Merchant | None = None
    metadata: Metadata | None = None
    customer_ip: str | None = None
    user_agent: str | None = None
    initiating_system_request_headers: dict[str, str] | None = None
    payment_operation: str | None = None
    events: tuple[SessionEvent, ...] = ()
    transaction_id: str | None = None
    cancelled_by: str | None = None
    cancelled_at: datetime | None = None
    pay_lock: PayLock | None = None


class SessionRecord(Struct, frozen=True, omit_defaults=True):
    """`expired_at`: when the timer closed the session; None before, and for sessions that ended otherwise."""

    session: Session
    expired_at: datetime | None = None


SESSIONS: Kind[SessionRecord] = Kind(
    "sessions",
    SessionRecord,
    lambda r: (r.session.order.merchant_reference, r.session.created_at),
    listed=session_listed,
    labels=session_labels,
    words=session_words,
)
