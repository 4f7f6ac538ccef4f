"""The customer pays."""

from __future__ import annotations

from datetime import datetime

from kvitt.checkout.flows.dance import perform
from kvitt.checkout.flows.desk import Actor, Desk, account_in
from kvitt.checkout.model.payment import CardDetails
from kvitt.checkout.model.session import SessionRecord
from kvitt.checkout.model.transaction import Attempt, TransactionRecord
from kvitt.checkout.model.view import Payment
from kvitt.checkout.rules.answers import payment_of
from kvitt.checkout.rules.cards import read_card, shown
from kvitt.checkout.rules.configuration import offered
from kvitt.checkout.rules.payments import begin_payment, refuse_unless_payable
from kvitt.checkout.rules.refusals import InvalidCard, ProductNotOffered
from kvitt.core.change import Change, Row
from kvitt.core.errors import problem
from kvitt.core.ids import new_short_id, new_uuid

Intent = tuple[Row[SessionRecord], Row[TransactionRecord], Attempt]


async def pay(desk: Desk, session_id: str, product: str, card: CardDetails | None, actor: Actor) -> Payment:
    """One try. However many come at once, one is made and the others are told that it is under way."""
    account_id = account_in(session_id)
    attempt_id = new_uuid()
    transaction_id = new_short_id(account_id, desk.clock(account_id))

    async def decide() -> tuple[Change, tuple[Intent, CardDetails]]:
        session, transaction = await desk.session_and_transaction(account_id, session_id)
        moment = desk.moment(account_id, actor)
        refuse_unless_payable(session.doc, transaction.doc if transaction else None, moment)
        _refuse_unless_offered(desk, account_id, session.doc, product)
        read = _read(card, desk.clock(account_id))
        _, can = desk.provider_for(account_id, product)
        holds = can.authorization
        change, session, transaction, attempt = begin_payment(
            account_id, session, transaction, transaction_id, attempt_id, product, shown(read), holds, moment
        )
        return change, ((session, transaction, attempt), read)

    once = actor.promised(attempt_id)
    (session, transaction, attempt), read = await desk.store.decide(decide, on=(account_id, session_id), once=once)
    settled = await perform(desk, account_id, (transaction, session), attempt, actor, read)
    return payment_of(settled.record, settled.session or session.doc, attempt.id, desk.base_url, desk.clock(account_id))


def _refuse_unless_offered(desk: Desk, account_id: str, record: SessionRecord, product: str) -> None:
    if product not in offered(record.session.configuration, desk.products_of(account_id)):
        message = "The session does not offer this payment product"
        raise ProductNotOffered(message, problem(message, "payment_product_type"))


def _read(card: CardDetails | None, now: datetime) -> CardDetails:
    if card is None:
        raise InvalidCard("The payment product takes a card", problem("card is required", "card"))
    return read_card(card, now)
