"""The feed as it happens: server-sent events, resumed wherever they broke off."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime
from itertools import count
from typing import Any

import asyncpg
import httpx
import pytest
import uvicorn

from kvitt.config import Config
from kvitt.connections import Connection, HttpServer
from kvitt.core.change import Change, Event
from kvitt.core.clock import system_clock
from kvitt.core.errors import TooManyRequests
from kvitt.delivery.flows.feed import MOST_STREAMS, Feed
from kvitt.server import listen
from kvitt.sse import Message, Messages
from kvitt.store import Store, connect
from tests_support import Server, Shop, free_port, run_server, wait_until_ready

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
_numbers = count()


def event(account_id: str, object_id: str, version: int = 1, type: str = "parcel.changed", data: str = "{}") -> Event:
    name = f"{account_id}-{next(_numbers)}"
    return Event(account_id, name, type, type.partition(".")[0], object_id, version, NOW, data)


@pytest.fixture
async def reader(server: Server, account_id: str) -> AsyncIterator[Shop]:
    async with server.shop(account_id, scopes=["read:hooks"]) as made:
        yield made


@asynccontextmanager
async def streaming(reader: Shop, last: str | None = None, **query: object) -> AsyncIterator[AsyncIterator[Message]]:
    """The messages of a stream, comments left out unless they carry an id."""
    headers = {"accept": "text/event-stream"} | ({"last-event-id": last} if last else {})
    path = f"/v1/accounts/{reader.account_id}/events"
    async with reader.http.stream("GET", path, params=query, headers=headers) as answer:
        assert answer.status_code == 200, await answer.aread()
        assert answer.headers["content-type"] == "text/event-stream"
        yield messages_of(answer)


async def messages_of(answer: httpx.Response) -> AsyncIterator[Message]:
    reading = Messages()
    async for chunk in answer.aiter_raw():
        for message in reading.feed(chunk):
            yield message


async def next_event(messages: AsyncIterator[Message]) -> tuple[Message, dict[str, Any]]:
    async with asyncio.timeout(10):
        async for message in messages:
            if message.data:
                return message, json.loads(message.data)
    raise AssertionError("the stream ended")


async def eventually(condition: Any, seconds: float = 5) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


async def test_a_stream_tells_what_was_and_then_what_happens(server: Server, reader: Shop) -> None:
    async with streaming(reader) as messages:
        told = [(await next_event(messages))[1]["type"] for _ in range(2)]
        assert told == ["account.created", "client.created"]
        await server.store.commit(Change(events=(event(reader.account_id, "p-1", data='{"note":"\u2028"}'),)))
        message, shown = await next_event(messages)
    assert message.event == shown["type"] == "parcel.changed"
    assert shown["data"] == {"note": "\u2028"}
    page = await reader.get(f"/v1/accounts/{reader.account_id}/events")
    assert page.json()["events"][-1] == shown
    assert page.json()["next"] == message.id


async def test_an_event_of_this_process_is_told_at_once(server: Server, reader: Shop) -> None:
    server.app.feed._poll_seconds = 30
    async with streaming(reader, after="latest") as messages:
        await anext(messages)
        began = time.monotonic()
        await server.store.commit(Change(events=(event(reader.account_id, "p-1"),)))
        await next_event(messages)
        assert time.monotonic() - began < 5


async def test_an_event_of_another_process_is_told_too(server: Server, reader: Shop, database_url: str) -> None:
    other = await connect(database_url)
    async with streaming(reader, after="latest") as messages:
        await anext(messages)
        await other.commit(Change(events=(event(reader.account_id, "elsewhere"),)))
        assert (await next_event(messages))[1]["object"]["id"] == "elsewhere"
    await other.close()


async def test_a_stream_does_not_skip_an_event_that_commits_late(
    server: Server, reader: Shop, database_url: str
) -> None:
    raw = await asyncpg.connect(database_url)
    async with streaming(reader, after="latest") as messages:
        await anext(messages)
        transaction = raw.transaction()
        await transaction.start()
        await raw.execute(
            """insert into log (account_id, epoch, id, type, object_type, object_id, version, created_at, data)
               values ($1, 1, $1 || '-late', 'parcel.changed', 'parcel', 'late', 1, now(), '{}')""",
            reader.account_id,
        )
        await server.store.commit(Change(events=(event(reader.account_id, "early"),)))
        await asyncio.sleep(0.4)  # longer than a round of the poller
        await transaction.commit()
        assert [(await next_event(messages))[1]["object"]["id"] for _ in range(2)] == ["late", "early"]
    await raw.close()


async def test_a_reader_that_is_cut_off_again_and_again_gets_every_event_once(
    server: Server, reader: Shop, database_url: str
) -> None:
    other = await connect(database_url)

    async def write(store: Store, number: int) -> None:
        for turn in range(15):
            await store.commit(Change(events=(event(reader.account_id, f"w-{number}", turn + 1),)))
            await asyncio.sleep(0.005)

    async def follow() -> list[dict[str, Any]]:
        seen: list[dict[str, Any]] = []
        last = None
        while len(seen) < 90:
            async with streaming(reader, last, after=start) as messages:
                for _ in range(min(7, 90 - len(seen))):
                    message, shown = await next_event(messages)
                    seen.append(shown)
                    last = message.id
        return seen

    start = (await reader.get(f"/v1/accounts/{reader.account_id}/events?after=latest")).json()["next"]
    async with asyncio.timeout(30):
        following = asyncio.create_task(follow())
        await asyncio.gather(*(write((server.store, other)[number % 2], number) for number in range(6)))
        seen = await following
    await other.close()
    assert len({shown["id"] for shown in seen}) == 90
    for number in range(6):
        versions = [shown["object"]["version"] for shown in seen if shown["object"]["id"] == f"w-{number}"]
        assert versions == list(range(1, 16))


async def test_last_event_id_wins_over_after(server: Server, reader: Shop) -> None:
    async with streaming(reader) as messages:
        first, _ = await next_event(messages)
    async with streaming(reader, first.id, after="latest") as messages:
        assert (await next_event(messages))[1]["type"] == "client.created"


async def test_a_stream_of_some_types_says_how_far_it_read(server: Server, reader: Shop) -> None:
    async with streaming(reader, type="parcel.*") as messages:
        await server.store.commit(Change(events=(event(reader.account_id, "o-1", type="order.created"),)))
        await server.store.commit(Change(events=(event(reader.account_id, "p-1"),)))
        assert (await next_event(messages))[1]["object"]["id"] == "p-1"
    feed = Feed(server.store, system_clock, heartbeat_seconds=0.05)
    async with aclosing(await feed.follow(reader.account_id, None, ["order.lost"])) as news:
        beginning = await anext(news)
        heartbeat = await anext(news)
    await feed.close()
    assert (heartbeat.entries, heartbeat.end) == ([], "")
    assert heartbeat.cursor > beginning.cursor


async def test_other_accounts_events_never_appear_in_a_stream(server: Server, reader: Shop) -> None:
    stranger = "T" + reader.account_id[:0:-1]
    async with (
        server.shop(stranger, scopes=["read:hooks"]) as other,
        streaming(reader, after="latest") as ours,
        streaming(other, after="latest") as theirs,
    ):
        await anext(ours)
        await anext(theirs)
        for number in range(3):
            change = Change(events=(event(stranger, f"t-{number}"), event(reader.account_id, f"o-{number}")))
            await server.store.commit(change)
        assert [(await next_event(ours))[1]["object"]["id"] for _ in range(3)] == ["o-0", "o-1", "o-2"]
        assert [(await next_event(theirs))[1]["object"]["id"] for _ in range(3)] == ["t-0", "t-1", "t-2"]


async def test_streams_share_one_poller(store: Store, account_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = 0
    follow = store.follow

    async def counted(*args: Any) -> Any:
        nonlocal asked
        asked += 1
        return await follow(*args)

    monkeypatch.setattr(store, "follow", counted)
    feed = Feed(store, system_clock, poll_seconds=0.1)
    accounts = [account_id] * 10 + ["T" + account_id[:0:-1]] * 10
    streams = [await feed.follow(each, await store.latest(each)) for each in accounts]

    async def listen(stream: Any) -> str:
        await anext(stream)
        return str((await anext(stream)).entries[0].event.object_id)

    listening = [asyncio.create_task(listen(stream)) for stream in streams]
    await asyncio.sleep(0.5)
    assert asked < 8
    await store.commit(Change(events=tuple(event(each, f"news of {each}") for each in set(accounts))))
    async with asyncio.timeout(5):
        assert await asyncio.gather(*listening) == [f"news of {each}" for each in accounts]
    for stream in streams:
        await stream.aclose()
    await feed.close()
    assert store.followed == set()


async def test_a_reader_that_was_away_catches_up_by_itself(store: Store, account_id: str) -> None:
    feed = Feed(store, system_clock, poll_seconds=0.02)
    slow = await feed.follow(account_id, None)
    quick = await feed.follow(account_id, None)
    await anext(slow)
    await anext(quick)
    for number in range(250):
        await store.commit(Change(events=(event(account_id, f"n-{number}"),)))
    seen: dict[str, list[str]] = {"quick": [], "slow": []}
    async with asyncio.timeout(10):
        for name, stream in (("quick", quick), ("slow", slow)):
            while len(seen[name]) < 250:
                seen[name] += [entry.event.object_id for entry in (await anext(stream)).entries]
    assert seen["slow"] == seen["quick"] == [f"n-{number}" for number in range(250)]
    await slow.aclose()
    await quick.aclose()
    await feed.close()


async def test_too_many_streams_of_an_account_are_refused_until_one_ends(store: Store, account_id: str) -> None:
    feed = Feed(store, system_clock)
    streams = [await feed.follow(account_id, None) for _ in range(MOST_STREAMS)]
    with pytest.raises(TooManyRequests):
        await feed.follow(account_id, None)
    await anext(streams[0])
    await streams[0].aclose()
    another = await feed.follow(account_id, None)
    for stream in (*streams[1:], another):
        await anext(stream)
        await stream.aclose()
    await feed.close()


async def test_a_reader_that_goes_away_is_forgotten_at_once(server: Server, reader: Shop) -> None:
    async with streaming(reader, after="latest") as messages:
        await anext(messages)
        assert reader.account_id in server.store.followed
    await eventually(lambda: reader.account_id not in server.store.followed, 1)
    answer = await reader.http.head(f"/v1/accounts/{reader.account_id}/events", headers={"accept": "text/event-stream"})
    assert answer.status_code == 200
    assert reader.account_id not in server.store.followed


async def test_a_stream_ends_when_its_token_expires(database_url: str, account_id: str) -> None:
    path = f"/v1/accounts/{account_id}/events"
    async with (
        run_server(database_url, Config(token_seconds=2)) as server,
        server.shop(account_id, scopes=["read:hooks"]) as reader,
    ):
        began = time.monotonic()
        said = (await reader.get(path, headers={"accept": "text/event-stream"})).content
    assert b": the token has expired" in said
    assert time.monotonic() - began < 4


def kvitt(environ: dict[str, str], *args: str) -> str:
    command = [sys.executable, "-m", "kvitt", *args]
    return subprocess.run(command, env=environ, check=True, capture_output=True, text=True, timeout=60).stdout


@asynccontextmanager
async def stalled(reader: Shop, server: Server, port: int) -> AsyncIterator[asyncio.StreamReader]:
    """Somebody who asks for a stream of 12 MB and does not read it."""
    for number in range(12):
        large = json.dumps("x" * 1_000_000)
        await server.store.commit(Change(events=(event(reader.account_id, f"l-{number}", data=large),)))
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    await asyncio.get_running_loop().run_in_executor(None, sock.connect, ("127.0.0.1", port))
    coming, going = await asyncio.open_connection(sock=sock, limit=1024)
    head = [
        f"GET /v1/accounts/{reader.account_id}/events HTTP/1.1", "host: x", "accept: text/event-stream",
        f"authorization: {reader.http.headers['authorization']}", "", "",
    ]  # fmt: skip
    going.write("\r\n".join(head).encode())
    await coming.readuntil(b"\r\n\r\n")
    await asyncio.sleep(0.5)
    yield coming
    going.transport.abort()


@asynccontextmanager
async def as_served(server: Server) -> AsyncIterator[tuple[HttpServer, int]]:
    """The test's app behind the connections of `kvitt serve`."""
    sock = listen("127.0.0.1", 0)
    port = sock.getsockname()[1]
    config = uvicorn.Config(
        server.app.asgi, http=Connection, loop="none", lifespan="off", log_config=None, timeout_graceful_shutdown=10
    )
    http = HttpServer(config, server.app.end_streams)
    serving = asyncio.create_task(http.serve(sockets=[sock]))
    while not http.started:
        await asyncio.sleep(0.005)
    yield http, port
    http.should_exit = True
    await serving


