"""A card token: a card that the provider keeps and a shop may use again, under a name that only the shop can say.

`CardToken` is what the API shows; `TokenRecord` is what is stored. The token itself is stored nowhere: it follows from
the id and the account's key (rules/tokens.py).
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from kvitt.checkout.model.saved import NewToken, TokenType
from kvitt.checkout.model.transaction import EventError
from kvitt.core.change import Kind

TokenStatus = Literal["ACTIVE", "INACTIVE", "SUSPENDED", "CANCELLED", "DELETED"]
Requestor = Literal["CARDHOLDER", "MERCHANT"]
STATUSES: tuple[TokenStatus, ...] = ("ACTIVE", "INACTIVE", "SUSPENDED", "CANCELLED", "DELETED")
"""Tokens of the sandbox are ACTIVE until somebody deletes them; the others are a live provider's to say."""


class CardToken(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """`token`: shown to the shop for as long as the token is good, and stored never. `pan_expiry_date`: MM/YYYY.

    `transaction_id`: the payment that it was made with. `relationship_id`: always absent, the sandbox knows no such.
    """

    id: str
    type: TokenType
    status: TokenStatus
    account_id: str
    payment_product_type: str
    created_at: datetime
    updated_at: datetime
    card_brand: str | None = None
    masked_pan: str | None = None
    pan_expiry_date: str | None = None
    token: str | None = None
    customer_id: str | None = None
    relationship_id: str | None = None
    session_id: str | None = None
    transaction_id: str | None = None
    created_by: str | None = None
    deleted_at: datetime | None = None
    deleted_by: str | None = None
    deletion_requestor: Requestor | None = None
    deletion_reason: Annotated[str, Meta(max_length=128)] | None = None


class Try(Struct, frozen=True):
    """A payment with the token that failed, or whose outcome is not known yet (`failed` is False)."""

    attempt_id: str
    at: datetime
    failed: bool = False


class TokenRecord(Struct, frozen=True, omit_defaults=True):
    """`saved_card`: the provider's own name for the card. `tries`: newest last, as far back as a limit looks.

    `blocked`: the card network said never to try this card again, and in which words.
    """

    token: CardToken
    saved_card: str
    tries: tuple[Try, ...] = ()
    blocked: EventError | None = None


class CardUse(Struct, frozen=True):
    """How a try to pay uses saved cards; members as of Attempt."""

    saves: tuple[NewToken, ...] = ()
    token_id: str | None = None
    saved_card: str = ""
    blocked: EventError | None = None


NO_SAVED_CARD = CardUse()


class TokenKey(Struct, frozen=True):
    """What an account's tokens are derived with: 32 random bytes as hexadecimal digits."""

    secret: str

    def __repr__(self) -> str:
        return "TokenKey(***)"


def listed_customer(customer_id: str | None) -> str | None:
    """What the list knows of a customer: an index has no room for more."""
    return None if customer_id is None else customer_id[:200]


CARD_TOKENS: Kind[TokenRecord] = Kind(
    "card_tokens", TokenRecord, lambda r: (listed_customer(r.token.customer_id), r.token.status, r.token.created_at)
)
TOKEN_KEYS: Kind[TokenKey] = Kind("settings", TokenKey, lambda _: ("card_token_key",))
TOKEN_KEY_ROW = "card_token_key:"  # noqa: S105
