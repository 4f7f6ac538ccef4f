"""The state of a session, derived from what happened. Nothing stores it."""

from __future__ import annotations

from datetime import datetime

from kvitt.checkout.model.session import SessionRecord, SessionState
from kvitt.checkout.model.transaction import Attempt, Status, TransactionRecord

PAID: frozenset[Status] = frozenset(
    (
        "AUTHORIZED", "AUTHORIZATION_VOIDED", "CAPTURED", "PARTIALLY_CAPTURED", "PARTIALLY_CAPTURED_REFUNDED",
        "REFUNDED", "PARTIALLY_REFUNDED",
    )
)  # fmt: skip
"""The customer has done their part: what the shop did afterwards does not change that."""


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
    if record.session.pay_lock is not None:
        return "locked"
    return "open"


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


def return_error(state: SessionState, transaction: TransactionRecord | None) -> str | None:
    """The `error` of the return URL for a final state; None when all went well.

    An expired session answers `cancelled`: nothing was paid and nothing went wrong.
    """
    if state in ("cancelled", "expired"):
        return "cancelled"
    if state == "failed":
        return "failed"
    if transaction is not None and _automatic_capture_failed(transaction):
        return "capture"
    return None


def _automatic_capture_failed(record: TransactionRecord) -> bool:
    automatic = [attempt for attempt in record.attempts if attempt.automatic]
    return record.callback_owed and bool(automatic) and automatic[-1].status == "refused"
