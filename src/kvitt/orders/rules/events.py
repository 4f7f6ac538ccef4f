"""The events of an order, and the one state that follows from what its services reported.

    failure   a service ever reported an error or a failure, whatever came after it
    pending   none reported yet, or what one reported last is pending
    success   all the others

The state follows from every report there was, not from the latest events alone: see History.
"""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from kvitt.core.change import encode_text
from kvitt.core.errors import problem
from kvitt.orders.model import Order, OrderRecord, Origin
from kvitt.orders.model.events import (
    MAX_BODY_SHOWN,
    MAX_EVENT_METADATA,
    MAX_EVENTS,
    MAX_SERVICES,
    EventRequest,
    History,
    OrderEvent,
    ServiceEventRequest,
    State,
)
from kvitt.orders.rules.refusals import InvalidEvent, OrderFull


def noted(origin: Origin, version: int, *, id: str, now: datetime, draft_id: str | None = None) -> OrderEvent:
    """The request as an event of the order that it changed. `version` is the order's after it."""
    body = origin.body[: 4 * MAX_BODY_SHOWN].decode("utf-8", "replace")[:MAX_BODY_SHOWN]
    return OrderEvent(
        id=id,
        event_type="api-event",
        version=version,
        created_at=now,
        created_by=origin.subject,
        request=EventRequest(method=origin.method, path=origin.path, body=body),
        draft_id=draft_id,
    )


def reported(
    record: OrderRecord, report: ServiceEventRequest, *, id: str, now: datetime, by: str, version: int
) -> tuple[OrderRecord, OrderEvent]:
    """The order with its new version, and what the service said of it. Orders of every status take reports."""
    if report.metadata is not None and len(encode_text(report.metadata)) > MAX_EVENT_METADATA:
        message = f"metadata of an event takes at most {MAX_EVENT_METADATA} characters of JSON"
        raise InvalidEvent(message, problem(message, "metadata"))
    states = record.history.states
    if report.service not in states and len(states) >= MAX_SERVICES:
        message = f"{MAX_SERVICES} services report on this order already; it takes no more"
        raise OrderFull(message, problem(message, "service"))
    event = OrderEvent(
        id=id,
        event_type="service-event",
        version=version,
        created_at=now,
        created_by=by,
        state=report.state,
        service=report.service,
        service_status=report.service_status,
        description=report.description,
        metadata=report.metadata,
        links=(),
    )
    return replace(record, order=touched(record.order, version, now)), event


def remembered(history: History, event: OrderEvent) -> History:
    """The history with one event more; the oldest beyond MAX_EVENTS are let go."""
    events = (*history.events[1 - MAX_EVENTS :], event)
    if event.service is None or event.state is None:
        return replace(history, events=events)
    states = {**history.states, event.service: event.state}
    return History(events=events, states=states, failed=history.failed or event.state in ("error", "failure"))


def state_of(history: History) -> State:
    if history.failed:
        return "failure"
    return "pending" if not history.states or "pending" in history.states.values() else "success"


def touched(order: Order, version: int, now: datetime) -> Order:
    """Clocks of several servers differ a little: nothing changes before it was made, or before its last change."""
    return replace(order, version=version, updated_at=max(now, order.updated_at))
