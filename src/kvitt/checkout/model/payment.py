"""What passes between us and a provider: what it can do, what it is asked, what it answers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal

from msgspec import Struct

from kvitt.checkout.model.transaction import Card, EventError, Line, Verb


class Capabilities(Struct, frozen=True):
    """What a payment product can do, as data.

    `partial_capture`: capture less than all, several times. `final_capture`: a capture may void the remainder.
    `void_remainder`: void after a part was captured. `takes`: what the customer has to give. `authorization`: how long
    the money stays reserved; cards hold it for about 7 days.
    """

    partial_capture: bool = True
    partial_refund: bool = True
    final_capture: bool = True
    void_remainder: bool = False
    takes: Literal["card"] = "card"
    authorization: timedelta = timedelta(days=7)


class CardDetails(Struct, frozen=True):
    """A card as the customer typed it. Never stored, never logged; its text shows nothing of it."""

    number: str
    expiry: str
    cvc: str

    def __repr__(self) -> str:
        return "CardDetails(***)"


class Ask(Struct, frozen=True):
    """One request to a provider. `attempt_id` is the idempotency key: asked twice, money moves once.

    `payment_id`: our transaction's id. `reference`: the provider's own name for the payment, "" before it has one.
    `automatic`: a capture that nobody asked for by hand.
    `card` comes with the first `act` of an authorization and never again.
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
    card: CardDetails | None = None


class Outcome(Struct, frozen=True):
    """What a provider answered. `unknown` is an answer too: it may have happened or not."""

    kind: Literal["done", "refused", "unknown"]
    error: EventError | None = None
    reference: str | None = None
    metadata: dict[str, Any] | None = None
    card: Card | None = None


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
