"""What several tests of checkout share: a clock that stands still, sessions, and the sandbox's books."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from kvitt.checkout.flows import Actor, Checkout
from kvitt.checkout.model.payment import CardDetails
from kvitt.checkout.model.session import Session, SessionOptions
from kvitt.checkout.providers.sandbox import Sandbox
from kvitt.store import DueTask, SandboxBooks, Store

SUCCESS = "4000000000000002"


@dataclass
class HandClock:
    """The time, moved by hand."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))

    def __call__(self, _account_id: str | None = None, /) -> datetime:
        return self.now

    def advance(self, **delta: float) -> None:
        self.now += timedelta(**delta)


def session_body(**changes: Any) -> dict[str, Any]:
    """A session as a shop asks for it: one line of 398.00 kroner."""
    order = {
        "amount": 39800,
        "currency": "NOK",
        "vat_amount": 7960,
        "merchant_reference": "ORDER-1",
        "items": [
            {
                "id": "175938",
                "line_id": "1",
                "description": "Stablestol",
                "quantity": 2,
                "amount": 39800,
                "vat_amount": 7960,
                "vat": 25,
            }
        ],
    }
    body = {"url": {"return_url": "https://shop.example/thanks?lang=nb"}, "order": order, "profile_id": "default"}
    for path, value in changes.items():
        *parents, name = path.split("__")
        place: Any = body
        for parent in parents:
            place = place[parent]
        if value is None:
            place.pop(name, None)
        else:
            place[name] = value
    return body


@dataclass
class House:
    """Checkout on a real store, with a clock moved by hand and the sandbox's books at hand."""

    account_id: str
    store: Store
    clock: HandClock
    books: SandboxBooks
    checkout: Checkout

    def actor(self) -> Actor:
        return Actor(str(uuid4()), "9c1f5a30-0000-4000-8000-000000000001")

    async def session(self, **changes: Any) -> Session:
        options = msgspec.convert(session_body(**changes), SessionOptions)
        return await self.checkout.create_session(self.account_id, options, frozenset(), self.actor())

    async def pay(self, session_id: str, number: str = SUCCESS) -> Any:
        card = CardDetails(number, "12/34", "123")
        return await self.checkout.pay(session_id, "dintero_psp.creditcard", card, Actor(str(uuid4())))

    async def paid(self, number: str = SUCCESS, **changes: Any) -> str:
        """A paid session's transaction."""
        session = await self.session(**changes)
        return (await self.pay(session.id, number)).transaction_id

    async def get(self, transaction_id: str) -> Any:
        return await self.checkout.get_transaction(self.account_id, transaction_id)

    async def tasks(self, kind: str) -> list[DueTask]:
        """The account's tasks of a kind, whenever they are due."""
        return [task for task in await _tasks(self.store, self.account_id) if task.kind == kind]

    async def ring(self, kind: str) -> int:
        """Runs the account's tasks of a kind that are due by the clock; answers how many."""
        due = [task for task in await self.tasks(kind) if task.due_at <= self.clock()]
        for task in due:
            await self.checkout.task_handlers()[kind](task)
        return len(due)


async def _tasks(store: Store, account_id: str) -> list[DueTask]:
    async def run(connection: Any) -> list[DueTask]:
        rows = await connection.fetch(
            "select account_id, id, kind, due_at, data, tries from tasks where account_id = $1 order by due_at",
            account_id,
        )
        return [DueTask(*row) for row in rows]

    return await store._lines.run(run)


@pytest.fixture
def body() -> Callable[..., dict[str, Any]]:
    return session_body


@pytest.fixture
async def books(database_url: str) -> AsyncIterator[SandboxBooks]:
    opened = SandboxBooks(database_url)
    yield opened
    await opened.close()


@pytest.fixture
async def house(store: Store, books: SandboxBooks, account_id: str) -> House:
    clock = HandClock()
    sandbox = Sandbox(books, clock, base_url="https://pay.example")
    checkout = Checkout(store, clock, {"sandbox": sandbox}, "https://pay.example")
    await checkout.create_default_profile(account_id, "Stol & Bord AS")
    return House(account_id, store, clock, books, checkout)
