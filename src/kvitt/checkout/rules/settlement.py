"""What settling makes: the Change, and what everything is like afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import msgspec

from kvitt.checkout.model.session import SESSIONS, Session, SessionRecord
from kvitt.checkout.model.transaction import TRANSACTIONS, Attempt, EventError, Transaction, TransactionRecord
from kvitt.checkout.rules.moment import Moment, news
from kvitt.checkout.rules.schedule import ask_key
from kvitt.core.change import Change, Posting, Row, Task, TaskKey
from kvitt.ledger.model import Kind
from kvitt.ledger.rules import posting

SILENT_REFUSAL = EventError("The provider refused", type=("UNKNOWN",))
"""For a provider that gives no reason."""


@dataclass(frozen=True)
class Settlement:
    """`record` and `session` as they are afterwards; `attempt` likewise. `follow`: an attempt to run right away."""

    change: Change
    record: TransactionRecord
    attempt: Attempt
    session: SessionRecord | None = None
    follow: Attempt | None = None


def settled_change(
    account_id: str,
    row: Row[TransactionRecord],
    record: TransactionRecord,
    attempt: Attempt,
    type_: str,
    moment: Moment,
    tasks: tuple[Task, ...],
) -> Change:
    transaction, version = record.transaction, row.version + 1
    same = attempt.verb in ("capture", "refund", "void")
    return Change(
        puts=(TRANSACTIONS.put(account_id, transaction.id, record, row.version, same_words=same),),
        events=(news(account_id, moment.ids[0], type_, transaction.id, version, moment.now, transaction),),
        tasks=tasks,
        done=(ask_key(account_id, attempt),),
    )


def session_change(
    account_id: str, row: Row[SessionRecord], session: Session, done: tuple[TaskKey, ...] = ()
) -> Change:
    """What an attempt's end does to its session: nothing of that is what sessions are listed by."""
    record = msgspec.structs.replace(row.doc, session=session)
    return Change(puts=(SESSIONS.put(account_id, session.id, record, row.version, same_list=True),), done=done)


def movements(
    account_id: str, transaction: Transaction, attempt: Attempt, remainder: int, now: datetime
) -> tuple[Posting, ...]:
    """What the ledger keeps of an attempt that was done. `remainder`: what its final capture gave up."""
    assert attempt.verb != "adjust", "what an adjustment moves is a difference"  # noqa: S101
    if not attempt.amount:  # nothing moves by an amount of nothing
        return ()
    id, currency = transaction.id, transaction.currency
    moved = posting(account_id, id, attempt.id, attempt.verb, attempt.amount, currency, now)
    if attempt.captures:
        return moved, posting(account_id, id, f"{attempt.id}:capture", "capture", attempt.amount, currency, now)
    if not remainder:
        return (moved,)
    return moved, posting(account_id, id, f"{attempt.id}:release", "release", remainder, currency, now)


def difference(account_id: str, before: Transaction, attempt: Attempt, now: datetime) -> tuple[Posting, ...]:
    """What the ledger keeps of an authorization that was changed. `before`: the transaction until then."""
    more = attempt.amount - before.amount
    if not more:
        return ()
    kind: Kind = "raise" if more > 0 else "lower"
    return (posting(account_id, before.id, attempt.id, kind, abs(more), before.currency, now),)


def with_attempt(record: TransactionRecord, after: Attempt, transaction: Transaction) -> TransactionRecord:
    attempts = tuple(after if attempt.id == after.id else attempt for attempt in record.attempts)
    return msgspec.structs.replace(record, transaction=transaction, attempts=attempts)


def ended(attempt: Attempt, status: str) -> Attempt:
    """What its event needed is in the event now."""
    return msgspec.structs.replace(
        attempt, status=status, reference=None, items=None, metadata=None, request_headers=None, card=None,
        answer_as=None, approved_as=None, holds_until=None, waits_at=None, waits_until=None, saves=(), saved_card="",
        blocked=None,
    )  # fmt: skip
