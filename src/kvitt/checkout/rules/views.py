"""What the customer sees of a session, and of a payment that did not go through."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal

from kvitt.checkout.model.order import DiscountLine, Item, SessionOrder, ShippingOption
from kvitt.checkout.model.payment import Capabilities
from kvitt.checkout.model.session import SessionRecord
from kvitt.checkout.model.token import CardToken
from kvitt.checkout.model.transaction import EventError, TransactionRecord
from kvitt.checkout.model.view import Decline, OfferedCard, PaymentMethod, View, WaitingPayment
from kvitt.checkout.rules.configuration import fitting
from kvitt.checkout.rules.express_view import offers, version_of, with_choices
from kvitt.checkout.rules.state import return_error, session_state, waiting_attempt
from kvitt.checkout.rules.theme import theme_of
from kvitt.checkout.rules.tokens import save_card_checkbox
from kvitt.checkout.rules.urls import return_target
from kvitt.core.ids import is_test_account

FINAL = frozenset(("paid", "on_hold", "cancelled", "expired", "failed"))


def view_of(
    account_id: str,
    record: SessionRecord,
    transaction: TransactionRecord | None,
    products: Mapping[str, Capabilities],
    now: datetime,
    base_url: str,
    saved: Iterable[CardToken] = (),
) -> View:
    """`saved`: the saved cards that the shop gave the session and that are still good."""
    session = record.session
    state = session_state(record, transaction, now)
    configuration = session.configuration
    return View(
        id=session.id,
        state=state,
        test=is_test_account(account_id),
        order=shown_order(session.order) if state in FINAL else with_choices(shown_order(session.order), session),
        payment_methods=tuple(
            PaymentMethod(product, save_card_checkbox(configuration, product)) for product in fitting(session, products)
        ),
        merchant=session.merchant,
        href=return_target(session, return_error(state, transaction), base_url) if state in FINAL else None,
        merchant_terms_url=session.url.merchant_terms_url,
        checkboxes=session.checkboxes,
        default_payment_type=configuration.default_payment_type if configuration else None,
        decline=_last_decline(transaction) if state == "open" and transaction else None,
        waiting=_waiting(transaction) if state == "paying" and transaction else None,
        version=version_of(session),
        updated_at=session.updated_at,
        express=None if state in FINAL else offers(session),
        expires_in=int((session.expires_at - now).total_seconds()) if state in ("open", "locked") else None,
        payment_operation=session.payment_operation,
        saved_cards=tuple(_offered(token) for token in saved) if state == "open" else (),
        theme=theme_of(configuration.theme) if configuration else None,
    )


def _offered(token: CardToken) -> OfferedCard:
    return OfferedCard(
        token.id, token.payment_product_type, token.card_brand, token.masked_pan, token.pan_expiry_date
    )  # fmt: skip


def shown_order(order: SessionOrder) -> SessionOrder:
    """What the customer sees of an order: what is sold, and for how much.

    Whoever has the page's address reads it, so addresses, contacts, other sellers' shares and the shop's notes are
    left out. Of a discount they see what it is called and what it is worth.
    """
    items = order.items and tuple(
        Item(
            amount=item.amount, id=item.id, line_id=item.line_id, description=item.description,
            quantity=item.quantity, vat_amount=item.vat_amount, vat=item.vat,
            discount_lines=_shown_discounts(item.discount_lines),
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
        discount_lines=_shown_discounts(order.discount_lines),
    )  # fmt: skip


def _shown_discounts(discounts: tuple[DiscountLine, ...] | None) -> tuple[DiscountLine, ...] | None:
    return discounts and tuple(
        DiscountLine(amount=one.amount, percentage=one.percentage, description=one.description) for one in discounts
    )


def decline_of(error: EventError) -> Decline:
    """What the page tells. `permanent` when the card network said not to try this card again."""
    never = error.retry_policy is not None and "DO_NOT_RETRY" in error.retry_policy.retry_codes
    code = (error.type or ("UNKNOWN",))[0]
    category: Literal["temporary", "permanent"] = "permanent" if never else "temporary"
    return Decline(code=code, category=category, message=error.message, reason=error.code)


def _waiting(record: TransactionRecord) -> WaitingPayment | None:
    attempt = waiting_attempt(record)
    if attempt is None or attempt.waits_at is None:
        return None
    return WaitingPayment(attempt.product, attempt.waits_at, attempt.waits_until)


def _last_decline(record: TransactionRecord) -> Decline | None:
    error = record.transaction.events[-1].error if record.transaction.events else None
    return None if error is None else decline_of(error)
