"""What can be done with an order, through the front door: made, read, changed, cancelled, closed, opened, commented on.

Orders are made directly here, and by drafts where that makes a difference.
"""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from kvitt.core.ids import ORDER_NUMBER_ALPHABET
from kvitt.orders.flows import operations
from kvitt.orders.rules import size

NUMBER = re.compile(rf"[{ORDER_NUMBER_ALPHABET}]{{9}}\Z")
LINE = {"line_id": 1, "id": "chair", "gross_amount": 39800, "tax_lines": [{"amount": 7960, "percentage": 25}]}
RATE = {
    "original_currency": "SEK",
    "original_gross_amount": 39800,
    "conversion_rate_ppm": 1099000,
    "conversion_rate_timestamp": "2026-07-01T00:00:00Z",
    "conversion_rate_source": "ecb",
}


def fault_paths(answer) -> list[str | None]:
    return [fault.get("path") for fault in answer.json()["error"]["errors"]]


@pytest.fixture
def make(shop):
    """Makes an order directly: of these items, or of one chair."""

    async def post(items: list[dict[str, Any]] | None = None, **options: Any) -> dict[str, Any]:
        body = {"options": options, "order": {"currency": "NOK", "items": [LINE] if items is None else items}}
        answer = await shop.post(f"{shop.shopping}/orders", body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return post


@pytest.fixture
def at(shop):
    """The address of an order."""
    return lambda order: f"{shop.shopping}/orders/{order['id']}"


async def operate(shop, root: str, verb: str, *parts: tuple[int, int], **more: Any):
    items = [{"line_id": line_id, "amount": amount} for line_id, amount in parts]
    return await shop.post(f"{root}/{verb}", {"items": items, **more})


# -- made directly (row 10) -------------------------------------------------------------------------------------------


async def test_an_order_is_made_without_a_draft(shop, make, at, store):
    order = await make()
    assert (order["id"], order["version"]) == (order["order_id"], 1)
    assert (order["status"], order["payment_status"], order["net_amount"]) == ("open", "pending", 39800)
    assert (await shop.get(at(order))).json() == order
    events = (await store.feed(shop.account_id, None, 10))[0]
    assert [(event.type, event.object_id) for event in events if event.object_type in ("order", "draft")] == [
        ("order.created", order["id"])
    ]


async def test_a_direct_order_is_what_a_draft_completed_at_once_becomes(shop, make, at):
    body = {"order": {"currency": "NOK", "items": [LINE], "courier_id": "bike"}, "store": {"id": "oslo"}}
    direct = (await shop.post(f"{shop.shopping}/orders", body)).json()
    draft = (await shop.post(f"{shop.shopping}/draft_orders", body)).json()
    (completed,) = (await shop.put(f"{shop.shopping}/draft_orders/{draft['id']}/complete", {})).json()["orders"]
    own = {"id", "order_id", "created_at", "updated_at"}
    assert {k: v for k, v in direct.items() if k not in own} == {k: v for k, v in completed.items() if k not in own}


@pytest.mark.parametrize("option", ["ALPHANUMERIC_9", "ALPHANUMERIC_9_RESERVE"])
async def test_a_direct_order_gets_a_short_number_when_it_asks_for_one(shop, make, option):
    order = await make(generate_order_id=option)
    assert NUMBER.match(order["order_id"])
    assert (await shop.get(f"{shop.shopping}/orders/{order['order_id']}")).json() == order


async def test_direct_orders_count_on_in_a_series(shop, make):
    orders = await asyncio.gather(*[make(serial_order_number_suffix="-A") for _ in range(5)])
    assert sorted(order["order_id"] for order in orders) == ["1-A", "2-A", "3-A", "4-A", "5-A"]


async def test_of_many_equal_requests_with_one_key_one_makes_an_order(shop, store):
    body = {"options": {"generate_order_id": "ALPHANUMERIC_9"}, "order": {"currency": "NOK", "items": [LINE]}}
    headers = {"Idempotency-Key": "once"}
    answers = await asyncio.gather(*[shop.post(f"{shop.shopping}/orders", body, headers=headers) for _ in range(10)])
    assert len({answer.content for answer in answers if answer.status_code == 200}) == 1
    assert {answer.status_code for answer in answers} <= {200, 409}
    events = (await store.feed(shop.account_id, None, 100))[0]
    assert [event.type for event in events if event.object_type == "order"] == ["order.created"]


async def test_a_number_of_the_caller_s_own_is_taken_once(shop):
    body = {"options": {"split_draft": False}, "order": {"currency": "NOK", "order_id": "A-1", "items": [LINE]}}
    answers = await asyncio.gather(*[shop.post(f"{shop.shopping}/orders", body) for _ in range(5)])
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409]
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert fault_paths(refused) == ["order.order_id"]


