"""From a payment to the shop's callback, through the real worker and delivery."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

PAYMENT = {
    "payment_product_type": "dintero_psp.creditcard",
    "card": {"number": "4000000000000002", "expiry": "12/34", "cvc": "123"},
}


@pytest.fixture
async def hook() -> AsyncIterator[tuple[str, asyncio.Queue[str]]]:
    """A shop's little server: its URL, and the targets it was asked for."""
    asked: asyncio.Queue[str] = asyncio.Queue()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        asked.put_nowait(head.decode().split(" ")[1])
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook", asked


async def test_the_shop_is_called_and_the_session_says_so(
    shop: Any, http: httpx.AsyncClient, hook: tuple[str, asyncio.Queue[str]], body: Callable[..., dict[str, Any]]
) -> None:
    url, asked = hook
    sid = (await shop.post("/v1/sessions-profile", body(url__callback_url=f"{url}?z=1"))).json()["id"]
    transaction_id = (await http.post(f"/v1/sessions/{sid}/pay", json=PAYMENT)).json()["transaction_id"]
    target = await asyncio.wait_for(asked.get(), 10)
    query = parse_qs(urlsplit(target).query)
    assert list(query) == ["merchant_reference", "session_id", "time", "transaction_id", "z"]
    assert (query["transaction_id"], query["session_id"]) == ([transaction_id], [sid])
    assert (await told(shop, sid))["details"] == {"transaction_event_id": "2"}


async def test_a_callback_that_carries_the_transaction_is_taken_once(
    shop: Any, http: httpx.AsyncClient, hook: tuple[str, asyncio.Queue[str]], body: Callable[..., dict[str, Any]]
) -> None:
    url, asked = hook
    callback_url = f"{url}?method=POST&includes=session"
    sid = (await shop.post("/v1/sessions-profile", body(url__callback_url=callback_url))).json()["id"]
    await http.post(f"/v1/sessions/{sid}/pay", json=PAYMENT)
    assert (await told(shop, sid))["details"] == {"transaction_event_id": "2"}
    assert asked.qsize() == 1


async def told(shop: Any, sid: str) -> dict[str, Any]:
    """The session's event that the shop took the callback; fails when there is none within five seconds."""
    for _ in range(100):
        event: dict[str, Any] = (await shop.get(f"/v1/sessions/{sid}")).json()["events"][-1]
        if event["name"] == "AUTH_CALLBACK_SENT":
            return event
        await asyncio.sleep(0.05)
    raise AssertionError("the session does not say that the shop was called")
