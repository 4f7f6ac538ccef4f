"""Card tokens: proved when a shop sends one, made into text when it asks for one, listed, deleted."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal

import msgspec

from kvitt.checkout.flows.desk import Actor, Desk
from kvitt.checkout.model.saved import SavedCard, TokenType
from kvitt.checkout.model.session import Customer, Session
from kvitt.checkout.model.token import (
    CARD_TOKENS,
    STATUSES,
    TOKEN_KEY_ROW,
    TOKEN_KEYS,
    CardToken,
    Requestor,
    TokenKey,
    TokenRecord,
    listed_customer,
)
from kvitt.checkout.model.transaction import Transaction
from kvitt.checkout.rules.reattempts import is_expired
from kvitt.checkout.rules.token_values import is_genuine, token_id_in, token_value
from kvitt.checkout.rules.tokens import deleted, unusable
from kvitt.core.change import Change, Row
from kvitt.core.errors import InvalidRequest, NotFound, Problem, problem
from kvitt.core.ids import account_of
from kvitt.core.reply import Reply, reply
from kvitt.store import Selection

MOST_PRODUCTS = 10
"""A shop may give so many payment products saved cards; there are fewer."""
_TYPES: tuple[TokenType, ...] = ("payment_token", "recurrence_token")
_decode = msgspec.json.Decoder(float_hook=Decimal).decode
_ABSENT = "There is no such token"


async def find_token(desk: Desk, account_id: str, token_id: str) -> Row[TokenRecord] | None:
    if account_of(token_id) != account_id:
        return None
    return await desk.store.get(CARD_TOKENS, account_id, token_id)


async def key_of(desk: Desk, account_id: str) -> bytes:
    """The account's key, made on first use. Processes that are first together agree on one."""
    row = await desk.store.get(TOKEN_KEYS, account_id, TOKEN_KEY_ROW)
    if row is not None:
        return bytes.fromhex(row.doc.secret)

    async def decide() -> tuple[Change, str]:
        known = await desk.store.get(TOKEN_KEYS, account_id, TOKEN_KEY_ROW)
        if known is not None:
            return Change(), known.doc.secret
        new = TokenKey(secrets.token_hex(32))
        return Change(puts=(TOKEN_KEYS.put(account_id, TOKEN_KEY_ROW, new),)), new.secret

    return bytes.fromhex(await desk.store.decide(decide))


async def prove(
    desk: Desk, account_id: str, value: str, type: TokenType, product: str, customer_id: str | None
) -> Row[TokenRecord] | str:
    """The token that a text is, or why it cannot be paid with.

    Whoever guesses learns nothing: what is not genuine is answered alike, whether the id it names is there or not.
    """
    token_id = token_id_in(account_id, type, value)
    row = None if token_id is None else await find_token(desk, account_id, token_id)
    genuine = is_genuine(await key_of(desk, account_id), token_id or "", type, value)
    if row is None or not genuine:
        return _ABSENT
    return unusable(row.doc.token, type, product, customer_id) or row


async def preloaded(
    desk: Desk, account_id: str, customer: Customer | None, path: str = "customer"
) -> tuple[Customer | None, list[Problem]]:
    """The customer as a session keeps them: each token proved, and its id in its place. Or the faults, with paths."""
    if customer is None or not customer.tokens:
        return customer, []
    if len(customer.tokens) > MOST_PRODUCTS:
        return customer, [problem(f"At most {MOST_PRODUCTS} payment products have saved cards", f"{path}.tokens")]
    kept: dict[str, SavedCard] = {}
    faults: list[Problem] = []
    for product, given in customer.tokens.items():
        ids: dict[str, str] = {}
        for type in _TYPES:
            value = getattr(given, type)
            if value is None:
                continue
            found = await prove(desk, account_id, value, type, product, customer.customer_id)
            if isinstance(found, str):
                faults.append(problem(found, f"{path}.tokens.{product}.{type}"))
            else:
                ids[f"{type}_id"] = found.doc.token.id
        if ids:
            kept[product] = SavedCard(**ids)
    return msgspec.structs.replace(customer, tokens=kept or None), faults


