"""A shop whose page, on a host of its own, embeds the checkout with the web SDK as npm has it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from playwright.async_api import FrameLocator, Page, expect

from tests_support import Server

SDK = Path(".venv/npm/node_modules/@dintero/checkout-web-sdk/dist/dintero-checkout-web-sdk.umd.min.js")
INSTALLED = SDK.exists()
HERE = Path(__file__).parent


@dataclass
class ShopPage:
    """The shop's page with the checkout in it."""

    page: Page
    sid: str

    @property
    def frame(self) -> FrameLocator:
        return self.page.frame_locator("iframe").first

    async def hears(self, type: str, *, nth: int = 0) -> dict[str, Any]:
        """The nth message of that type, as soon as it has come."""
        found = await self.page.wait_for_function(
            "([type, nth]) => heard.filter(({ data }) => data.type === type)[nth]", arg=[type, nth]
        )
        message: dict[str, Any] = (await found.json_value())["data"]
        assert message["sid"] == self.sid
        return message

    async def heard(self, type: str) -> list[dict[str, Any]]:
        """All messages of that type so far."""
        script = "(type) => heard.filter(({ data }) => data.type === type).map(({ data }) => data)"
        found: list[dict[str, Any]] = await self.page.evaluate(script, type)
        return found

    async def called(self, name: str, *, nth: int = 0) -> dict[str, Any]:
        """What the nth call of a handler of the SDK was given."""
        found = await self.page.wait_for_function(
            "([name, nth]) => calls.filter((call) => call.name === name)[nth]", arg=[name, nth]
        )
        event: dict[str, Any] = (await found.json_value())["event"]
        return event

    async def ready(self) -> None:
        """The page in the frame can be used."""
        await self.page.wait_for_function("shop.checkout")
        await expect(self.frame.locator("html[data-ready]")).to_be_attached()

    async def pays(self, number: str) -> None:
        await self.types(number)
        await self.frame.get_by_test_id("pay").click()

    async def types(self, number: str) -> None:
        await type_card(self.frame, number)


async def type_card(where: FrameLocator | Page, number: str) -> None:
    await where.get_by_test_id("card-number").press_sequentially(number)
    await where.get_by_test_id("card-expiry").press_sequentially("1240")
    await where.get_by_test_id("card-cvc").press_sequentially("123")


@pytest.fixture
async def shop_host() -> AsyncIterator[str]:
    """The origin of a real HTTP server beside ours: another host, and so another site."""
    if not INSTALLED:
        pytest.fail("The web SDK is missing: make test installs it")
    files = {"/sdk.js": (SDK, "text/javascript"), "/shop": (HERE / "shop.html", "text/html")}
    files["/other"] = (HERE / "other.html", "text/html")

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        file, kind = files.get(urlsplit(head.split()[1].decode()).path, (None, "text/plain"))
        body = file.read_bytes() if file else b"There is nothing here"
        status = "200 OK" if file else "404 Not Found"
        start = f"HTTP/1.1 {status}\r\nconnection: close\r\ncontent-type: {kind}; charset=utf-8\r\n"
        writer.write(f"{start}content-length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()

    served = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with served:
        yield f"http://localhost:{served.sockets[0].getsockname()[1]}"


EmbedPage = Callable[..., Awaitable[ShopPage]]


@pytest.fixture
def embed(server: Server, shop_host: str, open_page: Callable[..., Awaitable[Page]]) -> EmbedPage:
    """Opens the shop's page. `handlers`: which of the SDK's it has; `says`: what they answer; `browser`: as for
    open_page; all else are options of `embed`."""

    async def open_(
        sid: str,
        *handlers: str,
        says: dict[str, Any] | None = None,
        browser: dict[str, Any] | None = None,
        **options: Any,
    ) -> ShopPage:
        given = {
            "sid": sid,
            "endpoint": server.url,
            "language": "en",
            **options,
            "handlers": handlers,
            "says": says or {},
        }
        page = await open_page(f"{shop_host}/shop?options={quote(json.dumps(given))}", **(browser or {}))
        return ShopPage(page, sid)

    return open_