BAD_ORDERS = [
    ({}, "order"),
    ({"order": {"currency": "NOK"}}, "order.items"),
    ({"order": {"currency": "XYZ", "items": [LINE]}}, "order.currency"),
    ({"order": {"currency": "NOK", "items": [LINE, LINE]}}, "order.items.1.line_id"),
    ({"order": {"currency": "NOK", "items": [LINE | {"gross_amount": -1}]}}, "order.items.0.gross_amount"),
    ({"order": {"currency": "NOK", "items": [LINE], "order_id": "A"}}, "options.split_draft"),
    ({"order": {"currency": "NOK", "items": [LINE]}, "options": {"order_id": "A"}}, "options.order_id"),
    ({"order": {"currency": "NOK", "items": [LINE]}, "options": {"split_draft": True}}, "options.split_draft"),
    (
        {"order": {"currency": "NOK", "items": [LINE]}, "options": {"order_time_to_live": "2020-01-01T00:00:00Z"}},
        "options.order_time_to_live",
    ),
]


@pytest.mark.parametrize(("body", "path"), BAD_ORDERS)
async def test_a_bad_order_is_refused_by_the_path_of_its_fault(shop, body, path):
    answer = await shop.post(f"{shop.shopping}/orders", body)
    assert answer.status_code == 400, answer.text
    assert path in fault_paths(answer)


# -- read (row 12) ----------------------------------------------------------------------------------------------------


async def test_events_come_with_an_order_when_they_are_asked_for(shop, make, at):
    order = await make()
    assert not {"events", "state"} & order.keys()
    whole = (await shop.get(at(order), params={"include_events": "true"})).json()
    (event,) = whole["events"]
    assert (whole["state"], event["event_type"], event["version"]) == ("pending", "api-event", 1)
    assert {k: v for k, v in whole.items() if k not in ("events", "state")} == order
    assert (await shop.get(at(order), params={"include_events": "false"})).json() == order
    refused = await shop.get(at(order), params={"include_events": "perhaps"})
    assert refused.status_code == 400
    assert "include_events" in refused.json()["error"]["message"]


# -- changed (row 13) -------------------------------------------------------------------------------------------------


async def test_an_order_is_changed_where_that_is_documented(shop, make, at):
    order = await make()
    body = {
        "itinerary": [{"id": "i", "line_ids": [1], "travel_mode": "CUSTOM"}],
        "external_ids": [{"type": "pnr", "id": "X1"}],
        "courier_id": "bike",
        "pickup_at": "2026-07-01T12:00:00+02:00",
        "delivery_id": "d-1",
        "items": [{"line_id": 1, "status": "ready", **RATE}],
    }
    answer = await shop.put(at(order), body)
    assert answer.status_code == 200, answer.text
    changed = answer.json()
    assert changed["version"] == 2
    assert {name: changed[name] for name in body if name != "items"} == {k: v for k, v in body.items() if k != "items"}
    assert changed["items"] == [order["items"][0] | {"status": "ready", "version": 2} | RATE]
    assert (await shop.get(at(order))).json() == changed


async def test_what_was_sold_is_not_changed_but_may_be_sent_as_it_stands(shop, make, at):
    order = await make([LINE, LINE | {"line_id": 2, "id": "book"}])
    body = order | {"currency": "SEK", "items": [order["items"][0] | {"gross_amount": 1}, order["items"][1]]}
    answer = await shop.put(at(order), body)
    assert (answer.status_code, fault_paths(answer)) == (400, ["currency", "items.0.gross_amount"])
    added = await shop.put(at(order), {"items": [{"line_id": 3, "status": "ready"}]})
    assert (added.status_code, fault_paths(added)) == (400, ["items.0.line_id"])
    assert (await shop.get(at(order))).json() == order
    assert (await shop.put(at(order), order | {"courier_id": "bike"})).json()["courier_id"] == "bike"


