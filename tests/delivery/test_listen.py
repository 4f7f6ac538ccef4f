"""`kvitt listen` as a developer runs it: a real process between a real server and a receiver that has bad days."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

from kvitt.config import Config
from kvitt.core.change import Change, Event
from tests_support import Server, Shop, run_server

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
_numbers = count()


def event(account_id: str, object_id: str, type: str = "parcel.changed") -> Event:
    name = f"{account_id}-{next(_numbers)}"
    return Event(account_id, name, type, type.partition(".")[0], object_id, 1, NOW, '{"note":"\u2028"}')


@asynccontextmanager
async def listening(shop: Shop, to: str, *options: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """The command, once it says that it listens; killed at the end if it is still there."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("KVITT_")}
    environ = {**kept, "KVITT_CLIENT_ID": shop.client_id, "KVITT_CLIENT_SECRET": shop.client_secret, "NO_COLOR": "1"}
    command = [sys.executable, "-m", "kvitt", "listen", "--forward-to", to, "--url", shop.url]
    process = await asyncio.create_subprocess_exec(
        *command, "--account", shop.account_id, *options, env=environ,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@dataclass
class Road:
    """The way to a server: closed, whoever is on it is thrown off and nobody gets on."""

    url: str = ""
    open: bool = True
    travellers: set[asyncio.StreamWriter] = field(default_factory=set)

    def close(self) -> None:
        self.open = False
        for writer in self.travellers:
            writer.transport.abort()


@asynccontextmanager
async def road_to(server: Server) -> AsyncIterator[Road]:
    road = Road()

    async def carry(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(65536):
                sink.write(data)
                await sink.drain()
        sink.transport.abort()

    async def join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not road.open:
            writer.transport.abort()
            return
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", server.app.config.port)
        ends = {writer, there_writer}
        road.travellers |= ends
        await asyncio.gather(carry(reader, there_writer), carry(there_reader, writer))
        road.travellers -= ends

    gate = await asyncio.start_server(join, "127.0.0.1", 0)
    road.url = f"http://127.0.0.1:{gate.sockets[0].getsockname()[1]}"
    yield road
    gate.close()
    road.close()
    await asyncio.sleep(0.05)


async def line(stream: asyncio.StreamReader | None) -> str:
    assert stream is not None
    return (await asyncio.wait_for(stream.readline(), 20)).decode().rstrip()


async def eventually(condition: Any, seconds: float = 15) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


async def test_events_are_posted_in_order_however_often_the_receiver_fails_first(
    server: Server, account_id: str, shop_server: Any, reply: Any
) -> None:
    shop_server.replies = [reply(500), reply(404), reply(200)]
    async with server.shop(account_id, scopes=["read:hooks"]) as shop:
        async with listening(shop, f"{shop_server.url}/hook", "--from-start") as process:
            lines = [await line(process.stdout) for _ in range(4)]
            process.send_signal(signal.SIGINT)
            last = [await line(process.stderr) for _ in range(2)][-1]
            assert await asyncio.wait_for(process.wait(), 10) == 0
        page = (await shop.get(f"/v1/accounts/{account_id}/events")).json()
    outcome = r"\d\d:\d\d:\d\d  (\S+) +(\S+)  (\d+)  \d+ ms(  again in \S+ s)?"
    read = [match.groups() for match in map(re.compile(outcome).fullmatch, lines) if match]
    created = ("account.created", account_id)
    assert [found[:3] for found in read[:3]] == [(*created, "500"), (*created, "404"), (*created, "200")]
    assert [bool(found[3]) for found in read] == [True, True, False, False]
    assert read[3][0] == "client.created"
    posted = [json.loads(request.body) for request in shop_server.requests]
    assert [told["id"] for told in posted[2:]] == [told["id"] for told in page["events"]]
    assert posted[0] == posted[1] == posted[2] == page["events"][0]
    for request, told in zip(shop_server.requests, posted, strict=True):
        assert (request.method, request.target) == ("POST", "/hook")
        assert (request.headers["event"], request.headers["event-delivery"]) == (told["type"], told["id"])
        assert request.headers["content-type"] == "application/json"
    assert last == f"Stopped. To go on from here: --after {page['next']}"


async def test_it_goes_on_behind_the_last_event_after_the_server_was_away(
    database_url: str, account_id: str, shop_server: Any
) -> None:
    """The token lives for two seconds only: it has to be renewed on the way too."""
    async with (
        run_server(database_url, Config(token_seconds=2)) as server,
        server.shop(account_id, scopes=["read:hooks"]) as shop,
        road_to(server) as road,
    ):
        start = (await shop.get(f"/v1/accounts/{account_id}/events?after=latest")).json()["next"]
        shop.url = road.url
        got = shop_server.requests
        async with listening(shop, shop_server.url, "--after", start, "--type", "parcel.*") as process:
            await server.store.commit(Change(events=(event(account_id, "before"), event(account_id, "x", "order.x"))))
            await eventually(lambda: len(got) == 1)
            await asyncio.sleep(2.5)  # the token ends meanwhile
            await server.store.commit(Change(events=(event(account_id, "renewed"),)))
            await eventually(lambda: len(got) == 2)
            road.close()
            await server.store.commit(Change(events=(event(account_id, "meanwhile"),)))
            await asyncio.sleep(1)
            road.open = True
            await server.store.commit(Change(events=(event(account_id, "after"),)))
            await eventually(lambda: len(got) == 4)
            assert process.returncode is None
    assert [json.loads(request.body)["object"]["id"] for request in got] == ["before", "renewed", "meanwhile", "after"]


async def test_what_will_never_work_is_said_and_ends_it(server: Server, account_id: str) -> None:
    async with server.shop(account_id, scopes=["read:shopping"]) as shop:
        async with listening(shop, "http://127.0.0.1:1/") as process:
            _, said = await asyncio.wait_for(process.communicate(), 20)
        assert process.returncode == 1
        assert "403: the token lacks a scope" in said.decode()
        shop.client_secret = "wrong"
        async with listening(shop, "http://127.0.0.1:1/") as process:
            _, said = await asyncio.wait_for(process.communicate(), 20)
        assert process.returncode == 1
        assert "401: client_id or client_secret is wrong" in said.decode()
        assert "wrong\n" in said.decode()
