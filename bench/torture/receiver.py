"""Where callbacks and webhooks go, as a process of its own: takes note of each request, and fails at random.

`POST /trouble?share=0.05` says how often it fails: an error, a connection cut after all was read, an answer that comes
too late. `GET /seen` answers what came: a list of `Arrival`. It ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
from types import TracebackType
from typing import Any

import aiohttp
import msgspec
from aiohttp import web

TOO_LATE_SECONDS = 12.0
"""kvitt waits for ten."""


class Arrival(msgspec.Struct, frozen=True):
    """One request. `taken`: answered with 200. `delivery`: its `event-delivery`.

    Of a webhook: `event`, and of the object it tells of the `object` (type and id) and `progress`, which never falls
    in one object's life. Of a callback: its query.
    """

    taken: bool
    delivery: str
    event: str = ""
    subscription: str = ""
    object: str = ""
    progress: int = 0
    query: dict[str, str] = {}


class _Receiver:
    def __init__(self) -> None:
        self.seen: list[Arrival] = []
        self.share = 0.0
        self.chance = random.Random()

    async def take(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        fails = self.chance.random() < self.share
        how = self.chance.choices(("error", "cut", "late"), (10, 10, 1))[0] if fails else ""
        self.seen.append(_arrival(request, body, taken=not fails))
        if how == "error":
            return web.Response(status=503)
        if how == "late":
            await asyncio.sleep(TOO_LATE_SECONDS)
        if how == "cut" and request.transport is not None:
            request.transport.close()
        return web.Response()

    async def set_trouble(self, request: web.Request) -> web.Response:
        self.share = float(request.query["share"])
        return web.Response()

    async def tell(self, _: web.Request) -> web.Response:
        return web.Response(body=msgspec.json.encode(self.seen), content_type="application/json")


def _arrival(request: web.Request, body: bytes, *, taken: bool) -> Arrival:
    delivery = request.headers.get("event-delivery", "")
    if not request.path.startswith("/hook/"):
        return Arrival(taken, delivery, query=dict(request.query))
    told: dict[str, Any] = msgspec.json.decode(body)
    name, progress = "", 0
    if "transaction" in told:
        name, progress = f"transaction {told['transaction']['id']}", len(told["transaction"]["events"])
    elif "authorization" in told:
        name = f"session {told['authorization']['session_id']}"
    elif "order" in told:
        name, progress = f"order {told['order']['id']}", told["order"]["version"]
    elif "draft" in told:
        name, progress = f"draft {told['draft']['id']}", told["draft"]["version"]
    return Arrival(taken, delivery, told["event"], request.path.removeprefix("/hook/"), name, progress)


async def _serve() -> None:
    receiver = _Receiver()
    app = web.Application(client_max_size=16 * 1024**2)
    app.router.add_post("/trouble", receiver.set_trouble)
    app.router.add_get("/seen", receiver.tell)
    app.router.add_route("*", "/{path:.*}", receiver.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=512)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()


class Receiver:
    """The process, seen from outside."""

    def __enter__(self) -> Receiver:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.torture.receiver"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self.url = f"http://127.0.0.1:{self._process.stdout.readline().strip()}"
        return self

    async def trouble(self, http: aiohttp.ClientSession, share: float) -> None:
        async with http.post(f"{self.url}/trouble?share={share}") as answer:
            answer.raise_for_status()

    async def seen(self, http: aiohttp.ClientSession) -> list[Arrival]:
        async with http.get(f"{self.url}/seen") as answer:
            return msgspec.json.decode(await answer.read(), type=list[Arrival])

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()


if __name__ == "__main__":
    asyncio.run(_serve())
