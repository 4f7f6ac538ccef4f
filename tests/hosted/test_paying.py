"""A customer pays, in Chromium, with the mouse, the keyboard, and without luck."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.async_api import Page, Request, Route, expect

from tests_support import Server, Shop

pytestmark = pytest.mark.browser

NewSession = Callable[..., Awaitable[str]]
OpenPage = Callable[..., Awaitable[Page]]

GOOD = "4000000000000002"
REFUSED = "4100000000000076"
SILENT = "4100000000000001"


async def type_card(page: Page, number: str) -> None:
    await page.get_by_test_id("card-number").press_sequentially(number)
    await page.get_by_test_id("card-expiry").press_sequentially("1240")
    await page.get_by_test_id("card-cvc").press_sequentially("123")


def payments(page: Page) -> list[Request]:
    """Every request to pay that the page sends, as it sends them."""
    seen: list[Request] = []
    page.on("request", lambda request: seen.append(request) if request.url.endswith("/pay") else None)
    return seen


async def at_the_shop(page: Page) -> dict[str, str]:
    """Waits for the redirect, and answers its parameters."""
    await page.wait_for_url("https://shop.example/thanks**")
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


async def test_a_customer_pays_and_comes_back_to_the_shop(
    server: Server, shop: Shop, new_session: NewSession, open_page: OpenPage
) -> None:
    sid = await new_session()
    page = await open_page(f"{server.url}/v1/view/{sid}")
    await expect(page.get_by_test_id("pay")).to_have_text("Betal 398,00 kr")
    await type_card(page, GOOD)
    await expect(page.get_by_test_id("card-number")).to_have_value("4000 0000 0000 0002")
    await expect(page.get_by_test_id("card-expiry")).to_have_value("12/40")
    await page.get_by_test_id("pay").click()
    parameters = await at_the_shop(page)
    assert parameters["order"] == "7"
    assert parameters["session_id"] == sid
    assert parameters["merchant_reference"] == "7F3K9QX2M"
    assert "error" not in parameters
    transaction = (await shop.get(f"/v1/transactions/{parameters['transaction_id']}")).json()
    assert transaction["status"] == "AUTHORIZED"


async def test_nobody_pays_another_price_than_the_page_shows(
    server: Server, shop: Shop, new_session: NewSession, open_page: OpenPage
) -> None:
    sid = await new_session()
    page = await open_page(f"{server.url}/v1/view/{sid}")
    await type_card(page, GOOD)
    dearer = {"order": {"amount": 50000, "items": [{"line_id": "1", "amount": 50000}]}}
    assert (await shop.put(f"/v1/sessions/{sid}?update_without_lock=true", dearer)).status_code == 200
    await page.get_by_test_id("pay").click()
    await expect(page.get_by_test_id("pay")).to_have_text("Betal 500,00 kr")
    assert "transaction_id" not in (await shop.get(f"/v1/sessions/{sid}")).json()
    await expect(page.get_by_test_id("notice-changed")).to_contain_text("Bestillingen er endret")
    await expect(page.get_by_test_id("total")).to_have_text("500,00 kr")
    await expect(page.get_by_test_id("card-number")).to_have_value("4000 0000 0000 0002")
    await page.get_by_test_id("pay").click()
    transaction_id = (await at_the_shop(page))["transaction_id"]
    assert (await shop.get(f"/v1/transactions/{transaction_id}")).json()["amount"] == 50000


async def test_the_keyboard_alone_is_enough(server: Server, new_session: NewSession, open_page: OpenPage) -> None:
    page = await open_page(f"{server.url}/?sid={await new_session()}&language=en")
    await expect(page.get_by_test_id("pay")).to_be_enabled()
    for _ in range(10):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.dataset.testid") == "card-number":
            break
    await page.keyboard.type(GOOD)
    await page.keyboard.press("Tab")
    await page.keyboard.type("1240")
    await page.keyboard.press("Tab")
    await page.keyboard.type("123")
    await page.keyboard.press("Enter")
    assert "transaction_id" in await at_the_shop(page)


async def test_a_refusal_keeps_what_was_typed_and_says_what_to_try(
    server: Server, new_session: NewSession, open_page: OpenPage
) -> None:
    page = await open_page(f"{server.url}/v1/view/{await new_session()}?language=en")
    await type_card(page, REFUSED)
    await page.get_by_test_id("pay").click()
    refusal = page.get_by_test_id("refusal")
    await expect(refusal).to_contain_text("You have not been charged")
    await expect(refusal).to_contain_text("use another card")
    await expect(page.get_by_test_id("card-number")).to_have_value("4100 0000 0000 0076")
    await expect(page.get_by_test_id("card-expiry")).to_have_value("12/40")
    await expect(page.get_by_test_id("card-cvc")).to_have_value("123")
    await page.get_by_test_id("card-number").fill("4000 0000 0000 0002")
    await page.get_by_test_id("pay").click()
    assert "error" not in await at_the_shop(page)


async def test_a_wrong_card_is_noticed_before_anything_is_sent(
    server: Server, new_session: NewSession, open_page: OpenPage
) -> None:
    page = await open_page(f"{server.url}/v1/view/{await new_session()}?language=en")
    sent = payments(page)
    number, expiry = page.get_by_test_id("card-number"), page.get_by_test_id("card-expiry")
    await number.press_sequentially("4000 0000 0000 0003")
    await expect(number).not_to_have_attribute("aria-invalid", "true")  # nobody is told off while typing
    await expiry.focus()
    await expect(number).to_have_attribute("aria-invalid", "true")
    await expect(page.locator("#card-number-error")).to_have_text(
        "The card number is not right. Look for a typing mistake."
    )
    assert "card-number-error" in (await number.get_attribute("aria-describedby") or "")
    await expiry.press_sequentially("0120")
    await page.get_by_test_id("pay").click()
    await expect(page.locator("#card-expiry-error")).to_have_text("The card has expired. Check the date.")
    await expect(page.locator("#card-cvc-error")).to_have_text("Enter the security code.")
    await expect(number).to_be_focused()
    assert sent == []
    await number.press("End")
    await number.press("Backspace")
    await number.press("2")
    await expect(number).not_to_have_attribute("aria-invalid", "true")  # right again, and at once


async def test_a_double_click_pays_once(
    server: Server, shop: Shop, new_session: NewSession, open_page: OpenPage
) -> None:
    sid = await new_session()
    page = await open_page(f"{server.url}/v1/view/{sid}")
    sent = payments(page)

    async def slowly(route: Route) -> None:
        await asyncio.sleep(0.4)
        await route.continue_()

    await page.route("**/pay", slowly)
    await type_card(page, GOOD)
    await page.get_by_test_id("pay").dblclick()
    await expect(page.get_by_test_id("pay")).to_have_attribute("aria-disabled", "true")
    await page.get_by_test_id("card-cvc").press("Enter")
    await at_the_shop(page)
    assert len(sent) == 1


async def test_cancelling_leads_back_to_the_shop(
    server: Server, shop: Shop, new_session: NewSession, open_page: OpenPage
) -> None:
    sid = await new_session()
    page = await open_page(f"{server.url}/v1/view/{sid}")
    await page.get_by_test_id("cancel").click()
    parameters = await at_the_shop(page)
    assert parameters["error"] == "cancelled"
    assert parameters["merchant_reference"] == "7F3K9QX2M"
    await page.goto(f"{server.url}/v1/view/{sid}")
    await expect(page.get_by_test_id("state-cancelled")).to_be_visible()


async def test_a_bank_that_does_not_answer_is_asked_until_it_does(
    server: Server, new_session: NewSession, open_page: OpenPage
) -> None:
    page = await open_page(f"{server.url}/v1/view/{await new_session()}?language=en")
    await type_card(page, SILENT)
    await page.get_by_test_id("pay").click()
    await expect(page.get_by_test_id("waiting")).to_contain_text("You will not be charged twice")
    await expect(page.locator(":focus")).to_have_text("We are asking the bank")
    await expect(page.get_by_test_id("refusal")).to_contain_text("You have not been charged", timeout=30_000)
    await expect(page.get_by_test_id("card-number")).to_have_value("4100 0000 0000 0001")
    await expect(page.get_by_test_id("pay")).to_have_attribute("aria-disabled", "false")


async def test_a_page_loaded_again_during_the_wait_goes_on_waiting(
    server: Server, new_session: NewSession, open_page: OpenPage
) -> None:
    page = await open_page(f"{server.url}/v1/view/{await new_session()}?language=en")
    await type_card(page, SILENT)
    await page.get_by_test_id("pay").click()
    await expect(page.get_by_test_id("waiting")).to_be_visible()
    await page.reload()
    await expect(page.get_by_test_id("waiting")).to_be_visible()
    await expect(page.get_by_test_id("pay")).to_be_enabled(timeout=30_000)


async def test_an_answer_lost_on_the_way_back_is_asked_for(
    server: Server, new_session: NewSession, open_page: OpenPage
) -> None:
    """The money moved and the network went: the page must not say that it failed."""
    page = await open_page(f"{server.url}/v1/view/{await new_session()}")

    async def lose_the_answer(route: Route) -> None:
        await route.fetch()
        await route.abort("connectionreset")

    await page.route("**/pay", lose_the_answer)
    await type_card(page, GOOD)
    await page.get_by_test_id("pay").click()
    parameters = await at_the_shop(page)
    assert "error" not in parameters
    assert "transaction_id" in parameters


async def test_a_request_lost_on_the_way_there_leads_back_to_the_form(
    server: Server, new_session: NewSession, open_page: OpenPage
) -> None:
    page = await open_page(f"{server.url}/v1/view/{await new_session()}?language=en")
    await page.route("**/pay", lambda route: route.abort("internetdisconnected"))
    await type_card(page, GOOD)
    await page.get_by_test_id("pay").click()
    await expect(page.get_by_test_id("waiting")).to_be_visible()
    await expect(page.get_by_test_id("refusal")).to_contain_text("you have not been charged", timeout=15_000)
    await page.unroute("**/pay")
    await page.get_by_test_id("pay").click()
    assert "transaction_id" in await at_the_shop(page)


async def test_without_a_network_the_page_waits_for_it_and_claims_nothing(
    server: Server, new_session: NewSession, open_page: OpenPage
) -> None:
    page = await open_page(f"{server.url}/v1/view/{await new_session()}?language=en")
    await type_card(page, GOOD)
    await page.context.set_offline(True)
    await page.get_by_test_id("pay").click()
    await expect(page.locator("#waiting-trouble")).to_contain_text("We have no connection")
    await expect(page.get_by_test_id("refusal")).to_be_empty()
    await page.context.set_offline(False)
    await expect(page.get_by_test_id("pay")).to_be_visible(timeout=15_000)


async def test_a_session_that_was_paid_in_another_tab_is_not_paid_again(
    server: Server, new_session: NewSession, open_page: OpenPage
) -> None:
    url = f"{server.url}/v1/view/{await new_session()}"
    first, second = await open_page(url), await open_page(url)
    for page in (first, second):
        await type_card(page, GOOD)
    await first.get_by_test_id("pay").click()
    paid = await at_the_shop(first)
    await second.get_by_test_id("pay").click()
    assert (await at_the_shop(second))["transaction_id"] == paid["transaction_id"]


async def test_a_payment_under_way_in_another_tab_is_waited_for(
    server: Server, new_session: NewSession, open_page: OpenPage
) -> None:
    url = f"{server.url}/v1/view/{await new_session()}"
    first, second = await open_page(url), await open_page(url)
    await type_card(first, SILENT)
    await type_card(second, GOOD)
    await first.get_by_test_id("pay").click()
    await expect(first.get_by_test_id("waiting")).to_be_visible()
    await second.get_by_test_id("pay").click()
    await expect(second.get_by_test_id("waiting")).to_be_visible()
    await expect(second.get_by_test_id("refusal")).to_be_empty()


async def test_the_card_is_in_no_address_and_in_no_storage(
    server: Server, new_session: NewSession, open_page: OpenPage
) -> None:
    page = await open_page(f"{server.url}/v1/view/{await new_session()}")
    requests: list[Request] = []
    page.on("request", lambda request: requests.append(request))
    await type_card(page, REFUSED)
    await page.get_by_test_id("pay").click()
    await expect(page.get_by_test_id("refusal")).not_to_be_empty()
    stored: Any = await page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]")
    assert stored == [0, 0, ""]
    for request in requests:
        assert REFUSED not in re.sub(r"\D", "", urlsplit(request.url).query + urlsplit(request.url).path)
        assert request.url.startswith(server.url)
