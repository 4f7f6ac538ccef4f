"""An express purchase in Chromium: where it goes, how it comes, who pays; a real shop's server is asked."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from playwright.async_api import expect

from tests_support import Server, Shop

from ..checkout.buying import AskedShop, asked_shop
from .express_buyers import DOOR, KARI, NewBuyer, OpenPage, buyers, ships_anywhere, type_address
from .test_paying import at_the_shop, type_card

pytestmark = pytest.mark.browser


@pytest.fixture
async def asked() -> AsyncIterator[AskedShop]:
    """The shop's own server. It ships to a door and to a shelf."""
    async with asked_shop(ships_anywhere) as running:
        yield running


@pytest.fixture
def new_buyer(shop: Shop, http: httpx.AsyncClient, asked: AskedShop) -> NewBuyer:
    return buyers(shop, http, asked)


async def test_a_customer_says_where_and_how_and_pays_what_it_comes_to(
    server: Server, shop: Shop, new_buyer: NewBuyer, asked: AskedShop, open_page: OpenPage
) -> None:
    buyer = await new_buyer()
    page = await open_page(f"{server.url}/v1/view/{buyer.sid}")
    await expect(page.get_by_test_id("pay")).to_be_hidden()
    await type_address(page, phone_number=" +47 912 34 567")
    await expect(page.get_by_test_id("address-country")).to_have_value("NO")
    await page.get_by_test_id("address-next").click()
    await expect(page.get_by_test_id("address-folded")).to_contain_text("Trondheimsveien 1")
    await expect(page.get_by_test_id("address")).to_be_hidden()
    assert [told["order"]["shipping_address"] for told in asked.asked] == [{**KARI, "country": "NO"}]
    await type_card(page, "4000000000000002")
    await page.get_by_test_id("pay").click()  # without saying how
    await expect(page.get_by_test_id("shipping-error")).to_have_text("Velg hvordan du vil ha varene levert.")
    await expect(page.get_by_test_id("option-door")).to_be_focused()
    door, shelf = page.locator(".option").nth(0), page.locator(".option").nth(1)
    for text in ("Hjem på døra", "79,00 kr", "Posten", "Vi ringer på.", "ons. 25. nov., 17:00–19:00"):
        await expect(door).to_contain_text(text)
    for text in ("Gratis", "PostNord", "1–2 virkedager", "Kiwi Torshov, Vogts gate 64, 0477 Oslo, 0,4 km unna"):
        await expect(shelf).to_contain_text(text)
    await shelf.locator("summary").click()
    await expect(shelf.locator("li")).to_have_text("man.–fre. 08:00–22:00")
    await page.get_by_test_id("option-door").check()
    await expect(page.get_by_test_id("pay")).to_have_text("Betal 477,00 kr")
    await expect(page.get_by_test_id("total")).to_have_text("477,00 kr")
    await expect(page.get_by_test_id("shipping-error")).to_be_empty()
    await page.get_by_test_id("option-shelf").check()
    await expect(page.get_by_test_id("pay")).to_have_text("Betal 398,00 kr")
    await page.get_by_test_id("option-door").check()
    await expect(page.get_by_test_id("pay")).to_have_text("Betal 477,00 kr")
    await page.get_by_test_id("pay").click()
    transaction_id = (await at_the_shop(page))["transaction_id"]
    paid = (await shop.get(f"/v1/transactions/{transaction_id}")).json()
    assert (paid["amount"], paid["shipping_option"]["line_id"]) == (47700, "door-1")
    assert paid["shipping_address"] == paid["billing_address"] == {**KARI, "country": "NO"}


async def test_what_was_given_is_there_in_another_tab_and_after_a_reload_and_can_be_changed(
    server: Server, new_buyer: NewBuyer, open_page: OpenPage
) -> None:
    buyer = await new_buyer()
    url = f"{server.url}/v1/view/{buyer.sid}?language=en"
    page = await open_page(url)
    await type_address(page)
    await page.get_by_test_id("address-next").click()
    await page.get_by_test_id("option-shelf").check()
    await expect(page.get_by_test_id("shipping-error")).to_be_empty()
    await expect(page.locator("#shipping input[checked]")).to_have_count(1)
    await page.reload()
    await expect(page.get_by_test_id("address-folded")).to_contain_text("kari@example.com")
    await expect(page.get_by_test_id("option-shelf")).to_be_checked()
    other = await open_page(url)
    await other.get_by_test_id("address-change").click()
    await expect(other.get_by_test_id("pay")).to_be_hidden()
    await expect(other.get_by_test_id("address-first_name")).to_have_value("Kari")
    await other.get_by_test_id("address-first_name").fill("Ola")
    await other.get_by_test_id("address-keep").click()
    await expect(other.get_by_test_id("address-change")).to_be_focused()
    await other.get_by_test_id("address-change").click()
    await expect(other.get_by_test_id("address-first_name")).to_have_value("Kari")
    await other.get_by_test_id("address-first_name").fill("Ola")
    await other.get_by_test_id("address-next").click()
    await expect(other.get_by_test_id("address-folded")).to_contain_text("Ola Nordmann")
    await expect(other.get_by_test_id("option-shelf")).to_be_checked()
    await type_card(page, "4000000000000002")  # the first tab shows what is no more
    await page.get_by_test_id("pay").click()
    await expect(page.get_by_test_id("notice-changed")).to_be_visible()
    await expect(page.get_by_test_id("address-folded")).to_contain_text("Ola Nordmann")
    await expect(page.get_by_test_id("card-expiry")).to_have_value("12/40")
    await page.get_by_test_id("pay").click()
    assert "transaction_id" in await at_the_shop(page)


