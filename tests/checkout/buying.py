"""An express shop and its customer over HTTP, and the shop's own server that is asked about them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from .conftest import session_body

CARD = {"number": "4000000000000002", "expiry": "12/34", "cvc": "987"}
DECLINED = "4000300000000006"
POST = {"id": "post", "line_id": "post-1", "title": "Til døren", "operator": "Posten", "amount": 7900, "vat": 25}
SHELF = {"id": "shelf", "line_id": "shelf-1", "title": "Til butikken", "operator": "Posten", "amount": 0}
OSLO = {"country": "NO", "postal_code": "0566", "first_name": "Kari", "address_line": "Trondheimsveien 1"}
GIVE = ("shipping_address", "billing_address", "shipping_option", "discount_codes")


def express_body(*options: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A session of 398.00 kroner with these shipping options. `express`: more of its members."""
    express = {"shipping_options": list(options), **changes.pop("express", {})}
    return session_body(express=express, **changes)


@dataclass
class Customer:
    """A session, as its customer and as its shop know it."""

    shop: Any
    http: httpx.AsyncClient
    sid: str

    async def give(self, what: str, body: Any, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.http.put(f"/v1/view/{self.sid}/session/order/{what}", json=body, headers=named)

    async def view(self) -> dict[str, Any]:
        answer: dict[str, Any] = (await self.http.get(f"/v1/view/{self.sid}/session")).json()
        return answer

    async def lock(self, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.http.post(f"/v1/view/{self.sid}/session/lock", headers=named)

    async def pay(self, number: str = CARD["number"], **headers: str) -> httpx.Response:
        body = {"payment_product_type": "dintero_psp.creditcard", "card": {**CARD, "number": number}}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.http.post(f"/v1/sessions/{self.sid}/pay", json=body, headers=named)

    async def session(self) -> dict[str, Any]:
        answer: dict[str, Any] = (await self.shop.get(f"/v1/sessions/{self.sid}")).json()
        return answer

    async def events(self) -> list[str]:
        return [event["name"] for event in (await self.session())["events"]]

    async def update(self, body: Any, query: str = "", **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer: httpx.Response = await self.shop.put(f"/v1/sessions/{self.sid}{query}", body, headers=named)
        return answer

    async def later(self, duration: str) -> None:
        """Time passes in the account."""
        answer = await self.shop.post(f"/v1/accounts/{self.shop.account_id}/sandbox/clock", {"advance": duration})
        assert answer.status_code == 200, answer.text


async def customer_of(shop: Any, http: httpx.AsyncClient, body: dict[str, Any]) -> Customer:
    created = await shop.post("/v1/sessions-profile", body)
    assert created.status_code == 200, created.text
    return Customer(shop, http, created.json()["id"])


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def paths_of(answer: httpx.Response) -> list[str | None]:
    return [fault.get("path") for fault in answer.json()["error"]["errors"]]


Say = Callable[[dict[str, Any]], Any]


@dataclass
class AskedShop:
    """The shop's server. `say`: from the session that it is asked about to what it answers: a struct, or raw bytes.
    `free`: it answers nobody while this is not set. `asked`: what it was asked, with path and headers."""

    say: Say
    status: int = 200
    port: int = 0
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    free: asyncio.Event = field(default_factory=asyncio.Event)
    came: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").rstrip().split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
            session = json.loads(await reader.readexactly(int(headers["content-length"])))
            self.paths.append(head[0].split(" ")[1])
            self.headers.append(headers)
            self.asked.append(session)
            self.came.set()
            await self.free.wait()
            said = self.say(session)
            body = said if isinstance(said, bytes) else json.dumps(said).encode()
            start = f"HTTP/1.1 {self.status} X\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
            writer.write(start.encode() + body)
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def asked_shop(say: Say) -> AsyncIterator[AskedShop]:
    running = AskedShop(say)
    running.free.set()
    server = await asyncio.start_server(running.serve, "127.0.0.1", 0)
    running.port = server.sockets[0].getsockname()[1]
    try:
        yield running
    finally:
        running.free.set()
        server.close()
