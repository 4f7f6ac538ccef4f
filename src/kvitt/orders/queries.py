"""Reading drafts and orders. NotFound when the account has no such thing."""

from __future__ import annotations

import re

from kvitt.core.change import Row
from kvitt.core.errors import NotFound
from kvitt.orders.model import DRAFTS, ORDERS, DraftRecord, Operation, Order, OrderRecord, Verb
from kvitt.orders.rules.remaining import operations
from kvitt.store import Store

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z")


async def draft_row(store: Store, account_id: str, id: str) -> Row[DraftRecord]:
    row = await store.get(DRAFTS, account_id, id) if _UUID.match(id) else None
    if row is None or row.doc.removed:
        raise NotFound(f"there is no draft order {id}")
    return row


async def order_row(store: Store, account_id: str, id: str) -> Row[OrderRecord]:
    """By internal id or by order_id."""
    row = await find_order(store, account_id, id)
    if row is None:
        raise NotFound(f"there is no order {id}")
    return row


async def find_order(store: Store, account_id: str, id: str) -> Row[OrderRecord] | None:
    """By internal id or by order_id. A number of the shop's own may look like an id, so both are tried."""
    if _UUID.match(id):
        row = await store.get(ORDERS, account_id, id)
        if row is not None:
            return None if row.doc.removed else row
    return await store.find(ORDERS, account_id, "order_id", id)


def operation_of(order: Order, verb: Verb, id: str) -> Operation:
    for operation in operations(order, verb):
        if operation.id == id:
            return operation
    raise NotFound(f"order {order.order_id} has no {verb.noun} {id}")
