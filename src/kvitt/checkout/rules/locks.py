"""The pay lock: while the shop changes a session, nobody pays it and the customer changes nothing.

    page      POST /v1/view/{sid}/session/lock     PAY_LOCK_START
    shop      PUT /v1/sessions/{session_id}        UPDATE_SESSION, PAY_LOCK_END

A shop that never comes back must not keep the customer from paying: a lock is over by itself after two minutes.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from kvitt.checkout.model.session import PayLock, Session, SessionRecord
from kvitt.checkout.model.transaction import TransactionRecord
from kvitt.checkout.rules.changes import changed, refuse_full, refuse_unless_changeable
from kvitt.checkout.rules.moment import Moment
from kvitt.checkout.rules.sessions import with_events
from kvitt.checkout.rules.state import is_locked
from kvitt.core.change import Change, Row

LASTS = timedelta(minutes=2)


def lock(
    account_id: str,
    row: Row[SessionRecord],
    transaction: TransactionRecord | None,
    pay_lock_id: str,
    moment: Moment,
) -> tuple[Change, PayLock]:
    """The lock, from now on for two minutes. A second tab gets the lock that there is, and its time begins anew.

    `pay_lock_id`: used when there is none.
    """
    session = row.doc.session
    refuse_unless_changeable(row.doc, transaction, moment.now)
    ends = moment.now + LASTS
    if session.pay_lock is not None and is_locked(session, moment.now):
        pay_lock = PayLock(session.pay_lock.pay_lock_id, ends)
        locked = msgspec.structs.replace(session, pay_lock=pay_lock)
    else:
        refuse_full(row)
        pay_lock = PayLock(pay_lock_id, ends)
        locked = with_events(session, moment, ("PAY_LOCK_START", None), pay_lock=pay_lock)
    return changed(account_id, row, locked), pay_lock


def as_of(session: Session, now: datetime) -> Session:
    """The session as it is shown: without a lock that is over."""
    if session.pay_lock is None or is_locked(session, now):
        return session
    return msgspec.structs.replace(session, pay_lock=None)
