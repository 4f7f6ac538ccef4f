"""Where a state of the payment page is brought about: a shop of its own at a real server, and a browser's page."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import httpx
from playwright.async_api import Browser, Frame, Page, expect

from kvitt.store.migrate import migrate
from tests_support import TLS, Server, Shop, run_server

CARD, VIPPS, KLARNA, INVOICE = "dintero_psp.creditcard", "payex.vipps", "klarna.klarna", "collector.invoice"
GIFT_CARD, ZERO = "dintero.wallets", "dintero.zero"
GOOD, REFUSED, CHALLENGED = "4000000000000002", "4100000000000076", "4000100000000000"
SILENT = "4100000000000001"

MERCHANT = {"name": "Hage & Hjem"}
CHAIRS = {
    "id": "175938", "line_id": "1", "description": "Stackable garden chair", "quantity": 2, "vat": 25,
    "amount": 39800, "vat_amount": 7960,
}  # fmt: skip
DELIVERY = {
    "id": "door", "line_id": "door", "title": "To your door", "operator": "Posten", "vat": 25, "amount": 4900,
    "vat_amount": 980,
}  # fmt: skip

_accounts = itertools.count(random.Random().randrange(80_000_000, 99_000_000))  # noqa: S311


@dataclass
class Stage:
    """`language`: of the page. `database_url`: the server's."""

    server: Server
    shop: Shop
    page: Page
    database_url: str
    language: str = "en"
    leaving: AsyncExitStack = field(default_factory=AsyncExitStack)

    @property
    def frame(self) -> Frame:
        """Ours: in the shop's page, or the whole page."""
        framed = [frame for frame in self.page.frames if frame.url.startswith(self.server.url)]
        return framed[-1] if framed else self.page.main_frame

    async def session(self, *products: str, **changes: Any) -> str:
        """A session of 447.00 NOK that is paid with one of these products. `order`: laid over its order."""
        order = {
            "amount": 44700, "currency": "NOK", "merchant_reference": "7F3K9QX2M", "vat_amount": 8940,
            "items": [CHAIRS], "shipping_option": DELIVERY, **changes.pop("order", {}),
        }  # fmt: skip
        body = {
            "url": {"return_url": "https://shop.example/thanks", **changes.pop("url", {})},
            "order": {name: value for name, value in order.items() if value is not None},
            "merchant": MERCHANT,
            "configuration": {**_ways(products or (CARD,)), **changes.pop("configuration", {})},
            **changes,
        }
        return await self._created("/v1/sessions", body)

    async def session_to_save_a_card(self) -> str:
        order = {"currency": "NOK", "merchant_reference": "CARD-1"}
        session = {"order": order, "url": {"return_url": "https://shop.example/card"}, "merchant": MERCHANT}
        body = {"session": session, "token_provider": {"payment_product_type": "payex.creditcard"}}
        return await self._created("/v1/sessions/payment-token", body)

    async def _created(self, path: str, body: dict[str, Any]) -> str:
        answer = await self.shop.post(path, body)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])

    async def show(self, sid: str, **options: Any) -> None:
        await self.page.goto(f"{self.server.url}/v1/view/{sid}?language={self.language}", **options)

    async def form(self, sid: str) -> None:
        """The page of an open session, with its script."""
        await self.show(sid)
        await expect(self.page.get_by_test_id("pay")).to_be_enabled()

    async def card(self, number: str = GOOD) -> None:
        await self.page.get_by_test_id("card-number").fill(number)
        await self.page.get_by_test_id("card-expiry").fill("12/40")
        await self.page.get_by_test_id("card-cvc").fill("123")

    async def press(self, testid: str = "pay") -> None:
        await self.page.get_by_test_id(testid).click()

    async def look_again(self) -> None:
        """What a browser tells a page when its tab is looked at again."""
        await self.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    async def shows(self, testid: str) -> None:
        await expect(self.page.get_by_test_id(testid)).to_be_visible(timeout=15_000)

    async def pay(self, sid: str, product: str = CARD, number: str = GOOD) -> dict[str, Any]:
        """Paid without a browser."""
        card = product.endswith("creditcard")
        given = {"card": {"number": number, "expiry": "12/40", "cvc": "123"}} if card else {}
        body = {"payment_product_type": product, **given}
        async with httpx.AsyncClient(base_url=self.server.url, timeout=30, verify=TLS) as customer:
            answer = await customer.post(f"/v1/sessions/{sid}/pay", json=body)
        found: dict[str, Any] = answer.json()
        return found

    async def decide(self, approval: str, decision: str) -> None:
        async with httpx.AsyncClient(timeout=30, verify=TLS) as customer:
            answer = await customer.post(approval, json={"decision": decision})
        assert answer.status_code == 200, answer.text

    async def until(self, sid: str, state: str) -> None:
        """What was decided elsewhere reaches the session a moment later."""
        while (await self.shop.get(f"/v1/view/{sid}/session")).json()["state"] != state:
            await asyncio.sleep(0.05)

    async def lock(self, sid: str) -> None:
        assert (await self.shop.post(f"/v1/view/{sid}/session/lock")).status_code == 200

    async def fault(self, **rule: Any) -> None:
        answer = await self.shop.put(f"/v1/accounts/{self.shop.account_id}/sandbox/faults", {"rules": [rule]})
        assert answer.status_code == 200, answer.text

    async def later(self, duration: str) -> None:
        answer = await self.shop.post(f"/v1/accounts/{self.shop.account_id}/sandbox/clock", {"advance": duration})
        assert answer.status_code == 200, answer.text


def on_hold(product: str = INVOICE) -> dict[str, Any]:
    """A configuration in which such a payment is looked at before it goes through."""
    group, _, name = product.partition(".")
    return {group: {name: {"enabled": True, "options": {"enable_on_hold": True}}}}


def _ways(products: tuple[str, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {"default_payment_type": products[0]}
    for product in products:
        group, _, name = product.partition(".")
        found.setdefault(group, {})[name] = {"enabled": True}
    return found


@asynccontextmanager
async def stages(
    server: Server, browser: Browser, database_url: str, language: str = "en", **options: Any
) -> AsyncIterator[Stage]:
    """A stage with a shop and a page of its own. What the page complains of fails the test that uses it."""
    complaints: list[str] = []
    options = {"viewport": {"width": 768, "height": 900}, "locale": "en", "reduced_motion": "reduce", **options}
    async with AsyncExitStack() as leaving:
        account_id = f"T{next(_accounts):08d}"
        shop = await leaving.enter_async_context(server.shop(account_id, ["admin:checkout"]))
        context = await browser.new_context(**options)
        leaving.push_async_callback(context.close)
        page = await context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda entry: complaints.append(entry.text) if "Content Security" in entry.text else None)
        yield Stage(server, shop, page, database_url, language, leaving)
    assert complaints == []


@asynccontextmanager
async def database_that_goes_away(url: str) -> AsyncIterator[tuple[Server, str, asyncpg.Connection]]:
    """A server on a database of its own, and a connection that can close that database to everybody."""
    name = f"kvitt_gone_{random.randrange(10**9)}"  # noqa: S311
    admin = await asyncpg.connect(url)
    await admin.execute(f"create database {name}")
    own = urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
    try:
        migrate(own)
        async with run_server(own) as server:
            yield server, name, admin
    finally:
        await admin.execute(f"drop database {name} with (force)")
        await admin.close()
