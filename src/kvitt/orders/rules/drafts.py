"""What a draft may say, and what it comes to: every fault is found, each with the path where it stands."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from msgspec.structs import asdict, replace

from kvitt.core.errors import problem
from kvitt.core.money import is_currency
from kvitt.orders.model import Draft, DraftOptions, DraftOrder, DraftRecord, Item, OrderContent, Store
from kvitt.orders.rules.lines import line_faults, restamped
from kvitt.orders.rules.options import option_faults
from kvitt.orders.rules.refusals import InvalidDraft, refuse_if
from kvitt.orders.rules.totals import totals


def new_draft(
    content: OrderContent,
    options: DraftOptions | None,
    store: Store | None,
    *,
    id: str,
    now: datetime,
    by: str,
    reserved_number: str | None = None,
) -> DraftRecord:
    """An open draft with its totals. `reserved_number` is the order number that is taken for it already."""
    check(content, options)
    order = priced(content, version=1)
    if reserved_number is not None:
        order = replace(order, order_id=reserved_number)
    draft = Draft(
        id=id,
        status="open",
        version=1,
        created_at=now,
        created_by=by,
        updated_at=now,
        order=order,
        options=options,
        store=store,
    )
    reserved = reserved_number is not None
    return DraftRecord(draft=draft, reserved=reserved, expires_at=coming(expiry(options, now), now))


def check(content: OrderContent, options: DraftOptions | None) -> None:
    """Raises InvalidDraft with all faults that show without knowing any other document."""
    faults = option_faults(content.order_id, options)
    if not is_currency(content.currency):
        faults.append(problem(f"{content.currency!r} is no ISO 4217 currency", "order.currency"))
    times = Counter(item.line_id for item in content.items)
    for index, item in enumerate(content.items):
        prefix = f"order.items.{index}."
        if times[item.line_id] > 1:
            message = f"line_id {item.line_id} is used by several lines"
            faults.append(problem(message, f"{prefix}line_id", line_id=item.line_id))
        faults += line_faults(item, prefix)
    refuse_if(faults, InvalidDraft)


def priced(content: OrderContent, version: int, before: tuple[Item, ...] = ()) -> DraftOrder:
    """The content with the amounts that follow from it. `version`: the document's, when its lines come into it.

    `before`: the lines that stood there; those that stay as they were keep their version.
    """
    known = {item.line_id: item for item in before}
    items = tuple(restamped(item, known.get(item.line_id), version) for item in content.items)
    members = {name: getattr(content, name) for name in OrderContent.__struct_fields__ if name != "items"}
    return DraftOrder(**members, items=items, **asdict(totals(items)))


def expiry(options: DraftOptions | None, created_at: datetime) -> datetime | None:
    """When the draft and its orders are removed. Seconds count from the draft's creation."""
    live = options.order_time_to_live if options is not None else None
    return created_at + timedelta(seconds=live) if isinstance(live, int) else live


def coming(expires_at: datetime | None, now: datetime) -> datetime | None:
    """The same, when it is not over already."""
    if expires_at is not None and expires_at <= now:
        message = f"the time to live was over at {expires_at.isoformat()}"
        raise InvalidDraft(message, problem(message, "options.order_time_to_live"))
    return expires_at
