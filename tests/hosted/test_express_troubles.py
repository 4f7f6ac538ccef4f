"""An express purchase with discount codes, silent shops, wrong fields, odd texts, and what happens meanwhile."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from playwright.async_api import expect

from tests_support import Server, Shop

from ..checkout.buying import AskedShop, asked_shop
from .express_buyers import DOOR, KARI, SHELF, NewBuyer, OpenPage, buyers, ships_anywhere, type_address

pytestmark = pytest.mark.browser


@pytest.fixture
async def asked() -> AsyncIterator[AskedShop]:
    """The shop's own server. It ships to a door and to a shelf."""
    async with asked_shop(ships_anywhere) as running:
        yield running


@pytest.fixture
def new_buyer(shop: Shop, http: httpx.AsyncClient, asked: AskedShop) -> NewBuyer:
    return buyers(shop, http, asked)


async def test_discount_codes_are_used_refused_and_removed(
    server: Server, new_buyer: NewBuyer, open_page: OpenPage
) -> None:
    def say(session: dict[str, Any]) -> dict[str, Any]:
        codes = [code for code in session["order"].get("discount_codes", ()) if code == "HALF"]
        amount = 19900 if codes else 39800
        line = {"id": "175938", "line_id": "1", "description": "Stablestol", "quantity": 2, "amount": amount}
        if codes:
            line["discount_lines"] = [{"amount": 19900, "description": "Halv pris"}]
        order = {"amount": amount, "items": [line], "discount_codes": codes}
        return {"shipping_options": [DOOR, SHELF], "order": order}

    async with asked_shop(say) as priced:
        buyer = await new_buyer(
            express={"discount_codes": {"max_count": 1, "callback_url": f"{priced.url}/codes"}},
            configuration={"discounts": {"express_discount_codes": {"enabled": True}}},
            order={"shipping_address": {**KARI, "country": "NO"}},
        )
        await buyer.give("shipping_address", {**KARI, "country": "NO"})
        page = await open_page(f"{server.url}/v1/view/{buyer.sid}?language=en")
        error, code = page.get_by_test_id("code-error"), page.get_by_test_id("code")
        await page.locator("#codes summary").click()
        await code.press("Enter")
        await expect(error).to_have_text("Enter the code.")
        await code.fill(" WRONG ")
        await code.press("Enter")
        await expect(error).to_contain_text("does not accept this code")
        await expect(code).to_be_focused()
        await expect(code).to_have_attribute("aria-invalid", "true")
        await code.fill("half")
        await page.get_by_test_id("code-add").click()
        await expect(error).to_contain_text("does not accept")  # the shop tells small letters from capitals
        await code.fill("HALF")
        await page.get_by_test_id("code-add").click()
        await expect(page.locator("#codes-used")).to_contain_text("HALF")
        await expect(page.get_by_test_id("total")).to_have_text("NOK 199.00")
        await expect(page.locator(".lines")).to_contain_text("Halv pris")
        await expect(code).to_be_hidden()  # no more than one
        await expect(page.get_by_role("button", name="Remove HALF")).to_be_focused()
        await expect(page.locator("#news")).to_contain_text("The code HALF is in use. To pay: NOK 199.00.")
        await page.get_by_role("button", name="Remove HALF").press("Enter")
        await expect(page.get_by_test_id("total")).to_have_text("NOK 398.00")
        await expect(code).to_be_focused()
        priced.status = 500
        await code.fill("HALF")
        await code.press("Enter")
        await expect(error).to_contain_text("Nothing was changed")


