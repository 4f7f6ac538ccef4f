"""The hash chain is walked in a process of its own, beside the other checks: hashing is half of all the work."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection

from kvitt.core.errors import KvittError, Unavailable
from kvitt.store.verifying import Reading, reading
from kvitt.verify.chain import Found, walk
from kvitt.verify.report import Difference, Tip


async def walk_beside(own: Reading, found: Found, advanced: Callable[[int], None]) -> None:
    """As `walk`, in the same snapshot. Raises Unavailable when the other process fails."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(
        target=_work, args=(there, own.database_url, own.account_id, own.snapshot), name="kvitt-verify", daemon=True
    )
    process.start()
    there.close()
    try:
        while (said := await asyncio.to_thread(_hear, here)) is not None:
            if isinstance(said, int):
                advanced(said)
            elif isinstance(said, str):
                raise Unavailable(said)
            elif isinstance(said, Difference | Tip):
                found(said)
    finally:
        process.kill()
        await asyncio.to_thread(process.join)
        here.close()


def _hear(pipe: Connection) -> object:
    try:
        return pipe.recv()
    except EOFError:
        return "The process that walks the hash chain died"


def _work(pipe: Connection, database_url: str, account_id: str | None, snapshot: str) -> None:
    """Says numbers for progress, what it found as it is, an error as text, and None at the end."""

    async def work() -> None:
        async with reading(database_url, account_id, snapshot) as own:
            await walk(own, pipe.send, pipe.send)

    try:
        asyncio.run(work())
    except KvittError as error:
        pipe.send(str(error))
    except KeyboardInterrupt:
        return
    pipe.send(None)
