"""The state of a session, derived from what happened. Nothing stores it."""

from __future__ import annotations

from datetime import datetime

from kvitt.checkout.model.session import Session, SessionRecord, SessionState
from kvitt.checkout.model.transaction import Attempt, Status, Transaction, TransactionRecord

PAID: frozenset[Status] = frozenset(
    (
        "AUTHORIZED", "AUTHORIZATION_VOIDED", "CAPTURED", "PARTIALLY_CAPTURED", "PARTIALLY_CAPTURED_REFUNDED",
        "REFUNDED", "PARTIALLY_REFUNDED",
    )
)  # fmt: skip
"""The customer has done their part: what the shop did afterwards does not change that."""

_UNCONFIRMED = frozenset(("FAILED_VERIFICATION", "ADDITIONAL_VERIFICATION_REQUIRED", "PIN_REQUIRED"))
"""Types of a decline that say that the customer was to confirm the payment, and did not."""


def session_state(record: SessionRecord, transaction: TransactionRecord | None, now: datetime) -> SessionState:
    """Facts that cannot change back come first: a late timer never makes a paid session expired.

    An attempt whose outcome is not known keeps the session from expiring and from a second try.
    """
    if record.session.cancelled_at is not None:
        return "cancelled"
    if transaction is not None:
        paying = _of_transaction(transaction)
        if paying is not None:
            return paying
    if record.expired_at is not None or record.session.expires_at <= now:
        return "expired"
    return "locked" if is_locked(record.session, now) else "open"


def is_locked(session: Session, now: datetime) -> bool:
    """A lock that nobody removed is over by itself; nothing has to be written for that."""
    return session.pay_lock is not None and now < session.pay_lock.expires_at


def _of_transaction(record: TransactionRecord) -> SessionState | None:
    status = record.transaction.status
    if status in PAID:
        return "paid"
    if status == "ON_HOLD":
        return "on_hold"
    if status in ("FAILED", "DECLINED"):
        return "failed"
    waiting = next((attempt for attempt in record.attempts if is_open(attempt)), None)
    if waiting is None:
        return None
    return "paying" if waiting.status == "open" else "unknown"


def is_open(attempt: Attempt) -> bool:
    """Money may be moving: the attempt reserves its amount."""
    return attempt.status in ("open", "unknown")


def waits(attempt: Attempt) -> bool:
    """For the customer at a provider's page, or for a review: open, and the provider has said so."""
    return attempt.waits_at is not None or attempt.held


def waiting_attempt(record: TransactionRecord) -> Attempt | None:
    """The one that waits for the customer, who may still give it up."""
    found = (a for a in record.attempts if is_open(a) and a.waits_at is not None and not a.held)
    return next(found, None)


def held_attempt(record: TransactionRecord) -> Attempt | None:
    """The one that is on hold."""
    return next((attempt for attempt in record.attempts if is_open(attempt) and attempt.held), None)


def return_error(state: SessionState, transaction: TransactionRecord | None) -> str | None:
    """The `error` of the return URL for a final state; None when all went well.

    An expired session answers `cancelled`: nothing was paid and nothing went wrong.
    """
    if state in ("cancelled", "expired"):
        return "cancelled"
    if state == "failed":
        return "failed" if transaction is None else failure_of(transaction.transaction)
    if transaction is not None and _automatic_capture_failed(transaction):
        return "capture"
    return None


def failure_of(transaction: Transaction) -> str:
    """What the shop is told of tries that came to nothing: `authorization` when it was the customer who did not
    confirm the last one, else `failed`."""
    declined = [event.error for event in transaction.events if event.transaction_status == "INITIATED" and event.error]
    return "authorization" if declined and _UNCONFIRMED.intersection(declined[-1].type or ()) else "failed"


def _automatic_capture_failed(record: TransactionRecord) -> bool:
    automatic = [attempt for attempt in record.attempts if attempt.automatic]
    uncaptured = record.callback_owed or record.transaction.status == "AUTHORIZED"
    return uncaptured and bool(automatic) and automatic[-1].status == "refused"
