"""An authorization that is not decided yet, though the provider answered: it waits for the customer, or is on hold.

Either way the attempt stays open and the session takes no other payment. A provider that gives no answer, asked about
an attempt that waits, changes nothing: nobody has to believe that something went wrong.
"""

from __future__ import annotations

import msgspec

from kvitt.checkout.model.payment import Outcome
from kvitt.checkout.model.session import SessionRecord
from kvitt.checkout.model.transaction import TRANSACTIONS, Attempt, TransactionRecord, TransactionUrl
from kvitt.checkout.rules import callbacks
from kvitt.checkout.rules.events import transaction_event
from kvitt.checkout.rules.moment import Moment
from kvitt.checkout.rules.schedule import ask_key, next_look
from kvitt.checkout.rules.sessions import expiry_key, with_events
from kvitt.checkout.rules.settlement import Settlement, session_change, settled_change, with_attempt
from kvitt.core.change import Change, Row

ON_HOLD = "transaction.on_hold"


def waiting(
    account_id: str,
    row: Row[TransactionRecord],
    session: Row[SessionRecord],
    attempt: Attempt,
    outcome: Outcome,
    moment: Moment,
) -> Settlement:
    """It waits, or still does: the provider is asked when the customer's time is over."""
    goes_on = outcome.kind != "waiting" or attempt.held
    after = msgspec.structs.replace(
        attempt, status="open", asks=attempt.asks + 1,
        waits_at=attempt.waits_at if goes_on else outcome.redirect_url,
        waits_until=attempt.waits_until if goes_on else outcome.expires_at,
    )  # fmt: skip
    record = with_attempt(row.doc, after, row.doc.transaction)
    id = record.transaction.id
    change = Change(
        puts=(TRANSACTIONS.put(account_id, id, record, row.version),),
        tasks=(next_look(account_id, id, after, moment.now),),
        done=(ask_key(account_id, attempt),),
    )
    return Settlement(change, record, after, session.doc)


def on_hold(
    account_id: str,
    row: Row[TransactionRecord],
    session: Row[SessionRecord],
    attempt: Attempt,
    outcome: Outcome,
    moment: Moment,
) -> Settlement:
    """The customer has done their part, and somebody looks at the payment. The shop is told now, and when that ends.

    The event tells of no amount: nothing is reserved yet.
    """
    if attempt.held:
        return waiting(account_id, row, session, attempt, outcome, moment)
    page = outcome.redirect_url or attempt.waits_at
    after = msgspec.structs.replace(
        attempt, status="open", asks=attempt.asks + 1, held=True, waits_at=page, waits_until=None
    )
    url = msgspec.structs.replace(row.doc.transaction.url or TransactionUrl(), approval_url=page)
    transaction = transaction_event(
        row.doc.transaction, "AUTHORIZE", "ON_HOLD", moment, attempt=attempt, metadata=outcome.metadata, url=url
    )
    record = with_attempt(row.doc, after, transaction)
    done_their_part = with_events(session.doc.session, moment, ("PAY_LOCK_END", None))
    tasks = callbacks.of_authorization(account_id, moment.ids[0], transaction, done_their_part, moment.now)
    tasks += (next_look(account_id, transaction.id, after, moment.now),)
    change = settled_change(account_id, row, record, attempt, ON_HOLD, moment, tasks)
    change += session_change(account_id, session, done_their_part, done=(expiry_key(account_id, done_their_part.id),))
    return Settlement(change, record, after, msgspec.structs.replace(session.doc, session=done_their_part))
