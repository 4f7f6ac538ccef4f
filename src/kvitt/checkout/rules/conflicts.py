"""What a session's configuration may not say at once. Looked at with what its profile says laid under it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kvitt.checkout.model.order import SessionOrder
from kvitt.checkout.model.session import Configuration
from kvitt.checkout.rules.configuration import offered
from kvitt.core.errors import Problem, problem

GIFT_CARDS = "dintero.wallets"
WITHOUT_GIFT_CARDS = (
    "vipps", "swish.swish", "klarna.billie", "netaxept.creditcard",
    "instabank.finance", "instabank.invoice", "instabank.installment", "instabank.postponement",
    "collector.invoice", "collector.invoice_b2b", "collector.invoice_b2b_preapproved", "collector.finance",
    "collector.installment", "collector.installment_b2b_preapproved",
)  # fmt: skip
"""Products that cannot take what is left after a gift card paid its part."""


def conflicts(configuration: Configuration, order: SessionOrder) -> Iterator[Problem]:
    yield from contradictions(configuration)
    if configuration.auto_capture:
        yield from _split_faults(order)


def contradictions(configuration: Configuration) -> Iterator[Problem]:
    """What no session could have, whatever its order is: so no profile may say it either."""
    yield from _gift_card_faults(configuration)
    yield from _country_faults(configuration.countries or {})
    wanted = configuration.default_payment_type
    if wanted is not None and not offered(configuration, (wanted,)):
        yield problem(f"{wanted} is not enabled", "configuration.default_payment_type")


def _gift_card_faults(configuration: Configuration) -> Iterator[Problem]:
    """Only what is enabled by name counts: `active_payment_types` stands for whatever goes together."""
    named = _by_name(configuration)
    if not offered(named, (GIFT_CARDS,)):
        return
    for product in offered(named, WITHOUT_GIFT_CARDS):
        yield problem(f"Gift cards cannot be combined with {product}", f"configuration.{product}")


def _by_name(configuration: Configuration) -> Configuration:
    groups = {name.partition(".")[0] for name in (GIFT_CARDS, *WITHOUT_GIFT_CARDS)}
    return Configuration(**{group: getattr(configuration, group) for group in groups})


def _country_faults(countries: dict[str, Any]) -> Iterator[Problem]:
    allowed, denied = countries.get("allow_countries"), countries.get("deny_countries")
    if not isinstance(allowed, list) or not isinstance(denied, list):
        return
    known = {country for country in allowed if isinstance(country, str)}
    for place, country in enumerate(denied):
        if isinstance(country, str) and country in known:
            yield problem(f"{country} is allowed and denied", f"configuration.countries.deny_countries.{place}")


def _split_faults(order: SessionOrder) -> Iterator[Problem]:
    """Empty splits are to be told by the capture, and an automatic capture tells none."""
    message = "Splits that are told by the capture cannot be captured automatically"
    for place, item in enumerate(order.items or ()):
        if item.splits == ():
            yield problem(message, f"order.items.{place}.splits")
    if order.shipping_option is not None and order.shipping_option.splits == ():
        yield problem(message, "order.shipping_option.splits")
