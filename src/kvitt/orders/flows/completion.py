"""A draft becomes an order, or adds its lines to one."""

from __future__ import annotations

from kvitt.core.change import Change, Claim, Row
from kvitt.core.idempotency import Once
from kvitt.core.ids import new_order_number, new_uuid
from kvitt.orders.flows.desk import Desk
from kvitt.orders.flows.numbers import number_claim, refuse_taken, target_of
from kvitt.orders.model import DRAFTS, ORDERS, DraftRecord, Order, OrderRecord, Origin
from kvitt.orders.queries import draft_row, order_row
from kvitt.orders.rules.completion import added_lines, new_order
from kvitt.orders.rules.history import draft_event, order_event
from kvitt.orders.rules.options import Numbering, numbering


async def complete(desk: Desk, origin: Origin, draft_id: str, once: Once | None = None) -> tuple[Order, ...]:
    """The orders that the draft became or added to. Completed again it answers the same ones, as they are now."""

    async def decide() -> tuple[Change, tuple[Order, ...]]:
        row = await draft_row(desk.store, origin.account_id, draft_id)
        if row.doc.draft.status == "completed":
            rows = [await order_row(desk.store, origin.account_id, id) for id in row.doc.order_ids]
            return Change(), tuple(found.doc.order for found in rows)
        source = numbering(row.doc.draft.order.order_id, row.doc.draft.options)
        if source is Numbering.EXISTING_ORDER:
            return await _add_lines(desk, origin, row)
        return await _make_order(desk, origin, row, source)

    return await desk.store.decide(decide, on=(origin.account_id, draft_id), once=once)


async def _make_order(
    desk: Desk, origin: Origin, row: Row[DraftRecord], source: Numbering
) -> tuple[Change, tuple[Order, ...]]:
    """A number is taken in the same Change that makes the order, so none is lost on an order that was not made."""
    account_id, now, id = origin.account_id, desk.clock(origin.account_id), new_uuid()
    match source:
        case Numbering.ON_COMPLETION:
            number = new_order_number()
        case Numbering.CALLER:
            await refuse_taken(desk, account_id, row.doc.draft)
            number = row.doc.draft.order.order_id or id
        case _:
            number = row.doc.draft.order.order_id or id
    claims = () if source is Numbering.RESERVED else (number_claim(account_id, number, id),)
    draft_record, order_record = new_order(row.doc, id=id, number=number, now=now, by=origin.subject)
    return _completion(origin, row, draft_record, order_record, 0, claims)


async def _add_lines(desk: Desk, origin: Origin, row: Row[DraftRecord]) -> tuple[Change, tuple[Order, ...]]:
    target = await target_of(desk, origin.account_id, row.doc.draft)
    draft_record, order_record = added_lines(
        row.doc, target.doc, version=target.version + 1, now=desk.clock(origin.account_id)
    )
    return _completion(origin, row, draft_record, order_record, target.version, ())


def _completion(
    origin: Origin,
    row: Row[DraftRecord],
    draft_record: DraftRecord,
    order_record: OrderRecord,
    order_version: int,
    claims: tuple[Claim, ...],
) -> tuple[Change, tuple[Order, ...]]:
    draft, order = draft_record.draft, order_record.order
    now = draft.updated_at
    type = "order.lines_added" if order_version else "order.created"
    change = Change(
        puts=(
            DRAFTS.put(origin.account_id, draft.id, draft_record, row.version),
            ORDERS.put(origin.account_id, order.id, order_record, order_version),
        ),
        claims=claims,
        events=(
            draft_event(origin, "draft.completed", draft, id=new_uuid(), now=now),
            order_event(origin, type, order, id=new_uuid(), now=now, draft_id=draft.id),
        ),
    )
    return change, (order,)
