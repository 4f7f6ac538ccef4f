"""The simulated banks, apps and companies as people meet them: each in its dress, and every way out of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest
from playwright.async_api import Page, expect

from tests_support import Server, Shop

from .test_approvals import state_of, waiting
from .test_looks import photograph
from .test_paying import at_the_shop

pytestmark = pytest.mark.browser

NewChoice = Callable[..., Awaitable[str]]
OpenPage = Callable[..., Awaitable[Page]]

AXE = Path(__file__).parents[2] / ".venv/npm/node_modules/axe-core/axe.min.js"
CARD, VIPPS = "dintero_psp.creditcard", "payex.vipps"
CHALLENGED = {"card": {"number": "4000100000000000", "expiry": "12/40", "cvc": "123"}}
ON_HOLD = {"type": "payment_type", "invoice": {
    "type": "payment_product_type", "enabled": True, "options": {"enable_on_hold": True}}}  # fmt: skip
FINDINGS = """async (rules) => (await axe.run(document, {runOnly: rules})).violations
  .map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(" ")}`)"""
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
LOOKS: list[tuple[int, Literal["light", "dark"], str, list[str]]] = [
    (320, "light", "ltr", WCAG),
    (360, "dark", "rtl", ["color-contrast"]),
    (768, "dark", "ltr", []),
    (1280, "light", "ltr", []),
]
"""Width, scheme, direction, and what axe looks for: what the scheme does not change is looked for once."""
SMALL = """[...document.querySelectorAll("main :is(a, button, input)")]
  .filter((one) => one.getBoundingClientRect().height < 44)
  .map((one) => one.outerHTML)"""
SIDES: list[tuple[str, str, dict[str, Any], str]] = [
    (CARD, "NOK", CHALLENGED, "bank"),
    (VIPPS, "NOK", {"phone_number": "+4740230256"}, "app"),
    ("swish.swish", "SEK", {"phone_number": "+46701740615"}, "app"),
    ("payex.mobilepay", "DKK", {}, "app"),
    ("dintero_psp.applepay", "NOK", {}, "wallet"),
    ("klarna.klarna", "SEK", {}, "check"),
    ("two.invoice_b2b", "EUR", {}, "check"),
    ("santander.debit_account", "DKK", {}, "bank"),
]


async def at_the_bank(http: httpx.AsyncClient, new_choice: NewChoice, **changes: Any) -> str:
    return await waiting(http, await new_choice(CARD, **changes), CARD, **CHALLENGED)


async def test_every_side_has_its_dress_fits_its_screen_and_has_no_finding(
    http: httpx.AsyncClient, new_choice: NewChoice, open_page: OpenPage
) -> None:
    page = await open_page("about:blank")
    addresses: list[tuple[str, str, str]] = []
    for product, currency, given, dress in SIDES:
        sid = await new_choice(product, currency=currency, amount=999_999_900)
        addresses.append((product, dress, await waiting(http, sid, product, **given)))
    held = await waiting(http, await new_choice(collector=ON_HOLD), "collector.invoice")
    await http.post(held, json={"decision": "approve"})
    declined = await at_the_bank(http, new_choice)
    await http.post(declined, json={"decision": "decline"})
    addresses += [("held", "review", held), ("declined", "bank", declined)]
    for name, dress, address in addresses:
        await page.set_viewport_size({"width": 320, "height": 640})
        await page.emulate_media(color_scheme="light", reduced_motion="reduce")  # no colour on its way to another
        await page.goto(f"{address}?language=nb")
        await expect(page.locator(".approval")).to_have_attribute("data-dress", dress)
        await expect(page.locator(".test")).to_contain_text("ingen penger flyttes")
        await page.locator("html[data-ready]").wait_for(state="attached")
        await page.evaluate(AXE.read_text(encoding="utf-8"))
        for width, scheme, turned, rules in LOOKS:
            await page.set_viewport_size({"width": width, "height": 800})
            await page.emulate_media(color_scheme=scheme)
            await page.evaluate("turned => { document.documentElement.dir = turned }", turned)
            await photograph(page, f"side-{name}-{width}-{scheme}-{turned}")
            assert await page.evaluate("document.documentElement.scrollWidth") <= width, name
            assert await page.evaluate(SMALL) == [], name
            assert not rules or await page.evaluate(FINDINGS, rules) == [], name


async def test_the_bank_shows_the_card_s_last_digits_and_asks_for_a_code(
    http: httpx.AsyncClient, new_choice: NewChoice, open_page: OpenPage
) -> None:
    approval = await at_the_bank(http, new_choice)
    page = await open_page(f"{approval}?language=en")
    await expect(page.get_by_text("Sandbox Bank")).to_be_visible()
    await expect(page.get_by_test_id("card")).to_have_text("•••• 0000")
    assert "40001000" not in await page.content()
    code = page.get_by_role("textbox", name="One-time code")
    await expect(code).to_have_value("1234")
    for wrong, told in [("", "Enter the one-time code."), ("4321", "The code is not right. Here it is 1234.")]:
        await code.fill(wrong)
        for button in ("approve", "stay"):
            await page.get_by_test_id(button).click()
            await expect(page.locator("#code-error")).to_have_text(told)
            await expect(code).to_be_focused()
    assert await state_of(http, approval) == "waiting"
    await code.fill("12 34")
    await code.press("Enter")
    assert "transaction_id" in await at_the_shop(page)


async def test_a_wrong_code_is_nothing_to_one_who_says_no(
    http: httpx.AsyncClient, new_choice: NewChoice, open_page: OpenPage
) -> None:
    page = await open_page(f"{await at_the_bank(http, new_choice)}?language=en")
    await page.get_by_test_id("code").fill("0")
    await page.get_by_test_id("decline").click()
    await expect(page.get_by_test_id("refusal")).to_contain_text("The bank wants you to confirm the purchase")


async def test_the_time_runs_out_at_the_press_of_a_button(
    http: httpx.AsyncClient, new_choice: NewChoice, open_page: OpenPage
) -> None:
    approval = await waiting(http, await new_choice(VIPPS), VIPPS)
    page = await open_page(f"{approval}?language=en")
    await page.get_by_role("button", name="Let the time run out").click()
    await expect(page.get_by_test_id("refusal")).to_contain_text("The time to approve the payment ran out.")
    await page.goto(f"{approval}?language=en")
    await expect(page.get_by_test_id("approval-expired")).to_be_visible()


async def test_a_customer_who_approves_and_never_comes_back_has_paid(
    server: Server, http: httpx.AsyncClient, shop: Shop, new_choice: NewChoice, open_page: OpenPage
) -> None:
    sid = await new_choice(VIPPS)
    page = await open_page(f"{await waiting(http, sid, VIPPS)}?language=en")
    await page.get_by_role("button", name="Approve, and do not go back").click()
    await expect(page.get_by_test_id("approval-approved")).to_be_visible()
    assert "/sandbox/approvals/" in page.url
    await page.get_by_test_id("onward").click()
    assert "transaction_id" in await at_the_shop(page)


async def test_who_goes_back_without_an_answer_finds_the_payment_waiting_in_the_same_window(
    server: Server, http: httpx.AsyncClient, new_choice: NewChoice, open_page: OpenPage
) -> None:
    """As in the window that a shop's page opened: its name and its opener have to outlive the way to the bank."""
    approval = await waiting(http, await new_choice(VIPPS, CARD), VIPPS)
    shop = await open_page(f"{server.url}/?language=nb")
    async with shop.expect_popup() as opened:
        await shop.evaluate("address => { window.open(address, 'dintero-checkout') }", f"{approval}?language=nb")
    window = await opened.value
    held = "window.name === 'dintero-checkout' && window.opener !== null"
    await window.get_by_role("link", name="Gå tilbake uten å svare").click()
    await window.wait_for_url("**role=pop_out_payment**")
    await expect(window.get_by_test_id("approve-link")).to_be_visible()
    assert await window.evaluate(held)
    await window.get_by_test_id("approve-link").click()
    await window.get_by_test_id("decline").click()
    await window.wait_for_url("**role=pop_out_payment**")
    await expect(window.get_by_test_id("refusal")).to_contain_text("Du avviste betalingen.")
    assert await window.evaluate(held)
