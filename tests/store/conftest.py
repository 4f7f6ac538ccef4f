"""What the store's tests share: a small document, Changes about it, a raw connection, and a line that can be cut."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import asyncpg
import msgspec
import pytest

from kvitt.core.change import Change, Claim, Event, Kind, Posting, Put, Task


class Parcel(msgspec.Struct, frozen=True):
    """A document like any: kept in the table of orders because that has a column of each sort."""

    id: str
    order_id: str
    status: str
    created_at: datetime
    count: int = 0
    note: str = ""
    updated_at: datetime | None = None


PARCELS = Kind(
    "orders",
    Parcel,
    lambda p: (p.order_id, p.status, "pending", p.created_at),
    lambda p: (p.created_at, p.updated_at or p.created_at, p.count, p.status, "pending", p.note or None, None),
    labels=lambda p: tuple(word for word in p.note.split() if ":" in word),
    words=lambda p: tuple(word for word in p.note.split() if ":" not in word),
)
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass
class Shelf:
    """Makes Changes about the parcels of one account."""

    account_id: str
    kind: Kind[Parcel] = PARCELS
    _events: Any = field(default_factory=count)

    def parcel(self, id: str, **members: Any) -> Parcel:
        return Parcel(**{"id": id, "order_id": f"O-{id}", "status": "open", "created_at": NOW, **members})

    def put(self, id: str, version: int = 0, **members: Any) -> Put:
        return PARCELS.put(self.account_id, id, self.parcel(id, **members), version)

    def event(self, id: str, version: int = 1) -> Event:
        name = f"event-{next(self._events)}"
        return Event(self.account_id, name, "parcel.changed", "parcel", id, version, NOW, "{}")

    def claim(self, key: str, value: str = "") -> Claim:
        return Claim(self.account_id, key, value)

    def task(self, id: str, due_at: datetime = NOW, data: str = "{}", kind: str | None = None) -> Task:
        return Task(self.account_id, id, kind or f"kind-of-{self.account_id}", due_at, data)

    def posting(self, object_id: str, id: str, amount: int = 100) -> Posting:
        return Posting(self.account_id, object_id, id, "capture", "captured", "authorized", amount, "NOK", NOW)

    def whole(self, id: str, version: int = 0, **members: Any) -> Change:
        """A Change with one of everything."""
        return Change(
            puts=(self.put(id, version, **members),),
            claims=(self.claim(f"{id}:{version}", id),),
            events=(self.event(id, version + 1),),
            tasks=(self.task(f"{id}:{version}"),),
            postings=(self.posting(id, f"{version}"),),
        )


@pytest.fixture
def shelf(account_id: str) -> Shelf:
    return Shelf(account_id)


@pytest.fixture
def kinds(shelf: Shelf) -> list[str]:
    """The kind of this test's tasks: tasks are taken over all accounts, and other tests have theirs."""
    return [f"kind-of-{shelf.account_id}"]


@pytest.fixture
async def raw(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection beside the store, to look behind its back or to be in its way."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@dataclass
class Written:
    """What stands in the database for one account."""

    rows: int
    versions: int
    claims: int
    events: int
    tasks: int
    postings: int


@pytest.fixture
def written(raw: asyncpg.Connection, account_id: str) -> Callable[[], Any]:
    async def look() -> Written:
        row = await raw.fetchrow(
            """select (select count(*) from orders where account_id = $1),
                      (select coalesce(sum(version), 0) from orders where account_id = $1),
                      (select count(*) from claims where account_id = $1),
                      (select count(*) from log where account_id = $1),
                      (select count(*) from tasks where account_id = $1),
                      (select count(*) from postings where account_id = $1)""",
            account_id,
        )
        return Written(*row)

    return look


@dataclass
class Cable:
    """Stands between a store and PostgreSQL. `mute` swallows the answers that follow, then `cut` breaks every line."""

    directory: Path
    target: str
    url: str = ""
    muted: bool = False
    swallowed: int = 0
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)
    _pumps: set[asyncio.Task[None]] = field(default_factory=set)
    _server: asyncio.Server | None = None

    async def open(self) -> None:
        self._server = await asyncio.start_unix_server(self._join, self.directory / ".s.PGSQL.5432")

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        self.cut()
        await asyncio.sleep(0)
        for pump in list(self._pumps):
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    def mute(self) -> None:
        self.muted = True
        self.swallowed = 0

    def cut(self) -> None:
        self.muted = False
        for writer in list(self._writers):
            writer.transport.abort()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_unix_connection(self.target)
        for source, sink, answers in ((reader, there_writer, False), (there_reader, writer, True)):
            self._writers.add(sink)
            pump = asyncio.create_task(self._pump(source, sink, answers))
            self._pumps.add(pump)
            pump.add_done_callback(self._pumps.discard)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, answers: bool) -> None:
        try:
            while data := await source.read(65536):
                if answers and self.muted:
                    self.swallowed += 1
                    continue
                sink.write(data)
                await sink.drain()
        except OSError:
            pass
        finally:
            self._writers.discard(sink)
            sink.transport.abort()


@pytest.fixture
async def cable(database_url: str, tmp_path: Path) -> AsyncIterator[Cable]:
    parts = urlsplit(database_url)
    host = parse_qs(parts.query).get("host", [""])[0]
    if not host.startswith("/"):
        pytest.skip("needs a database on a Unix socket")
    made = Cable(tmp_path, f"{host}/.s.PGSQL.5432")
    made.url = f"postgresql://{parts.username or ''}:@{parts.path}?host={quote(str(tmp_path))}"
    await made.open()
    yield made
    await made.close()
