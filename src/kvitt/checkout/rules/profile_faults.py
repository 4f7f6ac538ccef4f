"""What can be wrong with a payment profile, each fault with its path.

A profile is read by machines and shown to customers for years, so it is looked at more closely than a session: its
colours and radii end in a style sheet, its links in a page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from kvitt.checkout.model.profile import ProfileOptions
from kvitt.checkout.model.session import Configuration
from kvitt.checkout.rules.conflicts import contradictions
from kvitt.checkout.rules.theme import theme_faults
from kvitt.checkout.rules.urls import link_fault
from kvitt.core.change import encode_text
from kvitt.core.errors import Problem, problem

LARGEST = 64 * 1024
"""Characters of a profile's JSON. Each session of it carries its configuration."""
MOST_COUNTRIES = 250

_GROUPS = (
    "bambora", "dintero", "dintero_psp", "instabank", "netaxept", "payex", "vipps", "collector", "klarna", "kravia",
    "two", "santander", "seitatech", "swish",
)  # fmt: skip
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)
_NO_COUNTRY = "must be a country of ISO 3166-1, such as NO"


def faults_of(options: ProfileOptions) -> Iterator[Problem]:
    if (size := len(encode_text(options))) > LARGEST:
        yield problem(f"The profile has {size} characters, and may have {LARGEST}", "configuration", size=size)
        return
    configuration = options.configuration
    for path, method in _methods(configuration):
        # Anything else than true would silently not enable. Products that nobody knows are kept.
        if not isinstance(method.get("enabled", False), bool):
            yield problem("must be true or false", f"configuration.{path}.enabled")
    yield from contradictions(configuration)
    yield from _country_faults(configuration.countries or {})
    yield from theme_faults(configuration.theme or {})
    for path, url in _links(options):
        fault = None if url is None else link_fault(url) if isinstance(url, str) else "must be a string"
        if fault is not None:
            yield problem(fault, path)


def _methods(configuration: Configuration) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every payment product that is named, by its dotted name. A group may be a product itself."""
    for group in _GROUPS:
        named = getattr(configuration, group) or {}
        yield group, named
        for product, method in named.items():
            if isinstance(method, dict):
                yield f"{group}.{product}", method


def _country_faults(countries: dict[str, Any]) -> Iterator[Problem]:
    listed: list[list[Any]] = []
    for name in ("allow_countries", "deny_countries"):
        found, path = countries.get(name) or [], f"configuration.countries.{name}"
        if not isinstance(found, list) or len(found) > MOST_COUNTRIES:
            yield problem(f"must be an array of at most {MOST_COUNTRIES} countries", path)
            return
        listed.append(found)
        for place, country in enumerate(found):
            if not _is_country(country):
                yield problem(_NO_COUNTRY, f"{path}.{place}")
    allowed, denied = listed
    preferred, path = countries.get("preferred_country"), "configuration.countries.preferred_country"
    if preferred is not None and not _is_country(preferred):
        yield problem(_NO_COUNTRY, path)
    elif preferred is not None and (preferred in denied or (allowed and preferred not in allowed)):
        yield problem(f"{preferred} is not allowed", path)


def _is_country(value: Any) -> bool:
    return isinstance(value, str) and _COUNTRY.fullmatch(value) is not None


def _links(options: ProfileOptions) -> Iterator[tuple[str, Any]]:
    """What a customer may be shown or follow."""
    if options.merchant is not None:
        yield "merchant.logo_url", options.merchant.logo_url
        yield "merchant.website", options.merchant.website
    if options.url is not None:
        yield "url.merchant_terms_url", options.url.merchant_terms_url
    yield "configuration.merchant.logo_url", (options.configuration.merchant or {}).get("logo_url")
    terms: Any = options.configuration.dintero
    for name in ("external", "display", "terms"):  # of a payment method that the shop describes itself
        terms = terms.get(name) if isinstance(terms, dict) else None
    for place, term in enumerate(terms if isinstance(terms, list) else ()):
        if isinstance(term, dict):
            yield f"configuration.dintero.external.display.terms.{place}.href", term.get("href")
