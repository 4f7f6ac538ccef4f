"""The order's half of starting a session. Nothing is committed here: whoever starts one commits both halves at once."""

from __future__ import annotations

from kvitt.core.change import Change, Row
from kvitt.core.ids import new_uuid
from kvitt.orders.flows.desk import Desk
from kvitt.orders.model import ORDERS, OrderRecord, Origin
from kvitt.orders.model.sessions import OrderSession, SessionItem, SessionItemRequest
from kvitt.orders.queries import order_row
from kvitt.orders.rules import sessions
from kvitt.orders.rules.history import recorded
from kvitt.orders.rules.size import refuse_larger
from kvitt.orders.rules.versions import refuse_stale


async def payable(
    desk: Desk, account_id: str, order_id: str, asked: tuple[SessionItemRequest, ...], expected: int | None
) -> tuple[Row[OrderRecord], tuple[SessionItem, ...]]:
    row = await order_row(desk.store, account_id, order_id)
    refuse_stale(row.version, expected)
    return row, sessions.payable(row.doc, asked)


def with_session(desk: Desk, origin: Origin, row: Row[OrderRecord], session: OrderSession) -> Change:
    now = desk.clock(origin.account_id)
    record = sessions.with_session(row.doc, session, version=row.version + 1, now=now)
    record, event = recorded(origin, "order.session_added", record, id=new_uuid(), now=now, session=session)
    put = ORDERS.put(origin.account_id, record.order.id, record, row.version, same_words=True)
    refuse_larger(put)
    return Change(puts=(put,), events=(event,))