async def test_a_silent_shop_and_a_refused_field_keep_what_was_typed(
    server: Server, new_buyer: NewBuyer, asked: AskedShop, open_page: OpenPage
) -> None:
    buyer = await new_buyer(configuration={"countries": {"deny_countries": ["SE"], "preferred_country": "DK"}})
    page = await open_page(f"{server.url}/v1/view/{buyer.sid}?language=en")
    country, error = page.get_by_test_id("address-country"), page.get_by_test_id("address-error")
    assert await country.evaluate("(list) => [...list.options].slice(0, 3).map((one) => one.value)") == [
        "DK",
        "AF",
        "AX",
    ]
    assert await country.locator("option[value=SE]").count() == 0
    await page.get_by_test_id("address-next").click()
    await expect(page.get_by_test_id("address-first_name")).to_be_focused()
    await expect(page.locator("#address .error:visible")).to_have_count(7)
    await type_address(page, email="kari", postal_code="056")
    await page.get_by_test_id("address-next").click()
    await expect(page.locator("#address-email-error")).to_contain_text("name@example.com")
    await expect(page.locator("#address-postal_code-error")).to_have_text("The postal code should have 4 digits.")
    await expect(page.get_by_test_id("address-email")).to_be_focused()
    await type_address(page)
    assert asked.asked == []
    asked.status = 500
    asked.free.clear()
    await page.get_by_test_id("address-next").click()
    await asked.came.wait()
    await expect(page.get_by_test_id("address-next")).to_have_attribute("aria-disabled", "true")
    await expect(page.locator("#news")).to_contain_text("It usually takes a few seconds")
    asked.free.set()
    await expect(error).to_contain_text("did not answer. Nothing was changed.")
    await expect(page.get_by_test_id("address-email")).to_have_value("kari@example.com")
    asked.status = 200
    asked.say = lambda _: {"shipping_options": []}
    await page.get_by_test_id("address-next").click()
    await expect(error).to_contain_text("does not deliver to this address")
    await expect(page.get_by_test_id("pay")).to_be_hidden()
    # The shop took Denmark off its list after the page was opened.
    await country.evaluate("(list) => list.append(new Option('Sverige', 'SE'))")
    await country.select_option("SE")
    await page.get_by_test_id("address-postal_code").fill("111 22")
    await page.get_by_test_id("address-next").click()
    await expect(page.locator("#address-country-error")).to_contain_text("does not sell to this country")
    await expect(country).to_be_focused()
    asked.say = lambda _: {"shipping_options": [SHELF]}
    await country.select_option("NO")
    await page.get_by_test_id("address-postal_code").fill("0566")
    await page.get_by_test_id("address-next").click()
    await expect(page.get_by_test_id("option-shelf")).to_be_checked()


async def test_what_happens_to_the_session_meanwhile_is_told_and_nothing_typed_is_lost(
    server: Server, new_buyer: NewBuyer, open_page: OpenPage
) -> None:
    buyer = await new_buyer()
    page = await open_page(f"{server.url}/v1/view/{buyer.sid}?language=en")
    await type_address(page)
    assert (await buyer.lock()).status_code == 200
    await page.get_by_test_id("address-next").click()
    await expect(page.get_by_test_id("address-error")).to_contain_text("is just changing the order")
    assert (await buyer.update({"order": {"merchant_reference_2": "A-2"}})).status_code == 200
    await expect(page.get_by_test_id("address-email")).to_have_value("kari@example.com")
    await page.context.set_offline(True)
    await page.get_by_test_id("address-next").click()
    await expect(page.get_by_test_id("address-error")).to_contain_text("no connection")
    await page.context.set_offline(False)
    await page.get_by_test_id("address-next").click()
    await expect(page.get_by_test_id("address-folded")).to_contain_text("Kari Nordmann")
    await buyer.give("shipping_option", {"id": "shelf"})
    await page.get_by_test_id("address-change").click()
    assert (await buyer.pay()).status_code == 200  # in another tab
    await page.get_by_test_id("address-next").click()
    await expect(page.get_by_test_id("state-paid")).to_be_visible()


async def test_markup_in_what_the_shop_ships_stays_text(
    server: Server, new_buyer: NewBuyer, asked: AskedShop, open_page: OpenPage
) -> None:
    hostile = "</script><img src=x onerror=alert(1)>\u202e\x07\"'{amount}"
    asked.say = lambda _: {
        "shipping_options": [
            {
                "id": hostile, "line_id": hostile, "title": hostile, "operator": hostile, "amount": 100,
                "description": hostile,
                "eta": {"starts_at": hostile, "working_days": [hostile, True, -1], "arrival_day_of_week": 99},
                "time_slot": {"starts_at": "9999-12-31T23:59:59Z", "ends_at": 5},
                "pick_up_address": {
                    "business_name": hostile, "address_line": hostile, "distance": -1,
                    "website_url": "javascript:alert(1)",
                    "opening_hours": {"periods": [hostile, {"opens_at": hostile, "closes_at": 1, "day_of_week": 1}]},
                },
            },
        ]
    }  # fmt: skip
    buyer = await new_buyer(
        configuration={"discounts": {"express_discount_codes": {"enabled": True}}}, express={"discount_codes": {}}
    )
    page = await open_page(f"{server.url}/v1/view/{buyer.sid}?language=en")
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    await type_address(page, first_name=hostile)
    await page.get_by_test_id("address-next").click()
    await expect(page.locator(".option input")).to_be_checked()
    await expect(page.get_by_test_id("pay")).to_have_text("Pay NOK 399.00")
    await page.locator("#codes summary").click()
    await page.get_by_test_id("code").fill(hostile)
    await page.get_by_test_id("code-add").click()
    await expect(page.locator("#codes-used")).to_contain_text("<img src=x")
    assert await page.locator("img").count() == 0
    shown = await page.locator("body").inner_text()
    assert "\u202e" not in shown
    assert "\x07" not in shown
