"""What happens around an open form: another tab, the shop, the network, the time; and orders that cost nothing."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from .stage import CARD, CHAIRS, INVOICE, VIPPS, ZERO, Stage
from .test_paying import at_the_shop

pytestmark = pytest.mark.browser


async def test_the_form_rests_while_the_shop_changes_the_order_and_goes_on_with_what_was_typed(stage: Stage) -> None:
    page, sid = stage.page, await stage.session()
    await stage.form(sid)
    await stage.card()
    await stage.lock(sid)
    await stage.press()  # the page does not know yet
    await expect(page.get_by_text("is updating your order")).to_be_visible()
    await expect(page.locator('[data-panel="form"]')).to_have_js_property("inert", True)
    dearer = {"remove_lock": True, "order": {"amount": 64600, "items": [{**CHAIRS, "quantity": 3, "amount": 59700}]}}
    assert (await stage.shop.put(f"/v1/sessions/{sid}", dearer)).status_code == 200
    await expect(page.get_by_test_id("notice-changed")).to_be_visible(timeout=15_000)
    await expect(page.get_by_test_id("pay")).to_have_text("Pay NOK 646.00")
    await expect(page.get_by_test_id("card-number")).to_have_value("4000 0000 0000 0002")
    await stage.press()
    transaction_id = (await at_the_shop(page))["transaction_id"]
    assert (await stage.shop.get(f"/v1/transactions/{transaction_id}")).json()["amount"] == 64600


async def test_a_tab_that_is_looked_at_again_knows_that_another_one_has_paid(stage: Stage) -> None:
    sid = await stage.session()
    await stage.form(sid)
    await stage.card()
    await stage.pay(sid)
    await stage.look_again()
    await stage.shows("state-paid")
    await stage.page.reload()
    await stage.shows("state-paid")


async def test_a_tab_that_is_looked_at_again_waits_for_what_another_one_began(stage: Stage) -> None:
    sid = await stage.session(CARD, VIPPS)
    await stage.form(sid)
    await stage.pay(sid, VIPPS)
    await stage.look_again()
    await stage.shows("approve-link")


async def test_the_notice_of_a_lost_network_goes_by_itself(stage: Stage) -> None:
    await stage.form(await stage.session())
    await stage.page.context.set_offline(True)
    await stage.shows("notice-offline")
    await stage.page.context.set_offline(False)
    await expect(stage.page.get_by_test_id("notice-offline")).to_be_hidden()


async def test_the_last_minute_is_told_and_then_the_page_has_expired(stage: Stage) -> None:
    page = stage.page
    await stage.form(await stage.session())
    await stage.later("PT23H59M10S")
    await stage.look_again()
    await stage.shows("notice-last_minute")
    await expect(page.get_by_test_id("notice-ending")).to_be_hidden()
    await stage.later("PT1M")
    await stage.look_again()
    await stage.shows("state-expired")


async def test_an_order_that_costs_nothing_is_confirmed(stage: Stage) -> None:
    sid = await stage.session(ZERO, order={"amount": 0, "vat_amount": None, "items": None, "shipping_option": None})
    await stage.form(sid)
    await expect(stage.page).to_have_title("Confirm your order at Hage & Hjem")
    await expect(stage.page.get_by_test_id("pay")).to_have_text("Confirm the order")
    await stage.press()
    assert "transaction_id" in await at_the_shop(stage.page)


async def test_a_card_is_saved_and_no_amount_is_spoken_of(stage: Stage) -> None:
    await stage.form(await stage.session_to_save_a_card())
    assert "0.00" not in await stage.page.locator("main").inner_text()
    await expect(stage.page.get_by_test_id("pay")).to_have_text("Save the card")
    await stage.card()
    await stage.press()
    await stage.page.wait_for_url("https://shop.example/card**")


async def tab_to(page: Page, testid: str) -> None:
    for _ in range(30):
        if await page.evaluate("document.activeElement?.dataset.testid") == testid:
            return
        await page.keyboard.press("Tab")
    pytest.fail(f"{testid} cannot be reached")


async def test_an_invoice_is_chosen_and_confirmed_with_the_keyboard_alone_at_200_percent(stage: Stage) -> None:
    """A window of 1280 by 900 that is zoomed has half as many pixels of the page's own."""
    page = stage.page
    await page.set_viewport_size({"width": 640, "height": 450})
    await stage.form(await stage.session(CARD, VIPPS, INVOICE))
    await tab_to(page, f"method-{CARD}")
    while not await page.get_by_test_id(f"method-{INVOICE}").is_checked():
        await page.keyboard.press("ArrowDown")
    assert await page.evaluate("document.documentElement.scrollWidth") <= 640
    await tab_to(page, "pay")
    await expect(page.get_by_test_id("pay")).to_be_in_viewport(ratio=1)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/sandbox/approvals/**")
    await expect(page.get_by_test_id("approve")).to_be_enabled()
    await tab_to(page, "approve")
    await expect(page.get_by_test_id("approve")).to_be_in_viewport(ratio=1)
    await page.keyboard.press("Enter")
    assert "transaction_id" in await at_the_shop(page)
