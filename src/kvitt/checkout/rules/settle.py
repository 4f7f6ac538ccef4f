"""What a provider's answer does to a transaction and its session. One place for all verbs.

The customer's redirect, the provider's news and our own asking may bring the same answer twice, in any order: the first
one is written, later ones find the attempt settled and change nothing. No state moves backwards.

A declined authorization leaves the transaction INITIATED and the session open for another try; the transaction ends as
FAILED when the session expires, as DECLINED when the customer gives up. INITIATE_CAPTURE, INITIATE_REFUND and
INITIATE_VOID are written only when the outcome was not known at once, since only then somebody has to match the two; of
an authorization that changes there is no such event.
"""

from __future__ import annotations

from dataclasses import replace

import msgspec

from kvitt.checkout.model.payment import Outcome
from kvitt.checkout.model.session import SessionRecord
from kvitt.checkout.model.token import TokenRecord
from kvitt.checkout.model.transaction import TRANSACTIONS, Attempt, EventName, TransactionRecord
from kvitt.checkout.rules import callbacks
from kvitt.checkout.rules.automatic import next_automatic
from kvitt.checkout.rules.events import transaction_event
from kvitt.checkout.rules.expiry import timer_over
from kvitt.checkout.rules.merchant_initiated import declined_for_good, is_merchant_initiated
from kvitt.checkout.rules.moment import Moment, news
from kvitt.checkout.rules.schedule import ask_key, next_ask
from kvitt.checkout.rules.sessions import cancelled_session
from kvitt.checkout.rules.settle_authorization import adjusted, refused_metadata
from kvitt.checkout.rules.settle_payment import authorized, declined
from kvitt.checkout.rules.settle_waiting import on_hold, waiting
from kvitt.checkout.rules.settlement import (
    SILENT_REFUSAL,
    Settlement,
    ended,
    movements,
    session_change,
    settled_change,
    with_attempt,
)
from kvitt.checkout.rules.state import is_open, waits
from kvitt.checkout.rules.tokens import of_payment
from kvitt.checkout.rules.totals import ALL_CAPTURED, correction_of, status_of, totals
from kvitt.core.change import Change, Row

_EVENTS: dict[str, EventName] = {"adjust": "AUTHORIZE", "capture": "CAPTURE", "refund": "REFUND", "void": "VOID"}
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


def needs_session(record: TransactionRecord, attempt: Attempt) -> bool:
    """Whether settling needs the session: it changes with it, or a callback or the customer's answer carries it."""
    if attempt.verb == "authorize" or attempt.cancels_session or (attempt.automatic and attempt.answer_as is not None):
        return True
    return callbacks.carries_session(record.transaction)


def settle(
    account_id: str,
    row: Row[TransactionRecord],
    session: Row[SessionRecord] | None,
    attempt_id: str,
    outcome: Outcome,
    moment: Moment,
    token: Row[TokenRecord] | None = None,
) -> Settlement:
    """The Change that an answer makes. Empty when the attempt was settled before.

    `moment.ids`: six. `token`: the saved card that an authorization was tried with.
    """
    record = row.doc
    attempt = next(attempt for attempt in record.attempts if attempt.id == attempt_id)
    if not is_open(attempt):
        return Settlement(Change(), record, attempt, session.doc if session else None)
    # Nothing but an authorization waits or is held: such an answer of another verb says nothing, and moves nothing.
    undecided = outcome.kind == "unknown" or (attempt.verb != "authorize" and outcome.kind in ("waiting", "on_hold"))
    if undecided and not waits(attempt):
        return _unknown(account_id, row, session, attempt, moment)
    if attempt.verb == "authorize":
        assert session is not None, "an authorization settles with its session"  # noqa: S101
        if outcome.kind in ("unknown", "waiting"):
            return waiting(account_id, row, session, attempt, outcome, moment)
        if outcome.kind == "on_hold":
            return on_hold(account_id, row, session, attempt, outcome, moment)
        if outcome.kind == "done":
            settled = authorized(account_id, row, session, attempt, outcome, moment)
        elif is_merchant_initiated(record.transaction):
            settled = declined_for_good(account_id, row, session, attempt, outcome, moment)
        else:
            settled = declined(account_id, row, session, attempt, outcome, moment)
        tokens = of_payment(account_id, attempt, outcome, settled.record.transaction, token, moment)
        return replace(settled, change=settled.change + tokens)
    if outcome.kind == "refused":
        return _refused(account_id, row, session, attempt, outcome, moment)
    if attempt.verb == "adjust":
        return adjusted(account_id, row, session, attempt, outcome, moment)
    return _moved(account_id, row, session, attempt, outcome, moment)


