"""What a session's configuration says: inherited from its profile, and which payment products it offers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from kvitt.checkout.model.session import Configuration


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
    group, _, name = product.partition(".")
    methods = getattr(configuration, group, None)
    method = methods if not name else methods.get(name) if isinstance(methods, dict) else None
    return isinstance(method, dict) and method.get("enabled") is True
