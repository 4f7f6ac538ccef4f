"""Cards that are saved: when, as what, and which saved card may be paid with.

A card is saved when a payment goes through, as the session's configuration asks for it:

    generate_recurrence_token   for subscriptions: always
    generate_payment_token      unless the customer says no (`remember_me` false)
      with save_card_checkbox   `opt_in`: only if they say yes; `opt_out`: unless they say no

A session for a token alone (`payment_operation: generate_payment_token`) says nothing of a checkbox.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from kvitt.checkout.model.payment import Outcome
from kvitt.checkout.model.saved import Consent, TokenType
from kvitt.checkout.model.session import Configuration, Session
from kvitt.checkout.model.token import CARD_TOKENS, CardToken, Requestor, TokenRecord
from kvitt.checkout.model.transaction import Attempt, Card, Transaction
from kvitt.checkout.rules.moment import Moment, news
from kvitt.checkout.rules.reattempts import failed, succeeded
from kvitt.checkout.rules.settlement import SILENT_REFUSAL
from kvitt.core.change import Change, Row

TOKEN_TYPES: dict[str, tuple[TokenType, ...]] = {
    "dintero_psp.creditcard": ("payment_token",),
    "payex.creditcard": ("payment_token", "recurrence_token"),
    "bambora.creditcard": ("payment_token",),
}
"""The payment products that save cards, and as what."""

GENERATE = "generate_payment_token"
"""The `payment_operation` of a session that is for a token alone."""

_FIRST_ID = 4
"""Where in `moment.ids` those of the tokens' events begin: settling uses the ones before."""


def save_card_checkbox(configuration: Configuration | None, product: str) -> Consent | None:
    """What the page asks the customer: `opt_in` is a box to tick, `opt_out` one that is ticked; None asks nothing."""
    options = _options(configuration, product)
    config = options.get("generate_payment_token_config")
    box = config.get("save_card_checkbox") if isinstance(config, dict) else None
    if "payment_token" not in TOKEN_TYPES.get(product, ()) or options.get("generate_payment_token") is not True:
        return None
    return box if box in ("opt_in", "opt_out") else None


def wanted(
    configuration: Configuration | None, product: str, remember_me: bool | None
) -> tuple[tuple[TokenType, ...], Consent | None]:
    """Which tokens a payment makes, and what the cardholder said if they were asked."""
    options, known = _options(configuration, product), TOKEN_TYPES.get(product, ())
    box = save_card_checkbox(configuration, product)
    yes = remember_me is True if box == "opt_in" else remember_me is not False
    types: list[TokenType] = []
    if "payment_token" in known and options.get("generate_payment_token") is True and yes:
        types.append("payment_token")
    if "recurrence_token" in known and options.get("generate_recurrence_token") is True:
        types.append("recurrence_token")
    return tuple(types), None if box is None else "opt_in" if yes else "opt_out"


def _options(configuration: Configuration | None, product: str) -> Mapping[str, Any]:
    group, _, name = product.partition(".")
    methods = getattr(configuration, group, None) if group in Configuration.__struct_fields__ else None
    options = methods.get(name) if isinstance(methods, dict) else None
    return options if isinstance(options, dict) else {}


def card_of(token: CardToken) -> Card:
    """What a payment with a saved card shows of it."""
    card = Card(brand=token.card_brand, masked_pan=token.masked_pan, expiry_date=token.pan_expiry_date)
    return msgspec.structs.replace(card, **{f"{token.type}_id": token.id})


def with_new_tokens(card: Card | None, attempt: Attempt, outcome: Outcome) -> Card | None:
    """The card with the names of the tokens that the payment made; none when the provider keeps no card."""
    if card is None or outcome.saved_card is None:
        return card
    return msgspec.structs.replace(card, **{f"{new.type}_id": new.id for new in attempt.saves})


def of_payment(
    account_id: str,
    attempt: Attempt,
    outcome: Outcome,
    transaction: Transaction,
    token: Row[TokenRecord] | None,
    moment: Moment,
) -> Change:
    """What a payment's answer does to tokens: those that it makes, and the tries of the one that it was paid with."""
    change = Change()
    if token is not None and any(each.attempt_id == attempt.id for each in token.doc.tries):
        if outcome.kind == "done":
            after = succeeded(token.doc, attempt.id)
        else:
            after = failed(token.doc, attempt.id, outcome.error or SILENT_REFUSAL)
        change += Change(puts=(CARD_TOKENS.put(account_id, after.token.id, after, token.version),))
    if outcome.kind == "done" and outcome.saved_card is not None:
        for place, new in enumerate(attempt.saves):
            made = _made(account_id, new.id, new.type, attempt, transaction, moment)
            event_id = moment.ids[_FIRST_ID + place]
            change += Change(
                puts=(CARD_TOKENS.put(account_id, made.id, TokenRecord(made, outcome.saved_card)),),
                events=(news(account_id, event_id, "card_token.created", made.id, 1, moment.now, made),),
            )
    return change


def _made(
    account_id: str, id: str, type: TokenType, attempt: Attempt, transaction: Transaction, moment: Moment
) -> CardToken:
    card = transaction.card or Card()
    return CardToken(
        id=id, type=type, status="ACTIVE", account_id=account_id, payment_product_type=attempt.product,
        created_at=moment.now, updated_at=moment.now, card_brand=card.brand, masked_pan=card.masked_pan,
        pan_expiry_date=card.expiry_date, session_id=transaction.session_id, transaction_id=transaction.id,
        customer_id=transaction.customer.customer_id if transaction.customer else None, created_by=attempt.created_by,
    )  # fmt: skip


def unusable(token: CardToken, type: TokenType, product: str, customer_id: str | None) -> str | None:
    """Why a session may not pay with a token that was proved genuine, or None."""
    if token.status != "ACTIVE":
        return f"The token is {token.status}"
    if token.type != type:
        return f"This is a {token.type}"
    if token.payment_product_type != product:
        return f"The token is one of {token.payment_product_type}"
    if token.customer_id is not None and customer_id is not None and token.customer_id != customer_id:
        return "The token is another customer's"
    return None


def given(session: Session, product: str) -> tuple[str, ...]:
    """The ids of the saved cards that the shop gave the session for a payment product."""
    tokens = (session.customer.tokens if session.customer else None) or {}
    return tokens[product].ids() if product in tokens else ()


def deleted(
    account_id: str, row: Row[TokenRecord], reason: str | None, requestor: Requestor, moment: Moment
) -> tuple[Change, CardToken]:
    """The token pays no more, and stays readable. One that was deleted before stays as it is."""
    token = row.doc.token
    if token.status == "DELETED":
        return Change(), token
    after = msgspec.structs.replace(
        token, status="DELETED", updated_at=moment.now, deleted_at=moment.now, deleted_by=moment.by,
        deletion_requestor=requestor, deletion_reason=reason,
    )  # fmt: skip
    record = msgspec.structs.replace(row.doc, token=after)
    told = news(account_id, moment.ids[0], "card_token.deleted", token.id, row.version + 1, moment.now, after)
    return Change(puts=(CARD_TOKENS.put(account_id, token.id, record, row.version),), events=(told,)), after
