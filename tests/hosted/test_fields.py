"""The card's fields as people use them: typing, pasting, filling in, correcting."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests_support import Server

pytestmark = pytest.mark.browser

NewSession = Callable[..., Awaitable[str]]
OpenPage = Callable[..., Awaitable[Page]]


@pytest.fixture
async def page(server: Server, new_session: NewSession, open_page: OpenPage) -> Page:
    opened = await open_page(f"{server.url}/v1/view/{await new_session()}?language=en")
    await expect(opened.get_by_test_id("pay")).to_be_enabled()
    return opened


async def in_card_module(page: Page, expression: str, arguments: list[Any]) -> Any:
    """Evaluates `expression` (of `card`, the module, and `x`) for each argument."""
    return await page.evaluate(
        f"""async (all) => {{
            const card = await import("/static/hosted/test/card.js");
            return all.map((x) => {expression});
        }}""",
        arguments,
    )


async def test_numbers_dates_and_brands_are_read_in_every_spelling(page: Page) -> None:
    numbers = {
        "4000000000000002": "4000 0000 0000 0002",
        " 4000-0000-0000-0002\n": "4000 0000 0000 0002",
        "４０００": "4000",
        "378282246310005": "3782 822463 10005",
        "520000000000000799": "5200 0000 0000 0007",
        "kort": "",
    }
    assert await in_card_module(page, "card.formatNumber(x)", list(numbers)) == list(numbers.values())
    dates = {
        "1": "1",
        "5": "05/",
        "12": "12/",
        "13": "01/3",
        "1230": "12/30",
        "122": "12/2",
        "1220": "12/20",
        "12203": "12/203",
        "122030": "12/30",
        "12/2030": "12/30",
        "12 / 30": "12/30",
        "12 30": "12/30",
        "1/": "01/",
        "1/30": "01/30",
        "12-2030": "12/30",
        "2030-12": "12/30",
        "": "",
    }
    assert await in_card_module(page, "card.formatExpiry(x)", list(dates)) == list(dates.values())
    brands = {
        "4": "Visa",
        "5200000000000007": "Mastercard",
        "2221": "Mastercard",
        "2720": "Mastercard",
        "2721": "",
        "37": "American Express",
        "9": "",
    }
    assert await in_card_module(page, "card.brandOf(x).name", list(brands)) == list(brands.values())


async def test_what_cannot_be_right_has_a_name(page: Page) -> None:
    numbers = {
        "": "empty",
        "4000": "incomplete",
        "4000 0000 0000 000": "incomplete",
        "4000 0000 0000 0003": "wrong",
        "4000 0000 0000 0002": None,
        "5200 0000 0000 0015": None,
        "3782 822463 10005": None,
    }
    assert await in_card_module(page, "card.checkNumber(x)", list(numbers)) == list(numbers.values())
    dates = {
        "": "empty",
        "1": "wrong",
        "12/": "wrong",
        "13/30": "wrong",
        "00/30": "wrong",
        "10/26": "past",
        "11/26": None,
        "12/25": "past",
        "01/27": None,
        "12/99": "wrong",
    }
    check = "card.checkExpiry(x, new Date(2026, 10, 30))"
    assert await in_card_module(page, check, list(dates)) == list(dates.values())
    codes = {"": "empty", "12": "wrong", "123": None, "1234": "wrong"}
    assert await in_card_module(page, 'card.checkCode(x, "4")', list(codes)) == list(codes.values())
    assert await in_card_module(page, 'card.checkCode(x, "37")', ["123", "1234"]) == ["wrong", None]


@pytest.mark.parametrize(
    ("number", "expiry"),
    [("4000 0000 0000 0002", "12/2040"), ("4000000000000002", "12/40"), ("4000-0000-0000-0002", "2040-12")],
)
async def test_pasted_and_filled_in_values_are_taken(page: Page, number: str, expiry: str) -> None:
    await page.get_by_test_id("card-number").fill(number)
    await page.get_by_test_id("card-expiry").fill(expiry)
    await expect(page.get_by_test_id("card-number")).to_have_value("4000 0000 0000 0002")
    await expect(page.get_by_test_id("card-expiry")).to_have_value("12/40")
    await expect(page.locator("#card-brand-name")).to_have_text("Visa")


async def test_the_caret_stays_where_it_was_put(page: Page) -> None:
    number = page.get_by_test_id("card-number")
    await number.press_sequentially("4000000000000002")
    await number.evaluate("field => field.setSelectionRange(2, 2)")
    await number.press_sequentially("12")
    await expect(number).to_have_value("4012 0000 0000 0000 02")
    assert await number.evaluate("field => field.selectionStart") in (4, 5)
    await number.press("Backspace")
    await number.press("Backspace")
    await expect(number).to_have_value("4000 0000 0000 0002")
    assert await number.evaluate("field => field.selectionStart") == 2


async def test_backspace_takes_a_digit_even_behind_a_separator(page: Page) -> None:
    expiry, number = page.get_by_test_id("card-expiry"), page.get_by_test_id("card-number")
    await expiry.press_sequentially("12")
    await expect(expiry).to_have_value("12/")
    await expiry.press("Backspace")
    await expect(expiry).to_have_value("1")
    await expiry.press_sequentially("130")
    await expect(expiry).to_have_value("11/30")
    for left in ("11/3", "11", "1", ""):
        await expiry.press("Backspace")
        await expect(expiry).to_have_value(left)
    await number.press_sequentially("40001")
    await number.evaluate("field => field.setSelectionRange(5, 5)")
    await number.press("Backspace")
    await expect(number).to_have_value("4001")
    await number.evaluate("field => field.setSelectionRange(0, 0)")
    await number.press("Delete")
    await expect(number).to_have_value("001")


async def test_an_american_express_card_asks_for_its_own_code(page: Page) -> None:
    await expect(page.locator("#card-cvc-hint")).to_have_text("3 digits on the back")
    await page.get_by_test_id("card-number").fill("378282246310005")
    await expect(page.locator("#card-cvc-hint")).to_have_text("4 digits on the front")


async def test_the_fields_are_what_browsers_and_screen_readers_look_for(page: Page) -> None:
    for testid, autocomplete, label in [
        ("card-number", "cc-number", "Card number"),
        ("card-expiry", "cc-exp", "Expiry date"),
        ("card-cvc", "cc-csc", "Security code"),
    ]:
        field = page.get_by_test_id(testid)
        await expect(field).to_have_attribute("autocomplete", autocomplete)
        await expect(field).to_have_attribute("inputmode", "numeric")
        await expect(page.get_by_label(label)).to_have_id(await field.get_attribute("id") or "")
        assert await field.get_attribute("name") is None
