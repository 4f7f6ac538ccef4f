"""A customer's browser, and a session to pay."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from tests_support import Server, Shop

from .stage import Stage, stages

ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip

RETURN_URL = "https://shop.example/thanks?order=7"


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if executable is None:
        pytest.fail("Chromium is missing: sh tests/install_browser.sh installs it")
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield opened
        await opened.close()


OpenPage = Callable[..., Awaitable[Page]]


@pytest.fixture
async def open_page(browser: Browser) -> AsyncIterator[OpenPage]:
    """Opens an address as a customer would. Nothing outside the server and the shop's return page is reachable.

    At the end, no page may have logged an error of its own: a refused policy, or a script that broke.
    """
    complaints: list[str] = []
    contexts: list[BrowserContext] = []

    async def open_(url: str, **options: Any) -> Page:
        options.setdefault("viewport", {"width": 1280, "height": 900})
        options.setdefault("locale", "nb-NO")
        context = await browser.new_context(**options)
        contexts.append(context)
        await context.route(
            "https://shop.example/**", lambda route: route.fulfill(content_type="text/html", body="<h1>Thanks</h1>")
        )
        page = await context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda entry: complaints.append(entry.text) if "Content Security" in entry.text else None)
        await page.goto(url)
        return page

    yield open_
    for context in contexts:
        await context.close()
    assert complaints == []


def ways(*products: str, **more: Any) -> dict[str, Any]:
    """A session's configuration that offers these payment products; `more` are further members of it."""
    configuration: dict[str, Any] = dict(more)
    for product in products:
        group, _, name = product.partition(".")
        enabled = {"enabled": True, "type": "payment_product_type"}
        if not name:
            configuration[group] = enabled
        else:
            configuration.setdefault(group, {"type": "payment_type"})[name] = enabled
    return configuration


@pytest.fixture
def new_choice(shop: Shop) -> Callable[..., Awaitable[str]]:
    """Creates a session that is paid with one of these payment products. Answers its id."""

    async def create(
        *products: str,
        currency: str = "NOK",
        amount: int = 39800,
        customer: dict[str, Any] | None = None,
        **configuration: Any,
    ) -> str:
        order = {"amount": amount, "currency": currency, "merchant_reference": "7F3K9QX2M"}
        body = {
            "url": {"return_url": RETURN_URL},
            "order": order,
            "configuration": ways(*products, **configuration),
            **({} if customer is None else {"customer": customer}),
        }
        answer = await shop.post("/v1/sessions", body)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])

    return create


@pytest.fixture
def new_session(shop: Shop) -> Callable[..., Awaitable[str]]:
    """Creates a session of 398.00 NOK; `changes` are laid over its order. Answers its id."""

    async def create(**changes: Any) -> str:
        order = {
            "amount": 39800,
            "currency": "NOK",
            "merchant_reference": "7F3K9QX2M",
            "vat_amount": 7960,
            "items": [
                {
                    "id": "175938",
                    "line_id": "1",
                    "description": "Stablestol for utendørsbruk",
                    "quantity": 2,
                    "amount": 39800,
                    "vat_amount": 7960,
                    "vat": 25,
                }
            ],
        }
        answer = await shop.post(
            "/v1/sessions-profile",
            {"profile_id": "default", "url": {"return_url": RETURN_URL}, "order": {**order, **changes}},
        )
        assert answer.status_code == 200, answer.text
        return answer.json()["id"]

    return create


@pytest.fixture
async def stage(server: Server, browser: Browser, database_url: str) -> AsyncIterator[Stage]:
    """A shop, and a page in English that goes on to the shop's own when all is paid."""
    async with stages(server, browser, database_url) as made:
        await made.page.context.route(
            "https://shop.example/**", lambda route: route.fulfill(content_type="text/html", body="<h1>Thanks</h1>")
        )
        yield made
