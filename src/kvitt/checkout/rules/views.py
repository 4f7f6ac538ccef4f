"""What the customer sees of a session, and of a payment that did not go through."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from kvitt.checkout.model.order import Item, SessionOrder, ShippingOption
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
        order=shown_order(session.order),
        payment_methods=tuple(PaymentMethod(product) for product in offered(configuration, products)),
        merchant=session.merchant,
        href=return_target(session, return_error(state, transaction)) if state in FINAL else None,
        merchant_terms_url=session.url.merchant_terms_url,
        checkboxes=session.checkboxes,
        default_payment_type=configuration.default_payment_type if configuration else None,
        decline=_last_decline(transaction) if state == "open" and transaction else None,
    )


def shown_order(order: SessionOrder) -> SessionOrder:
    """What the customer sees of an order: what is sold, and for how much.

    Whoever has the page's address reads it, so addresses, contacts, other sellers' shares and the shop's notes are
    left out.
    """
    items = order.items and tuple(
        Item(
            amount=item.amount, id=item.id, line_id=item.line_id, description=item.description,
            quantity=item.quantity, vat_amount=item.vat_amount, vat=item.vat,
        )
        for item in order.items
    )  # fmt: skip
    shipping = order.shipping_option and ShippingOption(
        id=order.shipping_option.id, line_id=order.shipping_option.line_id, amount=order.shipping_option.amount,
        title=order.shipping_option.title, operator=order.shipping_option.operator,
        vat_amount=order.shipping_option.vat_amount, vat=order.shipping_option.vat,
    )  # fmt: skip
    return SessionOrder(
        amount=order.amount, currency=order.currency, merchant_reference=order.merchant_reference,
        vat_amount=order.vat_amount, items=items, shipping_option=shipping,
    )  # fmt: skip


def decline_of(error: EventError) -> Decline:
    """What the page tells. `permanent` when the card network said not to try this card again."""
    never = error.retry_policy is not None and "DO_NOT_RETRY" in error.retry_policy.retry_codes
    code = (error.type or ("UNKNOWN",))[0]
    return Decline(code=code, category="permanent" if never else "temporary", message=error.message)


def _last_decline(record: TransactionRecord) -> Decline | None:
    error = record.transaction.events[-1].error if record.transaction.events else None
    return None if error is None else decline_of(error)
