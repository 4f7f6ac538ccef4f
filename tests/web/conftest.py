"""A small application on the web kit: enough routes to meet everything the kit promises."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Annotated, Any, Literal

import httpx
import msgspec
import pytest
import uvicorn

from kvitt.core.errors import AmountExceedsRemaining, Conflict, Conflicting, Unauthorized, Unavailable, problem
from kvitt.core.money import NonNegativeAmount
from kvitt.web import PUBLIC, Answer, Asgi, Call, Caller, Needs, Route, build_app

ACCOUNT = "T12345678"
ORDERS = f"/v1/accounts/{ACCOUNT}/shopping/orders"


class TaxLine(msgspec.Struct, frozen=True, omit_defaults=True):
    amount: int
    percentage: Decimal | None = None


class Item(msgspec.Struct, frozen=True, omit_defaults=True):
    id: str
    line_id: int
    gross_amount: NonNegativeAmount
    tax_lines: list[TaxLine] = []


class Order(msgspec.Struct, frozen=True, omit_defaults=True):
    currency: Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{3}\Z")]
    items: Annotated[list[Item], msgspec.Meta(max_length=3)] = []
    kind: Literal["sale", "reversal"] = "sale"
    note: str | None = None
    metadata: dict[str, Any] | None = None


class NewOrder(msgspec.Struct, frozen=True, omit_defaults=True):
    """An order to make."""

    order: Order


class Listing(msgspec.Struct, frozen=True):
    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] = 10
    include: list[str] = []
    search: str | None = None


class Seen(msgspec.Struct):
    account_id: str
    params: dict[str, str]
    query: Listing | None
    raw: int
    request_id: str
    toggles: dict[str, str]


async def authenticate(token: str) -> Caller:
    scopes = {
        "all": ["admin:shopping"],
        "reader": ["read:shopping"],
        "events": ["read:shopping:/orders/ANY/events"],
    }
    if token not in scopes:
        raise Unauthorized("the bearer token is not valid")
    return Caller(ACCOUNT, "8f14e45f-ceea-467f-a5f5-1c0f4b2d3e4a", "shop", frozenset(scopes[token]))


async def create(call: Call[NewOrder]) -> NewOrder:
    return call.body


async def see(call: Call[Any]) -> Seen:
    toggles = call.headers_with_prefix("Dintero-")
    return Seen(call.account_id, dict(call.params), call.query, len(call.raw), call.request_id, toggles)


async def fail(call: Call[Any]) -> Answer:
    reason = call.params["reason"]
    if reason == "conflict":
        raise Conflict
    if reason == "unavailable":
        raise Unavailable("the database cannot be reached")
    if reason == "refused":
        raise AmountExceedsRemaining("too much", problem("amount is more than 100", "items.0.amount", remaining=100))
    if reason == "split":
        return Answer(None, 302, {"location": "https://shop.example/\r\nset-cookie: x=1"})
    raise RuntimeError("card 4000000000000002 exploded")


async def page(call: Call[Any]) -> Answer:
    return Answer("<p>hei", headers={"content-security-policy": "default-src 'self'"}, content_type="text/html")


def routes() -> list[Route]:
    base = "/v1/accounts/{aid}/shopping"
    read, write = Needs("shopping", "read"), Needs("shopping", "write")
    return [
        Route("POST", f"{base}/orders", create, write, "Create", "Orders", body=NewOrder, answers=NewOrder),
        Route("GET", f"{base}/orders", see, read, "List", "Orders", query=Listing, answers=Seen),
        Route("GET", f"{base}/orders/{{order_id}}", see, read, "Get", "Orders", answers=Seen),
        Route("GET", f"{base}/orders/{{id}}/events", see, read, "Events", "Orders", answers=Seen),
        Route("POST", "/v1/void/{id}", see, write, "Void", "Orders", body=Order, body_required=False, answers=Seen),
        Route(
            "GET", "/v1/fail/{reason}", fail, PUBLIC, "Fail", "Orders", refusals=(AmountExceedsRemaining, Conflicting)
        ),
        Route("GET", "/page", page, PUBLIC, "Page", "Pages", content_type="text/html", hidden=True),
    ]


@pytest.fixture
def app() -> Asgi:
    return build_app(routes(), authenticate=authenticate, base_url="http://kvitt.test")


@pytest.fixture
async def client(app: Asgi) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"authorization": "Bearer all"}
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://kvitt.test", headers=headers) as opened:
        yield opened


@pytest.fixture
async def port(app: Asgi) -> AsyncIterator[int]:
    """The same application behind a real uvicorn."""
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(app, http="httptools", loop="none", lifespan="off", log_config=None, access_log=False)
    )
    serving = asyncio.create_task(server.serve(sockets=[sock]))
    while not server.started:
        await asyncio.sleep(0.005)
    yield sock.getsockname()[1]
    server.should_exit = True
    await serving
    sock.close()
