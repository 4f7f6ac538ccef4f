"""What happens to a session: it is visited, cancelled, given up, and runs out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec

from kvitt.checkout.model.session import (
    SESSIONS,
    Session,
    SessionEvent,
    SessionEventName,
    SessionRecord,
)
from kvitt.checkout.model.transaction import TRANSACTIONS, EventError, Transaction, TransactionRecord
from kvitt.checkout.rules.callbacks import of_error
from kvitt.checkout.rules.events import transaction_event
from kvitt.checkout.rules.moment import Moment, news
from kvitt.checkout.rules.refusals import NotCancellable, PaymentUnderWay, SessionCompleted
from kvitt.checkout.rules.state import failure_of, is_open, session_state
from kvitt.core.change import Change, Put, Row, Task, TaskKey

EXPIRY_TASK = "checkout.expire_session"
LOOK_AGAIN = timedelta(hours=1)
"""A payment that is declined after the end sets the timer itself; this is for what it cannot see."""
CUSTOMER = "customer"
"""What `cancelled_by` says when the customer gave up."""


def expiry_of(account_id: str, session: Session) -> Task:
    return Task(account_id, expiry_key(account_id, session.id).id, EXPIRY_TASK, session.expires_at, f'"{session.id}"')


def late_expiry_of(account_id: str, session: Session) -> Task:
    """The timer once more, under a name of its own: the first may be ringing right now, and takes itself away."""
    timer = expiry_of(account_id, session)
    return msgspec.structs.replace(timer, id=f"{timer.id}:late")


def expiry_key(account_id: str, session_id: str) -> TaskKey:
    return TaskKey(account_id, f"expire:{session_id}")


def with_events(
    session: Session, moment: Moment, *named: tuple[SessionEventName, dict[str, Any] | None], **changes: Any
) -> Session:
    """The session after these happened at the moment, in this order."""
    first = len(session.events) + 1
    events = tuple(
        SessionEvent(str(first + place), name, moment.now, moment.request_id, moment.headers, details)
        for place, (name, details) in enumerate(named)
    )
    return msgspec.structs.replace(session, updated_at=moment.now, events=session.events + events, **changes)


def visit(
    account_id: str, row: Row[SessionRecord], customer_ip: str | None, user_agent: str | None, moment: Moment
) -> Change:
    """The customer looks at the session. The first time is an event; nothing changes after that."""
    session = row.doc.session
    if any(event.name == "VISITED" for event in session.events) or session.cancelled_at or row.doc.expired_at:
        return Change()
    visited = with_events(session, moment, ("VISITED", None), customer_ip=customer_ip, user_agent=user_agent)
    return Change(puts=(_put(account_id, row, visited),))


def cancel(
    account_id: str, row: Row[SessionRecord], transaction: Row[TransactionRecord] | None, moment: Moment
) -> tuple[Change, Session]:
    """The shop cancels a session that holds no money. One that was cancelled already stays as it is.

    An authorization is voided first (rules/operations.py), which then cancels the session in the same Change.
    """
    session = row.doc.session
    if session.cancelled_at is not None:
        return Change(), session
    if transaction is not None and transaction.doc.transaction.status != "INITIATED":
        status = transaction.doc.transaction.status
        raise NotCancellable(f"A session whose transaction is {status} cannot be cancelled")
    _refuse_while_paying(transaction)
    cancelled = cancelled_session(session, moment)
    ended = None
    if transaction is not None:
        ended = transaction_event(transaction.doc.transaction, "VOID", "AUTHORIZATION_VOIDED", moment)
    return _ended(account_id, row, transaction, cancelled, ended, "session.cancelled", moment), cancelled


def cancelled_session(session: Session, moment: Moment) -> Session:
    return with_events(
        session, moment, ("CANCELLED", None), cancelled_at=moment.now, cancelled_by=moment.by, pay_lock=None
    )


def abandon(
    account_id: str, row: Row[SessionRecord], transaction: Row[TransactionRecord] | None, moment: Moment
) -> tuple[Change, Session]:
    """The customer gives up. Final, as it is for the shop: the shop hears of it if it asked for errors.

    Giving up twice, or after the session ended without a payment, changes nothing.
    """
    session = row.doc.session
    state = session_state(row.doc, transaction.doc if transaction else None, moment.now)
    if state in ("cancelled", "expired", "failed"):
        return Change(), session
    if state in ("paid", "on_hold"):
        raise SessionCompleted("The session is paid")
    _refuse_while_paying(transaction)
    cancelled = cancelled_session(session, replace(moment, by=CUSTOMER))
    ended = None
    if transaction is not None:
        error = EventError("The customer gave up", "CANCELLED", ("DECLINED",))
        ended = transaction_event(transaction.doc.transaction, "AUTHORIZE", "DECLINED", moment, error=error)
    change = _ended(account_id, row, transaction, cancelled, ended, "session.cancelled", moment)
    told = of_error(account_id, moment.ids[0], cancelled, ended, "cancelled", moment.now)
    return change + Change(tasks=told), cancelled


def expire(
    account_id: str, row: Row[SessionRecord], transaction: Row[TransactionRecord] | None, moment: Moment
) -> Change:
    """The timer of a session rang. Nothing happens to one that is paid or cancelled; one whose payment is under way is
    looked at again later.

    Tries that were declined end here: the transaction is FAILED, and the shop hears of it if it asked for errors.
    """
    session = row.doc.session
    state = session_state(row.doc, transaction.doc if transaction else None, moment.now)
    if state in ("paying", "unknown"):
        # It may be declined by a Change that was decided before the end and knows nothing of it: look again.
        timer = expiry_of(account_id, session)
        return Change(tasks=(msgspec.structs.replace(timer, due_at=moment.now + LOOK_AGAIN),))
    if state != "expired" or row.doc.expired_at is not None:
        return Change()
    if transaction is None:
        record = msgspec.structs.replace(row.doc, expired_at=moment.now)
        put = SESSIONS.put(account_id, session.id, record, row.version, same_list=True)
        version = row.version + 1
        told = news(account_id, moment.ids[0], "session.expired", session.id, version, moment.now, session)
        tasks = of_error(account_id, moment.ids[0], session, None, "cancelled", moment.now)
        return Change(puts=(put,), events=(told,), tasks=tasks)
    failed = with_events(session, moment, ("FAILED", {"error": "expired"}))
    error = EventError("The session expired before a payment went through", "SESSION_EXPIRED", ("ERROR",))
    ended = transaction_event(transaction.doc.transaction, "AUTHORIZE", "FAILED", moment, error=error)
    closing = Row(row.version, msgspec.structs.replace(row.doc, expired_at=moment.now))
    change = _ended(account_id, closing, transaction, failed, ended, "session.expired", moment)
    return change + Change(tasks=of_error(account_id, moment.ids[0], failed, ended, failure_of(ended), moment.now))


def callback_delivered(
    account_id: str, row: Row[SessionRecord], name: SessionEventName, transaction_event_id: str, moment: Moment
) -> Change:
    """The shop took the callback. Told once per transaction event, however often it is delivered."""
    details = {"transaction_event_id": transaction_event_id}
    if any(event.name == name and event.details == details for event in row.doc.session.events):
        return Change()
    return Change(puts=(_put(account_id, row, with_events(row.doc.session, moment, (name, details))),))


def _refuse_while_paying(transaction: Row[TransactionRecord] | None) -> None:
    if transaction is not None and any(is_open(attempt) for attempt in transaction.doc.attempts):
        raise PaymentUnderWay("A payment of this session is under way")


def _ended(
    account_id: str,
    row: Row[SessionRecord],
    transaction: Row[TransactionRecord] | None,
    session: Session,
    ended: Transaction | None,
    type_: str,
    moment: Moment,
) -> Change:
    """The session is over without a payment: its timer goes, and a transaction of declined tries ends with it."""
    change = Change(
        puts=(_put(account_id, row, session),),
        events=(news(account_id, moment.ids[0], type_, session.id, row.version + 1, moment.now, session),),
        done=(expiry_key(account_id, session.id),),
    )
    if transaction is None or ended is None:
        return change
    record = msgspec.structs.replace(transaction.doc, transaction=ended)
    type_ = "transaction.voided" if ended.status == "AUTHORIZATION_VOIDED" else "transaction.failed"
    version = transaction.version + 1
    return change + Change(
        puts=(TRANSACTIONS.put(account_id, ended.id, record, transaction.version, same_words=True),),
        events=(news(account_id, moment.ids[1], type_, ended.id, version, moment.now, ended),),
    )


def _put(account_id: str, row: Row[SessionRecord], session: Session) -> Put:
    """What happened to a session is nothing that sessions are listed by."""
    record = msgspec.structs.replace(row.doc, session=session)
    return SESSIONS.put(account_id, session.id, record, row.version, same_list=True)
