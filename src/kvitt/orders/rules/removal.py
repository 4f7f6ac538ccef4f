"""A time to live is over: the draft is removed, with the orders it became; or the order that was made without one.

What is removed is written over with nothing, so no list and no id leads to it any more; that it once was stays known,
and its number is never used again. Money stays explained: an order on which anything was registered is kept, or that
has a session, and so is the draft it came from. The account's log keeps its events.
"""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from kvitt.core.change import Task, TaskKey, encode_text
from kvitt.orders.model import DraftOrder, DraftRecord, Order, OrderRecord, Verb
from kvitt.orders.model.events import NOTHING_YET
from kvitt.orders.rules.remaining import operations

REMOVAL_TASK = "orders.removal"
ORDER_REMOVAL_TASK = "orders.order_removal"


def timer(account_id: str, record: DraftRecord) -> tuple[Task, ...]:
    """What removes the draft; none for one that stays."""
    if record.expires_at is None:
        return ()
    key = _key(account_id, record.draft.id, record.expires_at)
    return (Task(account_id, key.id, REMOVAL_TASK, record.expires_at, encode_text(record.draft.id)),)


def order_timer(account_id: str, order_id: str, expires_at: datetime | None) -> tuple[Task, ...]:
    """What removes an order that was made without a draft, whose end is never moved; none for one that stays."""
    if expires_at is None:
        return ()
    return (Task(account_id, f"removal:{order_id}", ORDER_REMOVAL_TASK, expires_at, encode_text(order_id)),)


def new_timer(account_id: str, before: DraftRecord, after: DraftRecord) -> tuple[tuple[Task, ...], tuple[TaskKey, ...]]:
    """The timer to begin and the one that is over, when the draft's end moved."""
    if before.expires_at == after.expires_at:
        return (), ()
    over = (_key(account_id, before.draft.id, before.expires_at),) if before.expires_at is not None else ()
    return timer(account_id, after), over


def _key(account_id: str, draft_id: str, at: datetime) -> TaskKey:
    return TaskKey(account_id, f"removal:{draft_id}:{at.isoformat()}")


def is_of(record: DraftRecord, task: TaskKey) -> bool:
    """Whether this timer is the draft's own, or one of an end that was moved since."""
    at = record.expires_at
    return not record.removed and at is not None and _key(task.account_id, record.draft.id, at) == task


def is_kept(record: OrderRecord) -> bool:
    """Something was registered on it, though it may not have succeeded; or a customer was asked to pay it."""
    return bool(record.order.sessions) or any(operations(record.order, verb) for verb in Verb)


def removed_order(record: OrderRecord, *, version: int, now: datetime) -> OrderRecord:
    order = record.order
    nothing = Order(
        currency=order.currency,
        items=(),
        gross_amount=0,
        net_amount=0,
        total_discount=0,
        total_manual_discount_amount=0,
        id=order.id,
        order_id=order.order_id,
        status=order.status,
        payment_status=order.payment_status,
        version=version,
        created_at=order.created_at,
        created_by=order.created_by,
        updated_at=now,
        authorizations=(),
        captures=(),
        refunds=(),
        cancellations=(),
    )
    return replace(record, order=nothing, removed=True, history=NOTHING_YET)


def removed_draft(record: DraftRecord, *, now: datetime) -> DraftRecord:
    draft = record.draft
    nothing = DraftOrder(
        currency=draft.order.currency,
        items=(),
        gross_amount=0,
        net_amount=0,
        total_discount=0,
        total_manual_discount_amount=0,
    )
    draft = replace(
        draft, order=nothing, options=None, store=None, events=(), version=draft.version + 1, updated_at=now
    )
    return replace(record, draft=draft, removed=True)
