"""When a session may be changed: while nobody paid it, and while nobody is paying it.

This is asked first of the shop's update, of the page's lock, and of what the customer fills in.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from kvitt.checkout.model.session import SESSIONS, Session, SessionEventName, SessionRecord
from kvitt.checkout.model.transaction import TransactionRecord
from kvitt.checkout.rules.refusals import (
    PaymentUnderWay,
    SessionCancelled,
    SessionCompleted,
    SessionExpired,
    SessionFull,
    SessionLocked,
)
from kvitt.checkout.rules.state import is_locked, session_state
from kvitt.core.change import Change, Row

MAX_SIZE = 1_500_000
"""Characters of a session's JSON: what a shop may send of one, and a history of changes beside it."""

MAX_CHANGES = 300
"""By the customer. Each is an event of the session, so whoever has its address could make it grow without an end."""

CHANGES: frozenset[SessionEventName] = frozenset(
    ("SET_SHIPPING_ADDRESS", "SET_BILLING_ADDRESS", "SET_SHIPPING_OPTION", "SET_DISCOUNT_CODES", "SET_GIFT_CARD")
)
"""The events of what the customer changed."""


def refuse_unless_changeable(record: SessionRecord, transaction: TransactionRecord | None, now: datetime) -> None:
    state = session_state(record, transaction, now)
    if state in ("paid", "on_hold"):
        raise SessionCompleted("The session is paid")
    if state == "cancelled":
        raise SessionCancelled("The session was cancelled")
    if state in ("expired", "failed"):
        raise SessionExpired("The session has expired")
    if state in ("paying", "unknown"):
        raise PaymentUnderWay("A payment of this session is under way")


def refuse_while_locked(session: Session, now: datetime) -> None:
    if is_locked(session, now):
        raise SessionLocked("The session is locked while the shop changes it")


def refuse_full(row: Row[SessionRecord]) -> None:
    """Of what the customer may do at will. The shop's updates are bounded by the size alone."""
    refuse_larger(row)
    counted = CHANGES | {"PAY_LOCK_START"}
    if sum(event.name in counted for event in row.doc.session.events) >= MAX_CHANGES:
        raise SessionFull("The session was changed too often")


def refuse_larger(row: Row[SessionRecord]) -> None:
    if row.size > MAX_SIZE:
        raise SessionFull("The session holds too much to be changed once more")


def changed(account_id: str, row: Row[SessionRecord], session: Session) -> Change:
    """Empty when nothing is different."""
    if session == row.doc.session:
        return Change()
    record = msgspec.structs.replace(row.doc, session=session)
    return Change(puts=(SESSIONS.put(account_id, session.id, record, row.version),))
