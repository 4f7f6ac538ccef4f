"""The page in Arabic: it is mirrored, and what is read from the left on a card stays so."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Locator, Page, expect

from tests_support import Server

from .test_looks import LONG, photograph
from .test_paying import GOOD, REFUSED, at_the_shop, type_card

pytestmark = pytest.mark.browser

NewSession = Callable[..., Awaitable[str]]
OpenPage = Callable[..., Awaitable[Page]]

PLACE_OF = """(element, pattern) => {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  for (let text = walker.nextNode(); text; text = walker.nextNode()) {
    const at = text.data.search(new RegExp(pattern));
    if (at < 0) continue;
    const range = document.createRange();
    range.setStart(text, at);
    range.setEnd(text, at + 1);
    return range.getBoundingClientRect().x;
  }
}"""
"""Where the first character stands that begins what the pattern finds."""


async def left(one: Locator) -> float:
    box = await one.bounding_box()
    assert box
    return box["x"]


async def test_the_page_is_mirrored_and_numbers_are_not(
    server: Server, new_session: NewSession, open_page: OpenPage
) -> None:
    address = f"{server.url}/v1/view/{await new_session()}?language=ar"
    page = await open_page(address)
    await expect(page.get_by_test_id("pay")).to_be_enabled()
    await photograph(page, "ar-1280")
    assert await left(page.locator(".summary")) > await left(page.locator(".payment")) + 300
    line = page.locator(".lines li").first
    assert await left(line.locator(".what")) > await left(line.locator(".amount"))
    method = page.locator(".method").first
    assert await left(method.locator("input")) > await left(method.locator("span").first)
    assert await left(page.locator(".field.expiry")) > await left(page.locator(".field.cvc"))
    # 4000 0000 0000 0002, and 398.00: the first digit is on the left of the last
    for number in (page.locator(".test .digits"), page.get_by_test_id("pay"), page.get_by_test_id("total")):
        assert await number.evaluate(PLACE_OF, "[0-9]") < await number.evaluate(PLACE_OF, "[0-9][^0-9]*$")
    for testid in ("card-number", "card-expiry", "card-cvc"):
        field = page.get_by_test_id(testid)
        assert await field.evaluate("one => getComputedStyle(one).direction") == "ltr"


async def test_a_customer_pays_by_card_in_arabic_and_a_refusal_stands_on_its_side(
    server: Server, new_session: NewSession, open_page: OpenPage
) -> None:
    address = f"{server.url}/v1/view/{await new_session()}?language=ar"
    page = await open_page(address, viewport={"width": 360, "height": 740})
    await type_card(page, REFUSED)
    await page.get_by_test_id("pay").click()
    refusal = page.get_by_test_id("refusal")
    await expect(refusal).to_contain_text("لم يُخصم أي مبلغ")
    await photograph(page, "ar-refused")
    sides = "one => [getComputedStyle(one).borderRightWidth, getComputedStyle(one).borderLeftWidth]"
    right_side, left_side = await refusal.evaluate(sides)
    assert float(right_side.removesuffix("px")) > float(left_side.removesuffix("px"))
    for testid in ("card-number", "card-expiry", "card-cvc"):
        await page.get_by_test_id(testid).fill("")
    await type_card(page, GOOD)
    await expect(page.get_by_test_id("card-number")).to_have_value("4000 0000 0000 0002")
    await page.get_by_test_id("pay").click()
    assert "transaction_id" in await at_the_shop(page)


async def test_long_words_of_either_direction_do_not_push_the_page_wide(
    server: Server, new_session: NewSession, open_page: OpenPage
) -> None:
    items = [
        {"id": "1", "line_id": "1", "description": LONG, "quantity": 1, "amount": 999_999_900, "vat": 25},
        {"id": "2", "line_id": "2", "description": "كرسي " * 30, "quantity": 1.5, "amount": -5000, "vat": 11.11},
    ]
    sid = await new_session(items=items, amount=999_994_900, merchant_reference=LONG)
    page = await open_page(f"{server.url}/v1/view/{sid}?language=ar", viewport={"width": 320, "height": 640})
    await expect(page.get_by_test_id("pay")).to_be_enabled()
    await photograph(page, "ar-long")
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320
    discount = page.locator(".lines .amount").nth(1)
    assert await discount.evaluate(PLACE_OF, "-") < await discount.evaluate(PLACE_OF, "5")
    assert await discount.evaluate(PLACE_OF, "K") < await discount.evaluate(PLACE_OF, "-")  # as of the amount above it
