"""An authorization's answer: the money is reserved, or the customer may try again."""

from __future__ import annotations

from datetime import datetime

import msgspec

from kvitt.checkout.model.payment import Outcome
from kvitt.checkout.model.session import SessionRecord
from kvitt.checkout.model.transaction import Attempt, Card, EventError, EventName, TransactionRecord
from kvitt.checkout.rules import callbacks
from kvitt.checkout.rules.automatic import automatic_attempt
from kvitt.checkout.rules.events import transaction_event
from kvitt.checkout.rules.expiry import first_timer, is_over
from kvitt.checkout.rules.moment import Moment
from kvitt.checkout.rules.schedule import first_ask
from kvitt.checkout.rules.sessions import expiry_key, late_expiry_of, with_events
from kvitt.checkout.rules.settlement import (
    SILENT_REFUSAL,
    Settlement,
    ended,
    movements,
    session_change,
    settled_change,
    with_attempt,
)
from kvitt.checkout.rules.state import waits
from kvitt.checkout.rules.tokens import with_new_tokens
from kvitt.core.change import Change, Row, Task


def authorized(
    account_id: str,
    row: Row[TransactionRecord],
    session: Row[SessionRecord],
    attempt: Attempt,
    outcome: Outcome,
    moment: Moment,
) -> Settlement:
    """The money is reserved. With `auto_capture` the capture is opened in the same Change, and the callback waits.

    Where it was taken at once there is one event, CAPTURE: such a payment is never AUTHORIZED.
    """
    name: EventName = "CAPTURE" if attempt.captures else "AUTHORIZE"
    transaction = transaction_event(
        row.doc.transaction, name, "CAPTURED" if attempt.captures else "AUTHORIZED", moment, attempt=attempt,
        amount=attempt.amount, metadata=outcome.metadata, card=_card(attempt, outcome),
        authorization_expires_at=_holds_until(attempt, outcome),
    )  # fmt: skip
    done = ended(attempt, "done")
    record = with_attempt(row.doc, done, transaction)
    record = msgspec.structs.replace(record, provider_reference=outcome.reference or record.provider_reference)
    # The events come before the transaction's news reach anybody, so a shop that is called finds the session complete.
    complete = with_events(
        session.doc.session, moment,
        ("AUTHORIZED", {"transaction_id": transaction.id}), ("PAY_LOCK_END", None), ("COMPLETED", None),
    )  # fmt: skip
    follow = None
    tasks: tuple[Task, ...]
    automatic = complete.configuration is not None and complete.configuration.auto_capture
    if automatic and attempt.amount and not attempt.captures and not is_over(transaction, moment.now):
        follow = automatic_attempt(record, moment.ids[1], moment)
        follow = msgspec.structs.replace(follow, answer_as=attempt.answer_as, approved_as=attempt.approved_as)
        record = msgspec.structs.replace(record, attempts=(*record.attempts, follow), callback_owed=True)
        tasks = (first_ask(account_id, transaction.id, follow, moment.now),)
    else:
        tasks = callbacks.of_authorization(account_id, moment.ids[0], transaction, complete, moment.now)
        if attempt.captures:
            event = transaction.events[-1]
            tasks += callbacks.of_operation(account_id, moment.ids[3], transaction, complete, moment.now, event)
    tasks += first_timer(account_id, record, moment.now)
    told = "transaction.captured" if attempt.captures else "transaction.authorized"
    change = settled_change(account_id, row, record, attempt, told, moment, tasks)
    change += session_change(account_id, session, complete, done=(expiry_key(account_id, complete.id),))
    change += Change(postings=movements(account_id, transaction, attempt, 0, moment.now))
    after = msgspec.structs.replace(session.doc, session=complete)
    return Settlement(change, record, done, after, follow)


def declined(
    account_id: str,
    row: Row[TransactionRecord],
    session: Row[SessionRecord],
    attempt: Attempt,
    outcome: Outcome,
    moment: Moment,
) -> Settlement:
    error = outcome.error or SILENT_REFUSAL
    if attempt.held:
        return _hold_refused(account_id, row, session, attempt, error, moment)
    transaction = transaction_event(
        row.doc.transaction, "AUTHORIZE", "INITIATED", moment, attempt=attempt, amount=attempt.amount, error=error,
        metadata=outcome.metadata,
    )  # fmt: skip
    refused = ended(attempt, "refused")
    record = with_attempt(row.doc, refused, transaction)
    tried = with_events(
        session.doc.session, moment,
        ("PAY_FAILED", {"error": "Rejected", "payment_product_type": attempt.product, "message": error.message}),
        ("PAY_LOCK_END", None),
    )  # fmt: skip
    # A session that ran out meanwhile was left alone by its timer: let it ring once more.
    late = (late_expiry_of(account_id, tried),) if tried.expires_at <= moment.now else ()
    change = settled_change(account_id, row, record, attempt, "transaction.failed", moment, late)
    change += session_change(account_id, session, tried)
    return Settlement(change, record, refused, msgspec.structs.replace(session.doc, session=tried))


def _hold_refused(
    account_id: str,
    row: Row[TransactionRecord],
    session: Row[SessionRecord],
    attempt: Attempt,
    error: EventError,
    moment: Moment,
) -> Settlement:
    """Somebody looked at it and said no. The customer has gone by then, so nothing is tried again."""
    transaction = transaction_event(
        row.doc.transaction, "AUTHORIZE", "FAILED", moment, attempt=attempt, amount=attempt.amount, error=error
    )
    refused = ended(attempt, "refused")
    record = with_attempt(row.doc, refused, transaction)
    failed = with_events(session.doc.session, moment, ("FAILED", {"error": "Rejected", "message": error.message}))
    told = callbacks.of_hold_refused(account_id, moment.ids[0], transaction, failed, moment.now, "failed")
    change = settled_change(account_id, row, record, attempt, "transaction.failed", moment, told)
    change += session_change(account_id, session, failed)
    return Settlement(change, record, refused, msgspec.structs.replace(session.doc, session=failed))


def _holds_until(attempt: Attempt, outcome: Outcome) -> datetime | None:
    """By our own count, which begins before the provider's; where the customer took their time, by the provider's."""
    return outcome.expires_at if waits(attempt) and outcome.expires_at is not None else attempt.holds_until


def _card(attempt: Attempt, outcome: Outcome) -> Card | None:
    """What the customer typed, masked, with what the provider knows beside it."""
    if attempt.card is None or outcome.card is None:
        return with_new_tokens(attempt.card or outcome.card, attempt, outcome)
    facts = {name: value for name, value in msgspec.structs.asdict(outcome.card).items() if value is not None}
    return with_new_tokens(msgspec.structs.replace(attempt.card, **facts), attempt, outcome)
