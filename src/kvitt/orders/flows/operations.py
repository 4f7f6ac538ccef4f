"""Registering authorizations, captures, refunds and cancellations."""

from __future__ import annotations

from kvitt.core.change import Change
from kvitt.core.idempotency import Once
from kvitt.core.ids import new_uuid
from kvitt.orders.flows.desk import Desk
from kvitt.orders.model import ORDERS, Operation, OperationRequest, Origin, Verb
from kvitt.orders.queries import order_row
from kvitt.orders.rules.history import recorded
from kvitt.orders.rules.operations import register as registered
from kvitt.orders.rules.size import MAX_SIZE_WITH_OPERATIONS, refuse_larger
from kvitt.orders.rules.versions import refuse_stale


async def register(
    desk: Desk,
    origin: Origin,
    order_id: str,
    verb: Verb,
    request: OperationRequest,
    once: Once | None = None,
    expected: int | None = None,
) -> Operation:
    """An authorization, a capture, a refund or a cancellation on the order.

    `expected`: the version of the order that the caller read.
    """
    id = new_uuid()

    async def decide() -> tuple[Change, Operation]:
        row = await order_row(desk.store, origin.account_id, order_id)
        refuse_stale(row.version, expected)
        now = desk.clock(origin.account_id)
        record, operation = registered(
            row.doc, verb, request, id=id, now=now, by=origin.subject, version=row.version + 1
        )
        record, event = recorded(
            origin, f"order.{verb.noun}_added", record, id=new_uuid(), now=now, verb=verb, operation=operation
        )
        put = ORDERS.put(origin.account_id, record.order.id, record, row.version, same_words=True)
        refuse_larger(put, MAX_SIZE_WITH_OPERATIONS)
        return Change(puts=(put,), events=(event,)), operation

    return await desk.store.decide(decide, on=(origin.account_id, order_id), once=once)
