"""A payment that the shop starts with a saved card, while the customer is away.

It is one try: there is nobody to try another card. A decline ends its transaction as FAILED and its session with it;
the error says whether and when the card may be tried again, in a session of its own.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from kvitt.checkout.model.payment import Outcome
from kvitt.checkout.model.saved import TokenType
from kvitt.checkout.model.session import SessionRecord
from kvitt.checkout.model.transaction import Attempt, Transaction, TransactionRecord
from kvitt.checkout.rules.callbacks import of_error
from kvitt.checkout.rules.events import transaction_event
from kvitt.checkout.rules.moment import Moment
from kvitt.checkout.rules.sessions import expiry_key, with_events
from kvitt.checkout.rules.settlement import (
    SILENT_REFUSAL,
    Settlement,
    ended,
    session_change,
    settled_change,
    with_attempt,
)
from kvitt.core.change import Row

MerchantOperation = Literal["unscheduled_purchase", "recurring_purchase"]

TOKEN_OF: dict[MerchantOperation, TokenType] = {
    "unscheduled_purchase": "payment_token",
    "recurring_purchase": "recurrence_token",
}
"""Which token each is made with."""


def is_merchant_initiated(transaction: Transaction) -> bool:
    return transaction.payment_operation in TOKEN_OF


def declined_for_good(
    account_id: str,
    row: Row[TransactionRecord],
    session: Row[SessionRecord],
    attempt: Attempt,
    outcome: Outcome,
    moment: Moment,
) -> Settlement:
    """The provider said no: transaction and session are over. The shop is called if it asked for errors."""
    error = outcome.error or SILENT_REFUSAL
    transaction = transaction_event(
        row.doc.transaction, "AUTHORIZE", "FAILED", moment, attempt=attempt, amount=attempt.amount, error=error,
        metadata=outcome.metadata, card=attempt.card,
    )  # fmt: skip
    refused = ended(attempt, "refused")
    record = with_attempt(row.doc, refused, transaction)
    failed = with_events(
        session.doc.session, moment,
        ("PAY_FAILED", {"error": "Rejected", "payment_product_type": attempt.product, "message": error.message}),
        ("PAY_LOCK_END", None),
        ("FAILED", {"error": "Rejected"}),
    )  # fmt: skip
    told = of_error(account_id, moment.ids[1], failed, transaction, "failed", moment.now)
    change = settled_change(account_id, row, record, attempt, "transaction.failed", moment, told)
    change += session_change(account_id, session, failed, done=(expiry_key(account_id, failed.id),))
    return Settlement(change, record, refused, msgspec.structs.replace(session.doc, session=failed))
