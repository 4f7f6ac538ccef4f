"""A transaction: the one payment of a session, and everything that was done with the money.

`Transaction` is what the API shows. `TransactionRecord` is what is stored: the transaction and the attempts, our own
record of each time a provider was asked to move money.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from kvitt.checkout.model.listing import transaction_labels, transaction_listed, transaction_words
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
from kvitt.checkout.model.saved import Consent, NewToken
from kvitt.checkout.model.session import Checkbox, Customer, Metadata, Session
from kvitt.core.change import Kind
from kvitt.core.money import Amount, NonNegativeAmount

Verb = Literal["authorize", "adjust", "capture", "refund", "void"]
"""`adjust`: an authorization is changed to another amount, or to hold for longer."""

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
    """What may be shown and stored of a card. `masked_pan`: first six, six stars, last four; `expiry_date`: MM/YYYY.

    `payment_token` and `recurrence_token` are shown when they are asked for, and stored never.
    """

    brand: str | None = None
    masked_pan: str | None = None
    expiry_date: str | None = None
    type: str | None = None
    region: str | None = None
    country: str | None = None
    product_platform: str | None = None
    issuing_bank: str | None = None
    acquirer_transaction_type: str | None = None
    acquirer_stan: str | None = None
    acquirer_terminal_id: str | None = None
    acquirer_transaction_time: datetime | None = None
    authentication_status: str | None = None
    three_ds_version: str | None = None
    three_ds_server_trans_id: str | None = None
    eci: str | None = None
    payment_system_type: str | None = None
    entry_method: str | None = None
    payment_token: str | None = None
    recurrence_token: str | None = None
    payment_token_id: str | None = None
    recurrence_token_id: str | None = None
    card_holder_tokenization_consent: Consent | None = None


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


class Correction(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """How the transaction stands after an operation that failed, in minor units."""

    status: Status
    remaining_capture_amount: Amount
    remaining_refund_amount: Amount
    remaining_void_amount: Amount
    event_ids: tuple[str, ...] | None = None


class TransactionEvent(Struct, frozen=True, omit_defaults=True):
    """`id` counts from "1" in each transaction. `success` is always said, also when it is true.

    `calculated_vat_amount`, `splits`: inside `amount`, as its lines say. `correction`: of one that failed.
    """

    id: str
    event: EventName
    transaction_status: Status
    success: bool
    created_at: datetime
    amount: Amount | None = None
    calculated_vat_amount: Amount | None = None
    error: EventError | None = None
    correction: Correction | None = None
    items: tuple[Line, ...] | None = None
    splits: tuple[Split, ...] | None = None
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
    amount: NonNegativeAmount
    currency: str
    merchant_reference: str
    merchant_reference_2: str | None = None
    channel: str | None = None
    platform_type: str | None = None
    dynamic_descriptor: str | None = None
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
    verified_identity: Any = None
    authorization_expires_at: datetime | None = None
    session: Session | None = None


class Attempt(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One time a provider was asked to move money. `id` is the provider's idempotency key.

    `open`: committed, and perhaps asked. `unknown`: asked, and no answer that says what happened. `done` and `refused`
    are final. While open or unknown its `amount` is reserved; `final` reserves the whole remainder, since it voids it.
    To adjust: `amount` is all that shall be authorized, and a `final` one is the last.
    What its event will need (`reference`, `items`, `metadata`, `card`) is kept until then. `asks` counts how often the
    provider was asked again. `answer_as`: the attempt whose answer is remembered, when its request came with a key.
    `holds_until`: when the authorization that it asks for, or the longer one, expires by the payment product's rules.
    `saves`: the tokens that are made when it goes through. `token_id`: the saved card it is paid with, and `saved_card`
    the provider's own name for that card. `blocked`: why the provider is not even asked.
    `captures`: what it authorizes is captured at once. `waits_at`: the page where it waits for the customer, who has
    until `waits_until`; still `open` then. `held`: it is on hold, and `open` until that was looked at. `approved`: the
    shop said yes to what is on hold, and the provider is told so; `approved_as` is to that what `answer_as` is.
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
    saves: tuple[NewToken, ...] = ()
    token_id: str | None = None
    saved_card: str = ""
    blocked: EventError | None = None
    captures: bool = False
    waits_at: str | None = None
    waits_until: datetime | None = None
    held: bool = False
    approved: bool = False
    approved_as: str | None = None


class TransactionRecord(Struct, frozen=True, omit_defaults=True):
    """`provider_reference`: the provider's own name for the payment, opaque to us.

    `callback_owed`: the authorization's callback waits for the automatic capture. `pre_authorized`: the session asked
    for a pre-authorization, and it is not final yet. `extensions`: how often the authorization was made to hold longer;
    `expiry_rings`: how often its timer rang since (rules/expiry.py).
    """

    transaction: Transaction
    attempts: tuple[Attempt, ...] = ()
    provider_reference: str = ""
    callback_owed: bool = False
    expiry_rings: int = 0
    pre_authorized: bool = False
    extensions: int = 0


TRANSACTIONS: Kind[TransactionRecord] = Kind(
    "transactions",
    TransactionRecord,
    lambda r: (
        r.transaction.session_id,
        r.transaction.merchant_reference,
        r.transaction.status,
        r.transaction.created_at,
    ),
    listed=transaction_listed,
    labels=transaction_labels,
    words=transaction_words,
)
