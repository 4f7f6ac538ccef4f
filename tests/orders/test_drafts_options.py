"""What a draft's options make of it, and the preview, through the front door."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

ITEM = {"line_id": 1, "id": "chair", "gross_amount": 100, "tax_lines": []}


def item(line_id: int, gross: int = 100, **more: Any) -> dict[str, Any]:
    return {**ITEM, "line_id": line_id, "gross_amount": gross, **more}


def reversal(line_id: int, gross: int, of: int) -> dict[str, Any]:
    return item(line_id, gross, reversed_reason="Replace item", related_item={"line_id": of, "type": "reversed"})


def fault_paths(answer: Any) -> list[str | None]:
    return [fault.get("path") for fault in answer.json()["error"]["errors"]]


@pytest.fixture
def drafts(shop):
    return f"{shop.shopping}/draft_orders"


@pytest.fixture
def make(shop, drafts):
    """Makes a draft of these items and options."""

    async def made(*items: dict[str, Any], status: int = 200, store: Any = None, **options: Any) -> Any:
        body: dict[str, Any] = {"options": options, "order": {"currency": "NOK", "items": list(items)}}
        answer = await shop.post(drafts, body | ({"store": store} if store else {}))
        assert answer.status_code == status, answer.text
        return answer.json() if status == 200 else answer

    return made


@pytest.fixture
def sell(shop, drafts, make):
    """Makes orders of these items and options."""

    async def sold(*items: dict[str, Any], **options: Any) -> list[dict[str, Any]]:
        draft = await make(*items, **options)
        answer = await shop.put(f"{drafts}/{draft['id']}/complete", {})
        assert answer.status_code == 200, answer.text
        return answer.json()["orders"]

    return sold


async def _operate(shop: Any, order: dict[str, Any], verb: str, *parts: tuple[int, int], **more: Any) -> Any:
    body = {"items": [{"line_id": line_id, "amount": amount} for line_id, amount in parts], **more}
    return await shop.post(f"{shop.shopping}/orders/{order['id']}/{verb}", body)


# -- replace --------------------------------------------------------------------------------------------------------


async def test_a_draft_replaces_an_order_on_which_nothing_was_registered(shop, drafts, sell, make):
    (order,) = await sell(item(1), generate_order_id="ALPHANUMERIC_9")
    options = {"order_id": order["order_id"], "replace": "order"}
    (after,) = await sell(item(1, 70), item(2, 10), **options)
    kept = ("id", "order_id", "created_at", "created_by", "status")
    assert [after[name] for name in kept] == [order[name] for name in kept]
    assert (after["net_amount"], len(after["items"]), after["version"]) == (80, 2, 2)
    assert (await shop.get(f"{shop.shopping}/orders/{order['order_id']}")).json() == after


@pytest.mark.parametrize("success", [True, False])
async def test_an_order_with_payment_operations_is_not_replaced(shop, drafts, sell, make, success):
    """§14.11 of the reference. It holds whenever the draft is completed, not only when it is made."""
    (order,) = await sell(item(1))
    options = {"order_id": order["id"], "replace": "order"}
    before = await make(item(1, 70), **options)
    assert (await _operate(shop, order, "authorizations", (1, 100), success=success)).status_code == 200
    for query in ({}, {"dry_run": "true"}):
        answer = await shop.put(f"{drafts}/{before['id']}/complete", {}, params=query)
        assert (answer.status_code, fault_paths(answer)) == (409, ["options.replace"])
    assert fault_paths(await make(item(1, 70), status=409, **options)) == ["options.replace"]
    assert (await shop.get(f"{shop.shopping}/orders/{order['id']}")).json()["net_amount"] == 100


# -- split_draft ----------------------------------------------------------------------------------------------------


async def test_a_draft_becomes_one_order_for_each_store(shop, drafts, sell):
    bar, kitchen = {"id": "bar", "name": "The bar"}, {"id": "kitchen"}
    items = [item(1, 50, store=bar), item(2, 70, store=kitchen), item(3, 20, store=bar), item(4, 5)]
    orders = await sell(*items, split_draft=True, generate_order_id="ALPHANUMERIC_9", store={"id": "front"})
    assert [(o["store"]["id"], [i["line_id"] for i in o["items"]], o["net_amount"]) for o in orders] == [
        ("bar", [1, 3], 70),
        ("kitchen", [2], 70),
        ("front", [4], 5),
    ]
    assert len({o["order_id"] for o in orders}) == len({o["id"] for o in orders}) == 3
    for order in orders:
        assert (await shop.get(f"{shop.shopping}/orders/{order['order_id']}")).json() == order


async def test_a_split_draft_completed_by_many_at_once_makes_its_orders_once(shop, drafts, make):
    draft = await make(*[item(n, store={"id": f"s{n % 3}"}) for n in range(9)], split_draft=True)
    path = f"{drafts}/{draft['id']}/complete"
    answers = await asyncio.gather(*[shop.put(path, {}) for _ in range(8)])
    assert len({answer.text for answer in answers}) == 1
    assert len(answers[0].json()["orders"]) == 3


async def test_what_cannot_be_split_is_refused_by_its_path(make):
    one, two = {"id": "one"}, {"id": "two"}
    torn = [item(1, store=one), {**reversal(2, -100, 1), "store": two}]
    assert fault_paths(await make(*torn, split_draft=True, status=400)) == ["order.items.1.related_item.line_id"]
    owing = [item(1, store=one), item(2, -5, store=two, reversed_reason="Voucher")]
    answer = await make(*owing, split_draft=True, status=400)
    assert "store two" in answer.text
    many = [item(n, store={"id": str(n)}) for n in range(101)]
    assert "at most 100 orders" in (await make(*many, split_draft=True, status=400)).text


async def test_without_split_draft_the_lines_keep_their_stores_on_one_order(sell):
    (order,) = await sell(item(1, store={"id": "a"}), item(2, store={"id": "b"}))
    assert [i["store"]["id"] for i in order["items"]] == ["a", "b"]
    assert "store" not in order


# -- order_time_to_live ---------------------------------------------------------------------------------------------


async def _advance(shop: Any, by: str) -> None:
    answer = await shop.post(f"/v1/accounts/{shop.account_id}/sandbox/clock", {"advance": by})
    assert answer.status_code == 200, answer.text


async def _gone(shop: Any, path: str) -> None:
    async with asyncio.timeout(20):
        while (await shop.get(path)).status_code != 404:
            await asyncio.sleep(0.05)


async def test_a_draft_and_its_orders_are_removed_when_their_time_is_over(shop, drafts, make, sell, server):
    (order,) = await sell(item(1), order_time_to_live=3600, generate_order_id="ALPHANUMERIC_9")
    (edited,) = await sell(item(2), order_id=order["order_id"])
    assert edited["id"] == order["id"]
    abandoned = await make(item(1), order_time_to_live=60)
    await _advance(shop, "PT2M")
    await _gone(shop, f"{drafts}/{abandoned['id']}")
    listed = (await shop.get(drafts, params={"total": "true"})).json()["draft_orders"]
    assert len(listed) == 2
    assert (await shop.get(f"{shop.shopping}/orders/{order['id']}")).status_code == 200
    await _advance(shop, "PT1H")
    for draft in listed:
        await _gone(shop, f"{drafts}/{draft['id']}")
    assert (await shop.get(drafts)).json() == {"draft_orders": []}
    for id in (order["id"], order["order_id"]):
        assert (await shop.get(f"{shop.shopping}/orders/{id}")).status_code == 404
    events, _ = await server.store.feed(shop.account_id, None, 100)
    removed = [(event.type, event.object_id) for event in events if event.type.endswith(".removed")]
    assert ("order.removed", order["id"]) in removed
    assert len(removed) == 4
    from kvitt.delivery.rules.notices import notices

    told = [notice for event in events if event.type == "order.removed" for notice in notices(event)]
    assert [(n.event, bytes(n.members["order"])) for n in told] == [
        ("shopping_order_delete", f'{{"id":"{order["id"]}","order_id":"{order["order_id"]}"}}'.encode())
    ]


async def test_an_order_on_which_something_was_registered_outlives_its_time(shop, drafts, sell, server):
    paid, other = await sell(
        item(1, store={"id": "a"}), item(2, store={"id": "b"}), split_draft=True, order_time_to_live=60
    )
    assert (await _operate(shop, paid, "authorizations", (1, 100))).status_code == 200
    await _advance(shop, "PT2M")
    await _gone(shop, f"{shop.shopping}/orders/{other['id']}")
    assert (await shop.get(f"{shop.shopping}/orders/{paid['id']}")).json()["payment_status"] == "pending"
    (draft,) = (await shop.get(drafts)).json()["draft_orders"]
    again = (await shop.put(f"{drafts}/{draft['id']}/complete", {})).json()["orders"]
    assert [order["id"] for order in again] == [paid["id"]]


async def test_the_end_can_be_moved_as_long_as_the_draft_is_open(shop, drafts, make):
    draft = await make(item(1), order_time_to_live=60)
    body = {"order": {"currency": "NOK", "items": [item(1)]}, "options": {"order_time_to_live": 7200}}
    assert (await shop.put(f"{drafts}/{draft['id']}", body)).status_code == 200
    other = await make(item(1), order_time_to_live=90)
    await _advance(shop, "PT2M")
    await _gone(shop, f"{drafts}/{other['id']}")
    assert (await shop.get(f"{drafts}/{draft['id']}")).status_code == 200
    await _advance(shop, "PT2H")
    await _gone(shop, f"{drafts}/{draft['id']}")


@pytest.mark.parametrize("value", [0, -1, 10**12, "soon", "2026-07-01T00:00:00", "2020-01-01T00:00:00Z", 1.5, True, {}])
async def test_a_time_to_live_of_nonsense_is_refused(make, value):
    answer = await make(item(1), order_time_to_live=value, status=400)
    assert fault_paths(answer) == ["options.order_time_to_live"]


# -- serial_order_number_suffix -------------------------------------------------------------------------------------


async def test_numbers_of_a_series_follow_each_other_and_each_suffix_has_its_own(sell):
    made = [
        (await sell(item(1), serial_order_number_suffix=suffix))[0]["order_id"]
        for suffix in ("-A", "-A", "/web", "-A", "-AB")
    ]
    assert made == ["1-A", "2-A", "1/web", "3-A", "1-AB"]


async def test_a_series_has_no_hole_and_no_number_twice_however_many_complete_at_once(shop, drafts, make):
    made = await asyncio.gather(*[make(item(1), serial_order_number_suffix="-S") for _ in range(30)])
    calls = [shop.put(f"{drafts}/{draft['id']}/complete", {}) for draft in made for _ in range(2)]
    answers = await asyncio.gather(*calls)
    numbers = {answer.json()["orders"][0]["order_id"] for answer in answers}
    assert numbers == {f"{n}-S" for n in range(1, 31)}


async def test_an_attempt_that_fails_burns_no_number(shop, drafts, make, sell):
    draft = await make(serial_order_number_suffix="-F")
    assert (await shop.put(f"{drafts}/{draft['id']}/complete", {})).status_code == 400
    assert (await sell(item(1), serial_order_number_suffix="-F"))[0]["order_id"] == "1-F"


async def test_a_number_of_the_series_that_a_shop_gave_itself_is_passed_over(shop, drafts, make, sell):
    body = {"options": {"split_draft": False}, "order": {"currency": "NOK", "order_id": "2-P", "items": [item(1)]}}
    own = (await shop.post(drafts, body)).json()
    assert (await shop.put(f"{drafts}/{own['id']}/complete", {})).status_code == 200
    made = [(await sell(item(1), serial_order_number_suffix="-P"))[0]["order_id"] for _ in range(3)]
    assert made == ["1-P", "3-P", "4-P"]


async def test_each_order_of_a_split_draft_gets_a_number_of_the_series(sell):
    items = [item(1, store={"id": "a"}), item(2, store={"id": "b"})]
    orders = await sell(*items, split_draft=True, serial_order_number_suffix="-M")
    assert [order["order_id"] for order in orders] == ["1-M", "2-M"]


# -- payout ---------------------------------------------------------------------------------------------------------


async def test_payout_is_kept_and_given_back(shop, make, sell):
    payout = {"payout_destination": "x", "rules": [{"rule_id": "r-1"}]}
    draft = await make(item(1, manual_payout=True, payout={"a": 1}), payout=payout)
    assert draft["options"]["payout"] == payout
    assert draft["order"]["items"][0]["manual_payout"] is True
    (order,) = await sell(item(1, manual_payout={"rule": "r"}, payout={"a": 1}), payout=payout)
    assert (order["items"][0]["manual_payout"], order["items"][0]["payout"]) == ({"rule": "r"}, {"a": 1})


# -- the preview ----------------------------------------------------------------------------------------------------


async def _preview(shop: Any, draft: dict[str, Any], status: int = 200) -> Any:
    path = f"{shop.shopping}/draft_orders/{draft['id']}/complete"
    answer = await shop.put(path, {}, params={"dry_run": "true"})
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_a_preview_shows_what_is_then_committed_and_changes_nothing(shop, drafts, make, sell, server):
    (order,) = await sell(item(1, 39800))
    for verb in ("authorizations", "captures"):
        await _operate(shop, order, verb, (1, 39800))
    draft = await make(reversal(2, -39800, 1), item(3, 38800), order_id=order["order_id"])
    before, _ = await server.store.feed(shop.account_id, None, 100)
    seen = await _preview(shop, draft)
    assert seen["dry_run"] is True
    assert seen["plan"] == {
        "authorize": {
            "amount": 0,
            "items": [{"line_id": 2, "amount": -38800}, {"line_id": 3, "amount": 38800, "covered": 38800}],
        },
        "capture": {"amount": 0, "items": [{"line_id": 2, "amount": -38800}, {"line_id": 3, "amount": 38800}]},
        "refund": {"amount": 1000, "items": [{"line_id": 1, "amount": 1000}]},
    }
    assert (await shop.get(f"{drafts}/{draft['id']}")).json() == draft
    after, _ = await server.store.feed(shop.account_id, None, 100)
    assert before == after
    committed = (await shop.put(f"{drafts}/{draft['id']}/complete", {})).json()
    assert set(committed) == {"orders"}
    assert [o | {"updated_at": None} for o in committed["orders"]] == [o | {"updated_at": None} for o in seen["orders"]]
    again = await _preview(shop, draft)
    assert (again["orders"], again["plan"]["authorize"]) == (committed["orders"], {"amount": 0, "items": []})


async def test_a_preview_refuses_what_completing_would_refuse(shop, drafts, make, sell):
    (order,) = await sell(item(1))
    draft = await make(item(2), order_id=order["id"])
    await shop.post(f"{shop.shopping}/orders/{order['id']}/cancel", {})
    assert (await _preview(shop, draft, 409))["error"]["code"] == "CONFLICT"
    await _preview(shop, await make(), 400)


async def test_a_preview_shows_the_id_where_a_number_is_taken_later(shop, make):
    for options in ({"generate_order_id": "ALPHANUMERIC_9"}, {"serial_order_number_suffix": "-V"}):
        draft = await make(item(1), **options)
        (order,) = (await _preview(shop, draft))["orders"]
        assert order["order_id"] == order["id"]
    reserved = await make(item(1), generate_order_id="ALPHANUMERIC_9_RESERVE")
    assert (await _preview(shop, reserved))["orders"][0]["order_id"] == reserved["order"]["order_id"]


# -- closed doors ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", ["cancel", "close"])
async def test_nothing_is_added_to_an_order_that_is_not_open(shop, drafts, make, sell, action):
    (order,) = await sell(item(1))
    draft = await make(item(2), order_id=order["id"])
    assert (await shop.post(f"{shop.shopping}/orders/{order['id']}/{action}", {})).status_code == 200
    answer = await shop.put(f"{drafts}/{draft['id']}/complete", {})
    assert (answer.status_code, fault_paths(answer)) == (409, ["options.order_id"])
