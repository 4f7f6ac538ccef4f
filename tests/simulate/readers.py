"""Readers of the feed: page after page, from whichever server answers, while the log grows."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from kvitt.store import Cursor

from .server import Gone

if TYPE_CHECKING:
    from .server import Server
    from .world import World


class Reader:
    """`read`: the ids of what it got, in that order. It keeps its cursor only with what it got."""

    def __init__(self, world: World, account_id: str) -> None:
        self.read: list[str] = []
        self._world = world
        self._account_id = account_id
        self._cursor: Cursor | None = None

    async def keep_on(self) -> None:
        while True:
            await asyncio.sleep(self._world.chance.between(0.2, 6.0))
            await self.page()

    async def page(self) -> None:
        server = self._world.any_server()
        if server is None:
            return
        box: list[Any] = []

        async def flow(server: Server) -> None:
            limit = 100 if self._world.settling else 1 + self._world.chance.below(20)
            box.append(await server.feed.page(self._account_id, self._cursor, limit))

        connection, _ = server.serve(flow)
        try:
            answer = await connection
        except Gone:
            return
        if answer.status == 200:
            events, self._cursor = box[0]
            self.read += [event.id for event in events]
