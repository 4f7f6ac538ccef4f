"""What the log keeps of a change to a draft or an order: who asked, with which words, and where it led."""

from __future__ import annotations

from datetime import datetime

import msgspec
from msgspec.structs import replace

from kvitt.core.change import Event, encode_text
from kvitt.orders.model import Draft, DraftRecord, Operation, Order, OrderRecord, Origin, Verb
from kvitt.orders.model.events import MAX_EVENTS, OrderEvent
from kvitt.orders.model.sessions import OrderSession
from kvitt.orders.rules.events import noted, remembered


class KeptRequest(msgspec.Struct, frozen=True, kw_only=True):
    """`body` is the request's body as text, its first 64 KiB."""

    method: str
    path: str
    body: str


class Entry(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """An event's data. `status` and `payment_status` are those after the change."""

    created_by: str
    client_id: str
    request: KeptRequest
    status: str
    payment_status: str | None = None
    order_id: str | None = None
    draft_id: str | None = None
    verb: str | None = None
    operation: Operation | None = None
    order_event: OrderEvent | None = None
    session: OrderSession | None = None


def recorded_draft(
    origin: Origin, type: str, record: DraftRecord, *, id: str, now: datetime
) -> tuple[DraftRecord, Event]:
    """The draft with this change among its events, and what the log keeps of it. `id` is both events' id."""
    draft = record.draft
    shown = noted(origin, draft.version, id=id, now=now)
    draft = replace(draft, events=(shown, *draft.events[: MAX_EVENTS - 1]))
    return replace(record, draft=draft), draft_event(origin, type, draft, id=id, now=now)


def draft_event(origin: Origin, type: str, draft: Draft, *, id: str, now: datetime) -> Event:
    entry = Entry(
        created_by=origin.subject,
        client_id=origin.client_id,
        request=_kept(origin),
        status=draft.status,
        order_id=draft.order.order_id,
    )
    return Event(origin.account_id, id, type, "draft", draft.id, draft.version, now, encode_text(entry))


def recorded(
    origin: Origin,
    type: str,
    record: OrderRecord,
    *,
    id: str,
    now: datetime,
    draft_id: str | None = None,
    verb: Verb | None = None,
    operation: Operation | None = None,
    reported: OrderEvent | None = None,
    session: OrderSession | None = None,
) -> tuple[OrderRecord, Event]:
    """The order with this change among its events, and what the log keeps of it. `id` is both events' id.

    `draft_id`: the draft that made or changed the order. `verb` and `operation`: what was registered on it.
    `reported`: what a service said, which is remembered instead of the request that brought it. `session`: what was
    started so that the customer pays.
    """
    shown = reported or noted(origin, record.order.version, id=id, now=now, draft_id=draft_id)
    kept = replace(record, history=remembered(record.history, shown))
    return kept, _order_event(origin, type, record.order, id, now, draft_id, verb, operation, reported, session)


def _order_event(
    origin: Origin,
    type: str,
    order: Order,
    id: str,
    now: datetime,
    draft_id: str | None,
    verb: Verb | None,
    operation: Operation | None,
    reported: OrderEvent | None,
    session: OrderSession | None,
) -> Event:
    entry = Entry(
        created_by=origin.subject,
        client_id=origin.client_id,
        request=_kept(origin),
        status=order.status,
        payment_status=order.payment_status,
        order_id=order.order_id,
        draft_id=draft_id,
        verb=verb,
        operation=operation,
        order_event=reported,
        session=session,
    )
    return Event(origin.account_id, id, type, "order", order.id, order.version, now, encode_text(entry))


def _kept(origin: Origin) -> KeptRequest:
    return KeptRequest(method=origin.method, path=origin.path, body=origin.body_text())
