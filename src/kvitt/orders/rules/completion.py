"""A draft becomes an order, or adds its lines to one: what was sold is never edited, only added to or taken back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec.structs import asdict, replace

from kvitt.orders.model import (
    Draft,
    DraftRecord,
    Item,
    Order,
    OrderContent,
    OrderRecord,
    Store,
)
from kvitt.orders.rules.checks import check_addition, check_new, check_replacement, refuse_empty
from kvitt.orders.rules.lines import stamped
from kvitt.orders.rules.split import Share, shares
from kvitt.orders.rules.status import payment_status
from kvitt.orders.rules.totals import totals


def new_orders(
    record: DraftRecord, *, ids: Sequence[str], numbers: Sequence[str], now: datetime, by: str
) -> tuple[DraftRecord, tuple[OrderRecord, ...]]:
    """The draft, completed, and the orders it became, one for each of its shares. `numbers` are their order_ids."""
    draft = record.draft
    refuse_empty(draft.order.items)
    check_new(draft)
    made = tuple(
        _order(draft, share, id=id, number=number, now=now, by=by)
        for share, id, number in zip(shares(draft), ids, numbers, strict=True)
    )
    return completed(record, ids, now), made


def new_order(record: DraftRecord, *, id: str, number: str, now: datetime, by: str) -> tuple[DraftRecord, OrderRecord]:
    """The draft, completed, and the one order it became."""
    done, (order,) = new_orders(record, ids=(id,), numbers=(number,), now=now, by=by)
    return done, order


def _order(draft: Draft, share: Share, *, id: str, number: str, now: datetime, by: str) -> OrderRecord:
    items = tuple(stamped(item, 1) for item in share.items)
    order = Order(
        **_members(draft, items, share.store, number),
        id=id,
        status="open",
        payment_status="pending",
        version=1,
        created_at=now,
        created_by=by,
        updated_at=now,
        authorizations=(),
        captures=(),
        refunds=(),
        cancellations=(),
    )
    order = replace(order, payment_status=payment_status(order))
    multiple = draft.options is not None and bool(draft.options.multiple_authorizations)
    return OrderRecord(order=order, draft_ids=(draft.id,), multiple_authorizations=multiple)


def _members(draft: Draft, items: tuple[Item, ...], store: Store | None, number: str) -> dict[str, Any]:
    """What a draft decides of an order."""
    members = {name: getattr(draft.order, name) for name in OrderContent.__struct_fields__}
    return {**members, "items": items, "order_id": number, "store": store, **asdict(totals(items))}


def added_lines(
    record: DraftRecord, target: OrderRecord, *, version: int, now: datetime
) -> tuple[DraftRecord, OrderRecord]:
    """The draft, completed, and the order with its lines. Only lines are added. `version` is the one the order gets."""
    refuse_empty(record.draft.order.items)
    check_addition(target, record.draft.order, record.draft.options)
    items = (*target.order.items, *(stamped(item, version) for item in record.draft.order.items))
    order = replace(
        target.order,
        items=items,
        **asdict(totals(items)),
        version=version,
        updated_at=max(now, target.order.updated_at),
    )
    order = replace(order, payment_status=payment_status(order))
    changed = replace(target, order=order, draft_ids=(*target.draft_ids, record.draft.id))
    return completed(record, (order.id,), now), changed


def replaced(
    record: DraftRecord, target: OrderRecord, *, version: int, now: datetime
) -> tuple[DraftRecord, OrderRecord]:
    """The draft, completed, and the order with what the draft holds in place of what it held.

    It keeps its id, its number and its history. Whether it takes several authorizations stays as it was, unless the
    draft says so.
    """
    draft = record.draft
    refuse_empty(draft.order.items)
    check_replacement(target, draft)
    items = tuple(stamped(item, version) for item in draft.order.items)
    store = draft.order.store or draft.store
    members = _members(draft, items, store, target.order.order_id)
    order = replace(target.order, **members, version=version, updated_at=max(now, target.order.updated_at))
    order = replace(order, payment_status=payment_status(order))
    asked = draft.options.multiple_authorizations if draft.options is not None else None
    multiple = target.multiple_authorizations if asked is None else asked
    changed = replace(target, order=order, draft_ids=(*target.draft_ids, draft.id), multiple_authorizations=multiple)
    return completed(record, (order.id,), now), changed


def completed(record: DraftRecord, order_ids: Sequence[str], now: datetime) -> DraftRecord:
    draft = replace(record.draft, status="completed", version=record.draft.version + 1, updated_at=now)
    return replace(record, draft=draft, order_ids=tuple(order_ids))
