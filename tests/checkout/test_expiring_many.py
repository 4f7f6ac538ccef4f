"""Two thousand sessions run out within a second: each once, and whoever asks for something meanwhile is answered.
`make bench-expiry` does it with a hundred thousand, and measures."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from kvitt.core.clock import system_clock
from tests_support import Server, run_server

sys.path.append(str(Path(__file__).parents[2]))
from bench.expiry import SESSION, seed

MANY = 2000
CARD = {"number": "4000000000000002", "expiry": "12/34", "cvc": "987"}
PAYMENT = {"payment_product_type": "dintero_psp.creditcard", "card": CARD}


@pytest.fixture
def server(own_server: Any) -> Any:
    """Other tests here do the worker's work by hand: no worker may be there then."""
    return own_server


async def test_many_sessions_expire_once_each_while_requests_are_answered(
    shop: Any, http: httpx.AsyncClient, server: Server, database_url: str, body: Callable[..., dict[str, Any]]
) -> None:
    """Two processes do it, and each asks for what is due. One session is paid just before."""
    soon = system_clock() + timedelta(seconds=3)
    await seed(database_url, shop.account_id, MANY, soon, 1.0)
    mine = {**SESSION, "expires_at": (soon + timedelta(seconds=60)).isoformat()}
    paid = (await shop.post("/v1/sessions", mine)).json()["id"]
    assert (await http.post(f"/v1/sessions/{paid}/pay", json=PAYMENT)).status_code == 200
    connection = await asyncpg.connect(database_url)

    async def timers() -> int:
        return int(
            await connection.fetchval(
                "select count(*) from tasks where account_id = $1 and kind = 'checkout.expire_session'", shop.account_id
            )
        )

    answered = 0
    async with run_server(database_url), asyncio.timeout(120):
        while await timers():
            made = await shop.post("/v1/sessions-profile", body())
            assert made.status_code == 200
            sid = made.json()["id"]
            assert (await http.post(f"/v1/sessions/{sid}/pay", json=PAYMENT)).status_code == 200
            answered += 1
    told = await connection.fetch(
        "select object_id from log where account_id = $1 and type = 'session.expired'", shop.account_id
    )
    kept = await connection.fetchval(
        "select count(*) from sessions where account_id = $1 and (doc::json ->> 'expired_at') is not null",
        shop.account_id,
    )
    await connection.close()
    assert answered
    assert Counter(Counter(row["object_id"] for row in told).values()) == {1: MANY}
    assert kept == MANY
    assert "CANCELLED" not in [event["name"] for event in (await shop.get(f"/v1/sessions/{paid}")).json()["events"]]
