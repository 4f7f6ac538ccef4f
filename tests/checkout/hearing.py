"""A shop's endpoint: it writes down what it is asked, and answers as it is told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass
class Heard:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Hearing:
    """`answers`: the statuses of the next answers, 200 when there are none left."""

    url: str
    answers: list[int] = field(default_factory=list)
    all: list[Heard] = field(default_factory=list)
    _next: asyncio.Queue[Heard] = field(default_factory=asyncio.Queue)

    async def next(self) -> Heard:
        return await asyncio.wait_for(self._next.get(), 15)

    @property
    def silent(self) -> bool:
        """Nothing was heard that nobody looked at."""
        return self._next.empty()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").rstrip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        method, target, _ = first.split(" ")
        heard = Heard(method, target, headers, body)
        self.all.append(heard)
        self._next.put_nowait(heard)
        status = self.answers.pop(0) if self.answers else 200
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()


@asynccontextmanager
async def hearing() -> AsyncIterator[Hearing]:
    made = Hearing("")
    server = await asyncio.start_server(made.answer, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    async with server:
        yield made
