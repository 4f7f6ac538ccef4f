"""The server and the shop that tests talk to."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import httpx
import uvicorn

from kvitt.config import Config
from kvitt.store import Store

if TYPE_CHECKING:
    from kvitt.app import App


TLS = ssl.create_default_context()
"""For every client: reading the roots of trust takes longer than most requests."""


def play_until_reached(play: Callable[[], object], reached: set[str], wanted: set[str]) -> None:
    """Plays generated histories until all that is wanted was seen: what chance leaves out once, more of it brings.

    `play` must not be derandomized: it would bring the same again.
    """
    for _ in range(20):
        play()
        if reached >= wanted:
            break
    assert reached == wanted


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def wait_until_ready(url: str, seconds: float = 60) -> None:
    """Blocks until the server at `url` answers /readyz; for servers in a process of their own."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            if httpx.get(f"{url}/readyz", timeout=2).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        if time.monotonic() > deadline:
            raise TimeoutError(f"{url} did not become ready")
        time.sleep(0.05)


@dataclass
class Shop:
    """A shop's developer: an account, its keys, and an HTTP client that carries the token."""

    account_id: str
    client_id: str
    client_secret: str
    url: str
    http: httpx.AsyncClient
    headers: dict[str, str] = field(default_factory=dict)

    async def get(self, path: str, **kwargs: object) -> httpx.Response:
        return await self.http.get(path, **kwargs)  # type: ignore[arg-type]

    async def post(self, path: str, json: object = None, **kwargs: object) -> httpx.Response:
        return await self.http.post(path, json=json, **kwargs)  # type: ignore[arg-type]

    async def put(self, path: str, json: object = None, **kwargs: object) -> httpx.Response:
        return await self.http.put(path, json=json, **kwargs)  # type: ignore[arg-type]

    @property
    def shopping(self) -> str:
        return f"/v1/accounts/{self.account_id}/shopping"


@dataclass
class Server:
    url: str
    app: App

    @property
    def store(self) -> Store:
        return self.app.store

    @asynccontextmanager
    async def shop(self, account_id: str, scopes: list[str]) -> AsyncIterator[Shop]:
        await self.app.accounts.create_account(account_id, "A shop")
        client, secret = await self.app.accounts.create_client(account_id, "Tests", scopes)
        async with httpx.AsyncClient(base_url=self.url, timeout=30, verify=TLS) as http:
            answer = await http.post(
                f"/v1/accounts/{account_id}/auth/token",
                auth=(client.client_id, secret),
                json={
                    "grant_type": "client_credentials",
                    "audience": f"https://api.example.com/v1/accounts/{account_id}",
                },
            )
            answer.raise_for_status()
            http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
            yield Shop(account_id, client.client_id, secret, self.url, http)


@asynccontextmanager
async def run_server(database_url: str, config: Config | None = None) -> AsyncIterator[Server]:
    """uvicorn with the real app on a free port, in this event loop; ends with the block."""
    from kvitt.app import build  # here, so that tests of lower layers do not import the whole
    from kvitt.connections import HttpServer

    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.bind(("127.0.0.1", 0))
    port = sock.getsockname()[1]
    settings = replace(config or Config(), database_url=database_url, host="127.0.0.1", port=port)
    app = await build(settings)
    server = HttpServer(
        uvicorn.Config(app.asgi, http="httptools", loop="none", lifespan="off", log_level="warning", access_log=False),
        app.end_streams,
    )
    serving = asyncio.create_task(server.serve(sockets=[sock]))
    await app.start()
    try:
        while not server.started:
            await asyncio.sleep(0.005)
        yield Server(f"http://127.0.0.1:{port}", app)
    finally:
        server.should_exit = True
        await serving
        await app.close()
        sock.close()
