"""An answer that goes on: chunk by chunk, closed as soon as its reader goes away."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import httpx
import pytest
import uvicorn

from kvitt.web import EVENT_STREAM, PUBLIC, Answer, Call, Route, build_app

from .conftest import authenticate


class Source:
    """A handler that streams: what it was asked to, then nothing more until it is let go."""

    def __init__(self) -> None:
        self.open = 0
        self.go_on = asyncio.Event()

    async def stream(self, call: Call[Any]) -> Answer:
        if not call.wants_stream:
            return Answer(b'"a page"')
        return Answer(self._chunks(call.params["how"]), headers={"x-accel-buffering": "no"}, content_type=EVENT_STREAM)

    async def _chunks(self, how: str) -> AsyncGenerator[bytes, None]:
        self.open += 1
        try:
            yield b"first"
            if how == "fails":
                raise RuntimeError("the source dried up")
            await self.go_on.wait()
            yield b"last"
        finally:
            self.open -= 1


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
async def client(source: Source) -> AsyncIterator[httpx.AsyncClient]:
    route = Route("GET", "/v1/stream/{how}", source.stream, PUBLIC, "Stream", "Streams", streams=True)
    app = build_app([route], authenticate=authenticate, base_url="http://kvitt.test")
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    config = uvicorn.Config(app, http="httptools", loop="none", lifespan="off", log_config=None, access_log=False)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[sock]))
    while not server.started:
        await asyncio.sleep(0.005)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{sock.getsockname()[1]}", timeout=5) as opened:
        opened.headers["accept"] = "text/event-stream"
        yield opened
    server.should_exit = True
    await serving
    sock.close()


async def test_chunks_arrive_as_they_come(source: Source, client: httpx.AsyncClient) -> None:
    async with client.stream("GET", "/v1/stream/on") as answer:
        assert answer.headers["content-type"] == "text/event-stream"
        assert answer.headers["access-control-allow-origin"] == "*"
        chunks = answer.aiter_raw()
        assert await anext(chunks) == b"first"
        source.go_on.set()
        assert await anext(chunks) == b"last"
        assert [chunk async for chunk in chunks] == []
    assert source.open == 0


async def test_a_stream_is_closed_as_soon_as_its_reader_goes_away(source: Source, client: httpx.AsyncClient) -> None:
    async with client.stream("GET", "/v1/stream/on") as answer:
        assert await anext(answer.aiter_raw()) == b"first"
        assert source.open == 1
    async with asyncio.timeout(2):
        while source.open:
            await asyncio.sleep(0.01)


async def test_a_stream_that_fails_is_cut_off_and_not_ended(source: Source, client: httpx.AsyncClient) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        await client.get("/v1/stream/fails")
    assert source.open == 0


async def test_head_does_not_start_a_stream(source: Source, client: httpx.AsyncClient) -> None:
    answer = await client.head("/v1/stream/on")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/event-stream")
    assert source.open == 0


@pytest.mark.parametrize("accept", ["*/*", "application/json", "text/html, text/*"])
async def test_only_who_asks_for_a_stream_gets_one(client: httpx.AsyncClient, accept: str) -> None:
    assert (await client.get("/v1/stream/on", headers={"accept": accept})).json() == "a page"


async def test_a_stream_is_also_asked_for_among_others(source: Source, client: httpx.AsyncClient) -> None:
    source.go_on.set()
    answer = await client.get("/v1/stream/on", headers={"accept": "application/json, Text/Event-Stream;q=0.9"})
    assert answer.content == b"firstlast"
