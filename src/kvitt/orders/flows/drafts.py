"""Making drafts, changing them, throwing them away."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from msgspec.structs import replace

from kvitt.core.change import Change, Row
from kvitt.core.idempotency import Once
from kvitt.core.ids import new_order_number, new_uuid
from kvitt.orders.flows.desk import Desk
from kvitt.orders.flows.numbers import refuse_taken, target_of
from kvitt.orders.flows.serials import number_claim
from kvitt.orders.model import DRAFTS, Draft, DraftOptions, DraftRecord, Item, OrderContent, Origin
from kvitt.orders.model import Store as Shop
from kvitt.orders.queries import draft_row
from kvitt.orders.rules import edits
from kvitt.orders.rules.checks import check_addition, check_new, check_replacement
from kvitt.orders.rules.drafts import new_draft
from kvitt.orders.rules.history import recorded_draft
from kvitt.orders.rules.options import Numbering, numbering, replaces
from kvitt.orders.rules.removal import new_timer, timer
from kvitt.orders.rules.size import refuse_larger_draft
from kvitt.orders.rules.versions import refuse_stale
from kvitt.store import Selection

Rule = Callable[[DraftRecord, datetime], DraftRecord]
"""The draft and now; answers the draft as it becomes."""


async def create(
    desk: Desk,
    origin: Origin,
    content: OrderContent,
    options: DraftOptions | None = None,
    shop: Shop | None = None,
    once: Once | None = None,
) -> Draft:
    """A new draft. Refused already here when it could not be completed as things stand, but for having no items."""
    id = new_uuid()

    async def decide() -> tuple[Change, Draft]:
        account_id, now = origin.account_id, desk.clock(origin.account_id)
        reserves = numbering(content.order_id, options) is Numbering.RESERVED
        number = new_order_number() if reserves else None
        record = new_draft(content, options, shop, id=id, now=now, by=origin.subject, reserved_number=number)
        await _refuse_unfit(desk, account_id, record.draft)
        record, event = recorded_draft(origin, "draft.created", record, id=new_uuid(), now=now)
        change = Change(
            puts=(DRAFTS.put(account_id, id, record),),
            claims=(number_claim(account_id, number, id),) if number else (),
            events=(event,),
            tasks=timer(account_id, record),
        )
        return change, record.draft

    return await desk.store.decide(decide, once=once)


async def update(
    desk: Desk,
    origin: Origin,
    draft_id: str,
    content: OrderContent,
    options: DraftOptions | None,
    shop: Shop | None,
    expected: int | None,
    once: Once | None,
) -> Draft:
    def rule(record: DraftRecord, now: datetime) -> DraftRecord:
        return edits.updated(record, content, options, shop, now=now, new_number=new_order_number())

    return await _change(desk, origin, draft_id, "draft.updated", rule, expected, once)


async def add_item(
    desk: Desk, origin: Origin, draft_id: str, item: Item, expected: int | None, once: Once | None
) -> Draft:
    def rule(record: DraftRecord, now: datetime) -> DraftRecord:
        return edits.with_item(record, item, now=now)

    return await _change(desk, origin, draft_id, "draft.updated", rule, expected, once)


async def update_item(
    desk: Desk, origin: Origin, draft_id: str, line_id: int, item: Item, expected: int | None, once: Once | None
) -> Draft:
    def rule(record: DraftRecord, now: datetime) -> DraftRecord:
        return edits.with_changed_item(record, line_id, item, now=now)

    return await _change(desk, origin, draft_id, "draft.updated", rule, expected, once)


async def remove_item(desk: Desk, origin: Origin, draft_id: str, line_id: int, expected: int | None) -> Draft:
    def rule(record: DraftRecord, now: datetime) -> DraftRecord:
        return edits.without_item(record, line_id, now=now)

    return await _change(desk, origin, draft_id, "draft.updated", rule, expected, None)


async def delete(desk: Desk, origin: Origin, draft_id: str, expected: int | None) -> Draft:
    """A number that was reserved for it is not given to any other."""

    def rule(record: DraftRecord, now: datetime) -> DraftRecord:
        return edits.deleted(record, now=now, by=origin.subject)

    return await _change(desk, origin, draft_id, "draft.deleted", rule, expected, None)


async def page(desk: Desk, account_id: str, selection: Selection, limit: int) -> tuple[Draft, ...]:
    rows = await desk.store.page(DRAFTS, account_id, selection, limit)
    return tuple(replace(row.doc.draft, events=()) for row in rows)


async def count(desk: Desk, account_id: str, selection: Selection) -> int:
    return await desk.store.count(DRAFTS, account_id, selection)


async def _change(
    desk: Desk, origin: Origin, draft_id: str, type: str, rule: Rule, expected: int | None, once: Once | None
) -> Draft:
    """The draft after the rule, with the event `type`. `expected`: the version that the caller read."""
    account_id = origin.account_id

    async def decide() -> tuple[Change, Draft]:
        row: Row[DraftRecord] = await draft_row(desk.store, account_id, draft_id)
        refuse_stale(row.version, expected)
        now = desk.clock(account_id)
        record = rule(row.doc, now)
        if record is row.doc:
            return Change(), record.draft
        if record.draft.status == "open":
            await _refuse_unfit(desk, account_id, record.draft, row.doc.draft)
        record, event = recorded_draft(origin, type, record, id=new_uuid(), now=now)
        draft = record.draft
        reserved = record.reserved and not row.doc.reserved
        begun, over = new_timer(account_id, row.doc, record)
        put = DRAFTS.put(account_id, draft.id, record, row.version)
        if draft.status == "open":
            refuse_larger_draft(put, draft)
        change = Change(
            puts=(put,),
            claims=(number_claim(account_id, draft.order.order_id or "", draft.id),) if reserved else (),
            events=(event,),
            tasks=begun,
            done=over,
        )
        return change, draft

    return await desk.store.decide(decide, on=(account_id, draft_id), once=once)


async def _refuse_unfit(desk: Desk, account_id: str, draft: Draft, before: Draft | None = None) -> None:
    """A draft that could not be completed as things stand. `before`: what it said until now."""
    source = numbering(draft.order.order_id, draft.options)
    if source is Numbering.EXISTING_ORDER:
        target = await target_of(desk, account_id, draft)
        if replaces(draft.options):
            check_replacement(target.doc, draft)
        else:
            check_addition(target.doc, draft.order, draft.options)
        return
    check_new(draft)
    if source is Numbering.CALLER and (before is None or before.order.order_id != draft.order.order_id):
        await refuse_taken(desk, account_id, draft)
