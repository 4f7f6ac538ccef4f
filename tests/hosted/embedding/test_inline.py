"""The checkout in a shop's page, through the web SDK as npm has it: the customer's side of it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from playwright.async_api import Page, expect

from tests_support import Server, Shop

from .conftest import EmbedPage, type_card

pytestmark = pytest.mark.browser

New = Callable[..., Awaitable[str]]
GOOD = "4000000000000002"
REFUSED = "4100000000000076"
CHALLENGED = "4000100000000000"
INVOICE = "collector.invoice"
ENDS = ("onPaymentAuthorized", "onPayment", "onPaymentError", "onSessionCancel", "onSessionNotFound")


async def at_the_shop(page: Page) -> dict[str, str]:
    await page.wait_for_url("https://shop.example/thanks**")
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


async def test_a_customer_pays_in_the_shop_s_page_and_the_shop_hears_of_every_step(
    shop: Shop, new_session: New, embed: EmbedPage
) -> None:
    sid = await new_session()
    shown = await embed(sid, "onSession", "onActivePaymentType", *ENDS)
    await shown.ready()
    loaded = await shown.called("onSession")
    assert (loaded["type"], loaded["session"]["id"]) == ("SessionLoaded", sid)
    assert loaded["session"]["order"]["merchant_reference"] == "7F3K9QX2M"
    assert await shown.page.evaluate("shop.checkout.session.order.amount") == 39800
    assert (await shown.called("onActivePaymentType"))["payment_product_type"] == "dintero_psp.creditcard"
    await shown.frame.get_by_test_id("method-dintero_psp.vipps").check()
    assert (await shown.called("onActivePaymentType", nth=1))["payment_product_type"] == "dintero_psp.vipps"
    await shown.frame.get_by_test_id("method-dintero_psp.creditcard").check()
    await shown.pays(REFUSED)
    await expect(shown.frame.get_by_test_id("refusal")).to_contain_text("You have not been charged")
    await shown.frame.get_by_test_id("card-number").fill(GOOD)
    await shown.frame.get_by_test_id("pay").click()
    paid = await shown.called("onPaymentAuthorized")
    assert paid["type"] == "SessionPaymentAuthorized"
    assert paid["merchant_reference"] == "7F3K9QX2M"
    assert paid["href"].startswith("https://shop.example/thanks?order=7&transaction_id=")
    transaction = (await shop.get(f"/v1/transactions/{paid['transaction_id']}")).json()
    assert transaction["status"] == "AUTHORIZED"
    await expect(shown.frame.get_by_test_id("result-paid")).to_contain_text("NOK 398.00 has been paid")
    assert await shown.heard("ScrollToTop")
    assert len(await shown.heard("SessionPaymentAuthorized")) == 1
    assert await shown.page.evaluate("calls.filter(({ name }) => name !== 'onSession').length") == 4


async def test_a_shop_without_handlers_gets_its_customer_back(new_session: New, embed: EmbedPage) -> None:
    shown = await embed(await new_session())
    await shown.ready()
    await shown.pays(GOOD)
    assert "transaction_id" in await at_the_shop(shown.page)


async def test_a_customer_gives_up_in_the_frame(new_session: New, embed: EmbedPage) -> None:
    sid = await new_session()
    shown = await embed(sid, *ENDS)
    await shown.ready()
    await shown.frame.get_by_test_id("cancel").click()
    event = await shown.called("onSessionCancel")
    assert event["merchant_reference"] == "7F3K9QX2M"
    assert "error=cancelled" in event["href"]
    assert "transaction_id" not in event
    await expect(shown.frame.get_by_test_id("result-cancelled")).to_contain_text("You have not been charged")
    src = await shown.page.evaluate("document.querySelector('iframe').src")
    assert f"/embedResult/?sid={sid}&merchant_reference=7F3K9QX2M&error=cancelled&language=en" in src


async def test_a_frame_that_opens_after_the_end_says_how_it_ended(
    shop: Shop, http: httpx.AsyncClient, new_session: New, embed: EmbedPage
) -> None:
    paid, cancelled = await new_session(), await new_session()
    card = {"number": GOOD, "expiry": "12/40", "cvc": "123"}
    body = {"payment_product_type": "dintero_psp.creditcard", "card": card}
    transaction_id = (await http.post(f"/v1/sessions/{paid}/pay", json=body)).json()["transaction_id"]
    assert (await shop.post(f"/v1/sessions/{cancelled}/cancel")).status_code == 200
    shown = await embed(paid, "onPayment")
    assert (await shown.called("onPayment"))["transaction_id"] == transaction_id
    for sid, says in ((cancelled, "The payment was cancelled"), ("T12345678.gone", "We cannot find this payment")):
        shown = await embed(sid, *ENDS)
        assert (await shown.called("onSessionNotFound"))["type"] == "SessionNotFound"
        await expect(shown.frame.locator("h1")).to_have_text(says)
        assert await shown.page.evaluate("document.querySelector('iframe').clientHeight") > 200
        assert await shown.heard("SessionLoaded") == []


@pytest.mark.parametrize(("review", "handler"), [("wait", "onPayment"), ("decline", "onPaymentError")])
async def test_what_is_on_hold_and_what_fails_then_is_told(
    http: httpx.AsyncClient, new_choice: New, embed: EmbedPage, review: str, handler: str
) -> None:
    on_hold = {"type": "payment_type", "invoice": {"enabled": True, "options": {"enable_on_hold": True}}}
    sid = await new_choice(collector=on_hold)
    paying = await http.post(f"/v1/sessions/{sid}/pay", json={"payment_product_type": INVOICE})
    approval = paying.json()["approval_url"]
    shown = await embed(sid, *ENDS)
    await expect(shown.frame.get_by_test_id("waiting")).to_contain_text("waits for your approval")
    asked = re.compile(r"/v1/view/[^/]+/session$")
    async with shown.page.context.expect_event("requestfailed", lambda request: bool(asked.search(request.url))):
        await shown.page.context.route(asked, lambda route: route.abort())  # no question is on its way after it
    await http.post(approval, json={"decision": "approve"})
    if review != "wait":
        await http.post(approval, json={"decision": review})
    await shown.page.context.unroute(asked)
    event = await shown.called(handler)
    assert event["type"] == {"wait": "SessionPaymentOnHold", "decline": "SessionPaymentError"}[review]
    assert event["transaction_id"]
    assert event.get("error") == {"wait": None, "decline": "failed"}[review]
    ended = {"wait": "result-on_hold", "decline": "result-failed"}[review]
    await expect(shown.frame.get_by_test_id(ended)).to_be_visible()


async def test_the_bank_has_the_whole_window_and_the_customer_comes_back_to_the_shop(
    new_session: New, embed: EmbedPage
) -> None:
    shown = await embed(await new_session(), *ENDS)
    await shown.ready()
    await shown.pays(CHALLENGED)
    await shown.page.get_by_test_id("approve").click()
    parameters = await at_the_shop(shown.page)
    assert "transaction_id" in parameters
    assert "error" not in parameters


async def test_the_frame_is_as_high_as_what_is_in_it(new_session: New, embed: EmbedPage) -> None:
    shown = await embed(await new_session(), browser={"viewport": {"width": 360, "height": 740}})
    await shown.ready()
    frame = shown.frame

    async def fits() -> int:
        content = await frame.locator("body").evaluate("body => Math.ceil(body.getBoundingClientRect().height)")
        await shown.page.wait_for_function(
            "height => document.querySelector('iframe').clientHeight === height", arg=content
        )
        assert await frame.locator("html").evaluate("html => html.scrollHeight <= html.clientHeight")
        return int(content)

    at_first = await fits()
    await frame.locator(".order summary").click()
    folded = await fits()
    assert folded < at_first
    await shown.page.set_viewport_size({"width": 1280, "height": 900})
    await expect(frame.locator("body")).to_have_css("width", "960px")
    await fits()
    assert len(await shown.heard("HeightChanged")) < 12  # it does not drive itself
    assert await frame.locator("html").evaluate("html => html.scrollWidth <= html.clientWidth")
    columns = await frame.locator(".columns").evaluate(
        "all => getComputedStyle(all).gridTemplateColumns.split(' ').length"
    )
    assert columns == 1
    await expect(frame.locator("body")).to_have_css("background-color", "rgba(0, 0, 0, 0)")


async def test_a_frame_of_a_whole_page_grows_and_shrinks_too_and_hides_the_test_banner(
    new_session: New, embed: EmbedPage
) -> None:
    shown = await embed(await new_session(), ui="fullscreen", hideTestMessage=True)
    await shown.ready()
    await expect(shown.frame.get_by_text("Test mode")).to_have_count(0)
    before = (await shown.hears("HeightChanged"))["height"]
    await shown.frame.get_by_test_id("method-dintero_psp.vipps").check()
    await shown.page.wait_for_function("before => document.querySelector('iframe').clientHeight < before", arg=before)


async def test_the_language_changes_with_the_customer_and_with_the_shop(new_session: New, embed: EmbedPage) -> None:
    sid = await new_session()
    shown = await embed(sid)
    await shown.ready()
    assert (await shown.hears("LanguageChanged"))["language"] == "en"
    await shown.frame.get_by_test_id("languages").click()
    await shown.frame.get_by_role("link", name="Norsk bokmål").click()
    await expect(shown.frame.get_by_test_id("pay")).to_have_text("Betal 398,00 kr")
    await shown.hears("LanguageChanged", nth=1)
    assert await shown.page.evaluate("shop.checkout.language") == "nb"
    tell = "(said) => document.querySelector('iframe').contentWindow.postMessage({ type: 'SetLanguage', ...said }, '*')"
    await shown.page.evaluate(tell, {"sid": sid, "language": "en"})
    await expect(shown.frame.get_by_test_id("pay")).to_have_text("Pay NOK 398.00")
    await shown.hears("SessionLoaded", nth=2)
    await shown.types(GOOD)
    await shown.page.evaluate(tell, {"sid": sid, "language": "en"})  # nothing to change: nothing is lost
    await expect(shown.frame.get_by_test_id("card-number")).to_have_value("4000 0000 0000 0002")


async def test_the_shop_chooses_how_to_pay_and_takes_its_choice_back(new_session: New, embed: EmbedPage) -> None:
    shown = await embed(await new_session(), "onActivePaymentType")
    await shown.ready()
    choose = "product => shop.checkout.setActivePaymentProductType(product)"
    active = "onActivePaymentType"
    await shown.page.evaluate(choose, "dintero_psp.vipps")
    assert (await shown.called(active, nth=1))["payment_product_type"] == "dintero_psp.vipps"
    await expect(shown.frame.get_by_test_id("phone")).to_be_visible()
    await expect(shown.frame.get_by_test_id("card-number")).to_be_hidden()
    await shown.page.evaluate(choose, "nobody.offers_this")
    assert (await shown.called(active, nth=2))["payment_product_type"] == "dintero_psp.vipps"
    await shown.page.evaluate(choose)
    assert (await shown.called(active, nth=3))["payment_product_type"] is None
    await expect(shown.frame.get_by_test_id("phone")).to_be_hidden()
    await shown.frame.get_by_test_id("pay").click()
    await expect(shown.frame.get_by_test_id("refusal")).to_have_text("Choose how you want to pay.")


async def test_a_shop_that_redirects_needs_no_frame(server: Server, new_session: New, embed: EmbedPage) -> None:
    sid = await new_session()
    shown = await embed(sid)
    await shown.ready()
    options = {"sid": sid, "endpoint": server.url, "language": "en"}
    await shown.page.evaluate("options => dintero.redirect(options)", options)
    await shown.page.wait_for_url(f"{server.url}/?sdk=**")
    await expect(shown.page.locator("body")).to_have_attribute("data-holder", "nobody")
    await type_card(shown.page, GOOD)
    await shown.page.get_by_test_id("pay").click()
    assert "transaction_id" in await at_the_shop(shown.page)


def event_names(session: dict[str, Any]) -> list[str]:
    return [event["name"] for event in session["events"]]


async def test_the_shop_locks_the_session_changes_it_and_refreshes_the_page_without_losing_what_was_typed(
    shop: Shop, new_session: New, embed: EmbedPage
) -> None:
    sid = await new_session()
    shown = await embed(sid, "onSession", "onSessionLocked", "onSessionLockFailed", *ENDS)
    await shown.ready()
    await shown.types(GOOD)
    locked = await shown.page.evaluate("shop.checkout.lockSession()")
    assert locked["pay_lock_id"] == (await shown.called("onSessionLocked"))["pay_lock_id"]
    assert (await shop.get(f"/v1/sessions/{sid}")).json()["pay_lock"]["pay_lock_id"] == locked["pay_lock_id"]
    form = shown.frame.locator('[data-panel="form"]')
    await expect(form).to_have_js_property("inert", True)
    await expect(shown.frame.get_by_text("is updating your order")).to_be_visible()
    early = await shown.page.evaluate("shop.checkout.refreshSession()")  # the shop is not done yet
    assert early["session"]["state"] == "locked"
    await expect(form).to_have_js_property("inert", True)
    dearer = {"order": {"amount": 50000, "items": [{"line_id": "1", "description": "Benk", "amount": 50000}]}}
    assert (await shop.put(f"/v1/sessions/{sid}", dearer)).status_code == 200
    updated = await shown.page.evaluate("shop.checkout.refreshSession()")
    assert (updated["type"], updated["session"]["order"]["amount"]) == ("SessionUpdated", 50000)
    assert await shown.page.evaluate("shop.checkout.session.order.amount") == 50000
    await expect(form).to_have_js_property("inert", False)
    await expect(shown.frame.get_by_test_id("total")).to_have_text("NOK 500.00")
    await expect(shown.frame.get_by_test_id("card-number")).to_have_value("4000 0000 0000 0002")
    await shown.frame.get_by_test_id("pay").click()
    paid = await shown.called("onPaymentAuthorized")
    assert (await shop.get(f"/v1/transactions/{paid['transaction_id']}")).json()["amount"] == 50000


async def test_a_lock_that_cannot_be_had_is_told_and_one_that_is_forgotten_goes_by_itself(
    shop: Shop, new_session: New, embed: EmbedPage
) -> None:
    sid = await new_session()
    shown = await embed(sid, "onSessionLockFailed", "onSessionLocked")
    await shown.ready()
    await shown.page.evaluate("shop.checkout.lockSession()")
    changed = {"order": {"amount": 39800, "items": [{"line_id": "1", "description": "Benk", "amount": 39800}]}}
    assert (await shop.put(f"/v1/sessions/{sid}", changed)).status_code == 200
    assert (await shown.hears("SessionUpdated"))["session"]["order"]["items"][0]["description"] == "Benk"
    await expect(shown.frame.locator('[data-panel="form"]')).to_have_js_property("inert", False)
    assert (await shop.post(f"/v1/sessions/{sid}/cancel")).status_code == 200
    refused = await shown.page.evaluate("shop.checkout.lockSession().catch((reason) => reason)")
    assert refused == "Received unexpected event: SessionLockFailed"
    await shown.called("onSessionLockFailed")
    await expect(shown.frame.locator('[data-panel="form"]')).to_have_js_property("inert", False)


async def test_the_shop_says_no_and_then_yes_before_anything_is_paid(
    shop: Shop, new_session: New, embed: EmbedPage
) -> None:
    sid = await new_session()
    no = {"success": False, "clientValidationError": "<b>Sold out</b> since yesterday"}
    shown = await embed(sid, "onValidateSession", *ENDS, says={"onValidateSession": no})
    await shown.ready()
    await shown.pays(GOOD)
    await expect(shown.frame.get_by_test_id("refusal")).to_have_text("<b>Sold out</b> since yesterday")
    await expect(shown.frame.get_by_test_id("pay")).to_have_text("Pay NOK 398.00")
    assert (await shown.called("onValidateSession"))["session"]["id"] == sid
    await shown.page.evaluate("says.onValidateSession = { success: false }")
    await shown.frame.get_by_test_id("pay").click()
    await expect(shown.frame.get_by_test_id("refusal")).to_contain_text("could not accept the order")
    assert "transaction_id" not in (await shop.get(f"/v1/sessions/{sid}")).json()
    await shown.page.evaluate("says.onValidateSession = { success: true }")
    await shown.frame.get_by_test_id("pay").click()
    await shown.called("onPaymentAuthorized")


async def test_a_total_that_changes_while_the_shop_looks_is_not_paid_before_the_customer_says_so(
    shop: Shop, new_session: New, embed: EmbedPage
) -> None:
    sid = await new_session()
    shown = await embed(sid, "onValidateSession", *ENDS)
    await shown.ready()
    await shown.pays(GOOD)
    await shown.called("onValidateSession")
    await shown.page.evaluate("shop.checkout.lockSession()")
    await shown.page.evaluate("shop.checkout.submitValidationResult({ success: true })")
    dearer = {"order": {"amount": 50000, "items": [{"line_id": "1", "description": "Benk", "amount": 50000}]}}
    assert (await shop.put(f"/v1/sessions/{sid}", dearer)).status_code == 200
    await shown.page.evaluate("shop.checkout.refreshSession()")
    await expect(shown.frame.get_by_test_id("refusal")).to_contain_text("The order has changed")
    await expect(shown.frame.get_by_test_id("pay")).to_have_text("Pay NOK 500.00")
    assert "PAY_LOCK_END" in event_names((await shop.get(f"/v1/sessions/{sid}")).json())
    await shown.page.evaluate("says.onValidateSession = { success: true }")
    await shown.frame.get_by_test_id("pay").click()
    paid = await shown.called("onPaymentAuthorized")
    assert (await shop.get(f"/v1/transactions/{paid['transaction_id']}")).json()["amount"] == 50000
