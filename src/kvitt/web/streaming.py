"""An answer that goes on: chunks as they come, until the handler ends it or its reader goes away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

Receive = Callable[[], Awaitable[Mapping[str, Any]]]


class UntilGone:
    """The chunks of `body`. A write to a reader that has gone tells nobody, so this listens for its going.

    `body` is closed in each case, at once: what it holds is not held any longer.
    """

    def __init__(self, body: AsyncGenerator[bytes, None], receive: Receive) -> None:
        self._body = body
        self._receive = receive
        self._gone: asyncio.Task[None] | None = None
        self._next: asyncio.Task[bytes] | None = None

    def __aiter__(self) -> UntilGone:
        return self

    async def __anext__(self) -> bytes:
        if self._gone is None:
            self._gone = asyncio.create_task(self._disconnected())
        self._next = asyncio.create_task(self._chunk())
        await asyncio.wait((self._next, self._gone), return_when=asyncio.FIRST_COMPLETED)
        if not self._next.done():
            raise StopAsyncIteration
        return self._next.result()

    async def close(self) -> None:
        """The server calls this when the answer has ended, however it did."""
        for task in (self._gone, self._next):
            if task is not None and not task.done():
                task.cancel()
                with suppress(asyncio.CancelledError, StopAsyncIteration):
                    await task
        await self._body.aclose()

    async def _chunk(self) -> bytes:
        return await anext(self._body)

    async def _disconnected(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
