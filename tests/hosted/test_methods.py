"""A customer chooses between ways to pay, approves somewhere else, changes their mind."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Page, expect

from tests_support import Server, Shop

from .test_looks import photograph
from .test_paying import GOOD, at_the_shop, payments, type_card

pytestmark = pytest.mark.browser

NewChoice = Callable[..., Awaitable[str]]
OpenPage = Callable[..., Awaitable[Page]]
CARD, VIPPS, KLARNA = "dintero_psp.creditcard", "payex.vipps", "klarna.klarna"
CHALLENGED = "4000100000000000"


async def choose(page: Page, product: str) -> None:
    await expect(page.get_by_test_id("pay")).to_be_enabled()
    await page.get_by_test_id(f"method-{product}").check()


async def decide(page: Page, decision: str) -> None:
    """At the simulated bank or app."""
    await page.wait_for_url("**/sandbox/approvals/**")
    await page.get_by_test_id(decision).click()


async def status_of(shop: Shop, parameters: dict[str, str]) -> str:
    transaction = (await shop.get(f"/v1/transactions/{parameters['transaction_id']}")).json()
    return str(transaction["status"])


@pytest.fixture
async def page(server: Server, new_choice: NewChoice, open_page: OpenPage) -> Page:
    sid = await new_choice(CARD, VIPPS, KLARNA, "dintero.wallets")
    return await open_page(f"{server.url}/v1/view/{sid}?language=en")


async def test_each_way_to_pay_has_a_name_and_asks_for_what_it_needs(page: Page) -> None:
    group = page.get_by_role("group", name="How do you want to pay?")
    await expect(group.get_by_role("radio")).to_have_count(4)
    await expect(group.get_by_role("radio", name="Card", exact=True)).to_be_checked()
    fields = {"card-number": "Card", "phone": "Vipps", "gift": "Gift card", "": "Klarna"}
    for name in fields.values():
        await group.get_by_role("radio", name=name, exact=True).check()
        for shown, of in fields.items():
            if shown:
                await expect(page.get_by_test_id(shown)).to_be_visible(visible=of == name)
    await expect(page.get_by_text("You go on to another page")).to_be_visible()


async def test_vipps_is_approved_in_its_app_and_the_customer_comes_back_to_the_shop(page: Page, shop: Shop) -> None:
    await choose(page, VIPPS)
    await page.get_by_label("Phone number").fill("+47 402 30 256")
    await page.get_by_test_id("pay").click()
    await page.wait_for_url("**/sandbox/approvals/**")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Approve the payment in Vipps")
    await expect(page.get_by_test_id("phone")).to_have_text("+4740230256")
    await expect(page.get_by_test_id("amount")).to_have_text("NOK 398.00")
    await decide(page, "approve")
    assert await status_of(shop, await at_the_shop(page)) == "AUTHORIZED"


async def test_the_keyboard_alone_chooses_and_approves(page: Page, shop: Shop) -> None:
    await expect(page.get_by_test_id("pay")).to_be_enabled()
    await page.get_by_test_id(f"method-{CARD}").focus()
    while not await page.get_by_test_id(f"method-{VIPPS}").is_checked():
        await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/sandbox/approvals/**")
    await expect(page.get_by_test_id("approve")).to_be_enabled()
    for _ in range(3):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.dataset.testid") == "approve":
            break
    await page.keyboard.press("Enter")
    assert await status_of(shop, await at_the_shop(page)) == "AUTHORIZED"


async def test_after_a_no_the_reason_is_told_and_a_card_pays(page: Page, shop: Shop) -> None:
    await choose(page, VIPPS)
    await page.get_by_test_id("pay").click()
    await decide(page, "decline")
    refusal = page.get_by_test_id("refusal")
    await expect(refusal).to_contain_text("You declined the payment. You have not been charged.")
    await expect(refusal).to_contain_text("The customer declined the payment")  # a tester hears the provider's words
    await choose(page, CARD)
    await type_card(page, GOOD)
    await page.get_by_test_id("pay").click()
    assert await status_of(shop, await at_the_shop(page)) == "AUTHORIZED"


async def test_who_comes_back_undecided_sees_what_waits_and_may_choose_another_way(page: Page, shop: Shop) -> None:
    await choose(page, VIPPS)
    await page.get_by_test_id("pay").click()
    await page.wait_for_url("**/sandbox/approvals/**")
    approval = page.url
    await page.go_back()
    await expect(page.get_by_role("heading", level=1)).to_have_text("The payment waits for your approval")
    await expect(page.get_by_test_id("approve-link")).to_have_text("Go on to Vipps")
    await photograph(page, "waits")
    await page.get_by_test_id("approve-link").click()
    await page.wait_for_url("**/sandbox/approvals/**")
    await page.go_back()
    await page.get_by_test_id("other").click()
    await expect(page.get_by_test_id("pay")).to_be_enabled()
    await expect(page.get_by_test_id("refusal")).to_be_empty()  # nothing went wrong
    await page.goto(approval)
    await expect(page.get_by_test_id("approval-declined")).to_be_visible()
    await page.get_by_test_id("onward").click()
    await type_card(page, GOOD)
    await page.get_by_test_id("pay").click()
    assert await status_of(shop, await at_the_shop(page)) == "AUTHORIZED"


async def test_another_tab_learns_what_waits_and_then_that_it_was_paid(
    server: Server, new_choice: NewChoice, open_page: OpenPage
) -> None:
    url = f"{server.url}/v1/view/{await new_choice(CARD, VIPPS)}?language=en"
    first, second = await open_page(url), await open_page(url)
    await choose(first, VIPPS)
    await type_card(second, GOOD)
    await first.get_by_test_id("pay").click()
    await first.wait_for_url("**/sandbox/approvals/**")
    await second.get_by_test_id("pay").click()
    await expect(second.get_by_test_id("approve-link")).to_be_visible(timeout=15_000)
    await decide(first, "approve")
    paid = await at_the_shop(first)
    assert (await at_the_shop(second))["transaction_id"] == paid["transaction_id"]


async def test_a_card_that_wants_3_d_secure_is_confirmed_at_the_bank(
    server: Server, shop: Shop, new_choice: NewChoice, open_page: OpenPage
) -> None:
    page = await open_page(f"{server.url}/v1/view/{await new_choice(CARD)}?language=en")
    await type_card(page, CHALLENGED)
    await page.get_by_test_id("pay").click()
    await page.wait_for_url("**/sandbox/approvals/**")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Confirm the payment with your bank")
    await decide(page, "decline")
    await expect(page.get_by_test_id("refusal")).to_contain_text("The bank wants you to confirm the purchase")
    await type_card(page, CHALLENGED)
    await page.get_by_test_id("pay").click()
    await decide(page, "approve")
    assert await status_of(shop, await at_the_shop(page)) == "AUTHORIZED"


async def test_swish_alone_needs_no_choice_and_is_captured_at_once(
    server: Server, shop: Shop, new_choice: NewChoice, open_page: OpenPage
) -> None:
    sid = await new_choice("swish.swish", currency="SEK")
    page = await open_page(f"{server.url}/v1/view/{sid}?language=en")
    await expect(page.get_by_role("heading", name="Pay with Swish")).to_be_visible()
    await expect(page.get_by_role("radio")).to_have_count(0)
    await expect(page.get_by_test_id("pay")).to_be_enabled()
    await page.get_by_test_id("phone").fill("0701740615")
    await page.get_by_test_id("pay").click()
    await decide(page, "approve")
    assert await status_of(shop, await at_the_shop(page)) == "CAPTURED"


async def test_an_invoice_is_put_on_hold_until_it_was_looked_at(
    server: Server, shop: Shop, new_choice: NewChoice, open_page: OpenPage
) -> None:
    invoice = {"type": "payment_type", "invoice": {
        "type": "payment_product_type", "enabled": True, "options": {"enable_on_hold": True}}}  # fmt: skip
    sid = await new_choice(collector=invoice)
    page = await open_page(f"{server.url}/v1/view/{sid}?language=en")
    await expect(page.get_by_test_id("pay")).to_be_enabled()
    await page.get_by_test_id("pay").click()
    await page.wait_for_url("**/sandbox/approvals/**")
    approval = page.url
    await decide(page, "approve")
    parameters = await at_the_shop(page)
    assert await status_of(shop, parameters) == "ON_HOLD"
    await page.goto(approval)
    await expect(page.get_by_test_id("approval-review")).to_be_visible()
    await expect(page.get_by_test_id("left")).to_have_count(0)  # a review has no end of its own
    await photograph(page, "review")
    await page.get_by_test_id("approve").click()
    await at_the_shop(page)
    assert await status_of(shop, parameters) == "AUTHORIZED"


async def test_a_gift_card_is_asked_for_its_number(page: Page, shop: Shop) -> None:
    sent = payments(page)
    await choose(page, "dintero.wallets")
    await page.get_by_test_id("pay").click()
    await expect(page.locator("#gift-error")).to_have_text("Enter the number of the gift card.")
    await expect(page.get_by_test_id("gift")).to_be_focused()
    assert sent == []
    await page.get_by_test_id("gift").fill("6006 0000 0000 0100")
    await page.get_by_test_id("pay").click()
    await expect(page.get_by_test_id("refusal")).to_contain_text("There is not enough on the gift card.")
    await page.get_by_test_id("gift").fill("6006 0000 0000 1000")
    await page.get_by_test_id("pay").click()
    assert await status_of(shop, await at_the_shop(page)) == "AUTHORIZED"


async def test_a_phone_number_is_checked_and_may_be_left_out(page: Page) -> None:
    await choose(page, VIPPS)
    phone = page.get_by_test_id("phone")
    for wrong in ("12", "call me", "+47 402 30 256 402 30 256 99", "47+40230256"):
        await phone.fill(wrong)
        await page.get_by_test_id("pay").click()
        await expect(phone).to_have_attribute("aria-invalid", "true")
        await expect(page.locator("#phone-error")).to_contain_text("The phone number is not right.")
    await phone.fill("")
    await expect(phone).not_to_have_attribute("aria-invalid", "true")
    await page.get_by_test_id("pay").click()
    await page.wait_for_url("**/sandbox/approvals/**")
    await expect(page.get_by_test_id("phone")).to_have_count(0)


async def test_the_shop_s_default_is_chosen_and_one_name_is_one_choice(
    server: Server, new_choice: NewChoice, open_page: OpenPage
) -> None:
    sid = await new_choice(CARD, "payex.creditcard", VIPPS, "bambora.vipps", default_payment_type="bambora.vipps")
    page = await open_page(f"{server.url}/v1/view/{sid}?language=nb")
    await expect(page.get_by_role("radio")).to_have_count(2)
    await expect(page.get_by_role("radio", name="Vipps")).to_be_checked()
    await expect(page.get_by_role("radio", name="Vipps")).to_have_value("bambora.vipps")
    await expect(page.get_by_test_id("card-number")).to_be_hidden()
    await expect(page.get_by_text(re.compile("Butikken får aldri se"))).to_be_hidden()


async def test_a_card_is_saved_with_a_tick_and_paid_with_the_next_time(
    server: Server, shop: Shop, new_choice: NewChoice, open_page: OpenPage
) -> None:
    asking = {"generate_payment_token": True, "generate_payment_token_config": {"save_card_checkbox": "opt_in"}}
    saving = {"payex": {"type": "payment_type", "creditcard": {
        "type": "payment_product_type", "enabled": True, **asking}}}  # fmt: skip
    page = await open_page(f"{server.url}/v1/view/{await new_choice(**saving)}?language=en")
    await type_card(page, GOOD)
    await expect(page.get_by_label("Save the card at the shop for the next time")).not_to_be_checked()
    await page.get_by_test_id("save-card").check()
    await page.get_by_test_id("pay").click()
    paid = await at_the_shop(page)
    path = f"/v1/transactions/{paid['transaction_id']}?includes=card.payment_token"
    token = (await shop.get(path)).json()["card"]["payment_token"]

    customer = {"tokens": {"payex.creditcard": {"payment_token": token}}}
    page = await open_page(f"{server.url}/v1/view/{await new_choice(customer=customer, **saving)}?language=en")
    await expect(page.get_by_test_id("pay")).to_be_enabled()
    await expect(page.get_by_role("radio")).to_have_count(2)
    await expect(page.get_by_role("radio", name="Visa ending in 0002, 12/2040")).to_be_checked()
    await expect(page.get_by_role("radio", name="Another card")).not_to_be_checked()
    await expect(page.get_by_test_id("card-number")).to_be_hidden()
    await photograph(page, "saved")
    await page.get_by_test_id("pay").click()
    assert await status_of(shop, await at_the_shop(page)) == "AUTHORIZED"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), [(360, 740), (1280, 900)])
async def test_the_choice_fits_its_screen(
    server: Server, new_choice: NewChoice, open_page: OpenPage, width: int, height: int, scheme: str
) -> None:
    sid = await new_choice(CARD, VIPPS, KLARNA, "collector.invoice", "dintero_psp.applepay", "two.invoice_b2b")
    page = await open_page(
        f"{server.url}/v1/view/{sid}", viewport={"width": width, "height": height}, color_scheme=scheme
    )
    await expect(page.get_by_test_id("pay")).to_be_enabled()
    await photograph(page, f"choice-card-{width}-{scheme}")
    await choose(page, VIPPS)
    await photograph(page, f"choice-vipps-{width}-{scheme}")
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    heights: list[float] = await page.evaluate(
        "[...document.querySelectorAll('.method, a, button')].map((one) => one.getBoundingClientRect().height)"
    )
    assert all(height == 0 or height >= 44 for height in heights)
