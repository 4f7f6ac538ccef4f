"""The demo's shop: answers kvitt's callbacks and shows the page that the customer comes back to."""

from __future__ import annotations

import asyncio
import html
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qsl, urlsplit

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>The shop</title><body style="font:18px/1.5 system-ui;max-width:34rem;margin:4rem auto;padding:0 1rem">
<h1>{title}</h1><p>This page is the shop's. kvitt sent the customer back here with:</p>
<table>{rows}</table></body></html>"""


class DemoShop:
    """What a shop's own server would do, in the small: take callbacks, thank the customer."""

    def __init__(self) -> None:
        self.callbacks: list[dict[str, str]] = []
        self.port = 0
        self._news = asyncio.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def callback_for(self, merchant_reference: str, timeout: float) -> dict[str, str] | None:
        """The callback about that order, or None when it has not come within `timeout` seconds."""
        try:
            async with asyncio.timeout(timeout):
                while True:
                    for query in self.callbacks:
                        if query.get("merchant_reference") == merchant_reference:
                            return query
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            return None

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
            target = urlsplit(request.split(b" ", 2)[1].decode("ascii", "replace"))
            query = dict(parse_qsl(target.query))
            if target.path == "/callback":
                self.callbacks.append(query)
                self._news.set()
                body, kind = b"ok", "text/plain"
            else:
                rows = "".join(f"<tr><td>{html.escape(k)}<td>&emsp;{html.escape(v)}" for k, v in query.items())
                title = "The payment did not go through" if "error" in query else "Thank you for your order"
                body, kind = _PAGE.format(title=title, rows=rows).encode(), "text/html; charset=utf-8"
            head = (
                f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
            )
            writer.write(head.encode() + body)
            await writer.drain()
        except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, IndexError, ConnectionError):
            pass  # not a request: nothing to answer
        finally:
            writer.close()


@asynccontextmanager
async def demo_shop() -> AsyncIterator[DemoShop]:
    shop = DemoShop()
    server = await asyncio.start_server(shop.handle, "127.0.0.1", 0)
    shop.port = server.sockets[0].getsockname()[1]
    try:
        yield shop
    finally:
        server.close()
        await server.wait_closed()
