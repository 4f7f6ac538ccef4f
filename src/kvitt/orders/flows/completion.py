"""A draft becomes an order or several, adds its lines to one, or replaces one; and the preview of that."""

from __future__ import annotations

from datetime import datetime

import msgspec

from kvitt.core.change import Change, Claim, Row
from kvitt.core.idempotency import Once
from kvitt.core.ids import new_uuid
from kvitt.orders.flows.desk import Desk
from kvitt.orders.flows.numbers import order_ids, take_numbers, target_of
from kvitt.orders.flows.serials import Taker
from kvitt.orders.model import DRAFTS, ORDERS, DraftRecord, OrderRecord, Origin
from kvitt.orders.queries import draft_row, find_order
from kvitt.orders.rules.completion import added_lines, new_orders, replaced
from kvitt.orders.rules.edits import refuse_unless_open
from kvitt.orders.rules.history import recorded, recorded_draft
from kvitt.orders.rules.options import Numbering, numbering, replaces
from kvitt.orders.rules.plan import Plan, plan, together
from kvitt.orders.rules.size import refuse_larger, refuse_more
from kvitt.orders.rules.split import shares
from kvitt.orders.rules.versions import refuse_stale
from kvitt.orders.rules.view import OrderView, shown


class _Outcome(msgspec.Struct, frozen=True):
    """What completing comes to. `before`: the order that lines were added to, and `version` of what is changed."""

    draft: DraftRecord
    orders: tuple[OrderRecord, ...]
    type: str
    version: int = 0
    before: OrderRecord | None = None


async def complete(
    desk: Desk, origin: Origin, draft_id: str, once: Once | None = None, expected: int | None = None
) -> tuple[OrderView, ...]:
    """The orders that the draft became or added to. Completed again it answers the same ones, as they are now.

    `expected`: the version of the draft that the caller read.
    """
    account_id = origin.account_id

    async def decide() -> tuple[Change, tuple[OrderView, ...]]:
        row = await draft_row(desk.store, account_id, draft_id)
        if row.doc.draft.status == "completed":
            return Change(), await _made(desk, account_id, row.doc)
        refuse_stale(row.version, expected)
        refuse_unless_open(row.doc)
        now = desk.clock(account_id)
        if _target_named(row.doc):
            return _change(origin, row, await _edited(desk, account_id, row.doc, now), now)
        ids = order_ids(draft_id, len(shares(row.doc.draft)))
        numbers, claims = await take_numbers(desk, account_id, row.doc.draft, ids, taker)
        draft, made = new_orders(row.doc, ids=ids, numbers=numbers, now=now, by=origin.subject)
        refuse_more(made)
        return _change(origin, row, _Outcome(draft, made, "order.created"), now, claims)

    async with desk.serials.taker(desk.store, account_id) as taker:
        return await desk.store.decide(decide, on=(account_id, draft_id), once=once)


async def preview(
    desk: Desk, origin: Origin, draft_id: str, expected: int | None = None
) -> tuple[tuple[OrderView, ...], Plan]:
    """The orders as completing would make them now, and what to authorize, capture and refund then. Nothing is kept.

    A number that is taken only on completion is not known yet: the order's id stands in its place.
    """
    account_id = origin.account_id
    row = await draft_row(desk.store, account_id, draft_id)
    if row.doc.draft.status == "completed":
        return await _made(desk, account_id, row.doc), together(())
    refuse_stale(row.version, expected)
    refuse_unless_open(row.doc)
    now = desk.clock(account_id)
    if _target_named(row.doc):
        outcome = await _edited(desk, account_id, row.doc, now)
    else:
        outcome = await _not_numbered(desk, origin, row.doc, now)
    plans = [plan(outcome.before, order) for order in outcome.orders]
    return tuple(shown(order) for order in outcome.orders), together(plans)


async def _made(desk: Desk, account_id: str, record: DraftRecord) -> tuple[OrderView, ...]:
    """Those that were not removed since."""
    rows = [await find_order(desk.store, account_id, id) for id in record.order_ids]
    return tuple(shown(row.doc) for row in rows if row is not None)


def _target_named(record: DraftRecord) -> bool:
    return numbering(record.draft.order.order_id, record.draft.options) is Numbering.EXISTING_ORDER


async def _edited(desk: Desk, account_id: str, record: DraftRecord, now: datetime) -> _Outcome:
    target = await target_of(desk, account_id, record.draft)
    version = target.version + 1
    if replaces(record.draft.options):
        draft, order = replaced(record, target.doc, version=version, now=now)
        return _Outcome(draft, (order,), "order.replaced", target.version)
    draft, order = added_lines(record, target.doc, version=version, now=now)
    refuse_larger(ORDERS.put(account_id, order.order.id, order, target.version))
    return _Outcome(draft, (order,), "order.lines_added", target.version, before=target.doc)


async def _not_numbered(desk: Desk, origin: Origin, record: DraftRecord, now: datetime) -> _Outcome:
    draft = record.draft
    ids = order_ids(draft.id, len(shares(draft)))
    numbers = ids
    if numbering(draft.order.order_id, draft.options) in (Numbering.RESERVED, Numbering.CALLER):
        async with Taker({}, desk.store, origin.account_id) as nobody:
            numbers, _ = await take_numbers(desk, origin.account_id, draft, ids, nobody)
    done, made = new_orders(record, ids=ids, numbers=numbers, now=now, by=origin.subject)
    refuse_more(made)
    return _Outcome(done, made, "order.created")


def _change(
    origin: Origin, row: Row[DraftRecord], outcome: _Outcome, now: datetime, claims: tuple[Claim, ...] = ()
) -> tuple[Change, tuple[OrderView, ...]]:
    account_id = origin.account_id
    done, event = recorded_draft(origin, "draft.completed", outcome.draft, id=new_uuid(), now=now)
    draft = done.draft
    kept = [
        recorded(origin, outcome.type, order, id=new_uuid(), now=now, draft_id=draft.id) for order in outcome.orders
    ]
    change = Change(
        puts=(
            DRAFTS.put(account_id, draft.id, done, row.version),
            *(ORDERS.put(account_id, order.order.id, order, outcome.version) for order, _ in kept),
        ),
        claims=claims,
        events=(event, *(each for _, each in kept)),
    )
    return change, tuple(shown(order) for order, _ in kept)