async def offered_cards(desk: Desk, account_id: str, session: Session, products: Collection[str]) -> list[CardToken]:
    """The saved cards that the customer may pay a session with: those that the shop gave it and that are still good."""
    tokens = (session.customer.tokens if session.customer else None) or {}
    ids = [(product, id) for product, saved in tokens.items() if product in products for id in saved.ids()]
    rows = await asyncio.gather(*(find_token(desk, account_id, id) for _, id in ids))
    now = desk.clock(account_id)
    found = [row.doc.token for row in rows if row is not None]
    return [token for token in found if token.status == "ACTIVE" and not is_expired(token, now)]


async def with_values(
    desk: Desk, account_id: str, transaction: Transaction, wanted: Collection[TokenType]
) -> Transaction:
    """The transaction with those tokens of its card that were asked for."""
    card = transaction.card
    if card is None:
        return transaction
    ids = {type: getattr(card, f"{type}_id") for type in wanted}
    named = {type: id for type, id in ids.items() if id is not None}
    if not named:
        return transaction
    key = await key_of(desk, account_id)
    values = {type: token_value(key, id, type) for type, id in named.items()}
    return msgspec.structs.replace(transaction, card=msgspec.structs.replace(card, **values))


def wanted_in(includes: Collection[str]) -> tuple[TokenType, ...]:
    """Which tokens `includes` asks for."""
    return tuple(type for type in _TYPES if f"card.{type}" in includes)


async def naming_token(desk: Desk, account_id: str, said: Reply) -> Reply:
    """The answer to a payment with a saved card, with the token that it was made with beside its id: the shop sent it
    just now, and nothing keeps it. Errors stay as they are."""
    body = _decode(said.body)
    card = body.get("card") if isinstance(body, dict) else None
    if not isinstance(card, dict):
        return said
    key = await key_of(desk, account_id)
    for type in _TYPES:
        if (id := card.get(f"{type}_id")) is not None:
            card[type] = token_value(key, id, type)
    return reply(body, said.status, said.headers)


async def get(desk: Desk, account_id: str, token_id: str) -> CardToken:
    row = await find_token(desk, account_id, token_id)
    if row is None:
        raise NotFound(_ABSENT)
    return await _shown(desk, account_id, row.doc.token)


async def page(
    desk: Desk,
    account_id: str,
    filters: Mapping[str, str],
    statuses: Sequence[str],
    include_deleted: bool,
    limit: int,
    starting_after: str | None,
) -> list[CardToken]:
    """Newest first. `filters`: customer_id and relationship_id. `starting_after`: the id of the last one before."""
    among: dict[str, list[str]] = {}
    if (customer_id := filters.get("customer_id")) is not None:
        among["customer_id"] = [listed_customer(customer_id) or ""]
    if not include_deleted or statuses:
        among["status"] = list(statuses) or [status for status in STATUSES if status != "DELETED"]
    after = None
    if starting_after is not None:
        last = await find_token(desk, account_id, starting_after)
        if last is None:
            message = "starting_after: there is no such token"
            raise InvalidRequest(message, problem(message))
        after = (last.doc.token.created_at, starting_after)
    if filters.get("relationship_id") is not None:
        return []  # no token has one
    rows = await desk.store.page(CARD_TOKENS, account_id, Selection(among=among, after=after), limit)
    return [await _shown(desk, account_id, row.doc.token) for row in rows]


async def delete(
    desk: Desk, account_id: str, token_id: str, reason: str | None, requestor: Requestor, actor: Actor
) -> CardToken:
    """From when this answers no payment begins with the token; one that began before goes on."""

    async def decide() -> tuple[Change, CardToken]:
        row = await find_token(desk, account_id, token_id)
        if row is None:
            raise NotFound(_ABSENT)
        return deleted(account_id, row, reason, requestor, desk.moment(account_id, actor, ids=1))

    return await desk.store.decide(decide, on=(account_id, token_id))


async def _shown(desk: Desk, account_id: str, token: CardToken) -> CardToken:
    """With the token itself, as long as it is good for anything."""
    if token.status != "ACTIVE":
        return token
    value = token_value(await key_of(desk, account_id), token.id, token.type)
    return msgspec.structs.replace(token, token=value)
