"""What passes between us and a provider: what it can do, what it is asked, what it answers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal

from msgspec import Struct

from kvitt.checkout.model.transaction import Card, EventError, Line, Verb

WaitKind = Literal["three_d_secure", "app", "bank", "invoice", "wallet"]
"""Where an authorization waits for the customer: the bank's challenge, a telephone's app, a bank's or an invoice
company's page, a wallet's sheet."""


class Capabilities(Struct, frozen=True):
    """What a payment product can do, as data.

    `partial_capture`: capture less than all, several times. `final_capture`: a capture may void the remainder.
    `void_remainder`: void after a part was captured. `takes`: what the customer has to give; a telephone number may be
    left out. `waits`: where each of its payments waits for the customer. `authorization`: how long the money stays
    reserved, None for ever; cards hold it for about 7 days.

    `captured_at_once`: money is taken as it is paid. `review`: a payment may be put on hold to be looked at.
    `approved_by_shop`: it stays on hold until the shop says so. `currencies`: None for all. `least`, `most`: amounts in
    minor units. `verifies`: may authorize nothing to check a card. `by_name_only`: not among "all that are active".

    `adjust`: how the amount of an authorization may be changed: only of a pre-authorization, which grows until it is
    final, or to any amount. `extend`: it may be made to hold for as long again.
    """

    partial_capture: bool = True
    partial_refund: bool = True
    final_capture: bool = True
    void_remainder: bool = False
    takes: Literal["card", "phone", "gift_card", "nothing"] = "card"
    authorization: timedelta | None = timedelta(days=7)
    waits: WaitKind | None = None
    captured_at_once: bool = False
    review: bool = False
    approved_by_shop: bool = False
    currencies: frozenset[str] | None = None
    least: int = 1
    most: int | None = None
    verifies: bool = False
    by_name_only: bool = False
    adjust: Literal["pre_authorization", "amount"] | None = None
    extend: bool = False


class CardDetails(Struct, frozen=True):
    """A card as the customer typed it. Never stored, never logged; its text shows nothing of it."""

    number: str
    expiry: str
    cvc: str

    def __repr__(self) -> str:
        return "CardDetails(***)"


class Payer(Struct, frozen=True):
    """What the customer gave beside a card. `gift_card`: its number, never stored, never logged. `review`: the session
    lets the provider put the payment on hold. `saved_card`: the id of the saved card that they chose instead of typing
    one. `remember_me`: whether the card that they typed may be saved; None when they said nothing."""

    phone_number: str | None = None
    gift_card: str | None = None
    saved_card: str | None = None
    remember_me: bool | None = None
    review: bool = False

    def __repr__(self) -> str:
        return "Payer(***)"


NO_PAYER = Payer()


class Ask(Struct, frozen=True):
    """One request to a provider. `attempt_id` is the idempotency key: asked twice, money moves once.

    `payment_id`: our transaction's id. `reference`: the provider's own name for the payment, "" before it has one.
    `automatic`: a capture that nobody asked for by hand. To adjust, `amount` is all that shall be authorized, and
    `extend` asks that it holds for as long as a new one.
    `card` comes with the first `act` of an authorization and never again. `saved_card`: the provider's own name for a
    card that it keeps, to be paid with instead. `unattended`: the cardholder is not there and can be asked nothing.
    `payer` comes with the card, or in its place. `session_id`, `merchant_name`: what a provider shows the customer who
    has to come to it. `given_up` (with `lookup`): the customer pays otherwise; what waits for them must not happen any
    more. `approved` (with `act`): the shop approves what is on hold.
    """

    account_id: str
    attempt_id: str
    payment_id: str
    verb: Verb
    amount: int
    currency: str
    product: str
    reference: str = ""
    final: bool = False
    automatic: bool = False
    extend: bool = False
    card: CardDetails | None = None
    saved_card: str = ""
    unattended: bool = False
    payer: Payer = NO_PAYER
    session_id: str = ""
    merchant_name: str = ""
    given_up: bool = False
    approved: bool = False


class Outcome(Struct, frozen=True):
    """What a provider answered. `unknown` is an answer too: it may have happened or not.

    `saved_card`: the provider's own name for the card, by which it can be paid with again; None when it keeps none.
    `waiting`: it waits for the customer at `redirect_url`, until `expires_at`. `on_hold`: it is being looked at. Both
    are neither done nor refused, and are answers of authorizations alone. `expires_at` of one that is done: when what
    it reserved is the customer's again.
    """

    kind: Literal["done", "refused", "unknown", "waiting", "on_hold"]
    error: EventError | None = None
    reference: str | None = None
    metadata: dict[str, Any] | None = None
    card: Card | None = None
    saved_card: str | None = None
    redirect_url: str | None = None
    expires_at: datetime | None = None


UNKNOWN = Outcome("unknown")


class Operation(Struct, frozen=True):
    """What a shop asks to do with a transaction. `amount`: minor units; None for void, which takes all that is left."""

    verb: Literal["capture", "refund", "void"]
    amount: int | None = None
    reference: str | None = None
    items: tuple[Line, ...] | None = None
    metadata: dict[str, Any] | None = None
    final: bool = False
    cancels_session: bool = False