def _unknown(
    account_id: str, row: Row[TransactionRecord], session: Row[SessionRecord] | None, attempt: Attempt, moment: Moment
) -> Settlement:
    """Nobody knows: the amount stays reserved, and the provider is asked again later."""
    waiting = msgspec.structs.replace(attempt, status="unknown", asks=attempt.asks + 1)
    transaction = row.doc.transaction
    name = _INITIATE.get(attempt.verb)
    if attempt.status == "open" and name is not None:
        # The event carries the id of the request that the caller made, also when a later ask is what failed.
        asked = replace(moment, request_id=attempt.request_id)
        transaction = transaction_event(
            transaction, name, transaction.status, asked, attempt=attempt, amount=attempt.amount
        )
    record = with_attempt(row.doc, waiting, transaction)
    change = Change(
        puts=(TRANSACTIONS.put(account_id, transaction.id, record, row.version, same_list=True),),
        tasks=(next_ask(account_id, transaction.id, waiting, moment.now),),
        done=(ask_key(account_id, attempt),),
    )
    return Settlement(change, record, waiting, session.doc if session else None)


def _refused(
    account_id: str,
    row: Row[TransactionRecord],
    session: Row[SessionRecord] | None,
    attempt: Attempt,
    outcome: Outcome,
    moment: Moment,
) -> Settlement:
    """The provider did not capture, refund, void or adjust: an event that says so, and the status stays."""
    error = outcome.error or SILENT_REFUSAL
    metadata = ((outcome.metadata or {}) | (refused_metadata(attempt, error) or {})) or None
    transaction = transaction_event(
        row.doc.transaction, _EVENTS[attempt.verb], row.doc.transaction.status, moment, attempt=attempt,
        amount=attempt.amount, error=error, metadata=metadata, correction=correction_of(row.doc),
    )  # fmt: skip
    refused = ended(attempt, "refused")
    record = with_attempt(row.doc, refused, transaction)
    tasks = next_automatic(account_id, record, moment.now) if attempt.automatic else ()
    if attempt.automatic and record.callback_owed and not tasks:  # given up: the money is reserved, and nobody knows
        record = msgspec.structs.replace(record, callback_owed=False)
        shown = session.doc.session if session else None
        tasks = callbacks.of_authorization(account_id, moment.ids[3], transaction, shown, moment.now)
    change = settled_change(account_id, row, record, attempt, "transaction.failed", moment, tasks)
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
    if attempt.verb == "void" and not moved["capture"]:
        status = "AUTHORIZATION_VOIDED"  # also when it was worth nothing
    transaction = transaction_event(
        row.doc.transaction, _EVENTS[attempt.verb], status, moment, attempt=attempt, amount=attempt.amount,
        metadata=outcome.metadata,
    )  # fmt: skip
    event = transaction.events[-1]
    if remainder:
        bare = msgspec.structs.replace(attempt, items=None, metadata=None)
        transaction = transaction_event(transaction, "VOID", status, moment, attempt=bare, amount=remainder)
    done = ended(attempt, "done")
    record = with_attempt(row.doc, done, transaction)
    shown = session.doc.session if session else None
    change = Change()
    if attempt.cancels_session and session is not None:
        cancelled = cancelled_session(session.doc.session, replace(moment, by=attempt.created_by))
        change = session_change(account_id, session, cancelled)
        version = session.version + 1
        told = news(account_id, moment.ids[2], "session.cancelled", cancelled.id, version, moment.now, cancelled)
        change += Change(events=(told,))
        shown = cancelled
    tasks = callbacks.of_operation(account_id, moment.ids[0], transaction, shown, moment.now, event)
    if record.callback_owed and transaction.status in ALL_CAPTURED:
        record = msgspec.structs.replace(record, callback_owed=False)
        tasks += callbacks.of_authorization(account_id, moment.ids[3], transaction, shown, moment.now)
    change += settled_change(account_id, row, record, attempt, _NEWS[attempt.verb], moment, tasks)
    over = () if attempt.verb == "refund" else timer_over(account_id, record)
    change += Change(postings=movements(account_id, transaction, attempt, remainder, moment.now), done=over)
    after = msgspec.structs.replace(session.doc, session=shown) if session and shown else None
    return Settlement(change, record, done, after)
