"""The timer of a draft's time to live rang: the draft is removed, and the orders that it became.

In steps that can be done again: first the orders that may go, all at once; then the drafts that added lines to those;
at last the draft itself, and with it the timer. An order that was made without a draft has a timer of its own, and goes
the same way.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

import msgspec

from kvitt.core.change import Change, Event, Put, Row, TaskKey
from kvitt.core.ids import new_uuid
from kvitt.orders.flows.desk import Desk
from kvitt.orders.model import DRAFTS, ORDERS, DraftRecord, OrderRecord, Origin
from kvitt.orders.rules.history import draft_event, recorded
from kvitt.orders.rules.removal import is_kept, is_of, removed_draft, removed_order
from kvitt.store import DueTask

TOGETHER = 50
"""Drafts that are removed in one Change."""


async def remove(desk: Desk, task: DueTask) -> None:
    own = TaskKey(task.account_id, task.id)
    draft_id = msgspec.json.decode(task.data, type=str)
    drafts = await _remove_orders(desk, own.account_id, draft_id, partial(_orders, desk, own, draft_id))
    await _remove_drafts(desk, own.account_id, [id for id in drafts if id != draft_id])
    await _remove_draft(desk, own, draft_id)


async def remove_order(desk: Desk, task: DueTask) -> None:
    own = TaskKey(task.account_id, task.id)
    order_id = msgspec.json.decode(task.data, type=str)
    drafts = await _remove_orders(desk, own.account_id, order_id, partial(_order, desk, own.account_id, order_id))
    await _remove_drafts(desk, own.account_id, drafts)

    async def decide() -> tuple[Change, None]:
        return Change(done=(own,)), None

    await desk.store.decide(decide)


async def _remove_orders(
    desk: Desk, account_id: str, of: str, load: Callable[[], Awaitable[list[Row[OrderRecord]]]]
) -> list[str]:
    """Answers the drafts of those that are removed, whether now or when this was tried before. `of`: whose timer."""

    async def decide() -> tuple[Change, list[str]]:
        rows = await load()
        gone = [_order_gone(desk, account_id, row) for row in rows if not (row.doc.removed or is_kept(row.doc))]
        change = Change(puts=tuple(put for put, _ in gone), events=tuple(event for _, event in gone))
        going = (row.doc for row in rows if not is_kept(row.doc))
        return change, [id for order in going for id in order.draft_ids]

    return await desk.store.decide(decide, on=(account_id, of))


async def _remove_drafts(desk: Desk, account_id: str, ids: list[str]) -> None:
    for start in range(0, len(ids), TOGETHER):
        await _remove_some(desk, account_id, ids[start : start + TOGETHER])


async def _remove_some(desk: Desk, account_id: str, ids: list[str]) -> None:
    async def decide() -> tuple[Change, None]:
        rows = [await desk.store.get(DRAFTS, account_id, id) for id in ids]
        gone = [_draft_gone(desk, account_id, row) for row in rows if row is not None and not row.doc.removed]
        return Change(puts=tuple(put for put, _ in gone), events=tuple(event for _, event in gone)), None

    await desk.store.decide(decide)


async def _remove_draft(desk: Desk, own: TaskKey, draft_id: str) -> None:
    """The draft of an order that is kept is kept with it."""
    account_id = own.account_id

    async def decide() -> tuple[Change, None]:
        row = await desk.store.get(DRAFTS, account_id, draft_id)
        change = Change(done=(own,))
        if row is None or not is_of(row.doc, own) or any(is_kept(o.doc) for o in await _orders(desk, own, draft_id)):
            return change, None
        put, event = _draft_gone(desk, account_id, row)
        return change + Change(puts=(put,), events=(event,)), None

    await desk.store.decide(decide, on=(account_id, draft_id))


async def _orders(desk: Desk, own: TaskKey, draft_id: str) -> list[Row[OrderRecord]]:
    """None when the timer is out of date."""
    draft = await desk.store.get(DRAFTS, own.account_id, draft_id)
    if draft is None or not is_of(draft.doc, own):
        return []
    rows = [await desk.store.get(ORDERS, own.account_id, id) for id in draft.doc.order_ids]
    return [row for row in rows if row is not None]


async def _order(desk: Desk, account_id: str, order_id: str) -> list[Row[OrderRecord]]:
    row = await desk.store.get(ORDERS, account_id, order_id)
    return [row] if row is not None else []


def _order_gone(desk: Desk, account_id: str, row: Row[OrderRecord]) -> tuple[Put, Event]:
    now = desk.clock(account_id)
    nothing = removed_order(row.doc, version=row.version + 1, now=now)
    _, event = recorded(_nobody(account_id), "order.removed", nothing, id=new_uuid(), now=now)
    return ORDERS.put(account_id, nothing.order.id, nothing, row.version), event


def _draft_gone(desk: Desk, account_id: str, row: Row[DraftRecord]) -> tuple[Put, Event]:
    now = desk.clock(account_id)
    nothing = removed_draft(row.doc, now=now)
    event = draft_event(_nobody(account_id), "draft.removed", nothing.draft, id=new_uuid(), now=now)
    return DRAFTS.put(account_id, nothing.draft.id, nothing, row.version), event


def _nobody(account_id: str) -> Origin:
    """A timer acts on nobody's request."""
    return Origin(account_id=account_id, subject="kvitt", client_id="", method="", path="")