async def test_a_reader_that_does_not_read_is_cut_off(
    server: Server, reader: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kvitt.connections.MOST_STALLED_SECONDS", 1.0)
    async with as_served(server) as (_, port), stalled(reader, server, port):
        assert reader.account_id in server.store.followed
        await eventually(lambda: reader.account_id not in server.store.followed, 3)


async def test_a_reader_that_does_not_read_does_not_hold_up_the_end(server: Server, reader: Shop) -> None:
    async with as_served(server) as (http, port), stalled(reader, server, port):
        http.should_exit = True
        began = time.monotonic()
        await eventually(lambda: not http.server_state.connections, 5)
        await eventually(lambda: reader.account_id not in server.store.followed, 1)
        assert time.monotonic() - began < 4


@pytest.mark.parametrize("workers", [1, 2])
def test_a_server_that_stops_ends_its_streams_within_two_seconds(
    database_url: str, account_id: str, workers: int
) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environ = {**os.environ, "KVITT_DATABASE_URL": database_url, "KVITT_PORT": str(port)}
    kvitt(environ, "accounts", "create", account_id, "--name", "Stopped")
    keys = json.loads(kvitt(environ, "clients", "create", account_id, "--name", "R", "--scope", "read:hooks", "--json"))
    command = [sys.executable, "-m", "kvitt", "serve", "--workers", str(workers)]
    with subprocess.Popen(command, env=environ, stderr=subprocess.DEVNULL) as process:
        try:
            wait_until_ready(url)
            answer = httpx.post(
                f"{url}/v1/accounts/{account_id}/auth/token",
                auth=(keys["client_id"], keys["client_secret"]),
                json={"grant_type": "client_credentials", "audience": f"{url}/v1/accounts/{account_id}"},
            )
            headers = {"accept": "text/event-stream", "authorization": f"Bearer {answer.json()['access_token']}"}
            with httpx.stream("GET", f"{url}/v1/accounts/{account_id}/events", headers=headers, timeout=20) as stream:
                chunks = stream.iter_raw()
                assert next(chunks).startswith(b"retry: 1000\n")
                process.send_signal(signal.SIGTERM)
                began = time.monotonic()
                assert b": the server is stopping" in b"".join(chunks)
            assert time.monotonic() - began < 2
            process.wait(5)
            assert time.monotonic() - began < 5
        finally:
            process.kill()


def test_messages_are_read_wherever_the_chunks_end() -> None:
    raw = 'retry: 9\nid: 1\n\nid: 2\nevent: a.b\ndata: {"x":"\u2028\x85"}\n\n: still here\nid: 3\r\n\r\n'.encode()
    for size in (1, 2, 7, len(raw)):
        reading = Messages()
        found = [message for at in range(0, len(raw), size) for message in reading.feed(raw[at : at + size])]
        data = '{"x":"\u2028\x85"}'.encode()
        assert found == [Message("1", "", b""), Message("2", "a.b", data), Message("3", "", b"")]
