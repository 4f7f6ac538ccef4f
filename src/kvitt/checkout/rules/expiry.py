"""An authorization runs out: told a day before, and what nobody captured is released at the end.

How long it holds is the payment product's rule (`Capabilities.authorization`), counted from when the provider was
asked: rather a moment too early than goods shipped on nothing. One timer at a time goes with the transaction. It rings
24 hours before the end (halfway, when less is left), then at the end, in this order also when both moments have passed.
From the end on nothing is captured or voided, whether the timer rang or not.

A capture or void that has no answer at the end is waited for, since what the provider did before the end counts: the
timer rings again as often as the provider is asked again. So is a change of the authorization itself; one that makes it
hold for longer begins all this anew. The provider is told nothing of the end: its own books end it too.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from kvitt.checkout.model.session import Session
from kvitt.checkout.model.transaction import TRANSACTIONS, Transaction, TransactionRecord
from kvitt.checkout.rules.callbacks import of_authorization, of_operation, shown_time
from kvitt.checkout.rules.events import transaction_event
from kvitt.checkout.rules.moment import Moment, news
from kvitt.checkout.rules.refusals import AuthorizationExpired
from kvitt.checkout.rules.schedule import WAITS
from kvitt.checkout.rules.totals import Totals, status_of, totals
from kvitt.core.change import Change, Row, Task, TaskKey, encode_text
from kvitt.ledger.rules import posting

AUTHORIZATION_TASK = "checkout.authorization_expiry"
EXPIRING, EXPIRED = "transaction.authorization_expiring", "transaction.authorization_expired"
NOTICE = timedelta(hours=24)
REASON = "authorization_expired"
"""What the metadata of the VOID event says."""


def first_timer(account_id: str, record: TransactionRecord, now: datetime) -> tuple[Task, ...]:
    """The timer of an authorization that was just made; none for one without an end."""
    ends = record.transaction.authorization_expires_at
    if ends is None:
        return ()
    left = ends - now
    return (_timer(account_id, record, ends - NOTICE if left > NOTICE else now + max(left, timedelta(0)) / 2),)


def timer_over(account_id: str, record: TransactionRecord) -> tuple[TaskKey, ...]:
    """The timer of an authorization of which nothing is left: it need not ring any more."""
    if record.transaction.authorization_expires_at is None or totals(record).capturable:
        return ()
    return (timer_key(account_id, record),)


def timer_key(account_id: str, record: TransactionRecord) -> TaskKey:
    """A name of its own for each ring: the one that is being run is done, the next one is another."""
    extended = f"x{record.extensions}:" if record.extensions else ""
    return TaskKey(account_id, f"authorization:{record.transaction.id}:{extended}{record.expiry_rings}")


def _timer(account_id: str, record: TransactionRecord, due_at: datetime) -> Task:
    id = timer_key(account_id, record).id
    return Task(account_id, id, AUTHORIZATION_TASK, due_at, encode_text(record.transaction.id))


def is_over(transaction: Transaction, now: datetime) -> bool:
    ends = transaction.authorization_expires_at
    return ends is not None and ends <= now


def refuse_when_over(record: TransactionRecord, now: datetime) -> None:
    """No capture and no void after the end. A transaction that was captured or voided before is refused as such."""
    transaction = record.transaction
    ends = transaction.authorization_expires_at
    if ends is None or now < ends:
        return
    if totals(record).capturable or _was_released(transaction):
        raise AuthorizationExpired(f"The authorization expired at {shown_time(ends)}; it cannot be captured or voided")


def _was_released(transaction: Transaction) -> bool:
    return any(event.event == "VOID" and (event.metadata or {}).get("reason") == REASON for event in transaction.events)


def ring(account_id: str, row: Row[TransactionRecord], session: Session | None, moment: Moment) -> Change:
    """The timer rang. Empty when nothing is left to expire. `session`: for a callback that carries it."""
    record = row.doc
    ends, sums = record.transaction.authorization_expires_at, totals(record)
    if ends is None or not sums.capturable:
        return Change()
    if record.expiry_rings == 0:
        return _rung(account_id, row, ends) + _told(account_id, row, EXPIRING, record.transaction, moment)
    if moment.now < ends:
        return _rung(account_id, row, ends)
    if sums.capturing or sums.voiding or sums.adjusting:
        return _rung(account_id, row, moment.now + WAITS[min(record.expiry_rings, len(WAITS)) - 1])
    return _released(account_id, row, session, sums, moment)


def _rung(account_id: str, row: Row[TransactionRecord], next_at: datetime) -> Change:
    record = msgspec.structs.replace(row.doc, expiry_rings=row.doc.expiry_rings + 1)
    return Change(
        puts=(TRANSACTIONS.put(account_id, record.transaction.id, record, row.version, same_list=True),),
        tasks=(_timer(account_id, record, next_at),),
        done=(timer_key(account_id, row.doc),),
    )


def _released(
    account_id: str, row: Row[TransactionRecord], session: Session | None, sums: Totals, moment: Moment
) -> Change:
    """What was neither captured nor voided is the customer's again. `moment.ids`: two."""
    left = sums.capturable
    status = status_of(sums.authorized, sums.captured, sums.refunded, sums.voided + left)
    transaction = transaction_event(
        row.doc.transaction, "VOID", status, moment, amount=left, metadata={"reason": REASON}
    )
    record = msgspec.structs.replace(row.doc, transaction=transaction)
    id, event = transaction.id, transaction.events[-1]
    tasks = of_operation(account_id, moment.ids[0], transaction, session, moment.now, event)
    if record.callback_owed:  # whatever was captured by hand is all of it now, and if nothing was, that is news too
        record = msgspec.structs.replace(record, callback_owed=False)
        tasks += of_authorization(account_id, moment.ids[1], transaction, session, moment.now)
    change = Change(
        puts=(TRANSACTIONS.put(account_id, id, record, row.version, same_words=True),),
        tasks=tasks,
        done=(timer_key(account_id, row.doc),),
        postings=(posting(account_id, id, "expiry", "expire", left, transaction.currency, moment.now),),
    )
    return change + _told(account_id, row, EXPIRED, transaction, moment)


def _told(account_id: str, row: Row[TransactionRecord], type_: str, transaction: Transaction, moment: Moment) -> Change:
    told = news(account_id, moment.ids[0], type_, transaction.id, row.version + 1, moment.now, transaction)
    return Change(events=(told,))
