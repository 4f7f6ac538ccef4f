"""The customer's redirect and the provider's notice: in either order, twice, at the same time, at two processes that
share nothing but the database. One effect."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from kvitt.config import Config
from tests_support import Server, run_server

from .hearing import Hearing, hearing

CARD = {"number": "4000000000000002", "expiry": "12/34", "cvc": "987"}
PAYMENT = {"payment_product_type": "dintero_psp.creditcard", "card": CARD}
PAID = ["INITIATED", "PAY_LOCK_START", "PAY_LOCK_META", "AUTHORIZED", "PAY_LOCK_END", "COMPLETED", "AUTH_CALLBACK_SENT"]


@pytest.fixture
def server(own_server: Any) -> Any:
    """Other tests here do the worker's work by hand: no worker may be there then."""
    return own_server


@pytest.fixture
async def another(server: Server, database_url: str) -> AsyncIterator[Server]:
    async with run_server(database_url, Config(public_url=server.url)) as running:
        yield running


@pytest.fixture
async def hook() -> AsyncIterator[Hearing]:
    async with hearing() as made:
        yield made


async def session(shop: Any, body: Any, hook: Hearing, *rules: dict[str, Any], **changes: Any) -> str:
    script = {"rules": [{"match": {"verb": "authorize"}, **rule} for rule in rules]}
    answer = await shop.put(f"/v1/accounts/{shop.account_id}/sandbox/faults", script)
    assert answer.status_code == 200, answer.text
    asked = body(url__callback_url=f"{hook.url}?report_error=true&report_event=CAPTURE", **changes)
    return str((await shop.post("/v1/sessions-profile", asked)).json()["id"])


async def effects(shop: Any, server: Server, sid: str, database_url: str) -> Any:
    """What was done for a session, once its callback was taken."""
    async with asyncio.timeout(20):
        while (seen := (await shop.get(f"/v1/sessions/{sid}")).json())["events"][-1]["name"] != "AUTH_CALLBACK_SENT":
            await asyncio.sleep(0.05)
    id = seen["transaction_id"]
    transaction = (await shop.get(f"/v1/transactions/{id}")).json()
    books = await server.app.books.of_payment(shop.account_id, id)
    connection = await asyncpg.connect(database_url)
    try:
        postings = await connection.fetch(
            "select kind, amount from postings where account_id = $1 and object_id = $2 order by created_at",
            shop.account_id,
            id,
        )
        told = await connection.fetch(
            "select type from log where account_id = $1 and object_id = $2 order by seq", shop.account_id, id
        )
    finally:
        await connection.close()
    return {
        "session": [event["name"] for event in seen["events"]],
        "transaction": [event["event"] for event in transaction["events"]],
        "books": [(each.verb, each.amount, each.outcome) for each in books],
        "postings": [tuple(row) for row in postings],
        "log": [row["type"] for row in told],
    }


ONE = {
    "session": PAID,
    "transaction": ["INITIALIZE", "AUTHORIZE"],
    "books": [("authorize", 39800, "done")],
    "postings": [("authorize", 39800)],
    "log": ["transaction.authorized"],
}


@pytest.mark.parametrize(
    "rule",
    [
        {"fault": "slow", "seconds": 0.01},
        {"notice": "sent"},
        {"notice": "before"},
        {"notice": "twice"},
        {"fault": "answers_twice"},
        {"fault": "slow", "seconds": 1, "notice": "before"},
        {"fault": "slow", "seconds": 1, "notice": "twice"},
        {"fault": "silent_after", "seconds": 0, "notice": "twice"},
        {"fault": "late", "seconds": 0},
    ],
    ids=lambda rule: " ".join(f"{value}" for value in rule.values()),
)
async def test_whichever_comes_first_the_order_is_paid_once(
    shop: Any, http: httpx.AsyncClient, server: Server, another: Server, hook: Hearing, body: Any, database_url: str,
    rule: dict[str, Any],
) -> None:  # fmt: skip
    sid = await session(shop, body, hook, rule)
    answer = await http.post(f"/v1/sessions/{sid}/pay", json=PAYMENT)
    assert answer.status_code == 200, answer.text
    assert await effects(shop, server, sid, database_url) == ONE
    assert len(hook.all) == 1


@pytest.mark.parametrize("fault", [{"fault": "slow", "seconds": 0.3}, {"fault": "silent_after", "seconds": 0}])
async def test_customers_and_notices_at_once_at_two_processes(
    shop: Any, server: Server, another: Server, hook: Hearing, body: Any, database_url: str, fault: dict[str, Any]
) -> None:
    """The button pressed twice in two tabs, and news of it over and over, everywhere."""
    sid = await session(shop, body, hook, fault | {"notice": "twice"})
    both = (server, another)

    async def notices() -> None:
        async with asyncio.timeout(20):
            while (id := (await shop.get(f"/v1/sessions/{sid}")).json().get("transaction_id")) is None:
                await asyncio.sleep(0.005)
            while not (books := await server.app.books.of_payment(shop.account_id, id)):
                await asyncio.sleep(0.005)
        for _ in range(5):
            await asyncio.gather(
                *(each.app.checkout.notified(shop.account_id, id, books[0].attempt_id) for each in both * 2)
            )

    async with httpx.AsyncClient(base_url=server.url) as one, httpx.AsyncClient(base_url=another.url) as two:
        tabs = [str(uuid4()), str(uuid4())]
        presses = [
            client.post(f"/v1/sessions/{sid}/pay", json=PAYMENT, headers={"Idempotency-Key": tab}, timeout=30)
            for client in (one, two)
            for tab in tabs
        ]
        answers, _ = await asyncio.gather(asyncio.gather(*presses), notices())
    assert {answer.status_code for answer in answers} <= {200, 400, 409}
    assert any(answer.status_code == 200 for answer in answers)
    assert await effects(shop, server, sid, database_url) == ONE
    assert len(hook.all) == 1


async def test_the_automatic_capture_that_follows_is_made_once_too(
    shop: Any, http: httpx.AsyncClient, server: Server, another: Server, hook: Hearing, body: Any, database_url: str
) -> None:
    sid = await session(
        shop, body, hook, {"fault": "slow", "seconds": 0.5, "notice": "twice"}, configuration={"auto_capture": True}
    )
    assert (await http.post(f"/v1/sessions/{sid}/pay", json=PAYMENT)).status_code == 200
    done = await effects(shop, server, sid, database_url)
    assert done["transaction"] == ["INITIALIZE", "AUTHORIZE", "CAPTURE"]
    assert done["books"] == [("authorize", 39800, "done"), ("capture", 39800, "done")]
    assert done["postings"] == [("authorize", 39800), ("capture", 39800)]
    assert done["session"] == PAID
    assert sorted(heard.query.get("event", "paid") for heard in hook.all) == ["CAPTURE", "paid"]
