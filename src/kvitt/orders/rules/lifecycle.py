"""Cancelling, closing and opening an order.

    open ⇄ closed        nothing but refunds is taken on a closed order
    open → cancelled     only when the order holds no money; there is no way back

Asked for again, each answers the order as it is.
"""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from kvitt.core.errors import problem
from kvitt.orders.model import OrderRecord
from kvitt.orders.rules.events import touched
from kvitt.orders.rules.refusals import OrderNotOpen, StillPaid
from kvitt.orders.rules.remaining import amount_of, received
from kvitt.orders.rules.status import status


def cancelled(record: OrderRecord, reason: str | None, *, now: datetime, by: str, version: int) -> OrderRecord | None:
    """The order, cancelled; None when it was before. What is authorized may still be registered as cancelled."""
    order = record.order
    if order.status == "cancelled":
        return None
    if order.status == "closed":
        raise OrderNotOpen(f"order {order.order_id} is closed: open it first, then it can be cancelled")
    if holds := received(order):
        captured, refunded = amount_of(order.captures), amount_of(order.refunds)
        message = f"order {order.order_id} holds {holds} (captured {captured}, refunded {refunded}): refund it first"
        raise StillPaid(message, problem(message, captured=captured, refunded=refunded, left=holds))
    changed = replace(order, cancelled_at=now, cancelled_by=by, cancelled_reason=reason)
    changed = replace(changed, status=status(changed))
    return replace(record, order=touched(changed, version, now))


def closed(record: OrderRecord, *, now: datetime, by: str, version: int) -> OrderRecord | None:
    """The order, closed; None when it was before."""
    order = record.order
    if order.status == "closed":
        return None
    if order.status == "cancelled":
        raise OrderNotOpen(f"order {order.order_id} is cancelled: there is nothing to close")
    changed = replace(order, closed_at=now, closed_by=by)
    changed = replace(changed, status=status(changed))
    return replace(record, order=touched(changed, version, now))


def opened(record: OrderRecord, *, now: datetime, version: int) -> OrderRecord | None:
    """The order, open again; None when it was open."""
    order = record.order
    if order.status == "open":
        return None
    if order.status == "cancelled":
        raise OrderNotOpen(f"order {order.order_id} is cancelled: it cannot be opened again")
    changed = replace(order, closed_at=None, closed_by=None)
    changed = replace(changed, status=status(changed))
    return replace(record, order=touched(changed, version, now))
