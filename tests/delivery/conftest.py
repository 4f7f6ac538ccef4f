"""A shop's own server: a plain socket server that records what it gets and answers what the test says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import asyncpg
import pytest

from kvitt.core.change import Change, Task, encode_text
from kvitt.core.clock import system_clock
from kvitt.delivery.client import OutgoingClient
from kvitt.delivery.flows.callbacks import Deliverer
from kvitt.store import DueTask, Store
from tests_support import Server


@pytest.fixture
def server(own_server: Server) -> Server:
    """These tests close and hold parts of it."""
    return own_server


@dataclass
class Request:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Reply:
    status: int = 200
    after: float = 0.0
    headers: str = ""
    body: bytes = b""


@dataclass
class ShopServer:
    """`replies` are given in turn, the last one for ever; without any, 200."""

    host: str = "127.0.0.1"
    port: int = 0
    replies: list[Reply] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                first, *lines = head.decode("latin-1").rstrip().split("\r\n")
                method, target, _ = first.split(" ")
                headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                self.requests.append(Request(method, target, headers, body))
                reply = self.replies.pop(0) if len(self.replies) > 1 else (self.replies or [Reply()])[0]
                await asyncio.sleep(reply.after)
                writer.write(
                    f"HTTP/1.1 {reply.status} X\r\ncontent-length: {len(reply.body)}\r\n{reply.headers}\r\n".encode()
                    + reply.body
                )
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@pytest.fixture
async def shop_server() -> AsyncIterator[ShopServer]:
    running = ShopServer()
    server = await asyncio.start_server(running.serve, running.host, 0)
    running.port = server.sockets[0].getsockname()[1]
    yield running
    server.close()


@pytest.fixture
async def client() -> AsyncIterator[OutgoingClient]:
    async with OutgoingClient(timeout_seconds=1.0) as opened:
        yield opened


@pytest.fixture
async def deliverer(store: Store, client: OutgoingClient) -> AsyncIterator[Deliverer]:
    made = Deliverer(store, system_clock, client, jitter=lambda: 0.0)
    yield made
    await made.close()


@pytest.fixture
async def raw(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.fixture
def owe(store: Store, account_id: str) -> Callable[..., object]:
    """Commits a delivery task that is due now, and answers it as the worker would take it."""

    async def make(url: str, kind: str = "test.callback", id: str = "delivery-1", **members: object) -> DueTask:
        data = {"method": "GET", "url": url, "event_id": "event-1", **members}
        await store.commit(Change(tasks=(Task(account_id, id, kind, system_clock(), encode_text(data)),)))
        return DueTask(account_id, id, kind, system_clock(), encode_text(data), 1)

    return make


@pytest.fixture
def reply() -> type[Reply]:
    return Reply


@pytest.fixture
def tasks(database_url: str, account_id: str) -> Callable[..., object]:
    """The account's tasks as they stand in the database, due or not."""

    async def read() -> list[DueTask]:
        connection = await asyncpg.connect(database_url)
        try:
            rows = await connection.fetch(
                "select account_id, id, kind, due_at, data, tries from tasks where account_id = $1 order by id",
                account_id,
            )
        finally:
            await connection.close()
        return [DueTask(*row) for row in rows]

    return read