async def test_a_price_that_the_shop_changes_is_shown_before_it_is_paid(
    server: Server, shop: Shop, new_buyer: NewBuyer, open_page: OpenPage
) -> None:
    buyer = await new_buyer(express={"shipping_options": [DOOR], "shipping_address_callback_url": None})
    page = await open_page(f"{server.url}/v1/view/{buyer.sid}?language=en")
    await type_address(page)
    await page.get_by_test_id("address-next").click()
    await expect(page.get_by_test_id("pay")).to_have_text("Pay NOK 477.00")  # one way alone: nobody has to choose it
    await type_card(page, "4000000000000002")
    dearer = {"order": {"amount": 59900}, "express": {"shipping_options": [{**DOOR, "amount": 20100}]}}
    answer = await buyer.update(dearer, "?update_without_lock=true")
    assert answer.status_code == 200, answer.text
    await page.get_by_test_id("pay").click()
    await expect(page.get_by_test_id("pay")).to_have_text("Pay NOK 599.00")
    await expect(page.get_by_test_id("notice-changed")).to_be_visible()
    assert "transaction_id" not in await buyer.session()
    await page.get_by_test_id("pay").click()
    transaction_id = (await at_the_shop(page))["transaction_id"]
    assert (await shop.get(f"/v1/transactions/{transaction_id}")).json()["amount"] == 59900


async def test_a_company_in_the_only_country_with_the_bill_elsewhere(
    server: Server, shop: Shop, new_buyer: NewBuyer, open_page: OpenPage
) -> None:
    buyer = await new_buyer(
        express={"customer_types": ["b2c", "b2b"], "default_different_billing_shipping_address": ["b2b"]},
        configuration={
            "countries": {"allow_countries": ["NO"]},
            "default_customer_type": "b2c",
            "allow_different_billing_shipping_address": ["b2b"],
        },
    )
    page = await open_page(f"{server.url}/v1/view/{buyer.sid}")
    await expect(page.get_by_test_id("address-country")).to_have_text("Land Norge")
    await expect(page.locator("select")).to_have_count(0)
    await expect(page.get_by_test_id("address-business_name")).to_be_hidden()
    await expect(page.get_by_test_id("apart")).to_be_hidden()
    await page.get_by_test_id("kind-b2b").check()
    await expect(page.get_by_test_id("apart")).to_be_checked()
    company = {"business_name": "Stol & Bord AS", "organization_number": "912345678", "cost_center": "42"}
    await type_address(page, **company)
    await page.get_by_test_id("address-next").click()
    await expect(page.locator("#billing-first_name-error")).to_have_text("Skriv inn fornavnet.")
    await expect(page.get_by_test_id("billing-first_name")).to_be_focused()
    elsewhere = {
        "first_name": "Regn",
        "last_name": "Skap",
        "address_line": "Kaia 2",
        "postal_code": "5003",
        "postal_place": "Bergen",
    }
    await type_address(page, "billing", **elsewhere)
    await page.get_by_test_id("address-next").click()
    await expect(page.get_by_test_id("billing-folded")).to_contain_text("Kaia 2")
    await page.get_by_test_id("option-shelf").check()
    await type_card(page, "4000000000000002")
    await expect(page.locator("#shipping input[checked]")).to_have_count(1)
    await page.get_by_test_id("pay").click()
    transaction_id = (await at_the_shop(page))["transaction_id"]
    paid = (await shop.get(f"/v1/transactions/{transaction_id}")).json()
    goods = {**KARI, **company, "country": "NO"}
    assert paid["shipping_address"] == goods
    assert paid["billing_address"] == {**goods, **elsewhere}


async def test_an_express_purchase_with_the_keyboard_alone(
    server: Server, new_buyer: NewBuyer, open_page: OpenPage
) -> None:
    buyer = await new_buyer()
    page = await open_page(f"{server.url}/v1/view/{buyer.sid}?language=en")
    await expect(page.get_by_test_id("address-next")).to_be_enabled()
    await page.get_by_test_id("address-first_name").focus()
    typed = [KARI[name] for name in ("first_name", "last_name", "email", "phone_number")]
    typed += ["Norw", KARI["address_line"], KARI["postal_code"], KARI["postal_place"]]
    for text in typed:
        await page.keyboard.type(text)
        await page.keyboard.press("Tab")
    await page.get_by_test_id("address-postal_place").press("Enter")
    await expect(page.locator("#shipping-heading")).to_be_focused()
    await expect(page.locator("#news")).to_have_text("The address is saved. Choose how you want it delivered.")
    await page.keyboard.press("Tab")
    await expect(page.get_by_test_id("option-door")).to_be_focused()
    await page.keyboard.press("ArrowDown")
    await expect(page.get_by_test_id("total")).to_have_text("NOK 398.00")
    await page.keyboard.press("ArrowDown")
    await expect(page.get_by_test_id("total")).to_have_text("NOK 477.00")
    await expect(page.get_by_test_id("option-door")).to_be_focused()
    await expect(page.locator("#news")).to_have_text("The delivery is chosen. To pay: NOK 477.00.")
    for _ in range(8):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.dataset.testid") == "card-number":
            break
    for text in ("4000000000000002", "1240", "123"):
        await page.keyboard.type(text)
        await page.keyboard.press("Tab")
    await page.get_by_test_id("card-cvc").press("Enter")
    assert "transaction_id" in await at_the_shop(page)
