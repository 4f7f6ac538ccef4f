"""A changed authorization's answer: more or less is reserved, or it holds for longer."""

from __future__ import annotations

from typing import Any

import msgspec

from kvitt.checkout.model.payment import Outcome
from kvitt.checkout.model.session import SessionRecord
from kvitt.checkout.model.transaction import Attempt, EventError, TransactionItem, TransactionRecord
from kvitt.checkout.rules import callbacks
from kvitt.checkout.rules.events import transaction_event
from kvitt.checkout.rules.expiry import first_timer, timer_key, timer_over
from kvitt.checkout.rules.moment import Moment
from kvitt.checkout.rules.settlement import Settlement, difference, ended, settled_change, with_attempt
from kvitt.checkout.rules.totals import ALL_CAPTURED, status_of, totals
from kvitt.core.change import Change, Row, Task, TaskKey

ADJUSTED = "transaction.authorization_updated"


def adjusted(
    account_id: str,
    row: Row[TransactionRecord],
    session: Row[SessionRecord] | None,
    attempt: Attempt,
    outcome: Outcome,
    moment: Moment,
) -> Settlement:
    """An AUTHORIZE event with the whole amount that is authorized now. The ledger keeps the difference.

    An authorization that is lowered to what was captured has nothing left: it is captured whole then.
    """
    sums = totals(row.doc)
    status = status_of(attempt.amount, sums.captured, sums.refunded, sums.voided)
    transaction = transaction_event(
        row.doc.transaction, "AUTHORIZE", status, moment, attempt=attempt, amount=attempt.amount,
        metadata=outcome.metadata,
    )  # fmt: skip
    transaction = msgspec.structs.replace(transaction, **_changes(attempt))
    done = ended(attempt, "done")
    record = with_attempt(row.doc, done, transaction)
    if attempt.final:
        record = msgspec.structs.replace(record, pre_authorized=False)
    tasks: tuple[Task, ...] = ()
    over: tuple[TaskKey, ...]
    if attempt.holds_until is not None:
        over = (timer_key(account_id, record),)
        record = msgspec.structs.replace(record, expiry_rings=0, extensions=record.extensions + 1)
        tasks = first_timer(account_id, record, moment.now)
    else:
        over = timer_over(account_id, record)
    if record.callback_owed and status in ALL_CAPTURED:
        record = msgspec.structs.replace(record, callback_owed=False)
        shown = session.doc.session if session else None
        tasks += callbacks.of_authorization(account_id, moment.ids[3], transaction, shown, moment.now)
    change = settled_change(account_id, row, record, attempt, ADJUSTED, moment, tasks)
    change += Change(postings=difference(account_id, row.doc.transaction, attempt, moment.now), done=over)
    return Settlement(change, record, done, session.doc if session else None)


def refused_metadata(attempt: Attempt, error: EventError) -> dict[str, Any] | None:
    """What an event of Klarna says beside its error when an amount was not changed."""
    if attempt.verb != "adjust" or attempt.holds_until is not None or not attempt.product.startswith("klarna."):
        return None
    never = error.retry_policy is not None and "DO_NOT_RETRY" in error.retry_policy.retry_codes
    return {
        "klarna:order_amount_update_error": error.message,
        "klarna:order_amount_update_can_retry": "0" if never else "1",
    }


def _changes(attempt: Attempt) -> dict[str, Any]:
    """What the transaction shows differently."""
    changes: dict[str, Any] = {"amount": attempt.amount}
    if attempt.holds_until is not None:
        changes["authorization_expires_at"] = attempt.holds_until
    if attempt.items is not None:
        changes["items"] = tuple(TransactionItem(**msgspec.structs.asdict(item)) for item in attempt.items)
    return changes
