"""Capturing by itself, for sessions with `configuration.auto_capture`.

The capture is opened in the Change that settles the authorization. The shop's callback waits for CAPTURED. A capture
that the provider refuses is tried again after 1 minute, 10 minutes, 1 hour, then every 4 hours until 48 hours after the
payment, or until the authorization expires; a capture made by hand ends that, once it is known to have been made.

When it is given up the callback goes all the same, of a transaction that is AUTHORIZED: the customer paid, and only the
shop can do something about it. A shop that voids by hand before that is told nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from kvitt.checkout.model.transaction import Attempt, TransactionRecord
from kvitt.checkout.rules.expiry import is_over
from kvitt.checkout.rules.moment import Moment
from kvitt.checkout.rules.state import is_open
from kvitt.core.change import Task, encode_text

AUTOMATIC_CAPTURE_TASK = "checkout.auto_capture"
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 10, 60, 240))
GIVEN_UP_AFTER = timedelta(hours=48)


def automatic_attempt(record: TransactionRecord, attempt_id: str, moment: Moment) -> Attempt:
    reference = (record.transaction.metadata or {}).get("event_reference")
    return Attempt(
        id=attempt_id, verb="capture", amount=record.transaction.amount, status="open", created_at=moment.now,
        product=record.transaction.payment_product_type, request_id=moment.request_id, automatic=True,
        reference=None if reference is None else str(reference),
    )  # fmt: skip


def next_automatic(account_id: str, record: TransactionRecord, now: datetime) -> tuple[Task, ...]:
    """When to try once more, or nothing when that is over."""
    tries = sum(attempt.automatic for attempt in record.attempts)
    first = next(attempt for attempt in record.attempts if attempt.automatic)
    due_at = now + WAITS[min(tries, len(WAITS)) - 1]
    if due_at - first.created_at > GIVEN_UP_AFTER or is_over(record.transaction, due_at):
        return ()
    return (_try(account_id, record, due_at),)


def _try(account_id: str, record: TransactionRecord, due_at: datetime) -> Task:
    id, tries = record.transaction.id, sum(attempt.automatic for attempt in record.attempts)
    return Task(account_id, f"auto_capture:{id}:{tries}", AUTOMATIC_CAPTURE_TASK, due_at, encode_text(id))


def still_wanted(record: TransactionRecord, now: datetime) -> bool:
    """Nobody captured or voided meanwhile, nobody is about to, and the money is still reserved."""
    return _untouched(record, now) and not any(is_open(attempt) for attempt in record.attempts)


def waits_for_others(account_id: str, record: TransactionRecord, now: datetime) -> tuple[Task, ...]:
    """When to look again because a capture or void by hand has no answer yet; nothing in all other cases.

    However long that takes: should it turn out refused, there is one automatic try more, and then the shop is told.
    """
    by_hand = any(is_open(attempt) and not attempt.automatic for attempt in record.attempts)
    if not (by_hand and _untouched(record, now)):
        return ()
    return next_automatic(account_id, record, now) or (_try(account_id, record, now + WAITS[-1]),)


def _untouched(record: TransactionRecord, now: datetime) -> bool:
    waiting = record.callback_owed and record.transaction.status == "AUTHORIZED"
    return waiting and not is_over(record.transaction, now)
