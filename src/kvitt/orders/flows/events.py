"""What services report of an order."""

from __future__ import annotations

from kvitt.core.change import Change
from kvitt.core.idempotency import Once
from kvitt.core.ids import new_uuid
from kvitt.orders.flows.desk import Desk
from kvitt.orders.model import ORDERS, Origin
from kvitt.orders.model.events import OrderEvent, ServiceEventRequest
from kvitt.orders.queries import order_row
from kvitt.orders.rules.events import reported
from kvitt.orders.rules.history import recorded
from kvitt.orders.rules.size import refuse_larger
from kvitt.orders.rules.versions import refuse_stale


async def report(
    desk: Desk,
    origin: Origin,
    order_id: str,
    request: ServiceEventRequest,
    once: Once | None,
    expected: int | None,
) -> OrderEvent:
    """`expected`: the version of the order that the service read."""
    id = new_uuid()

    async def decide() -> tuple[Change, OrderEvent]:
        row = await order_row(desk.store, origin.account_id, order_id)
        refuse_stale(row.version, expected)
        now = desk.clock(origin.account_id)
        record, event = reported(row.doc, request, id=id, now=now, by=origin.subject, version=row.version + 1)
        record, logged = recorded(origin, "order.event_added", record, id=id, now=now, reported=event)
        put = ORDERS.put(origin.account_id, record.order.id, record, row.version, same_words=True)
        refuse_larger(put)
        return Change(puts=(put,), events=(logged,)), event

    return await desk.store.decide(decide, on=(origin.account_id, order_id), once=once)
