"""What a session's configuration says: inherited from its profile, and which payment products it offers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from kvitt.checkout.model.payment import Capabilities
from kvitt.checkout.model.session import Configuration, Session

SAVES_A_CARD = "generate_payment_token"
"""The `payment_operation` of a session that is for nothing else."""


def inherit(profile: Configuration, own: Configuration | None) -> Configuration:
    """The profile's configuration with the session's own laid over it, member by member, into groups and options."""
    if own is None:
        return profile
    changes: dict[str, Any] = {}
    for name in Configuration.__struct_fields__:
        value = getattr(own, name)
        if value is not None:
            changes[name] = _laid_over(getattr(profile, name), value)
    return msgspec.structs.replace(profile, **changes) if changes else profile


def _laid_over(under: Any, over: Any) -> Any:
    if not (isinstance(under, dict) and isinstance(over, dict)):
        return over
    return under | {name: _laid_over(under.get(name), value) for name, value in over.items()}


def fitting(session: Session, products: Mapping[str, Capabilities]) -> tuple[str, ...]:
    """Those that a session may be paid with: offered, and taking its currency and its amount.

    One that costs nothing is for products that take nothing, and for cards that are only to be saved.
    """
    configuration, order = session.configuration, session.order
    if configuration is None:
        return ()
    saves_card = session.payment_operation == SAVES_A_CARD

    def fits(product: str) -> bool:
        can = products[product]
        if can.currencies is not None and order.currency not in can.currencies:
            return False
        if can.by_name_only and not _enabled(configuration, product):
            return False
        least = 0 if can.verifies and saves_card else can.least
        return least <= order.amount and (can.most is None or order.amount <= can.most)

    return tuple(product for product in offered(configuration, products) if fits(product))


def holds_for_review(configuration: Configuration | None, product: str) -> bool:
    """`enable_on_hold`: whether the shop takes payments that have to be looked at first."""
    options = _method(configuration, product).get("options") if configuration is not None else None
    return isinstance(options, dict) and options.get("enable_on_hold") is True


def descriptor_of(configuration: Configuration | None, product: str) -> str | None:
    """What the shop wants to be called on the customer's bank statement."""
    named = _method(configuration, product).get("dynamic_descriptor") if configuration is not None else None
    return named if isinstance(named, str) else None


def offered(configuration: Configuration | None, products: Iterable[str]) -> tuple[str, ...]:
    """Those of `products` (what the provider can take) that a session may be paid with.

    `active_payment_types.enabled` stands for all. The default one comes first, the others in the provider's order.
    """
    if configuration is None:
        return ()
    everything = configuration.active_payment_types is not None and bool(configuration.active_payment_types.enabled)
    found = [product for product in products if everything or _enabled(configuration, product)]
    return tuple(sorted(found, key=lambda product: product != configuration.default_payment_type))


def _enabled(configuration: Configuration, product: str) -> bool:
    return _method(configuration, product).get("enabled") is True


def _method(configuration: Configuration, product: str) -> dict[str, Any]:
    """What is said of one product; nothing when it is not named."""
    group, _, name = product.partition(".")
    methods = getattr(configuration, group, None)
    method = methods if not name else methods.get(name) if isinstance(methods, dict) else None
    return method if isinstance(method, dict) else {}
