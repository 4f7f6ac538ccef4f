"""What can be measured of how the page looks: it fits, its targets are large, it holds still when asked to."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests_support import Server

pytestmark = pytest.mark.browser

NewSession = Callable[..., Awaitable[str]]
OpenPage = Callable[..., Awaitable[Page]]
TARGETS = "a, button, input:not([type=radio]), .method, summary"
"""A way to pay is its whole line, not the circle in it."""
LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"


async def photograph(page: Page, name: str) -> None:
    """A picture for people to look at, when KVITT_TEST_PICTURES names a folder for them."""
    if folder := os.environ.get("KVITT_TEST_PICTURES"):
        await page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["nb", "en"])
@pytest.mark.parametrize(("width", "height"), [(360, 740), (1280, 900)])
async def test_the_page_fits_its_screen_and_its_targets_fit_a_thumb(
    server: Server, new_session: NewSession, open_page: OpenPage, width: int, height: int, language: str, scheme: str
) -> None:
    sid = await new_session()
    page = await open_page(
        f"{server.url}/v1/view/{sid}?language={language}",
        viewport={"width": width, "height": height},
        color_scheme=scheme,
    )
    await expect(page.get_by_test_id("pay")).to_be_enabled()
    await photograph(page, f"{language}-{width}-{scheme}")
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    heights: list[float] = await page.evaluate(
        f"[...document.querySelectorAll('{TARGETS}')].map((one) => one.getBoundingClientRect().height)"
    )
    assert all(height == 0 or height >= 44 for height in heights)  # 0: not shown now
    assert len([height for height in heights if height]) == 13  # six of them are ways to pay


async def test_long_words_and_many_lines_do_not_push_the_page_wide(
    server: Server, new_session: NewSession, open_page: OpenPage
) -> None:
    items = [
        {"id": str(n), "line_id": str(n), "description": LONG, "quantity": n + 0.5, "amount": 999_999_900, "vat": 11.11}
        for n in range(12)
    ]
    sid = await new_session(items=items, amount=12 * 999_999_900, merchant_reference=LONG)
    page = await open_page(f"{server.url}/v1/view/{sid}", viewport={"width": 320, "height": 640})
    await page.locator(".order summary").click()
    await photograph(page, "long")
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320


async def test_two_columns_on_a_desktop_and_one_on_a_phone(
    server: Server, new_session: NewSession, open_page: OpenPage
) -> None:
    page = await open_page(f"{server.url}/v1/view/{await new_session()}")
    boxes = "['.summary', '.payment'].map((one) => document.querySelector(one).getBoundingClientRect().x)"
    summary, payment = await page.evaluate(boxes)
    assert payment > summary + 300
    await page.set_viewport_size({"width": 360, "height": 740})
    summary, payment = await page.evaluate(boxes)
    assert abs(payment - summary) < 20


async def test_the_brand_stands_behind_the_number_in_every_direction_of_writing(
    server: Server, new_session: NewSession, open_page: OpenPage
) -> None:
    for language in ("en", "ar"):
        page = await open_page(f"{server.url}/v1/view/{await new_session()}?language={language}")
        await page.get_by_test_id("card-number").fill("5200000000000007")
        box = await page.get_by_test_id("card-number").bounding_box()
        brand = await page.locator("#card-brand").bounding_box()
        assert box
        assert brand
        assert brand["x"] > box["x"] + box["width"] / 2
        assert brand["x"] + brand["width"] < box["x"] + box["width"]


async def test_nothing_moves_for_those_who_asked_for_stillness(
    server: Server, new_session: NewSession, open_page: OpenPage
) -> None:
    page = await open_page(f"{server.url}/v1/view/{await new_session()}", reduced_motion="reduce")
    await page.get_by_test_id("card-number").fill("4100000000000001")
    await page.get_by_test_id("card-expiry").fill("12/40")
    await page.get_by_test_id("card-cvc").fill("123")
    await page.get_by_test_id("pay").click()
    await expect(page.get_by_test_id("waiting")).to_be_visible()
    moving = """document.getAnimations()
      .map((one) => [one.animationName ?? one.transitionProperty, one.effect.getComputedTiming()])
      .filter(([, timing]) => timing.duration > 1 || timing.iterations > 1)"""
    assert await page.evaluate(moving) == []


async def test_forced_colours_keep_the_shapes_of_buttons_and_fields(
    server: Server, new_session: NewSession, open_page: OpenPage
) -> None:
    page = await open_page(f"{server.url}/v1/view/{await new_session()}", forced_colors="active")
    border = "one => getComputedStyle(one).borderTopWidth + getComputedStyle(one).borderTopStyle"
    for testid in ("pay", "card-number"):
        assert await page.get_by_test_id(testid).evaluate(border) == "1pxsolid"


async def test_without_scripts_the_page_says_what_it_needs_and_still_tells_the_order(
    server: Server, new_session: NewSession, open_page: OpenPage
) -> None:
    page = await open_page(f"{server.url}/v1/view/{await new_session()}?language=en", java_script_enabled=False)
    await expect(page.locator("noscript .message")).to_contain_text("You need JavaScript to pay here.")
    await expect(page.locator("noscript .message")).to_be_visible()
    await expect(page.get_by_text("Stablestol for utendørsbruk")).to_be_visible()
    await expect(page.get_by_test_id("pay")).to_be_disabled()


async def test_a_script_that_never_comes_is_told_of(
    server: Server, new_session: NewSession, open_page: OpenPage
) -> None:
    page = await open_page("about:blank")
    await page.route("**/form.js", lambda route: route.abort())
    await page.goto(f"{server.url}/v1/view/{await new_session()}?language=en")
    told = page.get_by_text("The page did not load completely.")
    await expect(told).to_be_hidden()
    await page.evaluate("document.getAnimations().forEach((one) => one.finish())")  # instead of eight seconds
    await expect(told).to_be_visible()


@pytest.mark.parametrize("language", ["en", "ar"])
async def test_the_brand_covers_neither_the_number_nor_its_label_on_a_small_phone(
    server: Server, new_session: NewSession, open_page: OpenPage, language: str
) -> None:
    address = f"{server.url}/v1/view/{await new_session()}?language={language}"
    page = await open_page(address, viewport={"width": 320, "height": 640})
    number = page.get_by_test_id("card-number")
    await number.fill("5200000000000007")
    await expect(page.locator("#card-brand-name")).to_have_text("Mastercard")
    assert await number.evaluate("one => one.scrollWidth <= one.clientWidth")
    await page.evaluate("document.getAnimations().forEach((one) => one.finish())")
    await photograph(page, f"brand-{language}")
    brand, field = await page.locator("#card-brand").bounding_box(), await number.bounding_box()
    words: float = await page.locator("label[for=card-number]").evaluate(
        "one => { const r = document.createRange(); r.selectNodeContents(one); return r.getBoundingClientRect().width }"
    )
    assert brand
    assert field
    assert brand["y"] + brand["height"] <= field["y"]
    assert words + brand["width"] <= field["width"]
    beside = brand["x"] - field["x"] if language == "ar" else field["x"] + field["width"] - brand["x"] - brand["width"]
    assert abs(beside) < 4
