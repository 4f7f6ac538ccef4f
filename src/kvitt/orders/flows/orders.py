"""Changing an order, and its life: cancelled, closed, opened."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from kvitt.core.idempotency import Once
from kvitt.orders.flows.changing import change
from kvitt.orders.flows.desk import Desk
from kvitt.orders.model import OrderRecord, Origin
from kvitt.orders.model.updates import CancelRequest, OrderUpdate
from kvitt.orders.rules.lifecycle import cancelled, closed, opened
from kvitt.orders.rules.updates import updated


async def update(
    desk: Desk,
    origin: Origin,
    order_id: str,
    request: OrderUpdate,
    sent: Mapping[str, Any],
    expected: int | None,
    once: Once | None,
) -> OrderRecord:
    """`sent`: the body as it came, of which `request` is what may be changed."""

    def rule(record: OrderRecord, now: datetime, version: int) -> OrderRecord:
        return updated(record, request, sent, now=now, version=version)

    return await change(desk, origin, order_id, "order.updated", rule, expected, once, grows=True)


async def cancel(
    desk: Desk, origin: Origin, order_id: str, request: CancelRequest, expected: int | None, once: Once | None
) -> OrderRecord:
    reason = request.reason if request.reason is not None else request.cancelled_reason

    def rule(record: OrderRecord, now: datetime, version: int) -> OrderRecord | None:
        return cancelled(record, reason, now=now, by=origin.subject, version=version)

    return await change(desk, origin, order_id, "order.cancelled", rule, expected, once, same_words=True)


async def close(desk: Desk, origin: Origin, order_id: str, expected: int | None, once: Once | None) -> OrderRecord:
    def rule(record: OrderRecord, now: datetime, version: int) -> OrderRecord | None:
        return closed(record, now=now, by=origin.subject, version=version)

    return await change(desk, origin, order_id, "order.closed", rule, expected, once, same_words=True)


async def reopen(desk: Desk, origin: Origin, order_id: str, expected: int | None, once: Once | None) -> OrderRecord:
    def rule(record: OrderRecord, now: datetime, version: int) -> OrderRecord | None:
        return opened(record, now=now, version=version)

    return await change(desk, origin, order_id, "order.opened", rule, expected, once, same_words=True)
