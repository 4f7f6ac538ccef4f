"""What a provider's answer does to a transaction and its session. One place for all four verbs.

The customer's redirect, the provider's news and our own asking may bring the same answer twice, in any order: the first
one is written, later ones find the attempt settled and change nothing. No state moves backwards.

A declined authorization leaves the transaction INITIATED and the session open for another try; the transaction ends as
FAILED when the session expires, as DECLINED when the customer gives up. INITIATE_CAPTURE, INITIATE_REFUND and
INITIATE_VOID are written only when the outcome was not known at once, since only then somebody has to match the two.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import msgspec

from kvitt.checkout.model.payment import Outcome
from kvitt.checkout.model.session import SESSIONS, Session, SessionRecord
from kvitt.checkout.model.transaction import (
    TRANSACTIONS,
    Attempt,
    Card,
    EventError,
    EventName,
    Transaction,
    TransactionRecord,
)
from kvitt.checkout.rules import callbacks
from kvitt.checkout.rules.automatic import automatic_attempt, next_automatic
from kvitt.checkout.rules.events import transaction_event
from kvitt.checkout.rules.moment import Moment, news
from kvitt.checkout.rules.schedule import ask_key, first_ask, next_ask
from kvitt.checkout.rules.sessions import cancelled_session, expiry_key, expiry_of, with_events
from kvitt.checkout.rules.state import is_open
from kvitt.checkout.rules.totals import status_of, totals
from kvitt.core.change import Change, Row, Task, TaskKey

_EVENTS: dict[str, EventName] = {"capture": "CAPTURE", "refund": "REFUND", "void": "VOID"}
_INITIATE: dict[str, EventName] = {
    "capture": "INITIATE_CAPTURE",
    "refund": "INITIATE_REFUND",
    "void": "INITIATE_VOID",
}
_NEWS = {
    "authorize": "transaction.authorized",
    "capture": "transaction.captured",
    "refund": "transaction.refunded",
    "void": "transaction.voided",
}
_SILENT_REFUSAL = EventError("The provider refused", type=("UNKNOWN",))


@dataclass(frozen=True)
class Settlement:
    """`record` and `session` as they are afterwards; `attempt` likewise. `follow`: an attempt to run right away."""

    change: Change
    record: TransactionRecord
    attempt: Attempt
    session: SessionRecord | None = None
    follow: Attempt | None = None


def needs_session(record: TransactionRecord, attempt: Attempt) -> bool:
    """Whether settling needs the session: it changes with it, or a callback carries it."""
    if attempt.verb == "authorize" or attempt.cancels_session:
        return True
    url = record.transaction.url.callback_url if record.transaction.url else None
    return bool(url) and callbacks.options_of(url or "").includes_session


def settle(
    account_id: str,
    row: Row[TransactionRecord],
    session: Row[SessionRecord] | None,
    attempt_id: str,
    outcome: Outcome,
    moment: Moment,
) -> Settlement:
    """The Change that an answer makes. Empty when the attempt was settled before. `moment.ids`: four."""
    record = row.doc
    attempt = next(attempt for attempt in record.attempts if attempt.id == attempt_id)
    if not is_open(attempt):
        return Settlement(Change(), record, attempt, session.doc if session else None)
    if outcome.kind == "unknown":
        return _unknown(account_id, row, session, attempt, moment)
    if attempt.verb == "authorize":
        assert session is not None, "an authorization settles with its session"  # noqa: S101
        if outcome.kind == "refused":
            return _declined(account_id, row, session, attempt, outcome, moment)
        return _authorized(account_id, row, session, attempt, outcome, moment)
    if outcome.kind == "refused":
        return _refused(account_id, row, session, attempt, outcome, moment)
    return _moved(account_id, row, session, attempt, outcome, moment)


def _unknown(
    account_id: str, row: Row[TransactionRecord], session: Row[SessionRecord] | None, attempt: Attempt, moment: Moment
) -> Settlement:
    """Nobody knows: the amount stays reserved, and the provider is asked again later."""
    waiting = msgspec.structs.replace(attempt, status="unknown", asks=attempt.asks + 1)
    transaction = row.doc.transaction
    if attempt.status == "open" and attempt.verb != "authorize":
        # The event carries the id of the request that the caller made, also when a later ask is what failed.
        asked = replace(moment, request_id=attempt.request_id)
        name = _INITIATE[attempt.verb]
        transaction = transaction_event(
            transaction, name, transaction.status, asked, attempt=attempt, amount=attempt.amount
        )
    record = _with_attempt(row.doc, waiting, transaction)
    change = Change(
        puts=(TRANSACTIONS.put(account_id, transaction.id, record, row.version),),
        tasks=(next_ask(account_id, transaction.id, waiting, moment.now),),
        done=(ask_key(account_id, attempt),),
    )
    return Settlement(change, record, waiting, session.doc if session else None)


def _authorized(
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
        metadata=outcome.metadata, card=_card(attempt, outcome),
    )  # fmt: skip
    done = _ended(attempt, "done")
    record = _with_attempt(row.doc, done, transaction)
    record = msgspec.structs.replace(record, provider_reference=outcome.reference or record.provider_reference)
    # The events come before the transaction's news reach anybody, so a shop that is called finds the session complete.
    complete = with_events(
        session.doc.session, moment,
        ("AUTHORIZED", {"transaction_id": transaction.id}), ("PAY_LOCK_END", None), ("COMPLETED", None),
    )  # fmt: skip
    follow = None
    tasks: tuple[Task, ...]
    if complete.configuration is not None and complete.configuration.auto_capture:
        follow = automatic_attempt(record, moment.ids[1], moment)
        record = msgspec.structs.replace(record, attempts=(*record.attempts, follow), callback_owed=True)
        tasks = (first_ask(account_id, transaction.id, follow, moment.now),)
    else:
        tasks = callbacks.of_authorization(account_id, moment.ids[0], transaction, complete, moment.now)
    change = _settled(account_id, row, record, attempt, "transaction.authorized", moment, tasks)
    change += _session_put(account_id, session, complete, done=(expiry_key(account_id, complete.id),))
    after = msgspec.structs.replace(session.doc, session=complete)
    return Settlement(change, record, done, after, follow)


def _declined(
    account_id: str,
    row: Row[TransactionRecord],
    session: Row[SessionRecord],
    attempt: Attempt,
    outcome: Outcome,
    moment: Moment,
) -> Settlement:
    error = outcome.error or _SILENT_REFUSAL
    transaction = transaction_event(
        row.doc.transaction, "AUTHORIZE", "INITIATED", moment, attempt=attempt, amount=attempt.amount, error=error,
        metadata=outcome.metadata,
    )  # fmt: skip
    refused = _ended(attempt, "refused")
    record = _with_attempt(row.doc, refused, transaction)
    tried = with_events(
        session.doc.session, moment,
        ("PAY_FAILED", {"error": "Rejected", "payment_product_type": attempt.product, "message": error.message}),
        ("PAY_LOCK_END", None),
    )  # fmt: skip
    # A session that ran out meanwhile was left alone by its timer: let it ring once more.
    late = (expiry_of(account_id, tried),) if tried.expires_at <= moment.now else ()
    change = _settled(account_id, row, record, attempt, "transaction.failed", moment, late)
    change += _session_put(account_id, session, tried)
    return Settlement(change, record, refused, msgspec.structs.replace(session.doc, session=tried))


def _refused(
    account_id: str,
    row: Row[TransactionRecord],
    session: Row[SessionRecord] | None,
    attempt: Attempt,
    outcome: Outcome,
    moment: Moment,
) -> Settlement:
    """The provider did not capture, refund or void: an event that says so, and the status stays."""
    transaction = transaction_event(
        row.doc.transaction, _EVENTS[attempt.verb], row.doc.transaction.status, moment, attempt=attempt,
        amount=attempt.amount, error=outcome.error or _SILENT_REFUSAL, metadata=outcome.metadata,
    )  # fmt: skip
    refused = _ended(attempt, "refused")
    record = _with_attempt(row.doc, refused, transaction)
    again = next_automatic(account_id, record, moment.now) if attempt.automatic else ()
    change = _settled(account_id, row, record, attempt, "transaction.failed", moment, again)
    return Settlement(change, record, refused, session.doc if session else None)


def _moved(
    account_id: str,
    row: Row[TransactionRecord],
    session: Row[SessionRecord] | None,
    attempt: Attempt,
    outcome: Outcome,
    moment: Moment,
) -> Settlement:
    """Money was captured, refunded or given free. A final capture voids the remainder in a second event."""
    sums = totals(row.doc)
    moved = {"capture": sums.captured, "refund": sums.refunded, "void": sums.voided}
    moved[attempt.verb] += attempt.amount
    remainder = sums.capturable - attempt.amount if attempt.final else 0
    status = status_of(sums.authorized, moved["capture"], moved["refund"], moved["void"] + remainder)
    transaction = transaction_event(
        row.doc.transaction, _EVENTS[attempt.verb], status, moment, attempt=attempt, amount=attempt.amount,
        metadata=outcome.metadata,
    )  # fmt: skip
    event = transaction.events[-1]
    if remainder:
        bare = msgspec.structs.replace(attempt, items=None, metadata=None)
        transaction = transaction_event(transaction, "VOID", status, moment, attempt=bare, amount=remainder)
    done = _ended(attempt, "done")
    record = _with_attempt(row.doc, done, transaction)
    shown = session.doc.session if session else None
    change, cancelled = Change(), None
    if attempt.cancels_session and session is not None:
        cancelled = cancelled_session(session.doc.session, replace(moment, by=attempt.created_by))
        change = _session_put(account_id, session, cancelled)
        told = news(account_id, moment.ids[2], "session.cancelled", cancelled.id, session.version + 1, moment.now,
                    cancelled)  # fmt: skip
        change += Change(events=(told,))
        shown = cancelled
    tasks = callbacks.of_operation(account_id, moment.ids[0], transaction, shown, moment.now, event)
    if record.callback_owed and transaction.status == "CAPTURED":
        record = msgspec.structs.replace(record, callback_owed=False)
        tasks += callbacks.of_authorization(account_id, moment.ids[3], transaction, shown, moment.now)
    change += _settled(account_id, row, record, attempt, _NEWS[attempt.verb], moment, tasks)
    after = msgspec.structs.replace(session.doc, session=shown) if session and shown else None
    return Settlement(change, record, done, after)


def _settled(
    account_id: str,
    row: Row[TransactionRecord],
    record: TransactionRecord,
    attempt: Attempt,
    type_: str,
    moment: Moment,
    tasks: tuple[Task, ...],
) -> Change:
    transaction, version = record.transaction, row.version + 1
    return Change(
        puts=(TRANSACTIONS.put(account_id, transaction.id, record, row.version),),
        events=(news(account_id, moment.ids[0], type_, transaction.id, version, moment.now, transaction),),
        tasks=tasks,
        done=(ask_key(account_id, attempt),),
    )


def _session_put(account_id: str, row: Row[SessionRecord], session: Session, done: tuple[TaskKey, ...] = ()) -> Change:
    record = msgspec.structs.replace(row.doc, session=session)
    return Change(puts=(SESSIONS.put(account_id, session.id, record, row.version),), done=done)


def _with_attempt(record: TransactionRecord, after: Attempt, transaction: Transaction) -> TransactionRecord:
    attempts = tuple(after if attempt.id == after.id else attempt for attempt in record.attempts)
    return msgspec.structs.replace(record, transaction=transaction, attempts=attempts)


def _ended(attempt: Attempt, status: str) -> Attempt:
    """What its event needed is in the event now."""
    return msgspec.structs.replace(
        attempt, status=status, reference=None, items=None, metadata=None, request_headers=None, card=None
    )


def _card(attempt: Attempt, outcome: Outcome) -> Card | None:
    """What the customer typed, masked, with what the provider knows beside it."""
    if attempt.card is None or outcome.card is None:
        return attempt.card or outcome.card
    facts = {name: value for name, value in msgspec.structs.asdict(outcome.card).items() if value is not None}
    return msgspec.structs.replace(attempt.card, **facts)
