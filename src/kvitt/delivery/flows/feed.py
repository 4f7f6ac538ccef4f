"""The feed: what happened in an account, by pages or as it happens.

All streams of this process are fed by one poller: each round is one query about the accounts that somebody follows. A
stream that is behind (it has just begun, or its reader is slow) reads for itself until it has caught up; nothing waits
for it, and nothing is kept for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple

import structlog

from kvitt.core.change import Event
from kvitt.core.clock import Clock
from kvitt.core.errors import Unavailable
from kvitt.delivery.rules.feed import wanted
from kvitt.delivery.rules.refusals import TooManyStreams
from kvitt.store import Cursor, Entry, Store

log = structlog.get_logger("kvitt.delivery")

MOST_STREAMS = 20
"""Of one account, in one process."""
MOST_LOOKED_THROUGH = 1000
"""Events that a page with a filter reads at most to fill itself."""
HEARTBEAT_SECONDS = 15.0
POLL_SECONDS = 0.25
_GAP_SECONDS = 0.02  # between rounds, however much is committed
_BATCH = 100
_BATCH_BYTES = 1_000_000
_START = Cursor(0, 0, 0)


class News(NamedTuple):
    """What a stream has to say: events, or none as a sign of life, or the reason why it ends.

    `cursor`: everything up to here was read, whether it was asked for or not.
    """

    entries: Sequence[Entry]
    cursor: Cursor
    end: str = ""


@dataclass
class _Tail:
    """The end of one account's feed. `batch` is what lay between `before` and `position` when it was last read."""

    position: Cursor
    before: Cursor
    batch: Sequence[Entry] = ()
    streams: int = 0
    moved: asyncio.Event = field(default_factory=asyncio.Event)

    def advance(self, entries: Sequence[Entry]) -> None:
        self.before, self.position, self.batch = self.position, entries[-1].cursor, entries
        self.wake()

    def wake(self) -> None:
        self.moved.set()
        self.moved = asyncio.Event()


class Feed:
    """The feeds of all accounts. `end_streams` before the server stops: it would wait for them."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        heartbeat_seconds: float = HEARTBEAT_SECONDS,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self._store = store
        self._clock = clock
        self._heartbeat = heartbeat_seconds
        self._poll_seconds = poll_seconds
        self._tails: dict[str, _Tail] = {}
        self._poller: asyncio.Task[None] | None = None
        self._ending = False

    async def page(
        self, account_id: str, after: Cursor | None, limit: int, types: Sequence[str] = ()
    ) -> tuple[list[Event], Cursor]:
        """Up to `limit` events, oldest first, and the cursor to go on from.

        Fewer when they are large (4 MB in all). With `types` it may be none at all although the cursor moved: it looks
        through a bounded number of events.
        """
        cursor = after or _START
        found = await self._store.follow({account_id: cursor}, MOST_LOOKED_THROUGH if types else limit)
        is_wanted = wanted(types)
        events: list[Event] = []
        for entry in found.get(account_id, ()):
            cursor = entry.cursor
            if is_wanted(entry.event.type):
                events.append(entry.event)
                if len(events) == limit:
                    break
        return events, cursor

    async def latest(self, account_id: str) -> Cursor:
        return await self._store.latest(account_id)

    async def follow(
        self,
        account_id: str,
        after: Cursor | None,
        types: Sequence[str] = (),
        ends: float | None = None,
        *,
        bounded: bool = True,
    ) -> AsyncGenerator[News, None]:
        """What happens after the cursor, for as long as somebody listens; `ends` (epoch seconds) is when it must stop.

        Begins with News of no events, which tells the cursor. Raises TooManyStreams when the account has too many
        streams already; with `bounded` False never. The generator has to be run and closed: it counts until then.
        """
        if self._ending:
            raise Unavailable("The server is stopping")
        if account_id not in self._tails:
            latest = await self._store.latest(account_id)
            self._tails.setdefault(account_id, _Tail(latest, latest))
        tail = self._tails[account_id]
        if bounded and tail.streams >= MOST_STREAMS:
            raise TooManyStreams(f"The account has {MOST_STREAMS} streams of its events open already", 5)
        tail.streams += 1
        self._store.followed.add(account_id)
        if self._poller is None or self._poller.done():
            self._poller = asyncio.create_task(self._poll())
        return self._stream(account_id, tail, after or _START, types, ends)

    def end_streams(self) -> None:
        """Every stream says that the server stops, and ends; new ones are refused."""
        self._ending = True
        for tail in self._tails.values():
            tail.wake()

    async def close(self) -> None:
        self.end_streams()
        if self._poller is not None:
            self._poller.cancel()
            with suppress(asyncio.CancelledError):
                await self._poller

    async def _stream(
        self, account_id: str, tail: _Tail, cursor: Cursor, types: Sequence[str], ends: float | None
    ) -> AsyncGenerator[News, None]:
        is_wanted = wanted(types)
        now = asyncio.get_running_loop().time
        end = None if ends is None else now() + ends - self._clock().timestamp()
        said = now()
        try:
            yield News((), cursor)
            while not self._ending:
                if end is not None and now() >= end:
                    yield News((), cursor, "the token has expired: come back with a new one")
                    return
                moved = tail.moved  # looked at before the batch: what comes later sets this very event
                entries = await self._after(account_id, tail, cursor)
                if entries:
                    cursor = entries[-1].cursor
                asked_for = [entry for entry in entries if is_wanted(entry.event.type)]
                if asked_for or now() - said >= self._heartbeat:
                    yield News(asked_for, cursor)
                    said = now()
                elif not entries:
                    until = said + self._heartbeat
                    await _wait(moved, (until if end is None else min(until, end)) - now())
            yield News((), cursor, "the server is stopping: come back")
        except Unavailable:
            yield News((), cursor, "the database is away: come back")
        finally:
            tail.streams -= 1
            if not tail.streams and self._tails.get(account_id) is tail:
                del self._tails[account_id]
                self._store.followed.discard(account_id)

    async def _after(self, account_id: str, tail: _Tail, cursor: Cursor) -> Sequence[Entry]:
        """What is known to come after the cursor: from the last round's batch, or read for a stream that is behind."""
        if cursor >= tail.position:
            return ()
        if cursor >= tail.before:
            return [entry for entry in tail.batch if entry.cursor > cursor]
        found = await self._store.follow({account_id: cursor}, _BATCH, _BATCH_BYTES)
        return found.get(account_id, ())

    async def _poll(self) -> None:
        """Rounds, for as long as anybody follows anything."""
        while self._tails:
            self._store.news.clear()
            try:
                full = await self._round()
            except Exception as error:  # streams go on quietly until the database is back
                log.warning("the feed cannot be read", reason=type(error).__name__)
                full = False
            await asyncio.sleep(_GAP_SECONDS)
            if not full:
                await _wait(self._store.news, self._poll_seconds)

    async def _round(self) -> bool:
        """One look at every account that is followed; whether any of them had more than a batch."""
        tails = dict(self._tails)
        positions = {account_id: tail.position for account_id, tail in tails.items()}
        found = await self._store.follow(positions, _BATCH, _BATCH_BYTES)
        for account_id, entries in found.items():
            tails[account_id].advance(entries)
        return any(len(entries) == _BATCH for entries in found.values())


async def _wait(event: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(max(0.0, seconds)):
            await event.wait()
