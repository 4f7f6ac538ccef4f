"""The page in each of its languages, as a browser shows it: complete, marked as that language, and not too wide."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Page, expect

from kvitt.hosted.amounts import money
from kvitt.hosted.languages import load_languages
from tests_support import Server

from .test_looks import photograph

pytestmark = pytest.mark.browser

NewSession = Callable[..., Awaitable[str]]
OpenPage = Callable[..., Awaitable[Page]]
LANGUAGES = load_languages()


async def test_every_language_fits_a_small_phone_and_says_the_amount_on_its_button(
    server: Server, new_session: NewSession, open_page: OpenPage
) -> None:
    address = f"{server.url}/v1/view/{await new_session()}"
    page = await open_page(address, viewport={"width": 320, "height": 640})
    for code, language in LANGUAGES.items():
        await page.goto(f"{address}?language={code}")
        root = page.locator("html")
        await expect(root).to_have_attribute("lang", code)
        await expect(root).to_have_attribute("dir", "rtl" if code == "ar" else "ltr")
        amount = money(39800, "NOK", language.locale)
        await expect(page.get_by_test_id("pay")).to_have_text(language.say("pay.button", amount=amount))
        await page.get_by_test_id("pay").click()
        await expect(page.locator("#card-cvc-error")).to_have_text(language.say("card.cvc.empty"))
        await photograph(page, f"{code}-320")
        assert await page.evaluate("document.documentElement.scrollWidth") <= 320, code
        words = await page.locator("body").inner_text()
        assert not re.search(r"\{\w+\}|\b(?:card|pay|method|summary)\.\w+", words), code


async def test_the_menu_of_languages_is_used_with_the_keyboard_alone(
    server: Server, new_session: NewSession, open_page: OpenPage
) -> None:
    address = f"{server.url}/v1/view/{await new_session()}"
    page = await open_page(f"{address}?language=nb", viewport={"width": 320, "height": 640}, java_script_enabled=False)
    button, menu = page.get_by_test_id("languages"), page.get_by_role("navigation", name="Språk")
    await expect(button).to_have_text(re.compile("Språk: Norsk bokmål"))
    await expect(menu).to_be_hidden()
    await button.press("Enter")
    await expect(menu).to_be_visible()
    await expect(menu.get_by_role("link")).to_have_count(len(LANGUAGES) - 1)
    for item in await menu.locator("li > *").all():
        box = await item.bounding_box()
        assert box
        assert box["height"] >= 44
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 320
    await page.keyboard.press("Escape")
    await expect(menu).to_be_hidden()
    await expect(button).to_be_focused()
    await button.press("Enter")
    await page.keyboard.press("Tab")
    await expect(menu.get_by_role("link", name="Dansk")).to_be_focused()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await page.wait_for_url(re.compile("language=de$"))
    await expect(page.get_by_test_id("pay")).to_have_text("398,00\xa0NOK bezahlen")
