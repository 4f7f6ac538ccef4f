"""An order that was made without a draft is removed at its time, through the front door; but for one that has money."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

ITEM = {"line_id": 1, "id": "chair", "gross_amount": 100, "tax_lines": []}


@pytest.fixture
def sell(shop):
    """Makes an order without a draft."""

    async def sold(life: Any, status: int = 200, headers: Any = None, **options: Any) -> Any:
        body = {
            "options": {"order_time_to_live": life, **options},
            "order": {"currency": "NOK", "items": [ITEM], "customer": {"id": "kari"}},
        }
        answer = await shop.post(f"{shop.shopping}/orders", body, headers=headers or {})
        assert answer.status_code == status, answer.text
        return answer.json()

    return sold


@pytest.fixture
async def waiting(shop, database_url):
    """How many orders' timers have not done their work yet."""
    connection = await asyncpg.connect(database_url)

    async def count() -> int:
        query = "select count(*) from tasks where account_id = $1 and kind = 'orders.order_removal'"
        return int(await connection.fetchval(query, shop.account_id))

    yield count
    await connection.close()


async def _until(shop: Any, seconds: int, left: int, waiting: Any) -> None:
    """Moves the account's clock, and waits until so many timers are left."""
    clock = f"/v1/accounts/{shop.account_id}/sandbox/clock"
    assert (await shop.post(clock, {"advance": f"PT{seconds}S"})).status_code == 200
    async with asyncio.timeout(20):
        while await waiting() != left:
            await asyncio.sleep(0.05)


async def test_it_is_removed_at_its_time_with_the_drafts_that_added_to_it(shop, sell, server, waiting):
    order = await sell(3600, generate_order_id="ALPHANUMERIC_9")
    moment = (datetime.now(UTC) + timedelta(seconds=60)).isoformat()
    early = await sell(moment)
    added = {
        "options": {"order_id": order["order_id"]},
        "order": {"currency": "NOK", "items": [{**ITEM, "line_id": 2}]},
    }
    draft = (await shop.post(f"{shop.shopping}/draft_orders", added)).json()
    assert (await shop.put(f"{shop.shopping}/draft_orders/{draft['id']}/complete", {})).status_code == 200
    await _until(shop, 120, 1, waiting)
    assert (await shop.get(f"{shop.shopping}/orders/{early['id']}")).status_code == 404
    assert (await shop.get(f"{shop.shopping}/orders/{order['id']}")).json()["net_amount"] == 200
    await _until(shop, 3600, 0, waiting)
    for path in (f"orders/{order['id']}", f"orders/{order['order_id']}", f"draft_orders/{draft['id']}"):
        assert (await shop.get(f"{shop.shopping}/{path}")).status_code == 404
    events, _ = await server.store.feed(shop.account_id, None, 100)
    gone = [(event.type, event.object_id) for event in events if event.type.endswith(".removed")]
    assert gone == [("order.removed", early["id"]), ("order.removed", order["id"]), ("draft.removed", draft["id"])]


async def test_one_on_which_something_was_registered_stays(shop, sell, waiting):
    paid, tried, free = [await sell(60) for _ in range(3)]
    for order, success in ((paid, True), (tried, False)):
        part = {"items": [{"line_id": 1, "amount": 100}], "success": success}
        assert (await shop.post(f"{shop.shopping}/orders/{order['id']}/authorizations", part)).status_code == 200
    await _until(shop, 120, 0, waiting)
    found = [(await shop.get(f"{shop.shopping}/orders/{order['id']}")).status_code for order in (paid, tried, free)]
    assert found == [200, 200, 404]


async def test_one_that_was_asked_for_twice_by_a_key_is_made_once_with_one_timer(shop, sell, waiting):
    key = {"Idempotency-Key": "once"}
    first, second = [await sell(60, headers=key) for _ in range(2)]
    assert first == second
    assert await waiting() == 1


async def test_without_a_time_to_live_there_is_no_timer(shop, waiting):
    body = {"order": {"currency": "NOK", "items": [ITEM]}}
    assert (await shop.post(f"{shop.shopping}/orders", body)).status_code == 200
    assert await waiting() == 0


NONSENSE = [0, -1, 10**12, "soon", "2026-07-01T00:00:00", "2020-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00", 1.5, {}]


@pytest.mark.parametrize("life", NONSENSE)
async def test_a_time_to_live_of_nonsense_is_refused(sell, life):
    (fault,) = (await sell(life, status=400))["error"]["errors"]
    assert fault["path"] == "options.order_time_to_live"
