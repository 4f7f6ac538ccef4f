"""Several ordered streams as one: for each key, what every stream has to say of it. Holds a few rows of each."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from typing import Any

Key = tuple[str, str]
Batches = AsyncGenerator[Sequence[Any], None]


async def merged(*streams: Batches) -> AsyncGenerator[tuple[Key, list[list[Any]]], None]:
    """For each key (a row's first two columns) in order: the key, and of each stream the rows that have it.

    The streams' rows come in the order of their keys, compared by bytes; as UTF-8 keeps the order of code points, that
    is Python's order too.
    """
    heads = [_Head(stream) for stream in streams]
    try:
        for head in heads:
            await head.fill()
        while keys := [head.key for head in heads if head.key is not None]:
            key = min(keys)
            yield key, [await head.take(key) if head.key == key else [] for head in heads]
    finally:
        for head in heads:
            await head.close()


class _Head:
    """A stream and the first of its rows that was not taken."""

    def __init__(self, batches: Batches) -> None:
        self._batches = batches
        self._rows: Sequence[Any] = ()
        self._place = 0
        self.key: Key | None = None

    async def fill(self) -> None:
        self.key, self._rows, self._place = None, (), 0
        with suppress(StopAsyncIteration):
            self._rows = await anext(self._batches)
            self.key = (self._rows[0][0], self._rows[0][1])

    async def take(self, key: Key) -> list[Any]:
        found = []
        while self.key == key:
            found.append(self._rows[self._place])
            self._place += 1
            if self._place == len(self._rows):
                await self.fill()
            else:
                row = self._rows[self._place]
                self.key = (row[0], row[1])
        return found

    async def close(self) -> None:
        await self._batches.aclose()
