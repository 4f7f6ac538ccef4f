"""What every test may use: a real PostgreSQL, a store on it, a real server, a shop with keys.

Each test gets accounts of its own, so tests never see each other's rows, whatever order they run in.
"""

from __future__ import annotations

import itertools
import os
import random
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from kvitt.core.errors import Refusal
from kvitt.store import Store, connect
from kvitt.store.embedded import Embedded
from kvitt.store.migrate import migrate
from tests_support import TLS, Server, Shop, run_server

_account_numbers = itertools.count(random.Random().randrange(10_000_000, 80_000_000))  # noqa: S311


@pytest.fixture(autouse=True)
def every_refusal_is_named(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever a test asks a server for in this process: each no is one that the route's document names."""
    unnamed: list[str] = []

    def note(refusal: Refusal, method: str, route: str) -> None:
        unnamed.append(f"{method} {route}: {type(refusal).__name__} ({refusal.message})")

    monkeypatch.setattr("kvitt.web.refusals.unnamed", note)
    yield
    assert not unnamed, "refusals that the routes do not name: " + ", ".join(unnamed)


@pytest.fixture(scope="session")
def embedded() -> Iterator[Embedded]:
    """PostgreSQL 18 of the wheel in a folder of its own, stopped and removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="kvitt-test-"))
    folder.chmod(0o755)  # the database's own user passes through when the tests run as root
    database = Embedded(folder)
    database.start()
    yield database
    database.leave()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def database_url(embedded: Embedded) -> str:
    """The URL of a migrated database. KVITT_TEST_DATABASE_URL names another one to use."""
    url = os.environ.get("KVITT_TEST_DATABASE_URL") or embedded.url
    migrate(url)
    return url


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    opened = await connect(database_url)
    yield opened
    await opened.close()


@pytest.fixture
def account_id() -> str:
    """An account id that no other test uses."""
    return f"T{next(_account_numbers):08d}"


@pytest.fixture(scope="module")
async def shared_server(database_url: str) -> AsyncIterator[Server]:
    async with run_server(database_url) as running:
        yield running


@pytest.fixture
def server(shared_server: Server) -> Iterator[Server]:
    """A real server on a free port of this machine, with its worker. The tests of a module share it: their accounts
    are their own. What a test does to its provider ends with the test. Where tests change more of it, or do the
    worker's work by hand beside it, they take `own_server` under this name."""
    yield shared_server
    provider = vars(shared_server.app.checkout._desk.providers["sandbox"])
    for name in ("act", "lookup"):
        provider.pop(name, None)


@pytest.fixture
async def own_server(database_url: str) -> AsyncIterator[Server]:
    """A server that no other test has."""
    async with run_server(database_url) as running:
        yield running


@pytest.fixture
async def shop(server: Server, account_id: str) -> AsyncIterator[Shop]:
    """A test account with an API client that holds admin:checkout and admin:shopping, and an HTTP client for it."""
    async with server.shop(account_id, scopes=["admin:checkout", "admin:shopping"]) as made:
        yield made


@pytest.fixture
async def http(server: Server) -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client without any token: the customer's browser, or a stranger."""
    async with httpx.AsyncClient(base_url=server.url, timeout=30, verify=TLS) as client:
        yield client
