"""What is refused over HTTP for what stands on the order already: reversals, money given back, and its size."""

from __future__ import annotations

from typing import Any

import pytest

TAKES_BACK_1 = {"related_item": {"line_id": 1, "type": "reversed"}, "reversed_reason": "Replace item"}


def line(line_id: int, gross: int, **more: Any) -> dict[str, Any]:
    return {"line_id": line_id, "id": f"sku-{line_id}", "gross_amount": gross, "tax_lines": [], **more}


@pytest.fixture
def add(shop):
    """Makes a draft that adds these lines to an order, and answers what came of it."""

    async def made(order: dict[str, Any], *lines: dict[str, Any]) -> Any:
        body = {"options": {"order_id": order["id"]}, "order": {"currency": "NOK", "items": list(lines)}}
        return await shop.post(f"{shop.shopping}/draft_orders", body)

    return made


@pytest.fixture
def complete(shop):
    async def done(draft: Any, **params: str) -> Any:
        assert draft.status_code == 200, draft.text
        return await shop.put(f"{shop.shopping}/draft_orders/{draft.json()['id']}/complete", {}, params=params)

    return done


@pytest.fixture
async def order(shop) -> dict[str, Any]:
    """1000 and 500."""
    body = {"order": {"currency": "NOK", "items": [line(1, 1000), line(2, 500)]}}
    return dict((await shop.post(f"{shop.shopping}/orders", body)).json())


def fault(answer: Any, status: int) -> tuple[str, dict[str, Any]]:
    """The path of the first fault, and its details."""
    assert answer.status_code == status, answer.text
    first = answer.json()["error"]["errors"][0]
    return first.get("path"), first.get("details")


async def test_a_reversal_takes_back_no_more_than_is_left_of_its_line(shop, order, add, complete):
    path = "order.items.0.gross_amount"
    beyond = {"line_id": 1, "requested": -1001, "left": 1000}
    assert fault(await add(order, line(3, -1001, **TAKES_BACK_1)), 409) == (path, beyond)
    both = await add(order, line(3, -600, **TAKES_BACK_1), line(4, -401, **TAKES_BACK_1))
    assert fault(both, 409) == ("order.items.1.gross_amount", {"line_id": 1, "requested": -401, "left": 400})
    nameless = await add(order, line(3, -1501, reversed_reason="all of it and more"))
    assert fault(nameless, 409) == ("order.items", {"requested": -1501, "left": 1500})
    stranger = await add(order, line(3, -1, related_item={"line_id": 77}))
    assert fault(stranger, 400) == ("order.items.0.related_item.line_id", {"line_id": 77})

    first, second = [await add(order, line(id, -600, **TAKES_BACK_1)) for id in (3, 4)]
    taken = (await complete(first)).json()["orders"][0]
    for params in ({"dry_run": "true"}, {}):
        refused = await complete(second, **params)
        assert fault(refused, 409) == (path, {"line_id": 1, "requested": -600, "left": 400})
    assert (await shop.get(f"{shop.shopping}/orders/{order['id']}")).json() == taken


async def test_what_was_refunded_or_cancelled_of_a_line_is_not_taken_back_as_well(shop, order, add):
    root = f"{shop.shopping}/orders/{order['id']}"
    for verb, amount in (("authorizations", 1000), ("cancellations", 300), ("captures", 700), ("refunds", 200)):
        body = {"items": [{"line_id": 1, "amount": amount}]}
        assert (await shop.post(f"{root}/{verb}", body)).status_code == 200
    _, details = fault(await add(order, line(3, -501, **TAKES_BACK_1)), 409)
    assert details == {"line_id": 1, "requested": -501, "left": 500}
    assert (await add(order, line(3, -500, **TAKES_BACK_1))).status_code == 200


async def test_money_goes_back_once_and_never_more_than_came_in(shop, order, add, complete):
    root = f"{shop.shopping}/orders/{order['id']}"
    await complete(await add(order, line(3, -1000, **TAKES_BACK_1)))

    async def register(verb: str, line_id: int, amount: int) -> Any:
        return await shop.post(f"{root}/{verb}", {"items": [{"line_id": line_id, "amount": amount}]})

    for line_id, amount in ((1, 1000), (3, -1000)):
        assert (await register("authorizations", line_id, amount)).status_code == 200
    before = (await shop.get(root)).json()
    early = await register("captures", 3, -1000)
    assert fault(early, 409) == ("items", {"requested": 1000, "left": 0})
    assert (await shop.get(root)).json() == before
    assert (await register("captures", 1, 1000)).status_code == 200
    assert (await register("refunds", 1, 300)).status_code == 200
    twice = {"line_id": 3, "requested": -1000, "left": -700}
    assert fault(await register("captures", 3, -1000), 409) == ("items.0.amount", twice)
    assert (await register("captures", 3, -700)).status_code == 200
    assert fault(await register("refunds", 1, 1), 409)[1] == {"line_id": 1, "requested": 1, "left": 0}


