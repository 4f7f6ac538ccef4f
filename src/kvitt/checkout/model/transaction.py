"""A transaction: the one payment of a session, and everything that was done with the money.

`Transaction` is what the API shows. `TransactionRecord` is what is stored: the transaction and the attempts, our own
record of each time a provider was asked to move money.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from kvitt.checkout.model.order import (
    Address,
    DiscountLine,
    FeeSplit,
    GiftCard,
    Group,
    LineId,
    Number,
    OrderStore,
    ShippingOption,
    Split,
)
from kvitt.checkout.model.session import Checkbox, Customer, Metadata, Session
from kvitt.core.change import Kind
from kvitt.core.money import Amount, PositiveAmount

Verb = Literal["authorize", "capture", "refund", "void"]

Status = Literal[
    "INITIATED", "AUTHORIZED", "AUTHORIZATION_VOIDED", "CAPTURED", "PARTIALLY_CAPTURED", "PARTIALLY_CAPTURED_REFUNDED",
    "REFUNDED", "PARTIALLY_REFUNDED", "DECLINED", "FAILED", "UNKNOWN", "ON_HOLD",
]  # fmt: skip

EventName = Literal[
    "INITIALIZE", "AUTHORIZE", "CAPTURE", "REFUND", "VOID", "INITIATE_CAPTURE", "INITIATE_REFUND", "INITIATE_VOID",
    "SETTLEMENT",
]  # fmt: skip

ExtKey = Annotated[str, Meta(pattern=r"^ext_", max_length=128)]
ExtMetadata = dict[ExtKey, Annotated[str, Meta(max_length=256)]]
"""What a shop may note on a capture or refund: keys begin with `ext_`."""


class Line(Struct, frozen=True, omit_defaults=True):
    """A line of a capture or refund. Lines the session does not know are taken: a plug-in adds a rounding line."""

    line_id: LineId
    amount: Amount
    id: str | None = None
    groups: tuple[Group, ...] | None = None
    description: str | None = None
    quantity: Number | None = None
    vat_amount: Amount | None = None
    vat: Number | None = None
    type: str | None = None
    fee_split: FeeSplit | None = None
    splits: tuple[Split, ...] | None = None
    discount_lines: tuple[DiscountLine, ...] | None = None


class TransactionItem(Struct, frozen=True, omit_defaults=True):
    """A line of the transaction: the session's lines, and its shipping as one more."""

    amount: Amount
    id: str | None = None
    line_id: LineId | None = None
    groups: tuple[Group, ...] | None = None
    description: str | None = None
    quantity: Number | None = None
    vat_amount: Amount | None = None
    vat: Number | None = None
    type: str | None = None
    fee_split: FeeSplit | None = None
    splits: tuple[Split, ...] | None = None
    thumbnail_url: str | None = None
    emd: Any = None
    store: OrderStore | None = None
    eligible_for_discount: bool | None = None
    is_changed: bool | None = None
    gross_amount: Amount | None = None
    discount_lines: tuple[DiscountLine, ...] | None = None


class Card(Struct, frozen=True, omit_defaults=True):
    """What may be shown and stored of a card. `masked_pan`: first six, six stars, last four; `expiry_date`: MM/YYYY."""

    brand: str | None = None
    masked_pan: str | None = None
    expiry_date: str | None = None
    type: str | None = None
    acquirer_transaction_type: str | None = None
    authentication_status: str | None = None
    eci: str | None = None


class RetryPolicy(Struct, frozen=True, omit_defaults=True):
    retry_codes: tuple[str, ...]
    retry_after: datetime | None = None


class EventError(Struct, frozen=True, omit_defaults=True):
    """Why a provider said no. `type`: documented classes; `result_code`: the card network's own code."""

    message: str
    code: str | None = None
    type: tuple[str, ...] | None = None
    result_code: str | None = None
    retry_policy: RetryPolicy | None = None


