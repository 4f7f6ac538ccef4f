"""What is registered on an order: authorizations, captures, refunds, cancellations. One family, four verbs."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

import msgspec

from kvitt.core.money import Amount
from kvitt.orders.model.kinds import Anything, LineId, Metadata, Moment, Name
from kvitt.orders.model.lines import ExchangeRate

MAX_OPERATION_ITEMS = 10_000

OperationId = Annotated[str, msgspec.Meta(max_length=40)]


class Verb(StrEnum):
    """The value is the path segment, and the order's member that holds such operations."""

    AUTHORIZE = "authorizations"
    CAPTURE = "captures"
    REFUND = "refunds"
    CANCEL = "cancellations"

    @property
    def noun(self) -> str:
        return self.value.removesuffix("s")


class Card(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    masked_pan: Name | None = None
    type: Name | None = None
    brand: Name | None = None
    metadata: Metadata | None = None


class PaymentDetails(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Where the money moved. `payment_id` is the transaction's id at the payment provider or the checkout."""

    psp: Name | None = None
    payment_id: Name | None = None
    payment_product: Name | None = None
    payment_product_type: Name | None = None
    card: Card | None = None
    metadata: Metadata | None = None


class OperationItem(ExchangeRate, frozen=True, omit_defaults=True, kw_only=True):
    """`amount`: minor units of the order's currency; negative on a reversal line. `payout` is kept as sent."""

    line_id: LineId
    amount: Amount
    payout: Anything | None = None


class OperationRequest(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What a caller registers. `success` False records that it was tried, and changes no sum.

    `authorization_id` is needed on captures, refunds and cancellations of an order with several authorizations.
    """

    items: Annotated[tuple[OperationItem, ...], msgspec.Meta(min_length=1, max_length=MAX_OPERATION_ITEMS)]
    processed_at: Moment | None = None
    processed_by: Name | None = None
    payment_details: PaymentDetails | None = None
    metadata: Metadata | None = None
    success: bool | None = None
    authorization_id: OperationId | None = None


class Operation(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What was registered. `amount`: the sum of its items, minor units of the order's currency."""

    id: str
    items: tuple[OperationItem, ...]
    amount: int
    success: bool
    created_at: datetime
    created_by: str
    processed_at: Moment | None = None
    processed_by: Name | None = None
    payment_details: PaymentDetails | None = None
    metadata: Metadata | None = None
    authorization_id: str | None = None
    links: tuple[dict[str, Any], ...] = msgspec.field(name="_links")
