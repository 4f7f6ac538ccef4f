"""The customer pays."""

from __future__ import annotations

from datetime import datetime

from kvitt.checkout.flows.dance import perform
from kvitt.checkout.flows.desk import Actor, Desk, account_in
from kvitt.checkout.flows.saved_cards import chosen, saving
from kvitt.checkout.model.payment import NO_PAYER, Capabilities, CardDetails, Payer
from kvitt.checkout.model.session import Session, SessionRecord, Tick
from kvitt.checkout.model.transaction import Attempt, TransactionRecord
from kvitt.checkout.model.view import Payment
from kvitt.checkout.rules.answers import payment_of
from kvitt.checkout.rules.cards import read_card, shown
from kvitt.checkout.rules.configuration import fitting, holds_for_review
from kvitt.checkout.rules.consents import ticked
from kvitt.checkout.rules.express import refuse_unready
from kvitt.checkout.rules.payments import begin_payment, refuse_unless_payable
from kvitt.checkout.rules.preconditions import refuse_if_changed
from kvitt.checkout.rules.refusals import InvalidCard, ProductNotOffered
from kvitt.core.change import Change, Row
from kvitt.core.errors import problem
from kvitt.core.ids import new_short_id, new_uuid

Intent = tuple[Row[SessionRecord], Row[TransactionRecord], Attempt]


async def pay(
    desk: Desk,
    session_id: str,
    product: str,
    card: CardDetails | None,
    actor: Actor,
    payer: Payer = NO_PAYER,
    unmodified: str | None = None,
    ticks: tuple[Tick, ...] | None = None,
) -> Payment:
    """One try. However many come at once, one is made and the others are told that it is under way.

    `unmodified`: If-Unmodified-Since, as the caller sent it. `ticks`: the shop's checkboxes, as the customer left them.
    """
    account_id = account_in(session_id)
    attempt_id = new_uuid()
    transaction_id = new_short_id(account_id, desk.clock(account_id))

    async def decide() -> tuple[Change, tuple[Intent, CardDetails | None, Payer]]:
        session, transaction = await desk.session_and_transaction(account_id, session_id)
        moment = desk.moment(account_id, actor)
        refuse_unless_payable(session.doc, transaction.doc if transaction else None, moment)
        refuse_if_changed(session.doc.session, unmodified)
        refuse_unready(session.doc.session)
        session = ticked(session, ticks)
        _refuse_unless_offered(desk, account_id, session.doc, product)
        _, can = desk.provider_for(account_id, product)
        read = _read(card, moment.now) if can.takes == "card" and payer.saved_card is None else None
        if can.takes == "card" and payer.saved_card is not None:
            use, seen, noted = await chosen(
                desk, account_id, session.doc.session, product, payer.saved_card, attempt_id
            )
        else:
            typed = None if read is None else shown(read)
            use, seen, noted = saving(account_id, session.doc.session, product, typed, payer.remember_me, moment.now)
        given = _given(session.doc.session, product, can, payer)
        change, session, transaction, attempt = begin_payment(
            account_id, session, transaction, transaction_id, attempt_id, product, seen, can.authorization,
            moment, captures=can.captured_at_once, use=use,
        )  # fmt: skip
        return change + noted, ((session, transaction, attempt), read, given)

    once = actor.promised(attempt_id)
    intent, read, given = await desk.store.decide(decide, on=(account_id, session_id), once=once)
    session, transaction, attempt = intent
    settled = await perform(desk, account_id, (transaction, session), attempt, actor, read, given)
    return payment_of(settled.record, settled.session or session.doc, attempt.id, desk.base_url, desk.clock(account_id))


def _refuse_unless_offered(desk: Desk, account_id: str, record: SessionRecord, product: str) -> None:
    if product not in fitting(record.session, desk.products_of(account_id)):
        message = "The session does not offer this payment product"
        raise ProductNotOffered(message, problem(message, "payment_product_type"))


def _read(card: CardDetails | None, now: datetime) -> CardDetails:
    if card is None:
        raise InvalidCard("The payment product takes a card", problem("card is required", "card"))
    return read_card(card, now)


def _given(session: Session, product: str, can: Capabilities, payer: Payer) -> Payer:
    """What the provider is told beside a card, and no more than it needs."""
    if can.takes == "gift_card" and not payer.gift_card:
        raise InvalidCard("The payment product takes a gift card", problem("gift_card is required", "gift_card"))
    known = session.customer.phone_number if session.customer else None
    return Payer(
        phone_number=payer.phone_number or known if can.takes == "phone" else None,
        gift_card=payer.gift_card if can.takes == "gift_card" else None,
        review=can.review and holds_for_review(session.configuration, product),
    )
