"""A change that the shop is asked about before it is written.

    load → what the session is to be → ask the shop → commit, if the session is still what it was; else once more

Nothing is held while the shop thinks, for up to a minute: a session that somebody else changed meanwhile is asked about
anew. A shop that is silent, or says what makes no sense, has said no: nothing is written.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec
import structlog

from kvitt.checkout.flows.desk import Actor, Desk
from kvitt.checkout.model.session import Session, SessionRecord
from kvitt.checkout.model.transaction import TransactionRecord
from kvitt.checkout.model.updates import DiscountAnswer, ShippingAnswer
from kvitt.checkout.rules.answered import silent, with_discount_answer, with_shipping_answer
from kvitt.checkout.rules.moment import Moment
from kvitt.checkout.rules.present import present_session
from kvitt.core.change import Change, Row
from kvitt.core.errors import Conflicting, InvalidRequest
from kvitt.core.ids import new_short_id
from kvitt.web.decoding import BodyDecoder

log = structlog.get_logger("kvitt.checkout")

T = TypeVar("T")
Rows = tuple[Row[SessionRecord], TransactionRecord | None]
Propose = Callable[[Rows, Moment], Session]
Ask = Callable[[Session], Awaitable[Session]]
Write = Callable[[Rows, Session, Moment], Awaitable[tuple[Change, T]]]

TRIES = 30
ROUNDS = 3
"""How often a shop is asked for one request, at most."""

_read_shipping = BodyDecoder(ShippingAnswer)
_read_discount = BodyDecoder(DiscountAnswer)


class _MovedOn(Exception):
    """Somebody else changed the session while the shop was asked."""


async def change(
    desk: Desk, account_id: str, session_id: str, actor: Actor, propose: Propose, ask: Ask, write: Write[T]
) -> T:
    """What `write` answers, once it stands."""
    if actor.once is not None:
        await desk.store.replay(actor.once)  # the shop need not be asked again
    asked = 0
    for _ in range(TRIES):
        row, known = await _load(desk, account_id, session_id)
        wanted = propose((row, known), desk.moment(account_id, actor))
        proposal = await ask(wanted)
        asked += proposal is not wanted

        async def decide(before: Row[SessionRecord] = row, proposal: Session = proposal) -> tuple[Change, T]:
            now, known = await _load(desk, account_id, session_id)
            moment = desk.moment(account_id, actor, ids=1)
            propose((now, known), moment)  # it may have been paid, or run out, in the meantime
            if now.version != before.version:
                raise _MovedOn
            return await write((now, known), proposal, moment)

        try:
            return await desk.store.decide(decide, on=(account_id, session_id), once=actor.once)
        except _MovedOn:
            if asked == ROUNDS:
                break
    raise Conflicting("The session was changed at the same time; try again")


async def about_shipping(desk: Desk, account_id: str, session: Session) -> Session:
    """The session with what the shop ships to its address, and for how much."""
    url = session.express.shipping_address_callback_url if session.express else None
    if not url or session.order.shipping_address is None:
        return session
    answer = await _asked(desk, account_id, url, session, _read_shipping)
    return with_shipping_answer(session, answer, _line_id(desk, account_id))


async def about_discounts(desk: Desk, account_id: str, session: Session) -> Session:
    """The session at the prices that its discount codes come to."""
    codes = session.express.discount_codes if session.express else None
    if codes is None or not codes.callback_url:
        return session
    answer = await _asked(desk, account_id, codes.callback_url, session, _read_discount)
    return with_discount_answer(session, answer, _line_id(desk, account_id))


async def _asked(desk: Desk, account_id: str, url: str, session: Session, read: BodyDecoder) -> Any:
    body = msgspec.json.encode(present_session(session))
    reply = await desk.shop.ask(account_id, session.id, url, body)
    if reply.status != 200 or reply.fault is not None:
        log.warning("a shop was asked in vain", session=session.id, status=reply.status, fault=reply.fault)
        said = f"it answered {reply.status}" if reply.fault is None else _FAULTS.get(reply.fault, _NOT)
        raise silent(f"The shop could not be asked: {said}")
    try:
        return read(reply.body)
    except InvalidRequest as unread:
        raise silent("The shop's answer cannot be read", *unread.problems) from None


def _line_id(desk: Desk, account_id: str) -> str:
    return f"correction-{new_short_id(account_id, desk.clock(account_id)).partition('.')[2]}"


async def _load(desk: Desk, account_id: str, session_id: str) -> Rows:
    row, transaction = await desk.session_and_transaction(account_id, session_id)
    return row, transaction.doc if transaction else None


_NOT = "it could not be reached"
_FAULTS = {
    "timeout": "it took too long",
    "size": "it answered too much",
    "busy": "too many of its customers wait for it",
}
