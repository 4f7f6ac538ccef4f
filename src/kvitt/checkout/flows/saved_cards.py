"""What a try to pay does with saved cards: it is paid with one, or it saves the one that was typed."""

from __future__ import annotations

from datetime import datetime

import msgspec

from kvitt.checkout.flows.desk import Desk
from kvitt.checkout.flows.tokens import find_token
from kvitt.checkout.model.saved import NewToken
from kvitt.checkout.model.session import Session
from kvitt.checkout.model.token import CARD_TOKENS, NO_SAVED_CARD, CardUse, TokenRecord
from kvitt.checkout.model.transaction import Card
from kvitt.checkout.rules.reattempts import begun, block
from kvitt.checkout.rules.refusals import SavedCardNotOffered
from kvitt.checkout.rules.tokens import card_of, given, wanted
from kvitt.core.change import Change, Row
from kvitt.core.errors import problem
from kvitt.core.ids import new_short_id


def saving(
    account_id: str, session: Session, product: str, card: Card | None, remember_me: bool | None, now: datetime
) -> tuple[CardUse, Card | None, Change]:
    """The tokens that this payment makes if it goes through, and what is shown of the card."""
    if card is None:
        return NO_SAVED_CARD, None, Change()
    types, consent = wanted(session.configuration, product, remember_me)
    use = CardUse(saves=tuple(NewToken(type, new_short_id(account_id, now)) for type in types))
    return use, msgspec.structs.replace(card, card_holder_tokenization_consent=consent), Change()


async def chosen(
    desk: Desk, account_id: str, session: Session, product: str, token_id: str, attempt_id: str
) -> tuple[CardUse, Card | None, Change]:
    """The customer pays with a saved card: one of those that the shop gave this session, and of no other."""
    row = await find_token(desk, account_id, token_id) if token_id in given(session, product) else None
    if row is None or row.doc.token.status != "ACTIVE":
        message = "The session does not offer this saved card"
        raise SavedCardNotOffered(message, problem(message, "payment_token_id"))
    return use_of(account_id, row, attempt_id, desk.clock(account_id))


def use_of(
    account_id: str, row: Row[TokenRecord], attempt_id: str, now: datetime
) -> tuple[CardUse, Card | None, Change]:
    """A try with a saved card. It is noted on the token in the Change that begins it: two at once are counted both,
    and none begins once the token is deleted. `blocked` when the card may not be tried: then it is no try."""
    record = row.doc
    blocked = block(record, now)
    use = CardUse(token_id=record.token.id, saved_card=record.saved_card, blocked=blocked)
    if blocked is not None:
        return use, card_of(record.token), Change()
    put = CARD_TOKENS.put(account_id, record.token.id, begun(record, attempt_id, now), row.version)
    return use, card_of(record.token), Change(puts=(put,))
