"""The checkout in a window that the shop's page opens, through the web SDK as npm has it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from playwright.async_api import Page, expect

from tests_support import Shop

from .conftest import EmbedPage, ShopPage, type_card

pytestmark = pytest.mark.browser

New = Callable[..., Awaitable[str]]
GOOD = "4000000000000002"
CHALLENGED = "4000100000000000"
LAUNCH = "#dintero-checkout-sdk-launch-pop-out"
ENDS = ("onPaymentAuthorized", "onPaymentError", "onSessionCancel", "onSessionNotFound")


async def opens(shown: ShopPage) -> Page:
    """Presses the button that lies in the shop's page, and answers the window."""
    await expect(shown.page.locator(LAUNCH)).to_be_enabled()
    async with shown.page.expect_popup() as opening:
        await shown.page.locator(LAUNCH).click()
    window: Page = await opening.value
    return window


async def from_window(shown: ShopPage) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = await shown.page.evaluate(
        "heard.filter(({ framed }) => !framed).map(({ data }) => data)"
    )
    return found


async def test_the_shop_s_button_lies_over_ours_and_looks_like_it(new_session: New, embed: EmbedPage) -> None:
    shown = await embed(await new_session(), popOut=True, browser={"viewport": {"width": 1280, "height": 900}})
    button, ours = shown.page.locator(LAUNCH), shown.frame.get_by_test_id("launch")
    await expect(button).to_have_text("Pay NOK 398.00")
    await expect(ours).to_be_hidden()
    await expect(shown.frame.get_by_test_id("card-number")).to_have_count(0)
    await expect(shown.frame.get_by_test_id("launch-news")).to_have_text("You pay in a window of its own.")
    told = await shown.hears("ShowPopOutButton")
    assert {
        "styles",
        "openLabel",
        "focusLabel",
        "closeLabel",
        "descriptionLabel",
        "top",
        "left",
        "right",
    } <= told.keys()
    assert (told["language"], told["disabled"]) == ("en", "false")
    for name in ("background-color", "color", "text-align", "font-size", "font-weight", "border-radius", "height"):
        of_ours = await ours.evaluate("(one, name) => getComputedStyle(one)[name]", name)
        await expect(button).to_have_css(name, of_ours)

    async def lies_over_ours() -> None:
        script = """([button, top, left, width]) => {
          const [box, frame] = [document.querySelector(button), document.querySelector('iframe')];
          const [one, other] = [box.getBoundingClientRect(), frame.getBoundingClientRect()];
          const apart = [one.top - other.top - top, one.left - other.left - left, one.width - width];
          return apart.every((by) => Math.abs(by) < 1);
        }"""
        await ours.evaluate("() => new Promise(requestAnimationFrame)")
        place = await ours.evaluate(
            "one => { const { top, left, width } = one.getBoundingClientRect(); return [top, left, width]; }"
        )
        await shown.page.wait_for_function(script, arg=[LAUNCH, *place])

    await lies_over_ours()
    await shown.frame.locator(".order summary").click()
    await lies_over_ours()
    await shown.page.set_viewport_size({"width": 400, "height": 700})
    await expect(shown.frame.locator("body")).to_have_css("width", "368px")
    await lies_over_ours()


async def test_a_customer_pays_in_the_window_and_the_shop_s_page_hears_of_it(
    shop: Shop, new_session: New, embed: EmbedPage
) -> None:
    sid = await new_session()
    shown = await embed(sid, "onSession", "onActivePaymentType", *ENDS, popOut=True)
    window = await opens(shown)
    await shown.page.wait_for_function("shop.checkout.popOutWindow")
    await expect(shown.frame.get_by_test_id("launch-news")).to_have_text("You are paying in another window.")
    await expect(shown.page.locator("#dintero-checkout-sdk-backdrop")).to_contain_text(
        "You are paying in another window."
    )
    await expect(shown.page.locator("#dintero-checkout-sdk-backdrop-focus")).to_have_text("Go to the payment window")
    await expect(shown.page.locator(LAUNCH)).to_be_disabled()
    await expect(window.get_by_test_id("pay")).to_be_enabled()
    await shown.page.evaluate("shop.checkout.setActivePaymentProductType('dintero_psp.vipps')")
    await expect(window.get_by_test_id("phone")).to_be_visible()
    await window.get_by_test_id("method-dintero_psp.creditcard").check()
    await type_card(window, GOOD)
    await shown.page.evaluate("shop.checkout.lockSession()")
    await expect(window.locator('[data-panel="form"]')).to_have_js_property("inert", True)
    dearer = {"order": {"amount": 50000, "items": [{"line_id": "1", "description": "Benk", "amount": 50000}]}}
    assert (await shop.put(f"/v1/sessions/{sid}", dearer)).status_code == 200
    await shown.page.evaluate("shop.checkout.refreshSession()")
    await expect(window.get_by_test_id("pay")).to_have_text("Pay NOK 500.00")
    await expect(shown.frame.get_by_test_id("total")).to_have_text("NOK 500.00")
    await expect(shown.page.locator(LAUNCH)).to_have_text("Pay NOK 500.00")
    await expect(window.get_by_test_id("card-number")).to_have_value("4000 0000 0000 0002")
    async with window.expect_event("close"):
        await window.get_by_test_id("pay").click()
    paid = await shown.called("onPaymentAuthorized")
    assert (await shop.get(f"/v1/transactions/{paid['transaction_id']}")).json()["amount"] == 50000
    await expect(shown.page.locator(LAUNCH)).to_have_count(0)
    await expect(shown.frame.get_by_test_id("result-paid")).to_be_visible()
    said = await from_window(shown)
    assert all((one["context"], one["sid"]) == ("popOut", sid) for one in said)
    types = [one["type"] for one in said]
    assert {"AppLoaded", "SessionLoaded", "ActivePaymentProductType", "SessionLocked", "SessionUpdated"} <= set(types)
    assert types.count("SessionPaymentAuthorized") == 1
    assert "HeightChanged" not in types  # it is the frame's


