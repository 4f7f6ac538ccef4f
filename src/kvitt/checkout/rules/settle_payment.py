"""An authorization's answer: the money is reserved, or the customer may try again."""

from __future__ import annotations

import msgspec

from kvitt.checkout.model.payment import Outcome
from kvitt.checkout.model.session import SessionRecord
from kvitt.checkout.model.transaction import Attempt, Card, TransactionRecord
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
from kvitt.core.change import Change, Row, Task


def authorized(
    account_id: str,
    row: Row[TransactionRecord],
    session: Row[SessionRecord],
    attempt: Attempt,
    outcome: Outcome,
    moment: Moment,
) -> Settlement:
    """The money is reserved. With `auto_capture` the capture is opened in the same Change, and the callback waits."""
    transaction = transaction_event(
        row.doc.transaction, "AUTHORIZE", "AUTHORIZED", moment, attempt=attempt, amount=attempt.amount,
        metadata=outcome.metadata, card=_card(attempt, outcome), authorization_expires_at=attempt.holds_until,
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
    if automatic and not is_over(transaction, moment.now):
        follow = automatic_attempt(record, moment.ids[1], moment)
        follow = msgspec.structs.replace(follow, answer_as=attempt.answer_as)
        record = msgspec.structs.replace(record, attempts=(*record.attempts, follow), callback_owed=True)
        tasks = (first_ask(account_id, transaction.id, follow, moment.now),)
    else:
        tasks = callbacks.of_authorization(account_id, moment.ids[0], transaction, complete, moment.now)
    tasks += first_timer(account_id, record, moment.now)
    change = settled_change(account_id, row, record, attempt, "transaction.authorized", moment, tasks)
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


def _card(attempt: Attempt, outcome: Outcome) -> Card | None:
    """What the customer typed, masked, with what the provider knows beside it."""
    if attempt.card is None or outcome.card is None:
        return attempt.card or outcome.card
    facts = {name: value for name, value in msgspec.structs.asdict(outcome.card).items() if value is not None}
    return msgspec.structs.replace(attempt.card, **facts)
