"""The customer pays: the intent of a try, committed before the provider is asked."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from kvitt.checkout.model.order import Item, ShippingOption
from kvitt.checkout.model.session import SESSIONS, Session, SessionRecord
from kvitt.checkout.model.token import NO_SAVED_CARD, CardUse
from kvitt.checkout.model.transaction import (
    TRANSACTIONS,
    Attempt,
    Card,
    Transaction,
    TransactionItem,
    TransactionRecord,
    TransactionUrl,
)
from kvitt.checkout.rules.changes import refuse_unless_changeable, refuse_while_locked
from kvitt.checkout.rules.configuration import descriptor_of
from kvitt.checkout.rules.events import transaction_event
from kvitt.checkout.rules.moment import Moment
from kvitt.checkout.rules.refusals import TooManyTries
from kvitt.checkout.rules.schedule import first_ask
from kvitt.checkout.rules.sessions import with_events
from kvitt.core.change import Change, Row

MAX_TRIES = 20
"""A page that takes any number of cards is a machine for testing stolen ones."""


def refuse_unless_payable(record: SessionRecord, transaction: TransactionRecord | None, moment: Moment) -> None:
    refuse_unless_changeable(record, transaction, moment.now)
    refuse_while_locked(record.session, moment.now)
    if transaction is not None and len(transaction.attempts) >= MAX_TRIES:
        raise TooManyTries("Too many payments of this session were declined")


def begin_payment(
    account_id: str,
    session_row: Row[SessionRecord],
    transaction_row: Row[TransactionRecord] | None,
    transaction_id: str,
    attempt_id: str,
    product: str,
    card: Card | None,
    holds: timedelta | None,
    moment: Moment,
    *,
    captures: bool = False,
    use: CardUse = NO_SAVED_CARD,
) -> tuple[Change, Row[SessionRecord], Row[TransactionRecord], Attempt]:
    """The intent of one try: an open attempt on the session's one transaction, which the first try makes.

    `transaction_id`: used by the first try only. `holds`: how long the product's authorizations do. `captures`: whether
    what it authorizes is captured at once. Answers the rows as they will be.
    """
    session = session_row.doc.session
    known = transaction_row.doc if transaction_row else None
    refuse_unless_payable(session_row.doc, known, moment)
    attempt = Attempt(
        id=attempt_id, verb="authorize", amount=session.order.amount, status="open", created_at=moment.now,
        product=product, request_id=moment.request_id, reference=session.order.event_reference, card=card,
        created_by=moment.by, request_headers=moment.headers, answer_as=attempt_id if moment.keyed else None,
        holds_until=None if holds is None else moment.now + holds, captures=captures,
    )  # fmt: skip
    attempt = msgspec.structs.replace(attempt, **msgspec.structs.asdict(use))
    paying = with_events(
        session, moment,
        ("PAY_LOCK_START", None),
        ("PAY_LOCK_META", {"payment_product_type": product, "amount": session.order.amount}),
        transaction_id=session.transaction_id or transaction_id, pay_lock=None,
    )  # fmt: skip
    if known is None:
        pre_authorized = session.configuration is not None and bool(session.configuration.pre_authorization)
        first = transaction_event(_transaction(paying, product, moment), "INITIALIZE", "INITIATED", moment)
        record = TransactionRecord(first, (attempt,), pre_authorized=pre_authorized)
    else:
        # What is sold may be other than at the try before: the shop or the customer changed the session in between.
        before = known.transaction
        transaction = _transaction(paying, product, moment)
        transaction = msgspec.structs.replace(
            transaction, created_at=before.created_at, events=before.events,
            merchant_reference_2=before.merchant_reference_2 or transaction.merchant_reference_2,
        )  # fmt: skip
        record = msgspec.structs.replace(known, transaction=transaction, attempts=(*known.attempts, attempt))
    version = transaction_row.version if transaction_row else 0
    session_record = msgspec.structs.replace(session_row.doc, session=paying)
    change = Change(
        puts=(
            # One that is made and paid in one Change is listed with it.
            SESSIONS.put(
                account_id, session.id, session_record, session_row.version, same_list=session_row.version > 0
            ),
            TRANSACTIONS.put(account_id, record.transaction.id, record, version),
        ),
        tasks=(first_ask(account_id, record.transaction.id, attempt, moment.now),),
    )
    return change, Row(session_row.version + 1, session_record), Row(version + 1, record), attempt


def _transaction(session: Session, product: str, moment: Moment) -> Transaction:
    """The transaction as it is when the customer tries to pay."""
    order, configuration = session.order, session.configuration
    metadata = dict(session.metadata or {})
    if session.merchant and session.merchant.name:
        metadata["merchant_name"] = session.merchant.name
    if session.merchant and session.merchant.country:
        metadata["merchant_country"] = session.merchant.country
    if session.merchant and session.merchant.merchant_category_code:
        metadata["merchant_category_code"] = session.merchant.merchant_category_code
    if order.event_reference:
        metadata["event_reference"] = order.event_reference
    return Transaction(
        id=session.transaction_id or "",
        session_id=session.id,
        created_at=moment.now,
        updated_at=moment.now,
        payment_product=product.partition(".")[0],
        payment_product_type=product,
        amount=order.amount,
        currency=order.currency,
        merchant_reference=order.merchant_reference,
        merchant_reference_2=order.merchant_reference_2,
        channel=(configuration.channel if configuration else None) or "ecommerce",
        platform_type=session.merchant.platform_type if session.merchant else None,
        dynamic_descriptor=descriptor_of(configuration, product),
        payout_destination_id=order.payout_destination_id,
        payment_operation=session.payment_operation,
        status="INITIATED",
        settlement_status="NOT_SETTLED",
        customer=session.customer and msgspec.structs.replace(session.customer, tokens=None),
        customer_ip=session.customer_ip,
        user_agent=session.user_agent,
        initiating_system_request_headers=session.initiating_system_request_headers,
        shipping_address=order.shipping_address,
        billing_address=order.billing_address,
        shipping_option=order.shipping_option,
        store=order.store,
        gift_cards=order.gift_cards,
        checkboxes=session.checkboxes,
        items=_items(order.items, order.shipping_option),
        url=TransactionUrl(redirect_url=session.url.return_url, callback_url=session.url.callback_url),
        metadata=metadata or None,
    )


def _items(items: tuple[Item, ...] | None, shipping: ShippingOption | None) -> tuple[TransactionItem, ...] | None:
    """The session's lines, and its shipping as one more."""
    lines = [
        TransactionItem(**{name: getattr(item, name) for name in TransactionItem.__struct_fields__})
        for item in items or ()
    ]
    if shipping is not None:
        lines.append(
            TransactionItem(
                id=shipping.id,
                line_id=shipping.line_id,
                description=shipping.title,
                quantity=1,
                amount=shipping.amount,
                vat_amount=shipping.vat_amount,
                vat=shipping.vat,
                type="shipping",
                fee_split=shipping.fee_split,
                splits=shipping.splits,
                thumbnail_url=shipping.thumbnail_url,
            )
        )
    return tuple(lines) or None