class TransactionEvent(Struct, frozen=True, omit_defaults=True):
    """`id` counts from "1" in each transaction. `success` is always said, also when it is true."""

    id: str
    event: EventName
    transaction_status: Status
    success: bool
    created_at: datetime
    amount: Amount | None = None
    error: EventError | None = None
    items: tuple[Line, ...] | None = None
    created_by: str | None = None
    request_id: str | None = None
    correlation_request_id: str | None = None
    event_reference: str | None = None
    metadata: dict[str, Any] | None = None
    request_headers: dict[str, str] | None = None


class TransactionUrl(Struct, frozen=True, omit_defaults=True):
    redirect_url: str | None = None
    callback_url: str | None = None
    approval_url: str | None = None


class Transaction(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """`amount`: all that was authorized; it does not shrink when money is captured or refunded.

    `authorization_expires_at`: our addition; from then on nothing is captured or voided. None before the customer paid.
    """

    id: str
    session_id: str
    created_at: datetime
    updated_at: datetime
    payment_product: str
    payment_product_type: str
    amount: PositiveAmount
    currency: str
    merchant_reference: str
    merchant_reference_2: str | None = None
    channel: str | None = None
    platform_type: str | None = None
    payout_destination_id: str | None = None
    payment_operation: str | None = None
    status: Status
    settlement_status: Literal["NOT_SETTLED", "PENDING_SETTLEMENT", "PARTIALLY_SETTLED", "SETTLED"]
    customer: Customer | None = None
    customer_ip: str | None = None
    user_agent: str | None = None
    initiating_system_request_headers: dict[str, str] | None = None
    shipping_address: Address | None = None
    billing_address: Address | None = None
    shipping_option: ShippingOption | None = None
    store: OrderStore | None = None
    gift_cards: tuple[GiftCard, ...] | None = None
    checkboxes: tuple[Checkbox, ...] | None = None
    items: tuple[TransactionItem, ...] | None = None
    url: TransactionUrl | None = None
    events: tuple[TransactionEvent, ...] = ()
    metadata: Metadata | None = None
    card: Card | None = None
    authorization_expires_at: datetime | None = None
    session: Session | None = None


class Attempt(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One time a provider was asked to move money. `id` is the provider's idempotency key.

    `open`: committed, and perhaps asked. `unknown`: asked, and no answer that says what happened. `done` and `refused`
    are final. While open or unknown its `amount` is reserved; `final` reserves the whole remainder, since it voids it.
    What its event will need (`reference`, `items`, `metadata`, `card`) is kept until then. `asks` counts how often the
    provider was asked again. `answer_as`: the attempt whose answer is remembered, when its request came with a key.
    `holds_until`: when the authorization that it asks for expires, by the payment product's rules.
    """

    id: str
    verb: Verb
    amount: Amount
    status: Literal["open", "unknown", "done", "refused"]
    created_at: datetime
    product: str
    request_id: str
    created_by: str | None = None
    final: bool = False
    automatic: bool = False
    cancels_session: bool = False
    reference: str | None = None
    items: tuple[Line, ...] | None = None
    metadata: dict[str, Any] | None = None
    request_headers: dict[str, str] | None = None
    card: Card | None = None
    asks: int = 0
    answer_as: str | None = None
    holds_until: datetime | None = None


class TransactionRecord(Struct, frozen=True, omit_defaults=True):
    """`provider_reference`: the provider's own name for the payment, opaque to us.

    `callback_owed`: the authorization's callback waits for the automatic capture. `expiry_rings`: how often the
    authorization's timer rang (rules/expiry.py).
    """

    transaction: Transaction
    attempts: tuple[Attempt, ...] = ()
    provider_reference: str = ""
    callback_owed: bool = False
    expiry_rings: int = 0


TRANSACTIONS: Kind[TransactionRecord] = Kind(
    "transactions",
    TransactionRecord,
    lambda r: (
        r.transaction.session_id,
        r.transaction.merchant_reference,
        r.transaction.status,
        r.transaction.created_at,
    ),
)