async def test_a_version_that_is_not_the_latest_is_refused_with_the_latest(shop, make, at):
    order = await make()
    assert (await shop.put(at(order), {"version": 1, "courier_id": "bike"})).json()["version"] == 2
    assert (await shop.put(at(order), {"courier_id": "x"}, headers={"If-Match": '"2"'})).json()["version"] == 3
    part = {"items": [{"line_id": 1, "amount": 1}]}
    stale = [
        await shop.put(at(order), {"version": 2, "courier_id": "walk"}),
        await shop.put(at(order), {"courier_id": "walk"}, headers={"If-Match": '"2"'}),
        await shop.put(at(order), {"courier_id": "walk"}, headers={"If-Match": 'W/"7"'}),
        await shop.post(f"{at(order)}/cancel", {"version": 2}),
        await shop.post(f"{at(order)}/close", headers={"If-Match": "2"}),
        await shop.post(f"{at(order)}/open", {"version": 2}),
        await shop.post(f"{at(order)}/comments", {"text": "a", "version": 2}),
        await shop.post(f"{at(order)}/authorizations", part, headers={"If-Match": '"2"'}),
        await shop.http.delete(f"{at(order)}/comments/x", headers={"If-Match": '"2"'}),
    ]
    for answer in stale:
        error = answer.json()["error"]
        assert (answer.status_code, error["code"]) == (409, "STALE_VERSION"), answer.text
        assert error["errors"][0]["details"]["version"] == 3
    for headers in ({"If-Match": "abc"}, {"If-Match": '"0"'}, {"If-Match": '"1", "2"'}):
        assert (await shop.put(at(order), {}, headers=headers)).status_code == 400
    assert (await shop.put(at(order), {"version": 3}, headers={"If-Match": '"2"'})).status_code == 400
    assert (await shop.get(at(order))).json()["version"] == 3
    assert (await shop.put(at(order), {"version": 3}, headers={"If-Match": "*"})).status_code == 200


async def test_of_many_updates_of_one_version_one_is_taken(shop, make, at):
    order = await make()
    bodies = [{"version": 1, "courier_id": str(number)} for number in range(10)]
    answers = await asyncio.gather(*[shop.put(at(order), body) for body in bodies])
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 9
    taken = next(answer.json() for answer in answers if answer.status_code == 200)
    assert (await shop.get(at(order))).json() == taken


# -- cancelled, closed, opened (rows 14 to 16) ------------------------------------------------------------------------


async def test_an_order_is_cancelled_with_a_reason_and_for_good(shop, make, at):
    order = await make()
    answer = await shop.post(f"{at(order)}/cancel?include_events=true", {"reason": "customer"})
    cancelled = answer.json()
    assert (answer.status_code, cancelled["status"], cancelled["cancelled_reason"]) == (200, "cancelled", "customer")
    assert cancelled["cancelled_at"] == cancelled["updated_at"]
    assert cancelled["cancelled_by"] == order["created_by"]
    assert [event["request"]["path"].rpartition("/")[2] for event in cancelled["events"]] == ["cancel", "orders"]
    again = await shop.post(f"{at(order)}/cancel", {"reason": "other"})
    assert again.json() == (await shop.get(at(order))).json()
    assert again.json()["version"] == 2
    for verb in ("open", "close"):
        refused = await shop.post(f"{at(order)}/{verb}")
        assert refused.status_code == 409
        assert "cancelled" in refused.json()["error"]["message"]
    refused = await operate(shop, at(order), "authorizations", (1, 100))
    assert refused.status_code == 409


async def test_an_order_that_holds_money_is_cancelled_only_after_its_refund(shop, make, at):
    order = await make()
    for verb in ("authorizations", "captures"):
        await operate(shop, at(order), verb, (1, 39800))
    refused = await shop.post(f"{at(order)}/cancel")
    assert refused.status_code == 409
    assert refused.json()["error"]["errors"][0]["details"] == {"captured": 39800, "refunded": 0, "left": 39800}
    await operate(shop, at(order), "refunds", (1, 39800))
    done = (await shop.post(f"{at(order)}/cancel", {"cancelled_reason": "fraud"})).json()
    assert (done["status"], done["payment_status"], done["cancelled_reason"]) == ("cancelled", "refunded", "fraud")


