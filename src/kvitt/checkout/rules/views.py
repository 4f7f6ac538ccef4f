"""What the customer sees of a session, and of a payment that did not go through."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from kvitt.checkout.model.session import SessionRecord
from kvitt.checkout.model.transaction import EventError, TransactionRecord
from kvitt.checkout.model.view import Decline, PaymentMethod, View
from kvitt.checkout.rules.configuration import offered
from kvitt.checkout.rules.state import return_error, session_state
from kvitt.checkout.rules.urls import return_target
from kvitt.core.ids import is_test_account

FINAL = frozenset(("paid", "on_hold", "cancelled", "expired", "failed"))


def view_of(
    account_id: str,
    record: SessionRecord,
    transaction: TransactionRecord | None,
    products: Iterable[str],
    now: datetime,
) -> View:
    session = record.session
    state = session_state(record, transaction, now)
    configuration = session.configuration
    return View(
        id=session.id,
        state=state,
        test=is_test_account(account_id),
        order=session.order,
        payment_methods=tuple(PaymentMethod(product) for product in offered(configuration, products)),
        merchant=session.merchant,
        href=return_target(session, return_error(state, transaction)) if state in FINAL else None,
        merchant_terms_url=session.url.merchant_terms_url,
        checkboxes=session.checkboxes,
        default_payment_type=configuration.default_payment_type if configuration else None,
        decline=_last_decline(transaction) if state == "open" and transaction else None,
    )


def decline_of(error: EventError) -> Decline:
    """What the page tells. `permanent` when the card network said not to try this card again."""
    never = error.retry_policy is not None and "DO_NOT_RETRY" in error.retry_policy.retry_codes
    code = (error.type or ("UNKNOWN",))[0]
    return Decline(code=code, category="permanent" if never else "temporary", message=error.message)


def _last_decline(record: TransactionRecord) -> Decline | None:
    error = record.transaction.events[-1].error if record.transaction.events else None
    return None if error is None else decline_of(error)
