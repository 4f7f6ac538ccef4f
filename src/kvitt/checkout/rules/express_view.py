"""What an express session shows its customer beyond the order: what they may choose, and what they gave.

The addresses are shown to whoever has the page's address, so that the customer finds what they typed. Once the session
has ended, nobody needs them there any more.
"""

from __future__ import annotations

from typing import Any

import msgspec

from kvitt.checkout.model.order import SessionOrder, ShippingOption
from kvitt.checkout.model.session import Session
from kvitt.checkout.model.view import ExpressView
from kvitt.checkout.rules.changes import CHANGES
from kvitt.checkout.rules.express import most_codes, needs_option
from kvitt.checkout.rules.offers import is_required, on_offer

_VERSIONED = CHANGES | {"UPDATE_SESSION"}


def version_of(session: Session) -> int:
    """Counts what changed the order or its shipping. Visits, locks and declined payments change nothing of it."""
    return 1 + sum(event.name in _VERSIONED for event in session.events)


def offers(session: Session) -> ExpressView | None:
    express, configuration = session.express, session.configuration
    if express is None:
        return None
    served: dict[str, Any] = (configuration.countries if configuration else None) or {}
    different = configuration.allow_different_billing_shipping_address if configuration else None
    preferred = served.get("preferred_country")
    return ExpressView(
        shipping_options=tuple(map(_shown, on_offer(express, session.order.shipping_address))),
        address_required=is_required(express),
        option_required=needs_option(express),
        customer_types=express.customer_types or ("b2c", "b2b"),
        different_billing=different or (),
        most_codes=most_codes(session),
        default_customer_type=configuration.default_customer_type if configuration else None,
        default_different_billing=express.default_different_billing_shipping_address or (),
        preferred_country=preferred if isinstance(preferred, str) else None,
        countries=_names(served.get("allow_countries")),
        denied_countries=_names(served.get("deny_countries")),
    )


def with_choices(shown: SessionOrder, session: Session) -> SessionOrder:
    if session.express is None:
        return shown
    order = session.order
    return msgspec.structs.replace(
        shown,
        shipping_address=order.shipping_address,
        billing_address=order.billing_address,
        discount_codes=order.discount_codes,
        shipping_option=order.shipping_option and _shown(order.shipping_option),
    )


def _shown(option: ShippingOption) -> ShippingOption:
    """Without the shop's notes and other sellers' shares."""
    return msgspec.structs.replace(
        option, metadata=None, fee_split=None, splits=None, operator_product_id=None, shipments=None
    )


def _names(listed: Any) -> tuple[str, ...] | None:
    found = tuple(name for name in listed if isinstance(name, str)) if isinstance(listed, list) else ()
    return found or None
