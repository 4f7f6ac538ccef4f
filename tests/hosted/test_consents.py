"""The shop's checkboxes and terms on the page, and what becomes of a tick."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from kvitt.checkout.model.session import Checkbox, CheckboxLink

from .stage import REFUSED, Stage
from .states_before import BOXES
from .test_paying import at_the_shop, payments
from .test_render import HOSTILE, html, view

TERMS = "https://shop.example/terms"


def test_the_shop_s_words_stay_words_and_its_links_open_beside_the_page() -> None:
    link = CheckboxLink(url="https://shop.example/a?b=1&c=2", text=HOSTILE)
    evil = CheckboxLink(url="java\tscript:alert(1)", text="Click")
    boxes = (
        Checkbox(id=HOSTILE, label=HOSTILE, link=link),
        Checkbox(id=2, label="\u202eturned", link=evil, required=True),
    )
    page = html(view(checkboxes=boxes, merchant_terms_url="javascript:alert(1)"))
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "javascript:" not in page
    assert "\u202e" not in page
    assert page.count('target="_blank"') == page.count('target="_blank" rel="noopener noreferrer"') == 1
    assert "you accept" not in page
    assert 'href="https://shop.example/terms" target="_blank" rel="noopener noreferrer"' in html(
        view(merchant_terms_url=TERMS)
    )


@pytest.mark.browser
async def test_a_box_that_must_be_ticked_is_ticked_before_anybody_pays(stage: Stage) -> None:
    page, sent = stage.page, payments(stage.page)
    sid = await stage.session(checkboxes=BOXES, url={"merchant_terms_url": TERMS})
    await stage.form(sid)
    await stage.card()
    await stage.press()
    box = page.get_by_role("checkbox", name="I am over 18")
    await expect(page.locator("#consent-0-error")).to_have_text("Tick this box to go on.")
    await expect(box).to_be_focused()
    await expect(box).to_have_accessible_description("! Tick this box to go on.")
    assert sent == []
    await page.keyboard.press("Space")
    await expect(page.locator("#consent-0-error")).to_be_hidden()
    await page.get_by_label("Send me news about the garden").uncheck()
    await stage.press()
    transaction_id = (await at_the_shop(page))["transaction_id"]
    transaction = (await stage.shop.get(f"/v1/transactions/{transaction_id}")).json()
    assert [(box["id"], box["checked"]) for box in transaction["checkboxes"]] == [("terms", True), ("news", False)]


@pytest.mark.browser
async def test_the_first_wrong_thing_on_the_page_is_where_the_customer_is_led(stage: Stage) -> None:
    await stage.form(await stage.session(checkboxes=BOXES))
    await stage.press()
    await expect(stage.page.get_by_test_id("card-number")).to_be_focused()
    await expect(stage.page.locator("#news")).to_have_text("Correct the 4 marked fields and try again.")


@pytest.mark.browser
async def test_after_a_declined_payment_the_page_comes_back_as_it_was_ticked(stage: Stage) -> None:
    await stage.form(await stage.session(checkboxes=BOXES))
    await stage.card(REFUSED)
    await stage.page.get_by_test_id("consent-0").check()
    await stage.page.get_by_test_id("consent-1").uncheck()
    await stage.press()
    await expect(stage.page.get_by_test_id("refusal")).not_to_be_empty()
    await stage.page.reload()
    await expect(stage.page.get_by_test_id("consent-0")).to_be_checked()
    await expect(stage.page.get_by_test_id("consent-1")).not_to_be_checked()
