"""How an order is changed: load, refuse what is stale, decide by a rule, commit the order with its event."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from kvitt.core.change import Change
from kvitt.core.idempotency import Once
from kvitt.core.ids import new_uuid
from kvitt.orders.flows.desk import Desk
from kvitt.orders.model import ORDERS, OrderRecord, Origin
from kvitt.orders.queries import order_row
from kvitt.orders.rules.history import recorded
from kvitt.orders.rules.size import refuse_larger
from kvitt.orders.rules.versions import refuse_stale

Rule = Callable[[OrderRecord, datetime, int], OrderRecord | None]
"""The order, now, and the version it gets. Answers the order as it becomes, None when nothing is to be changed."""


async def change(
    desk: Desk,
    origin: Origin,
    order_id: str,
    type: str,
    rule: Rule,
    expected: int | None = None,
    once: Once | None = None,
    *,
    grows: bool = False,
    same_words: bool = False,
) -> OrderRecord:
    """The order after the rule. `type`: of the log's event. `expected`: the version that the caller read.

    `grows`: refused for an order that is too large by it. `same_words`: it is found by what it was found by before.
    """

    async def decide() -> tuple[Change, OrderRecord]:
        row = await order_row(desk.store, origin.account_id, order_id)
        refuse_stale(row.version, expected)
        now = desk.clock(origin.account_id)
        changed = rule(row.doc, now, row.version + 1)
        if changed is None:
            return Change(), row.doc
        changed, event = recorded(origin, type, changed, id=new_uuid(), now=now)
        put = ORDERS.put(origin.account_id, changed.order.id, changed, row.version, same_words=same_words)
        if grows:
            refuse_larger(put)
        return Change(puts=(put,), events=(event,)), changed

    return await desk.store.decide(decide, on=(origin.account_id, order_id), once=once)
