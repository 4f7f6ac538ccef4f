"""What the customer sees and does: the page's view of a session, and the answers to paying and giving up."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from kvitt.checkout.model.order import SessionOrder
from kvitt.checkout.model.session import Checkbox, Merchant, SessionState
from kvitt.core.errors import Problem, problem


class PaymentMethod(Struct, frozen=True):
    payment_product_type: str


class Decline(Struct, frozen=True, omit_defaults=True):
    """Why the last try did not go through. `temporary`: the same card may work later; `permanent`: it will not."""

    code: str
    category: Literal["temporary", "permanent"]
    message: str
    field: str | None = None


class View(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """`href`: where the shop wants the customer, once the state is final. `decline`: the last try, while open."""

    id: str
    state: SessionState
    test: bool
    order: SessionOrder
    payment_methods: tuple[PaymentMethod, ...]
    merchant: Merchant | None = None
    href: str | None = None
    merchant_terms_url: str | None = None
    checkboxes: tuple[Checkbox, ...] | None = None
    default_payment_type: str | None = None
    decline: Decline | None = None


class Paid(Struct, frozen=True):
    transaction_id: str
    redirect_url: str


class Declined(Struct, frozen=True):
    decline: Decline
    transaction_id: str


class NotKnown(Struct, frozen=True):
    """The provider gave no answer: the page asks for the session's state until there is one."""

    poll_url: str


Payment = Paid | Declined | NotKnown


class Action(Struct, frozen=True):
    source: str
    code: str
    type: str


class PayAnswer(Struct, frozen=True, omit_defaults=True):
    """`redirect_url` when it went through; `poll_url` when the outcome is not known yet."""

    success: bool
    actions: tuple[Action, ...]
    transaction_id: str | None = None
    redirect_url: str | None = None
    poll_url: str | None = None


class PayError(Struct, frozen=True):
    code: str
    message: str
    errors: tuple[Problem, ...]


class PayRefused(Struct, frozen=True):
    """The payment was declined; the session stays open for another try."""

    success: bool
    error: PayError
    error_details: tuple[Decline, ...]
    actions: tuple[Action, ...] = ()


def pay_refused(code: str, decline: Decline) -> PayRefused:
    errors = (problem(decline.message),)
    return PayRefused(False, PayError(code, decline.message, errors), (decline,))
