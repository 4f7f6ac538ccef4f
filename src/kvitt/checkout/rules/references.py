"""The shop's second reference of a transaction, which it may change whatever became of the payment."""

from __future__ import annotations

import msgspec

from kvitt.checkout.model.transaction import TRANSACTIONS, Transaction, TransactionRecord
from kvitt.checkout.rules.moment import Moment, news
from kvitt.core.change import Change, Row


def refer(
    account_id: str, row: Row[TransactionRecord], merchant_reference_2: str | None, moment: Moment
) -> tuple[Change, Transaction]:
    """The log tells it; no event of the transaction does, since no money moves. Said once more it changes nothing.

    `moment.ids`: one.
    """
    transaction = row.doc.transaction
    if transaction.merchant_reference_2 == merchant_reference_2:
        return Change(), transaction
    after = msgspec.structs.replace(transaction, merchant_reference_2=merchant_reference_2, updated_at=moment.now)
    record = msgspec.structs.replace(row.doc, transaction=after)
    told = news(account_id, moment.ids[0], "transaction.updated", after.id, row.version + 1, moment.now, after)
    change = Change(puts=(TRANSACTIONS.put(account_id, after.id, record, row.version),), events=(told,))
    return change, after
