"""What can be wrong with a payment profile: every fault at once, each with its path."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from kvitt.checkout.model.profile import ProfileOptions
from kvitt.checkout.rules.profile_faults import faults_of

CARD = {"dintero_psp": {"creditcard": {"enabled": True}}}
TERMS = {"external": {"enabled": True, "display": {"terms": [{"href": "https://a.example"}, {"href": "javascript:1"}]}}}


def paths(configuration: dict[str, Any], **options: Any) -> list[str | None]:
    wanted = msgspec.convert({"configuration": configuration, **options}, ProfileOptions)
    return [fault.path for fault in faults_of(wanted)]


SHAPES: dict[str, list[Any]] = {
    "backdrop": ["red;}", "url(https://a.example)", ""],
    "primary": ["#12345", 7, "rgb(1" + " " * 60_000],
    "cardRadius": ["8px;", "calc(1px)", True],
    "buttonRadius": ["-1px", {}, 10**400],
}
WRONG: list[tuple[str, dict[str, Any]]] = [
    ("countries.deny_countries.1", {"countries": {"allow_countries": ["NO", "SE"], "deny_countries": ["DK", "NO"]}}),
    ("countries.allow_countries.0", {"countries": {"allow_countries": ["Norway"]}}),
    ("countries.deny_countries", {"countries": {"deny_countries": "NO"}}),
    ("countries.allow_countries", {"countries": {"allow_countries": ["NO"] * 251}}),
    ("countries.preferred_country", {"countries": {"preferred_country": "NO", "deny_countries": ["NO"]}}),
    ("countries.preferred_country", {"countries": {"preferred_country": "NO", "allow_countries": ["SE"]}}),
    ("default_payment_type", {"default_payment_type": "payex.swish"}),
    ("swish.swish", {"dintero": {"wallets": {"enabled": True}}, "swish": {"swish": {"enabled": True}}}),
    ("dintero_psp.creditcard.enabled", {"dintero_psp": {"creditcard": {"enabled": "true"}}}),
    ("vipps.enabled", {"vipps": {"enabled": 1}}),
    ("dintero.external.display.terms.1.href", {"dintero": TERMS}),
    ("merchant.logo_url", {"merchant": {"logo_url": "data:image/png;base64,AA"}}),
    *[(f"theme.{name}", {"theme": {name: value}}) for name, values in SHAPES.items() for value in values],
]


@pytest.mark.parametrize(("path", "wrong"), WRONG)
def test_what_is_wrong_is_named_by_its_path(path: str, wrong: dict[str, Any]) -> None:
    assert paths(CARD | wrong) == [f"configuration.{path}"]


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ({"merchant": {"logo_url": "ftp://a.example"}}, "merchant.logo_url"),
        ({"merchant": {"website": "shop.example"}}, "merchant.website"),
        ({"url": {"merchant_terms_url": "javascript:alert(1)"}}, "url.merchant_terms_url"),
        ({"description": "a"}, None),
    ],
)
def test_links_can_be_followed(options: dict[str, Any], path: str | None) -> None:
    assert paths(CARD, **options) == ([] if path is None else [path])


def test_all_faults_are_told_at_once() -> None:
    wrong = {"theme": {"primary": "no colour"}, "countries": {"preferred_country": "no"}}
    assert paths(CARD | wrong, merchant={"website": "x"}) == [
        "configuration.countries.preferred_country", "configuration.theme.primary", "merchant.website",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "colour", ["#fff", "#0a5cd8cc", "red", "rgb(1,2,3)", "rgba(1, 2, 3, 0.5)", "hsl(120 50% 50% / 1)"]
)
@pytest.mark.parametrize("radius", ["0", "8px", "0.5rem", "50%", 8, 8.5])
def test_colours_and_radii_of_css_are_taken(colour: str, radius: str | float) -> None:
    theme = {"backdrop": colour, "primary": colour, "cardRadius": radius, "buttonRadius": radius, "font": "kept"}
    assert paths(CARD | {"theme": theme}) == []


def test_products_that_nobody_knows_are_taken() -> None:
    assert paths({"payex": {"tomorrow": {"enabled": True}, "payment_type": "payex"}}) == []


def test_the_default_product_may_be_one_of_all_that_are_active() -> None:
    assert paths({"active_payment_types": {"enabled": True}, "default_payment_type": "vipps"}) == []


def test_a_profile_that_is_too_large_is_refused_before_it_is_looked_at() -> None:
    assert paths({"payex": {"creditcard": {"note": "a" * 70_000}}, "theme": {"primary": 1}}) == ["configuration"]
