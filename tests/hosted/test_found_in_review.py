"""What a review of the payment page found."""

from __future__ import annotations

import pytest
from playwright.async_api import Route, expect

from kvitt.checkout.model.session import Checkbox

from .stage import CARD, REFUSED, ZERO, Stage
from .test_paying import at_the_shop
from .test_render import html, script_data, view

FREE = {"vat_amount": None, "items": None, "shipping_option": None}


def test_the_script_looks_for_no_checkbox_that_the_page_does_not_have() -> None:
    boxes = (Checkbox(id="terms", label="Yes", required=True),)
    page = html(view(checkboxes=boxes, payment_methods=()))
    assert 'id="consent-0"' not in page
    assert script_data(page)["consents"] == []


def test_a_checkbox_keeps_its_number_in_a_script_that_rounds_large_ones() -> None:
    boxes = (Checkbox(id=2**53 + 1, label="Yes"), Checkbox(id="2", label="No"))
    assert script_data(html(view(checkboxes=boxes)))["consents"] == ["9007199254740993", "2"]


@pytest.mark.browser
async def test_a_server_that_is_away_for_a_moment_takes_nothing_from_the_form(stage: Stage) -> None:
    page, sid = stage.page, await stage.session(order=FREE)
    await stage.form(sid)
    await stage.card()

    async def away(route: Route) -> None:
        if route.request.resource_type == "fetch":
            await route.fulfill(status=503, content_type="text/html", body="<h1>One moment</h1>")
        else:
            await route.continue_()

    await page.route(f"**/v1/view/{sid}?*", away)
    dearer = {"order": {"amount": 50000}}
    assert (await stage.shop.put(f"/v1/sessions/{sid}?update_without_lock=true", dearer)).status_code == 200
    async with page.expect_response(lambda answer: answer.status == 503):
        await stage.look_again()
    await page.unroute(f"**/v1/view/{sid}?*")
    await stage.press()  # refused, since the page still shows the old price
    await stage.shows("notice-changed")
    await expect(page.get_by_test_id("pay")).to_have_text("Pay NOK 500.00")
    await expect(page.get_by_test_id("card-number")).to_have_value("4000 0000 0000 0002")


@pytest.mark.browser
async def test_an_order_that_costs_nothing_any_more_asks_for_no_card(stage: Stage) -> None:
    page, sid = stage.page, await stage.session(CARD, ZERO, order=FREE)
    await stage.form(sid)
    await expect(page.get_by_test_id("card-number")).to_be_visible()
    free = {"order": {"amount": 0}}
    assert (await stage.shop.put(f"/v1/sessions/{sid}?update_without_lock=true", free)).status_code == 200
    await stage.look_again()
    await expect(page.get_by_test_id("pay")).to_have_text("Confirm the order")
    await expect(page.get_by_test_id("card-number")).to_have_count(0)
    await stage.press()
    assert "transaction_id" in await at_the_shop(page)


@pytest.mark.browser
async def test_a_payment_that_was_not_tried_is_not_called_declined(stage: Stage) -> None:
    """The order changed while the customer pressed, and the page has learned of it before its payment is answered."""
    page, sid = stage.page, await stage.session()
    await stage.form(sid)
    await stage.card(REFUSED)
    await stage.press()
    await expect(page.get_by_test_id("refusal")).not_to_be_empty()
    await stage.card()
    await page.route(
        "**/pay", lambda route: route.continue_(headers={**route.request.headers, "if-unmodified-since": "0"})
    )
    await stage.press()
    await stage.shows("notice-changed")
    await expect(page.get_by_test_id("refusal")).to_be_empty()
    await expect(page.get_by_test_id("card-number")).to_have_value("4000 0000 0000 0002")
