"""How drafts and orders are kept: their tables, and what stands in columns and words beside each document."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from kvitt.core.change import Kind
from kvitt.orders.model.documents import DraftRecord, Order, OrderRecord
from kvitt.orders.model.words import customer_of, labels_of, store_of, words_of


def _draft_columns(record: DraftRecord) -> tuple[Any, ...]:
    """A status of null keeps a removed document out of every list."""
    return (None if record.removed else record.draft.status, record.draft.created_at)


def _order_columns(record: OrderRecord) -> tuple[Any, ...]:
    order = record.order
    if record.removed:
        return (None, None, None, order.created_at)
    return (order.order_id, order.status, order.payment_status, order.created_at)


def _order_listed(record: OrderRecord) -> tuple[Any, ...]:
    """created_at, updated_at, amount, status, payment_status, customer_id, store_id."""
    order = record.order
    if record.removed:
        return (order.created_at, order.updated_at, order.net_amount, None, None, None, None)
    return (
        order.created_at,
        order.updated_at,
        order.net_amount,
        order.status,
        order.payment_status,
        customer_of(order),
        store_of(order),
    )


def sort_value(order: Order, column: str) -> datetime | int:
    """What a list that is sorted by this column sorts the order by."""
    values: dict[str, datetime | int] = {
        "created_at": order.created_at,
        "updated_at": order.updated_at,
        "amount": order.net_amount,
    }
    return values[column]


DRAFTS = Kind("drafts", DraftRecord, _draft_columns)
ORDERS = Kind("orders", OrderRecord, _order_columns, listed=_order_listed, labels=labels_of, words=words_of)
