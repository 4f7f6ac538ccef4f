"""An order's sessions: what the customer may be asked to pay, and the order with a session on it.

A session reserves nothing. Two may be open for the same lines, as when the customer closed the page and tries again:
what is really paid is registered as an authorization, and it is there that a line is authorized once.
"""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from kvitt.core.errors import problem
from kvitt.orders.model import OperationItem, OperationRequest, OrderRecord, Verb
from kvitt.orders.model.sessions import MAX_SESSIONS, OrderSession, SessionItem, SessionItemRequest
from kvitt.orders.rules.events import touched
from kvitt.orders.rules.operations import refuse_by_state, refuse_malformed
from kvitt.orders.rules.refusals import OrderFull, OrderNotOpen, UnknownLine, refuse_if
from kvitt.orders.rules.remaining import left


def payable(record: OrderRecord, asked: tuple[SessionItemRequest, ...]) -> tuple[SessionItem, ...]:
    """The items with their amounts. Refused where an authorization of the same lines and amounts would be refused."""
    lines = {str(item.line_id): item.line_id for item in record.order.items}
    unknown = [
        problem(f"the order has no line {item.line_id}", f"items.{index}.line_id", line_id=item.line_id)
        for index, item in enumerate(asked)
        if str(item.line_id) not in lines
    ]
    refuse_if(unknown, UnknownLine)
    rest = _default_amounts(record)
    chosen = tuple(
        OperationItem(line_id=id, amount=rest[id] if item.amount is None else item.amount)
        for item, id in ((item, lines[str(item.line_id)]) for item in asked)
    )
    authorization = OperationRequest(items=chosen)
    refuse_malformed(record, Verb.AUTHORIZE, authorization)
    order = record.order
    if order.status != "open":
        raise OrderNotOpen(f"order {order.order_id} is {order.status}: it takes no new sessions")
    if len(order.sessions) >= MAX_SESSIONS:
        raise OrderFull(f"an order takes at most {MAX_SESSIONS} sessions")
    refuse_by_state(record, Verb.AUTHORIZE, authorization)
    return tuple(
        SessionItem(line_id=str(part.line_id), amount=part.amount, splits=item.splits)
        for item, part in zip(asked, chosen, strict=True)
    )


def _default_amounts(record: OrderRecord) -> dict[int, int]:
    """What is left to authorize; all of a line of which nothing is left, so that it is refused for that reason."""
    rest = left(record)
    return {item.line_id: rest[item.line_id].authorize or item.net for item in record.order.items}


def with_session(record: OrderRecord, session: OrderSession, *, version: int, now: datetime) -> OrderRecord:
    """The order with the session on it. `version` is the one the order gets."""
    order = replace(record.order, sessions=(*record.order.sessions, session))
    return replace(record, order=touched(order, version, now))
