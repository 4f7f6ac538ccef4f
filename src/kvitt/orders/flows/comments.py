"""Writing on an order, and taking it away again."""

from __future__ import annotations

from datetime import datetime

from kvitt.core.idempotency import Once
from kvitt.core.ids import new_uuid
from kvitt.orders.flows.changing import change
from kvitt.orders.flows.desk import Desk
from kvitt.orders.model import OrderRecord, Origin
from kvitt.orders.model.updates import CommentRequest
from kvitt.orders.rules.comments import commented, uncommented


async def comment(
    desk: Desk, origin: Origin, order_id: str, request: CommentRequest, expected: int | None, once: Once | None
) -> OrderRecord:
    id = new_uuid()

    def rule(record: OrderRecord, now: datetime, version: int) -> OrderRecord:
        return commented(record, request, id=id, now=now, by=origin.subject, version=version)

    return await change(
        desk, origin, order_id, "order.comment_added", rule, expected, once, grows=True, same_words=True
    )


async def uncomment(desk: Desk, origin: Origin, order_id: str, comment_id: str, expected: int | None) -> OrderRecord:
    def rule(record: OrderRecord, now: datetime, version: int) -> OrderRecord:
        return uncommented(record, comment_id, now=now, version=version)

    return await change(desk, origin, order_id, "order.comment_deleted", rule, expected, same_words=True)