async def test_the_window_goes_to_the_bank_and_comes_back_as_the_shop_s_window(
    shop: Shop, new_session: New, embed: EmbedPage
) -> None:
    sid = await new_session()
    shown = await embed(sid, *ENDS, popOut=True)
    window = await opens(shown)
    await type_card(window, CHALLENGED)
    await window.get_by_test_id("pay").click()
    await window.get_by_test_id("decline").click()
    await expect(window.locator("body")).to_have_attribute("data-holder", "window")
    await expect(window.get_by_test_id("refusal")).to_contain_text("You have not been charged")
    await type_card(window, CHALLENGED)
    await window.get_by_test_id("pay").click()
    async with window.expect_event("close"):
        await window.get_by_test_id("approve").click()
    paid = await shown.called("onPaymentAuthorized")
    assert (await shop.get(f"/v1/transactions/{paid['transaction_id']}")).json()["status"] == "AUTHORIZED"


async def test_a_window_that_is_closed_is_asked_about_and_can_be_opened_again(
    http: httpx.AsyncClient, new_session: New, embed: EmbedPage
) -> None:
    sid = await new_session()
    shown = await embed(sid, *ENDS, popOut=True)
    window = await opens(shown)
    await expect(shown.page.locator(LAUNCH)).to_be_disabled()
    await window.close()
    news = shown.frame.get_by_test_id("launch-news")
    await expect(news).to_have_text("The payment window was closed. You have not been charged.")
    window = await opens(shown)
    await expect(window.get_by_test_id("pay")).to_be_enabled()
    card = {"number": GOOD, "expiry": "12/40", "cvc": "123"}
    body = {"payment_product_type": "dintero_psp.creditcard", "card": card}
    paid = (await http.post(f"/v1/sessions/{sid}/pay", json=body)).json()  # as a window that is closed too early
    await window.close()
    assert (await shown.called("onPaymentAuthorized"))["transaction_id"] == paid["transaction_id"]
    await expect(shown.frame.get_by_test_id("result-paid")).to_be_visible()


async def test_the_shop_looks_at_the_order_before_the_window_shows_it(new_session: New, embed: EmbedPage) -> None:
    sid = await new_session()
    shown = await embed(sid, "onValidateSession", *ENDS, popOut=True)
    window = await opens(shown)
    await expect(window.get_by_test_id("loading")).to_be_visible()
    await expect(shown.frame.get_by_test_id("launch-news")).to_contain_text("is checking the order")
    assert (await shown.called("onValidateSession"))["session"]["id"] == sid
    async with window.expect_event("close"):
        await shown.page.evaluate(
            "calls.length = 0; says.onValidateSession = { success: false, clientValidationError: 'Sold out' }"
        )
        await window.evaluate("close()")
    await expect(shown.page.locator(LAUNCH)).to_be_enabled()
    async with shown.page.expect_popup() as opening:
        await shown.page.locator(LAUNCH).click()
    window = await opening.value
    await expect(shown.frame.get_by_test_id("refusal")).to_have_text("Sold out")
    await shown.page.evaluate("says.onValidateSession = { success: true }")
    window = await opens(shown)
    await expect(shown.frame.get_by_test_id("refusal")).to_be_empty()
    await type_card(window, GOOD)
    await window.get_by_test_id("pay").click()
    await shown.called("onPaymentAuthorized")


async def test_a_browser_that_opens_no_window_is_spoken_of(new_session: New, embed: EmbedPage) -> None:
    shown = await embed(await new_session(), popOut=True)
    await expect(shown.page.locator(LAUNCH)).to_be_enabled()
    await shown.page.evaluate("window.open = () => null")
    await shown.page.locator(LAUNCH).click()
    await expect(shown.frame.get_by_test_id("refusal")).to_contain_text("Allow pop-up windows for this page")
    await expect(shown.page.locator(LAUNCH)).to_be_enabled()


async def test_the_language_and_the_end_are_the_window_s_to_say(new_session: New, embed: EmbedPage) -> None:
    shown = await embed(await new_session(), *ENDS, popOut=True)
    window = await opens(shown)
    await expect(window.get_by_test_id("pay")).to_be_enabled()
    await window.goto(window.url.replace("language=en", "language=nb"))
    await expect(shown.page.locator(LAUNCH)).to_have_text("Betal 398,00 kr")
    await expect(shown.frame.locator("html")).to_have_attribute("lang", "nb")
    async with window.expect_event("close"):
        await window.get_by_test_id("cancel").click()
    assert "error=cancelled" in (await shown.called("onSessionCancel"))["href"]


async def test_giving_up_in_the_frame_takes_the_button_away(new_session: New, embed: EmbedPage) -> None:
    shown = await embed(await new_session(), *ENDS, popOut=True)
    await expect(shown.page.locator(LAUNCH)).to_be_enabled()
    await shown.frame.get_by_test_id("cancel").click()
    await shown.called("onSessionCancel")
    await shown.hears("HidePopOutButton")
    await expect(shown.page.locator(LAUNCH)).to_have_count(0)