async def test_a_closed_order_takes_refunds_alone_until_it_is_opened(shop, make, at):
    order = await make()
    await operate(shop, at(order), "authorizations", (1, 39800))
    await operate(shop, at(order), "captures", (1, 30000))
    closed = (await shop.post(f"{at(order)}/close")).json()
    assert (closed["status"], closed["closed_by"]) == ("closed", order["created_by"])
    assert closed["remaining"]["left"] == {"authorize": 0, "capture": 0, "refund": 30000, "cancel": 0}
    assert (await operate(shop, at(order), "captures", (1, 1))).status_code == 409
    assert (await operate(shop, at(order), "refunds", (1, 1))).status_code == 200
    assert (await shop.post(f"{at(order)}/cancel")).status_code == 409
    assert (await shop.post(f"{at(order)}/close")).json()["version"] == 5
    opened = (await shop.post(f"{at(order)}/open", {})).json()
    assert (opened["status"], opened["version"]) == ("open", 6)
    assert not {"closed_at", "closed_by"} & opened.keys()
    assert (await operate(shop, at(order), "captures", (1, 1))).status_code == 200


async def test_an_order_that_many_cancel_at_once_is_cancelled_once(shop, make, at):
    order = await make()
    answers = await asyncio.gather(*[shop.post(f"{at(order)}/cancel", {"reason": str(n)}) for n in range(10)])
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert answers[0].json()["version"] == 2


# -- comments (rows 17, 18) -------------------------------------------------------------------------------------------


async def test_comments_stand_on_the_order_until_they_are_deleted(shop, make, at):
    order = await make()
    first = (await shop.post(f"{at(order)}/comments", {"text": "Ring twice"})).json()
    second = (await shop.post(f"{at(order)}/comments?include_events=true", {"comment": "Blå dør"})).json()
    assert [comment["text"] for comment in second["comments"]] == ["Ring twice", "Blå dør"]
    assert second["comments"][0] == first["comments"][0]
    assert first["comments"][0].keys() == {"id", "text", "created_at", "created_by"}
    assert (second["version"], len(second["events"]), "events" in first) == (3, 3, False)
    path = f"{at(order)}/comments/{first['comments'][0]['id']}"
    left = await shop.http.delete(path, params={"include_events": "true"})
    assert [comment["text"] for comment in left.json()["comments"]] == ["Blå dør"]
    assert left.json()["events"][0]["request"]["method"] == "DELETE"
    assert (await shop.http.delete(path)).status_code == 404


@pytest.mark.parametrize("body", [{}, {"text": ""}, {"text": "   "}, {"text": 5}, {"text": "x" * 2001}])
async def test_a_comment_without_words_is_refused(shop, make, at, body):
    order = await make()
    answer = await shop.post(f"{at(order)}/comments", body)
    assert (answer.status_code, fault_paths(answer)) == (400, ["text"])
    assert (await shop.get(at(order))).json() == order


async def test_comments_of_many_at_once_are_all_kept(shop, make, at):
    order = await make()
    texts = {f"comment {number}" for number in range(20)}
    await asyncio.gather(*[shop.post(f"{at(order)}/comments", {"text": text}) for text in texts])
    now = (await shop.get(at(order))).json()
    assert {comment["text"] for comment in now["comments"]} == texts
    assert now["version"] == 21


# -- what is not there, and who may ------------------------------------------------------------------------------------


async def test_an_unknown_order_is_404_and_a_stranger_s_is_too(shop, make, at, server):
    order = await make()
    paths = [("GET", "", None), ("PUT", "", {}), ("POST", "/cancel", None), ("POST", "/close", None),
             ("POST", "/open", None), ("POST", "/comments", {"text": "a"}), ("DELETE", "/comments/a", None),
             ("GET", "/events", None), ("POST", "/events", {"service": "a", "service_status": "b"})]  # fmt: skip
    stranger_id = f"T{int(shop.account_id[1:]) + 10_000_000:08d}"
    async with server.shop(stranger_id, scopes=["admin:shopping"]) as stranger:
        for method, path, body in paths:
            missing = await shop.http.request(method, f"{shop.shopping}/orders/NONE{path}", json=body)
            theirs = f"{stranger.shopping}/orders/{order['id']}{path}"
            foreign = await stranger.http.request(method, theirs, json=body)
            denied = await stranger.http.request(method, f"{at(order)}{path}", json=body)
            assert (missing.status_code, foreign.status_code, denied.status_code) == (404, 404, 403), path
            assert missing.json()["error"]["code"] == "NOT_FOUND"
    assert (await shop.get(at(order))).json() == order


