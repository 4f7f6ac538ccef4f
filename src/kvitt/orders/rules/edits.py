"""A draft is changed, line by line or as a whole, as long as it is open; or thrown away."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import asdict, replace

from kvitt.core.errors import NotFound, problem
from kvitt.orders.model import (
    MAX_ITEMS,
    DraftOptions,
    DraftOrder,
    DraftRecord,
    Item,
    OrderContent,
    Store,
)
from kvitt.orders.rules.drafts import check, coming, expiry, priced
from kvitt.orders.rules.lines import line_faults, restamped
from kvitt.orders.rules.options import Numbering, numbering
from kvitt.orders.rules.refusals import DraftFull, DraftNotOpen, InvalidDraft, refuse_if
from kvitt.orders.rules.totals import totals


def refuse_unless_open(record: DraftRecord) -> None:
    if record.draft.status != "open":
        raise DraftNotOpen(f"draft order {record.draft.id} is {record.draft.status}: it cannot be changed any more")


def updated(
    record: DraftRecord,
    content: OrderContent,
    options: DraftOptions | None,
    store: Store | None,
    *,
    now: datetime,
    new_number: str,
) -> DraftRecord:
    """The draft with this content; options and store stay as they were when none are given.

    A number that was reserved stays the draft's: it may be sent along, and stands there again if not. `new_number` is
    for a draft that asks only now for one to be reserved.
    """
    refuse_unless_open(record)
    draft = record.draft
    options = options if options is not None else draft.options
    if record.reserved:
        content = _without_reserved(content, draft.order.order_id)
    check(content, options)
    reserves = numbering(content.order_id, options) is Numbering.RESERVED
    if record.reserved and not reserves:
        message = f"order_id {draft.order.order_id} is reserved for this draft: generate_order_id stays as it is"
        raise InvalidDraft(message, problem(message, "options.generate_order_id"))
    version = draft.version + 1
    order = priced(content, version, draft.order.items)
    if reserves:
        order = replace(order, order_id=draft.order.order_id if record.reserved else new_number)
    store = store if store is not None else draft.store
    draft = replace(draft, order=order, options=options, store=store, version=version, updated_at=now)
    expires_at = coming(expiry(options, draft.created_at), now)
    return replace(record, draft=draft, reserved=reserves, expires_at=expires_at)


def _without_reserved(content: OrderContent, number: str | None) -> OrderContent:
    """So that a draft can be read, changed and sent back."""
    return replace(content, order_id=None) if content.order_id == number else content


def with_item(record: DraftRecord, item: Item, *, now: datetime) -> DraftRecord:
    refuse_unless_open(record)
    items = record.draft.order.items
    faults = line_faults(item)
    if any(other.line_id == item.line_id for other in items):
        message = f"the draft has a line {item.line_id} already"
        faults.append(problem(message, "line_id", line_id=item.line_id))
    refuse_if(faults, InvalidDraft)
    if len(items) >= MAX_ITEMS:
        raise DraftFull(f"a draft takes at most {MAX_ITEMS} items")
    return _with_items(record, (*items, restamped(item, None, record.draft.version + 1)), now)


def with_changed_item(record: DraftRecord, line_id: int, item: Item, *, now: datetime) -> DraftRecord:
    refuse_unless_open(record)
    before = _item(record, line_id)
    faults = line_faults(item)
    if item.line_id != line_id:
        message = f"line_id is {item.line_id}, and the path names line {line_id}"
        faults.append(problem(message, "line_id", line_id=item.line_id))
    refuse_if(faults, InvalidDraft)
    changed = restamped(item, before, record.draft.version + 1)
    items = (changed if other is before else other for other in record.draft.order.items)
    return _with_items(record, tuple(items), now)


def without_item(record: DraftRecord, line_id: int, *, now: datetime) -> DraftRecord:
    refuse_unless_open(record)
    gone = _item(record, line_id)
    return _with_items(record, tuple(item for item in record.draft.order.items if item is not gone), now)


def deleted(record: DraftRecord, *, now: datetime, by: str) -> DraftRecord:
    """Deleted twice is deleted once."""
    draft = record.draft
    if draft.status == "deleted":
        return record
    refuse_unless_open(record)
    draft = replace(draft, status="deleted", version=draft.version + 1, updated_at=now, deleted_at=now, deleted_by=by)
    return replace(record, draft=draft)


def _item(record: DraftRecord, line_id: int) -> Item:
    for item in record.draft.order.items:
        if item.line_id == line_id:
            return item
    raise NotFound(f"draft order {record.draft.id} has no line {line_id}")


def _with_items(record: DraftRecord, items: tuple[Item, ...], now: datetime) -> DraftRecord:
    draft = record.draft
    order: DraftOrder = replace(draft.order, items=items, **asdict(totals(items)))
    return replace(record, draft=replace(draft, order=order, version=draft.version + 1, updated_at=now))
