"""What the customer sees and does: the page's view of a session, and the answers to paying and giving up."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

from kvitt.checkout.model.order import SessionOrder, ShippingOption
from kvitt.checkout.model.saved import Consent
from kvitt.checkout.model.session import Checkbox, Merchant, SessionState
from kvitt.core.errors import Problem, problem


class PaymentMethod(Struct, frozen=True, omit_defaults=True):
    """`save_card`: the customer is asked whether the card may be saved, with a box that is empty (`opt_in`) or ticked
    (`opt_out`)."""

    payment_product_type: str
    save_card: Consent | None = None


class OfferedCard(Struct, frozen=True, omit_defaults=True):
    """A saved card that the session may be paid with: its id is what the customer pays with."""

    payment_token_id: str
    payment_product_type: str
    brand: str | None = None
    masked_pan: str | None = None
    expiry_date: str | None = None


class Decline(Struct, frozen=True, omit_defaults=True):
    """Why the last try did not go through. `temporary`: the same card may work later; `permanent`: it will not.

    `reason`: the provider's own word for it, as DECLINED_BY_CUSTOMER or RAN_OUT.
    """

    code: str
    category: Literal["temporary", "permanent"]
    message: str
    field: str | None = None
    reason: str | None = None


class WaitingPayment(Struct, frozen=True):
    """The customer goes on at `redirect_url`, until `expires_at`; or gives it up and pays otherwise."""

    payment_product_type: str
    redirect_url: str
    expires_at: datetime | None = None


class ExpressView(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What the customer may choose. `shipping_options`: those that go to their address; none when the shop does not
    ship there, or has not been asked yet.

    `different_billing`: which kinds of customer may have the bill sent elsewhere. `most_codes`: how many discount codes
    the session takes, 0 for none. `countries`: those that an address may name; all of them but `denied_countries` when
    it is left out. `default_customer_type`, `default_different_billing`: what stands there at first.
    """

    shipping_options: tuple[ShippingOption, ...]
    address_required: bool
    option_required: bool
    customer_types: tuple[Literal["b2c", "b2b"], ...]
    different_billing: tuple[Literal["b2c", "b2b"], ...]
    most_codes: int
    default_customer_type: Literal["b2c", "b2b"] | None = None
    default_different_billing: tuple[Literal["b2c", "b2b"], ...] = ()
    preferred_country: str | None = None
    countries: tuple[str, ...] | None = None
    denied_countries: tuple[str, ...] | None = None


class Theme(
    Struct, frozen=True, omit_defaults=True, rename={"card_radius": "cardRadius", "button_radius": "buttonRadius"}
):
    """Colours and radii as the shop wrote them, in the forms of CSS. What cannot be read is left out."""

    backdrop: str | None = None
    primary: str | None = None
    card_radius: str | None = None
    button_radius: str | None = None


class View(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """`href`: where the shop wants the customer, once the state is final. `decline`: the last try, while open.

    `version`: of what is sold, counted up with each change; a visit or a declined payment is none. `express`: what the
    customer may choose, while they may; the addresses they gave are in the order then.

    `waiting`: the payment that waits for the customer somewhere else, while the state is `paying`. `expires_in`: in
    seconds of the account's time, while it can be paid. `payment_operation`: set where nothing is paid and a card is
    saved.
    """

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
    waiting: WaitingPayment | None = None
    version: int = 0
    updated_at: datetime | None = None
    express: ExpressView | None = None
    expires_in: int | None = None
    payment_operation: str | None = None
    saved_cards: tuple[OfferedCard, ...] = ()
    theme: Theme | None = None


class Paid(Struct, frozen=True):
    """`code`: AUTHORIZED, CAPTURED where money is taken at once, or ON_HOLD while it is being looked at."""

    transaction_id: str
    redirect_url: str
    code: str = "AUTHORIZED"


class Waits(Struct, frozen=True):
    """The customer has to go to `redirect_url` and say yes there; meanwhile the page may ask for the state."""

    transaction_id: str
    redirect_url: str
    poll_url: str


class Declined(Struct, frozen=True):
    decline: Decline
    transaction_id: str


class NotKnown(Struct, frozen=True):
    """The provider gave no answer: the page asks for the session's state until there is one."""

    poll_url: str


Payment = Paid | Waits | Declined | NotKnown


class Action(Struct, frozen=True):
    source: str
    code: str
    type: str


class PayAnswer(Struct, frozen=True, omit_defaults=True):
    """`redirect_url` when it went through, or when the customer has to go on there: `approval_url` says the same then.
    `poll_url` while the outcome is not known yet."""

    success: bool
    actions: tuple[Action, ...]
    transaction_id: str | None = None
    redirect_url: str | None = None
    poll_url: str | None = None
    approval_url: str | None = None


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
