"""What the customer of an express session fills in: each answers what they see then."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from kvitt.checkout.flows.asking import Ask, Rows, about_discounts, about_shipping, change
from kvitt.checkout.flows.desk import Actor, Desk, account_in
from kvitt.checkout.flows.sessions import seen
from kvitt.checkout.model.order import Address, LineId
from kvitt.checkout.model.session import Express, Session, SessionEventName
from kvitt.checkout.model.view import View
from kvitt.checkout.rules import express
from kvitt.checkout.rules.moment import Moment
from kvitt.core.change import Change


async def set_shipping_address(desk: Desk, session_id: str, address: Address, actor: Actor) -> View:
    """The shop is asked what it ships there."""

    async def ask(session: Session) -> Session:
        return await about_shipping(desk, account_in(session_id), session)

    def wish(session: Session, offers: Express) -> Session:
        return express.with_shipping_address(session, offers, address)

    return await _set(desk, session_id, "SET_SHIPPING_ADDRESS", wish, ask, actor)


async def set_billing_address(desk: Desk, session_id: str, address: Address, actor: Actor) -> View:
    def wish(session: Session, offers: Express) -> Session:
        return express.with_billing_address(session, offers, address)

    return await _set(desk, session_id, "SET_BILLING_ADDRESS", wish, _nobody, actor)


async def set_shipping_option(desk: Desk, session_id: str, id: str, line_id: LineId | None, actor: Actor) -> View:
    def wish(session: Session, offers: Express) -> Session:
        return express.with_option(session, offers, id, line_id)

    return await _set(desk, session_id, "SET_SHIPPING_OPTION", wish, _nobody, actor)


async def set_discount_codes(desk: Desk, session_id: str, codes: tuple[str, ...], actor: Actor) -> View:
    """The shop is asked what they are worth."""

    async def ask(session: Session) -> Session:
        return await about_discounts(desk, account_in(session_id), session)

    def wish(session: Session, _: Express) -> Session:
        return express.with_codes(session, codes)

    return await _set(desk, session_id, "SET_DISCOUNT_CODES", wish, ask, actor)


async def _nobody(session: Session) -> Session:
    return session


async def _set(
    desk: Desk,
    session_id: str,
    name: SessionEventName,
    wish: Callable[[Session, Express], Session],
    ask: Ask,
    actor: Actor,
) -> View:
    account_id = account_in(session_id)

    def propose(rows: Rows, moment: Moment) -> Session:
        row, transaction = rows
        return wish(row.doc.session, express.open_express(row, transaction, moment))

    async def write(rows: Rows, after: Session, moment: Moment) -> tuple[Change, View]:
        row, transaction = rows
        change, session = express.settled(account_id, row, after, name, moment)
        record = msgspec.structs.replace(row.doc, session=session)
        return change, await seen(desk, account_id, record, transaction)

    return await change(desk, account_id, session_id, actor, propose, ask, write)
