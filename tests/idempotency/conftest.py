"""A shop that may do everything, and the things it does: each as the requests that lead up to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from kvitt.store import DueTask
from tests_support import Server, Shop

SCOPES = ["admin:accounts", "admin:checkout", "admin:hooks", "admin:shopping"]
CARD = {"number": "4000000000000002", "expiry": "12/34", "cvc": "987"}
SILENT = {"capture": "4100000000000019", "refund": "4100000000000027", "void": "4100000000000043"}
LINE = {"line_id": 1, "id": "chair", "gross_amount": 39800, "tax_lines": [{"amount": 7960, "percentage": 25}]}


def session_body(**changes: Any) -> dict[str, Any]:
    order = {"amount": 39800, "currency": "NOK", "merchant_reference": "A1"}
    return {"url": {"return_url": "https://shop.example/thanks"}, "order": order, "profile_id": "default", **changes}


def paying(number: str = CARD["number"]) -> dict[str, Any]:
    return {"payment_product_type": "dintero_psp.creditcard", "card": {**CARD, "number": number}}


@dataclass
class Keyed:
    """A shop whose requests carry keys."""

    shop: Shop
    server: Server
    raw: asyncpg.Connection

    @property
    def account_id(self) -> str:
        return self.shop.account_id

    async def send(
        self, path: str, body: Any = None, key: str | None = None, *, method: str = "POST", url: str | None = None
    ) -> httpx.Response:
        headers = {} if key is None else {"Idempotency-Key": key}
        sent = {} if body is None else {"json": body}
        return await self.shop.http.request(method, f"{url or ''}{path}", headers=headers, **sent)

    async def effects(self) -> tuple[int, int]:
        """How many events the account's log holds, and how often the provider moved money."""
        row = await self.raw.fetchrow(
            "select (select count(*) from log where account_id = $1), "
            "(select count(*) from sandbox.movements where account_id = $1 and outcome = 'done')",
            self.account_id,
        )
        return tuple(row)

    async def draft(self, **order: Any) -> str:
        sent = {"order": {"currency": "NOK", "items": [LINE], **order}}
        return (await self.send(f"{self.shop.shopping}/draft_orders", sent)).json()["id"]

    async def order(self, *verbs: str) -> str:
        """An order's address, on which these were registered."""
        draft_id = await self.draft()
        done = await self.send(f"{self.shop.shopping}/draft_orders/{draft_id}/complete", method="PUT")
        path = f"{self.shop.shopping}/orders/{done.json()['orders'][0]['id']}"
        for verb in verbs:
            (await self.send(f"{path}/{verb}", {"items": [{"line_id": 1, "amount": 39800}]})).raise_for_status()
        return path

    async def subscription(self) -> str:
        """A webhook subscription's address."""
        path = f"/v1/accounts/{self.account_id}/hooks/subscriptions"
        body = {"config": {"url": "http://127.0.0.1:9/"}, "events": ["checkout_transaction"]}
        return f"{path}/{(await self.send(path, body)).json()['id']}"

    async def session(self, **changes: Any) -> str:
        return (await self.send("/v1/sessions-profile", session_body(**changes))).json()["id"]

    async def transaction(self, *, number: str = CARD["number"], captured: int = 0, **changes: Any) -> str:
        """A paid session's transaction."""
        sid = await self.session(**changes)
        id = (await self.send(f"/v1/sessions/{sid}/pay", paying(number))).json()["transaction_id"]
        if captured:
            (await self.send(f"/v1/transactions/{id}/capture", {"amount": captured})).raise_for_status()
        return id

    async def ask_provider(self) -> int:
        """Runs the account's tasks that ask the provider, as if they were due."""
        rows = await self.raw.fetch(
            "select account_id, id, kind, due_at, data, tries from tasks "
            "where account_id = $1 and kind = 'checkout.ask_provider'",
            self.account_id,
        )
        for row in rows:
            await self.server.app.checkout.task_handlers()["checkout.ask_provider"](DueTask(*row))
        return len(rows)

    @property
    def provider(self) -> Any:
        return self.server.app.checkout._desk.providers["sandbox"]


def transaction_of(answer: httpx.Response) -> list[tuple[str, bool]]:
    return [(event["event"], event["success"]) for event in answer.json()["events"]]


def same(first: httpx.Response, again: httpx.Response) -> None:
    """The answer was given again, to the byte."""
    assert again.headers.get("idempotent-replayed") == "true", again.text
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers.get("event-request-id") == first.headers.get("event-request-id")
    assert again.headers["content-type"] == first.headers["content-type"]
    assert again.headers["x-request-id"] != first.headers["x-request-id"]


@pytest.fixture
def key() -> str:
    return str(uuid4())


@pytest.fixture
async def raw(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.fixture
async def keyed(server: Server, account_id: str, raw: asyncpg.Connection) -> AsyncIterator[Keyed]:
    async with server.shop(account_id, scopes=SCOPES) as shop:
        yield Keyed(shop, server, raw)
