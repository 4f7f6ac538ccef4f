"""For whoever runs the server: is it alive, is it ready, what has it done."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from kvitt.web.routes import PUBLIC, Answer, Call, Route

READY_SECONDS = 3.0
"""A database that takes longer to say hello is not ready."""


class Health(msgspec.Struct):
    status: str


def routes(ready: Callable[[], Awaitable[bool]], registry: CollectorRegistry) -> list[Route]:
    async def alive(call: Call[None]) -> Health:
        return Health("ok")

    async def is_ready(call: Call[None]) -> Health | Answer:
        try:
            async with asyncio.timeout(READY_SECONDS):
                fine = await ready()
        except Exception:  # whatever it is, we are not ready
            fine = False
        return Health("ok") if fine else Answer(Health("database unreachable"), 503, {"retry-after": "1"})

    async def metrics(call: Call[None]) -> Answer:
        return Answer(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)

    def page(path: str, handler: Callable[[Call[None]], Awaitable[Health | Answer]], summary: str) -> Route:
        return Route("GET", path, handler, PUBLIC, summary, "Operations", hidden=True)

    return [
        page("/healthz", alive, "The process answers"),
        page("/readyz", is_ready, "The database can be reached"),
        page("/metrics", metrics, "Figures for Prometheus"),
    ]
