"""The page as HTML: every state, and texts that would like to be more than text."""

from __future__ import annotations

import json
import re
from typing import Any, get_args

import pytest

from kvitt.checkout.model.order import Item, SessionOrder, ShippingOption
from kvitt.checkout.model.session import Merchant, SessionState
from kvitt.checkout.model.view import PaymentMethod, View
from kvitt.hosted.languages import load_languages
from kvitt.hosted.render import Pages, Place
from kvitt.hosted.view import plain, safe_href

LANGUAGES = load_languages()
PAGES = Pages(LANGUAGES)
PLACE = Place("", "/static/hosted/1", "/v1/view/T12345678.x")
SID = "T12345678.5cyWnV68vzJ1kYjZPrKWWm"
HOSTILE = "</script><script>alert(1)</script>\"><img src=x onerror=alert(2)>'{amount}"


def view(state: SessionState = "open", **changes: Any) -> View:
    order: dict[str, Any] = {
        "amount": 39800,
        "currency": "NOK",
        "merchant_reference": "7F3K9QX2M",
        "items": (Item(amount=39800, description="Stablestol", quantity=2, vat_amount=7960, vat=25),),
    }
    return View(
        id=SID,
        state=state,
        test=changes.pop("test", True),
        order=SessionOrder(**{**order, **changes.pop("order", {})}),
        payment_methods=changes.pop("payment_methods", (PaymentMethod("dintero_psp.creditcard"),)),
        merchant=changes.pop("merchant", Merchant(name="Hage & Hjem")),
        **changes,
    )


def html(shown: View, language: str = "en") -> str:
    return PAGES.session(shown, LANGUAGES[language], PLACE).decode().replace("\xa0", " ")


def script_data(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="page-data">(.*?)</script>', page, re.DOTALL)
    assert found
    return json.loads(found.group(1))


@pytest.mark.parametrize("language", sorted(LANGUAGES))
@pytest.mark.parametrize("state", get_args(SessionState))
def test_every_state_has_its_page_in_every_language(state: SessionState, language: str) -> None:
    page = html(view(state, href="https://shop.example/thanks?error=x&y=1"), language)
    assert page.startswith(f'<!doctype html>\n<html lang="{language}"')
    assert page.count("<h1") >= 1
    assert ('data-testid="pay"' in page) == (state == "open")
    assert ('data-testid="waiting"' in page) == (state in {"open", "paying", "unknown", "locked"})
    final = state in {"paid", "on_hold", "cancelled", "expired", "failed"}
    assert (f'data-testid="state-{state}"' in page) == final
    assert ('href="https://shop.example/thanks?error=x&amp;y=1"' in page) == final
    assert script_data(page)["waiting"] == (state in {"paying", "unknown", "locked"})


def test_the_first_paint_tells_everything() -> None:
    page = html(view())
    for text in ("Hage &amp; Hjem", "Stablestol", "Quantity 2", "25% VAT", "NOK 398.00", "NOK 79.60", "7F3K9QX2M"):
        assert text in page
    assert "<title>Pay NOK 398.00 to Hage &amp; Hjem</title>" in page


def test_the_test_banner_is_for_test_accounts_alone() -> None:
    assert "No money moves" in html(view(test=True))
    assert "No money moves" not in html(view(test=False))


def test_a_sum_that_differs_from_what_is_to_be_paid_is_shown_beside_it() -> None:
    shipping = ShippingOption(id="p", line_id="p", amount=4900, title="Hjemlevering", operator="Posten")
    assert ">Sum</dt>" not in html(view(order={"shipping_option": shipping, "amount": 44700}))
    page = html(view(order={"shipping_option": shipping}))
    assert "Hjemlevering" in page
    assert '>Sum</dt><dd class="amount">NOK 447.00</dd>' in page


def test_without_a_card_product_the_page_says_so_and_offers_the_way_back() -> None:
    page = html(view(payment_methods=()))
    assert "no way to pay" in page
    assert 'data-testid="cancel"' in page
    assert "card-number" not in page


def test_markup_in_the_shop_s_texts_stays_text() -> None:
    page = html(
        view(
            merchant=Merchant(name=HOSTILE, logo_url="https://tracker.example/logo.png"),
            order={"merchant_reference": HOSTILE, "items": (Item(amount=39800, description=HOSTILE, id=HOSTILE),)},
        )
    )
    assert "<script>alert" not in page
    assert "<img" not in page
    assert page.count("<script") == 2  # our module and the data block
    assert page.count("</script>") == 2
    assert HOSTILE in script_data(page)["words"]["waiting.slow"]
    assert "tracker.example" not in page


def test_nothing_on_the_page_runs_inline_or_comes_from_elsewhere() -> None:
    for state in get_args(SessionState):
        page = html(view(state))
        assert not re.search(r"\son\w+=|\sstyle=|<style|javascript:", page)
        assert re.findall(r'(?:src|href)="(?!/static/|\?|/v1/view/|#|")[^"]*', page) == []


def test_card_fields_have_no_name_that_an_address_could_carry() -> None:
    fields = re.findall(r"<input[^>]*>", html(view()))
    assert len(fields) == 3
    assert all(" name=" not in field for field in fields)


def test_control_characters_and_turned_text_are_taken_out() -> None:
    assert plain("Sto\x00l\u202e 00,1 rk\u2066\r\n") == "Sto l  00,1 rk"


@pytest.mark.parametrize(
    ("href", "shown"),
    [
        ("https://shop.example/a?b=1&c=2", "https://shop.example/a?b=1&c=2"),
        ("myshop://paid", "myshop://paid"),
        ("javascript:alert(1)", ""),
        (" JaVa\tscript:alert(1)", ""),
        ("\x01javascript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("//evil.example", ""),
        ("http://[", ""),
        (None, ""),
    ],
)
def test_an_address_that_would_run_something_is_no_link(href: str | None, shown: str) -> None:
    assert safe_href(href) == shown