# -- odd and too much -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [b"1e999", b"9" * 5000])
@pytest.mark.parametrize("member", [b"gross_amount", b"unheard_of"])
async def test_a_number_beyond_all_bounds_is_no_fault_of_ours(shop, make, at, member, number):
    body = b'{"courier_id": "kari", "' + member + b'": ' + number + b"}"
    answer = await shop.http.put(at(await make()), content=body)
    assert answer.status_code in (200, 400), answer.text


async def test_a_version_beyond_all_bounds_is_refused(shop, make, at):
    answer = await shop.put(at(await make()), {"version": 10**400})
    assert (answer.status_code, fault_paths(answer)) == (400, ["version"])


async def test_fractions_may_be_sent_back_as_they_were_read(shop, make, at):
    order = await make([{**LINE, "quantity": 1.1, "tax_percent": 0.1, "tax_lines": [{"amount": 1, "percentage": 0.3}]}])
    answer = await shop.put(at(order), order)
    assert answer.status_code == 200, answer.text


async def test_an_order_that_would_be_too_large_is_refused_and_can_still_be_closed(shop, make, at, monkeypatch):
    order = await make([LINE, {**LINE, "line_id": 2}])
    monkeypatch.setattr(size.refuse_larger, "__defaults__", (8_000,))
    large = [{"amount": 0, "description": "x" * 2000}] * 4
    report = {"service": "kitchen", "service_status": "ready", "metadata": {"note": "x" * 4000}}
    refused = [
        await shop.put(at(order), {"items": [{"line_id": 1, "discount_lines": large}]}),
        await shop.post(f"{at(order)}/comments", {"text": "\u20ac" * 2000}),
        await shop.post(f"{at(order)}/comments", {"text": "\u20ac" * 2000}),
        await shop.post(f"{at(order)}/events", report),
    ]
    assert [answer.status_code for answer in refused] == [409, 200, 409, 409]
    assert refused[0].json()["error"]["message"].startswith("an order takes at most")
    assert (await operate(shop, at(order), "authorizations", (1, 39800))).status_code == 200
    assert (await shop.post(f"{at(order)}/close")).status_code == 200
    monkeypatch.setattr(operations, "MAX_SIZE_WITH_OPERATIONS", 4_000)
    assert (await shop.post(f"{at(order)}/open")).status_code == 200
    answer = await operate(shop, at(order), "authorizations", (2, 1), metadata={"note": "x" * 4000})
    assert (answer.status_code, answer.json()["error"]["message"][:22]) == (409, "an order takes at most")


async def test_the_document_says_where_if_match_is_looked_at(shop):
    document = (await shop.get("/openapi.json")).json()
    named = {
        (method, path)
        for path, methods in document["paths"].items()
        if "/shopping/" in path
        for method, operation in methods.items()
        if any(parameter["name"] == "If-Match" for parameter in operation.get("parameters", ()))
    }
    order, draft = (
        "/v1/accounts/{aid}/shopping/orders/{order_id}",
        "/v1/accounts/{aid}/shopping/draft_orders/{draft_id}",
    )
    verbs = (
        "cancel", "close", "open", "comments", "events", "authorizations", "captures", "refunds", "cancellations",
        "sessions",
    )  # fmt: skip
    assert named == {
        ("put", order),
        ("delete", f"{order}/comments/{{comment_id}}"),
        ("put", draft),
        ("delete", draft),
        ("put", f"{draft}/complete"),
        ("post", f"{draft}/items"),
        ("put", f"{draft}/items/{{line_id}}"),
        ("delete", f"{draft}/items/{{line_id}}"),
        *(("post", f"{order}/{verb}") for verb in verbs),
    }
