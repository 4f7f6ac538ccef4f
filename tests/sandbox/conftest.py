"""A shop's developer with the sandbox at hand: sessions, payments, the clock, faults; and a customer who pays."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from kvitt.config import Config
from tests_support import Server, Shop, run_server

SUCCESS = "4000000000000002"


@pytest.fixture
def server(own_server: Server) -> Server:
    """These tests close and hold parts of it."""
    return own_server


@dataclass
class Developer:
    shop: Shop
    server: Server

    @property
    def account_id(self) -> str:
        return self.shop.account_id

    @property
    def clock_path(self) -> str:
        return f"/v1/accounts/{self.account_id}/sandbox/clock"

    @property
    def faults_path(self) -> str:
        return f"/v1/accounts/{self.account_id}/sandbox/faults"

    async def advance(self, duration: str, **kwargs: Any) -> Any:
        answer = await self.shop.post(self.clock_path, {"advance": duration}, **kwargs)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def script(self, *rules: dict[str, Any]) -> Any:
        answer = await self.shop.put(self.faults_path, {"rules": list(rules)})
        assert answer.status_code == 200, answer.text
        return answer.json()["rules"]

    async def session(self, amount: int = 39800, **members: Any) -> str:
        body = {
            "profile_id": "default",
            "url": {"return_url": "https://shop.example/thanks"},
            "order": {"amount": amount, "currency": "NOK", "merchant_reference": "A-1"},
            **members,
        }
        answer = await self.shop.post("/v1/sessions-profile", body)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])

    async def pay(self, session_id: str, card: str = SUCCESS) -> Any:
        body = {
            "payment_product_type": "dintero_psp.creditcard",
            "card": {"number": card, "expiry": "12/49", "cvc": "123"},
        }
        return (await self.shop.post(f"/v1/sessions/{session_id}/pay", body)).json()

    async def paid(self, amount: int = 39800, card: str = SUCCESS, **members: Any) -> str:
        """The transaction of a session whose payment went through."""
        session_id = await self.session(amount, **members)
        assert (await self.pay(session_id, card))["success"] is True
        return await self.transaction_of(session_id)

    async def transaction_of(self, session_id: str) -> str:
        return str((await self.shop.get(f"/v1/sessions/{session_id}")).json()["transaction_id"])

    async def transaction(self, transaction_id: str) -> Any:
        return (await self.shop.get(f"/v1/transactions/{transaction_id}")).json()

    async def operate(self, transaction_id: str, verb: str, amount: int | None = None, **members: Any) -> Any:
        body = {"amount": amount, **members} if amount is not None else None
        return await self.shop.post(f"/v1/transactions/{transaction_id}/{verb}", body)

    async def until(self, transaction_id: str, status: str, seconds: float = 20) -> Any:
        """The transaction once it has a status."""

        async def reached() -> Any:
            found = await self.transaction(transaction_id)
            return found if found["status"] == status else None

        return await eventually(reached, seconds)

    async def movements(self, transaction_id: str) -> list[tuple[str, int, str]]:
        books = await self.server.app.books.of_payment(self.account_id, transaction_id)
        return [(each.verb, each.amount, each.outcome) for each in books]


async def eventually(look: Callable[[], Awaitable[Any]], seconds: float = 20) -> Any:
    """What `look` answers once that is true."""
    async with asyncio.timeout(seconds):
        while not (found := await look()):
            await asyncio.sleep(0.05)
        return found


@pytest.fixture
async def another_server(server: Server, database_url: str) -> AsyncIterator[Server]:
    """A second process, as far as the two can tell: nothing is shared but the database. It takes the same tokens."""
    async with run_server(database_url, Config(public_url=server.url)) as running:
        yield running


@pytest.fixture
async def developer(server: Server, account_id: str) -> AsyncIterator[Developer]:
    async with server.shop(account_id, ["admin:checkout", "admin:hooks"]) as shop:
        yield Developer(shop, server)
