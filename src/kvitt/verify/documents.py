"""The stored documents, as far as verify reads them: only the members that it compares."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Raw, Struct, json


class Discount(Struct, frozen=True):
    amount: int
    discount_type: str | None = None


class Line(Struct, frozen=True):
    line_id: int
    gross_amount: int
    net_amount: int | None = None
    discount_lines: tuple[Discount, ...] | None = None


class Part(Struct, frozen=True):
    line_id: int
    amount: int


class Operation(Struct, frozen=True):
    id: str
    items: tuple[Part, ...]
    amount: int
    success: bool
    authorization_id: str | None = None


class SessionLine(Struct, frozen=True):
    line_id: str
    amount: int


class OrderSession(Struct, frozen=True):
    id: str
    items: tuple[SessionLine, ...]
    amount: int


class OrderEntry(Struct, frozen=True):
    """What the log keeps of a change to an order."""

    status: str
    payment_status: str | None = None
    verb: str | None = None
    operation: Operation | None = None
    session: OrderSession | None = None


class Order(Struct, frozen=True):
    id: str
    order_id: str
    version: int
    items: tuple[Line, ...]
    gross_amount: int
    net_amount: int
    total_discount: int
    total_manual_discount_amount: int
    status: str
    payment_status: str
    authorizations: tuple[Operation, ...]
    captures: tuple[Operation, ...]
    refunds: tuple[Operation, ...]
    cancellations: tuple[Operation, ...]
    cancelled_at: datetime | None = None
    closed_at: datetime | None = None
    sessions: tuple[OrderSession, ...] = ()


class OrderDocument(Struct, frozen=True):
    """`removed`: its time was over before anything was registered on it; the document is written over with nothing."""

    order: Order
    removed: bool = False


class ListedCustomer(Struct, frozen=True):
    id: str | None = None
    customer_id: str | None = None


class ListedStore(Struct, frozen=True):
    id: str


class ListedOrder(Struct, frozen=True):
    """What lists show of an order."""

    created_at: datetime
    updated_at: datetime
    net_amount: int
    status: str
    payment_status: str
    customer: ListedCustomer | None = None
    store: ListedStore | None = None


class ListedDocument(Struct, frozen=True):
    order: ListedOrder
    removed: bool = False


class ListedEvent(Struct, frozen=True):
    event: str
    success: bool
    created_at: datetime


class ListedTransaction(Struct, frozen=True):
    """What lists show of a transaction."""

    id: str
    session_id: str
    created_at: datetime
    amount: int
    currency: str
    status: str
    payment_product_type: str
    events: tuple[ListedEvent, ...] = ()


class ListedTransactionDocument(Struct, frozen=True):
    transaction: ListedTransaction


class Reason(Struct, frozen=True):
    code: str | None = None


class TransactionEvent(Struct, frozen=True):
    id: str
    event: str
    transaction_status: str
    success: bool
    amount: int | None = None
    error: Reason | None = None
    metadata: dict[str, Any] | None = None


class Transaction(Struct, frozen=True):
    id: str
    session_id: str
    amount: int
    currency: str
    status: str
    events: tuple[TransactionEvent, ...] = ()
    payment_operation: str | None = None


class Attempt(Struct, frozen=True):
    id: str
    verb: str
    amount: int
    status: str
    created_at: datetime
    final: bool = False
    asks: int = 0
    captures: bool = False
    held: bool = False


class TransactionDocument(Struct, frozen=True):
    """`transaction` is kept as its bytes: the log holds the same ones."""

    transaction: Raw
    attempts: tuple[Attempt, ...] = ()


class SessionPart(Struct, frozen=True):
    id: str
    created_at: datetime
    transaction_id: str | None = None


class SessionDocument(Struct, frozen=True):
    session: SessionPart


read_order = json.Decoder(OrderDocument).decode
read_listed = json.Decoder(ListedDocument).decode
read_listed_transaction = json.Decoder(ListedTransactionDocument).decode
read_order_entry = json.Decoder(OrderEntry).decode
read_record = json.Decoder(TransactionDocument).decode
read_transaction = json.Decoder(Transaction).decode
read_session = json.Decoder(SessionDocument).decode
"""They raise msgspec.DecodeError when the text is no such document."""
