"""An application with nothing but accounts, on a real database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from kvitt.accounts import api
from kvitt.accounts.flows import Accounts
from kvitt.store import Store
from kvitt.web import build_app

URL = "http://kvitt.test"


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))

    def __call__(self, _account_id: str | None = None, /) -> datetime:
        return self.now

    def move(self, **kwargs: float) -> None:
        self.now += timedelta(**kwargs)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def accounts(store: Store, clock: Clock) -> Accounts:
    return Accounts(store, clock, URL)


@pytest.fixture
async def http(accounts: Accounts) -> AsyncIterator[httpx.AsyncClient]:
    app = build_app(api.routes(accounts), authenticate=accounts.authenticate, base_url=URL)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=URL) as client:
        yield client


@dataclass
class Keys:
    account_id: str
    client_id: str
    secret: str
    http: httpx.AsyncClient

    async def ask(self, *, auth: tuple[str, str] | None = None, **changes: object) -> httpx.Response:
        body = {
            "grant_type": "client_credentials",
            "audience": f"https://api.example.com/v1/accounts/{self.account_id}",
            **changes,
        }
        path = f"/v1/accounts/{self.account_id}/auth/token"
        return await self.http.post(path, json=body, auth=auth or (self.client_id, self.secret))

    async def token(self) -> str:
        token: str = (await self.ask()).json()["access_token"]
        return token


@pytest.fixture
async def keys(accounts: Accounts, http: httpx.AsyncClient, account_id: str) -> Keys:
    """An account, and a client that may administer it and its orders."""
    await accounts.create_account(account_id, "Stol & Bord AS")
    client, secret = await accounts.create_client(account_id, "Shop", ["admin:accounts", "admin:shopping"])
    return Keys(account_id, client.client_id, secret, http)
