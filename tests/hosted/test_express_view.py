"""What an express session's steps show: arrival and opening hours in words, countries, and which step is open."""

from __future__ import annotations

from typing import Any

import pytest

from kvitt.checkout.model.order import Address, SessionOrder, ShippingOption
from kvitt.checkout.model.session import Merchant
from kvitt.checkout.model.view import ExpressView, View
from kvitt.hosted.express_times import arrival, opening_hours
from kvitt.hosted.express_view import Express, express_of
from kvitt.hosted.languages import load_languages

LANGUAGES = load_languages()
EN = LANGUAGES["en"]
KARI = Address(first_name="Kari", address_line="Storgata 1", country="NO")


def option(**members: Any) -> ShippingOption:
    return ShippingOption(**{"id": "a", "line_id": 1, "amount": 100, "title": "Home", "operator": "Posten", **members})


def shown(language: str = "en", **changes: Any) -> Express:
    order = SessionOrder(
        amount=39800, currency=changes.pop("currency", "EUR"), merchant_reference="1", **changes.pop("order", {})
    )
    members: dict[str, Any] = {
        "shipping_options": (option(),), "address_required": True, "option_required": True,
        "customer_types": ("b2c", "b2b"), "different_billing": (), "most_codes": 0, **changes.pop("express", {}),
    }  # fmt: skip
    view = View(
        id="T1.x", state="open", test=True, order=order, payment_methods=(), express=ExpressView(**members), **changes
    )
    found = express_of(view, LANGUAGES[language])
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("members", "words"),
    [
        (
            {"time_slot": {"starts_at": "2026-11-25T16:00:00Z", "ends_at": "2026-11-25T18:00:00Z"}},
            "Wed, Nov 25, 5:00 PM–7:00 PM",
        ),
        ({"time_slot": {"starts_at": "2026-11-25T16:00:00+04:00"}}, "Wed, Nov 25, 4:00 PM"),
        (
            {"eta": {"starts_at": "2026-11-24T08:00:00Z", "ends_at": "2026-11-26T08:00:00Z"}},
            "Arrives Tue, Nov 24 – Thu, Nov 26",
        ),
        ({"eta": {"ends_at": "2026-11-24"}}, "Arrives Tue, Nov 24"),
        ({"eta": {"working_days": [3, 1]}}, "1–3 working days"),
        ({"eta": {"working_days": [1]}}, "1 working day"),
        ({"eta": {"arrival_day_of_week": 3}}, "Arrives Wednesday"),
        ({"eta": {"starts_at": "soon", "working_days": "2", "arrival_day_of_week": 8}}, ""),
        (
            {"eta": {"starts_at": "0001-01-01T00:00:00Z"}, "time_slot": {"starts_at": [], "ends_at": {}}},
            "Arrives Mon, Jan 1",
        ),
        ({"eta": {"starts_at": "2026-11-26T08:00:00Z", "ends_at": "2026-11-24T08:00:00"}}, ""),
    ],
)  # fmt: skip
def test_when_it_arrives_is_told_in_the_time_of_the_place_and_what_cannot_be_read_is_not(
    members: dict[str, Any], words: str
) -> None:
    said = arrival(option(**members), "NO", EN)
    assert said.replace("\u202f", " ").replace("\u2009", " ") == words


def test_days_with_the_same_opening_hours_are_one_line() -> None:
    def period(day: Any, opens: Any = "0900", closes: Any = "17:00:00") -> dict[str, Any]:
        return {"day_of_week": day, "opens_at": opens, "closes_at": closes}

    listed = [period(2), period(1), period(3), period(5), period(6, "10:00", "12:00"), period(6, "13:00", "15:00")]
    odd = [period(9), period(1, "25:00"), period("1"), period(1, None), "x", None, period(True, [], {})]
    lines = opening_hours({"periods": listed + odd}, LANGUAGES["nb"])
    assert lines == ("man.–ons. 09:00–17:00", "fre. 09:00–17:00", "lør. 10:00–12:00, 13:00–15:00")
    unreadable: list[Any] = [None, [], "x", {"periods": "x"}, {"periods": {"a": 1}}, {}]
    for nothing in unreadable:
        assert opening_hours(nothing, EN) == ()


def test_countries_stand_in_the_order_of_the_language_with_the_preferred_one_first() -> None:
    names = [one.name for one in shown("nb", express={"preferred_country": "SE"}).countries]
    assert names[:2] == ["Sverige", "Afghanistan"]
    assert names[-2:] == ["Østerrike", "Åland"]
    assert len(names) == 250  # ISO 3166-1, and Kosovo
    allowed = {"countries": ("NO", "SE", "XX"), "denied_countries": ("SE",)}
    assert [one.code for one in shown(express=allowed).countries] == ["NO"]


def test_the_country_chosen_at_first_is_the_most_likely_one() -> None:
    assert shown("en").given.country == ""
    assert shown("nb").given.country == "NO"
    assert shown("nb", currency="SEK").given.country == "SE"
    assert shown("nb", merchant=Merchant(country="DK")).given.country == "DK"
    assert shown("nb", express={"preferred_country": "FI"}).given.country == "FI"
    assert shown("nb", order={"shipping_address": Address(country="DE", postal_code="10115")}).given.country == "DE"


def test_the_address_is_done_when_goods_can_be_sent_there_and_something_is() -> None:
    there = {"shipping_address": KARI}
    assert shown().step == "address"
    assert shown(order=there).step == "open"
    assert shown(order={"shipping_address": Address(country="NO", postal_code="0150")}).step == "address"
    assert shown(order=there, express={"shipping_options": ()}).step == "address"
    assert shown(order=there, express={"shipping_options": (), "option_required": False}).step == "open"
    assert shown(express={"address_required": False, "option_required": False}).step == "open"


def test_the_bill_goes_elsewhere_where_that_is_given_or_the_shop_s_default() -> None:
    both = {"different_billing": ("b2b",), "default_different_billing": ("b2c", "b2b")}
    company = Address(business_name="Stol AS", address_line="Kaia 2", country="NO")
    assert not shown(express=both).apart
    assert shown(express={**both, "default_customer_type": "b2b"}).apart
    assert not shown(express=both, order={"shipping_address": company, "billing_address": company}).apart
    apart = shown(express=both, order={"shipping_address": company, "billing_address": KARI})
    assert (apart.kind, apart.apart, apart.billing.first_name) == ("b2b", True, "Kari")
    assert apart.billing_folded == ("Kari", "Storgata 1", "Norway")