@pytest.mark.parametrize("how", ["cancel", "close"])
async def test_a_draft_is_not_completed_onto_an_order_that_is_cancelled_or_closed_nor_looked_ahead(
    shop, order, add, complete, how
):
    draft = await add(order, line(3, 1))
    now = (await shop.post(f"{shop.shopping}/orders/{order['id']}/{how}")).json()
    for params in ({"dry_run": "true"}, {}):
        refused = await complete(draft, **params)
        assert fault(refused, 409)[0] == "options.order_id"
        assert f"is {now['status']}" in refused.json()["error"]["message"]
    assert fault(await add(order, line(4, 1)), 409)[0] == "options.order_id"
    assert (await shop.get(f"{shop.shopping}/orders/{order['id']}")).json() == now
    assert (await shop.get(f"{shop.shopping}/draft_orders/{draft.json()['id']}")).json() == draft.json()


async def test_an_order_takes_ten_thousand_lines_and_not_one_more(shop, add, complete):
    def lines(first: int, count: int) -> list[dict[str, Any]]:
        return [line(id, 100) for id in range(first, first + count)]

    for path in ("orders", "draft_orders"):
        body = {"order": {"currency": "NOK", "items": lines(1, 10_001)}}
        answer = await shop.post(f"{shop.shopping}/{path}", body)
        assert fault(answer, 400)[0] == "order.items"
        assert "at most 1000 items" in answer.text
    body = {"order": {"currency": "NOK", "items": lines(1, 1000)}}
    order = (await shop.post(f"{shop.shopping}/orders", body)).json()
    for first in range(1001, 10_000, 1000):
        assert (await complete(await add(order, *lines(first, 1000)))).status_code == 200
    root = f"{shop.shopping}/orders/{order['id']}"
    whole = (await shop.get(root)).json()
    assert (len(whole["items"]), whole["net_amount"]) == (10_000, 1_000_000)
    refused = await add(order, line(10_001, 100))
    assert refused.status_code == 409
    assert "at most 10000 lines" in refused.json()["error"]["message"]
    everything = [{"line_id": id, "amount": 100} for id in range(1, 10_002)]
    too_many = await shop.post(f"{root}/authorizations", {"items": everything})
    assert fault(too_many, 400)[0] == "items"
    assert "at most 10000 items" in too_many.text
    assert (await shop.post(f"{root}/authorizations", {"items": everything[:-1]})).json()["amount"] == 1_000_000


NONSENSE = [
    ("status", "shipped"), ("payment_status", "authorized"), ("created_at.gte", "yesterday"),
    ("created_at.lte", "2026-07-01"), ("updated_at.gte", "20260701"), ("updated_at.lte", "null"), ("amount.gte", "1.5"),
    ("amount.lte", "null"), ("order_id", "x" * 101), ("search", "!"), ("itinerary_travel_mode", ""),
    ("itinerary_arrival_address", " "), ("itinerary_departure_address", "x" * 256),
    ("items_discount_lines_discount_type", ","), ("include_events", "perhaps"), ("sort", "price"), ("limit", "-1"),
    ("starting_after", "x"), ("total", "perhaps"),
]  # fmt: skip
LISTS = {
    "orders": ["customer_id", "store_id"],
    "stores/oslo/orders": ["customer_id"],
    "customers/kari/orders": ["store_id"],
    "orders.csv": ["customer_id", "store_id"],
    "orders.jsonl": ["customer_id", "store_id"],
}


@pytest.mark.parametrize("path", LISTS)
async def test_nonsense_in_any_filter_of_any_list_is_refused_by_its_name(shop, path):
    for name, value in [*NONSENSE, *((id, text) for id in LISTS[path] for text in ("", "a,,b", "x" * 101))]:
        answer = await shop.get(f"{shop.shopping}/{path}", params={name: value})
        assert answer.status_code == 400, (name, answer.text)
        assert answer.json()["error"]["message"].startswith(f"{name}:"), answer.text
