"""The contract checks of the orders reference, section 14, that are about one order. Each test has its number."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

CHAIR = {"line_id": 1, "id": "175938", "quantity": 2, "gross_amount": 39800,
         "tax_lines": [{"amount": 7960, "percentage": 25}]}  # fmt: skip
VERBS = ("authorizations", "captures", "refunds", "cancellations")
PART = {"items": [{"line_id": 1, "amount": 1000}], "metadata": {"a": 1}, "success": True}


@pytest.fixture
def make(shop):
    """Makes an order of chairs by a draft, as the guide does, and answers its address."""

    async def complete(**options: Any) -> str:
        body = {"options": options, "order": {"currency": "NOK", "items": [CHAIR]}}
        draft = (await shop.post(f"{shop.shopping}/draft_orders", body)).json()
        (order,) = (await shop.put(f"{shop.shopping}/draft_orders/{draft['id']}/complete", {})).json()["orders"]
        return f"{shop.shopping}/orders/{order['order_id']}"

    return complete


async def test_1_an_account_that_is_none_and_a_token_without_a_shopping_scope_are_refused(shop, make, server):
    root = await make()
    for aid in ("T1234567", "T123456789", "X12345678", "t12345678"):
        answer = await shop.get(f"/v1/accounts/{aid}/shopping/orders/x")
        assert answer.status_code in (400, 403), aid
    client, secret = await server.app.accounts.create_client(shop.account_id, "Checkout", ["admin:checkout"])
    token = await shop.http.post(
        f"/v1/accounts/{shop.account_id}/auth/token",
        auth=(client.client_id, secret),
        json={"grant_type": "client_credentials", "audience": f"https://x/v1/accounts/{shop.account_id}"},
    )
    headers = {"Authorization": f"Bearer {token.json()['access_token']}"}
    assert (await shop.get(root, headers=headers)).status_code == 403
    async with httpx.AsyncClient(base_url=shop.url) as stranger:
        assert (await stranger.get(root)).status_code == 401


async def test_4_without_a_number_of_any_kind_the_order_id_is_the_id(shop, make):
    by_draft = (await shop.get(await make())).json()
    body = {"order": {"currency": "NOK", "items": [CHAIR]}}
    direct = (await shop.post(f"{shop.shopping}/orders", body)).json()
    for order in (by_draft, direct):
        assert order["order_id"] == order["id"]


async def test_6_each_operation_answers_what_was_sent_with_its_id_moment_author_and_sum(shop, make):
    root = await make()
    body = {**PART, "processed_at": "2026-07-01T09:03:10Z", "processed_by": "psp"}
    for verb in VERBS:
        sent = body | {"items": [{"line_id": 1, "amount": 39800}]} if verb == "authorizations" else body
        answer = (await shop.post(f"{root}/{verb}", sent)).json()
        assert sent.items() <= answer.items()
        assert 1 <= len(answer["id"]) <= 40
        assert {"created_at", "created_by"} <= answer.keys()
        assert answer["amount"] == sum(item["amount"] for item in sent["items"])
        assert (await shop.get(f"{root}/{verb}")).json() == {verb: [answer]}
        assert (await shop.get(f"{root}/{verb}/{answer['id']}")).json() == answer


async def test_7_each_operation_appends_an_event_and_without_service_events_the_state_is_pending(shop, make):
    root = await make()
    for number, verb in enumerate(VERBS, start=1):
        sent = {"items": [{"line_id": 1, "amount": 39800}]} if verb == "authorizations" else PART
        assert (await shop.post(f"{root}/{verb}", sent)).status_code == 200
        answer = (await shop.get(f"{root}/events")).json()
        assert answer.keys() == {"events", "state"}
        assert (len(answer["events"]), answer["state"]) == (1 + number, "pending")
        assert answer["events"][0]["request"]["path"] == f"{root}/{verb}"


async def test_8_operations_without_items_are_refused(shop, make):
    root = await make()
    for verb in VERBS:
        for body in ({}, {"items": []}, {"success": True}):
            assert (await shop.post(f"{root}/{verb}", body)).status_code == 400


async def test_9_with_several_authorizations_the_others_name_one_and_without_none_is_shown(shop, make):
    root = await make(multiple_authorizations=True)
    first = (await shop.post(f"{root}/authorizations", PART)).json()
    for verb in VERBS[1:]:
        assert (await shop.post(f"{root}/{verb}", PART)).status_code == 400
    named = await shop.post(f"{root}/captures", PART | {"authorization_id": first["id"]})
    assert named.json()["authorization_id"] == first["id"]
    root = await make(multiple_authorizations=False)
    for verb in ("authorizations", "captures", "refunds"):
        made = (await shop.post(f"{root}/{verb}", PART)).json()
        assert "authorization_id" not in made
        assert "authorization_id" not in (await shop.get(f"{root}/{verb}/{made['id']}")).json()


async def test_12_include_events_adds_events_and_state(shop, make):
    root = await make()
    assert not {"events", "state"} & (await shop.get(root)).json().keys()
    assert {"events", "state"} <= (await shop.get(f"{root}?include_events=true")).json().keys()


async def test_12_lists_answer_orders_and_honour_their_filters(shop, make):
    first, second = [(await shop.get(await make())).json() for _ in range(2)]
    await shop.post(f"{shop.shopping}/orders/{first['id']}/close")
    own = {"order": {"currency": "NOK", "items": [CHAIR], "store": {"id": "oslo"}}}
    sold = (await shop.post(f"{shop.shopping}/orders", own)).json()

    async def ids(path: str = "orders", **params: str) -> list[str]:
        answer = await shop.get(f"{shop.shopping}/{path}", params={k.replace("__", "."): v for k, v in params.items()})
        assert answer.json().keys() == {"orders"}
        assert all({"events", "state"} <= order.keys() for order in answer.json()["orders"]) == bool(params)
        return [order["id"] for order in answer.json()["orders"]]

    for path, all_, closed in (("orders", [sold, second, first], [first]), ("stores/oslo/orders", [sold], [])):
        assert await ids(path) == [order["id"] for order in all_]
        assert await ids(path, include_events="true") == [order["id"] for order in all_]
        for params, found in (
            ({"status": "closed"}, closed),
            ({"status": "open"}, [order for order in all_ if order is not first]),
            ({"payment_status": "pending"}, all_),
            ({"payment_status": "paid"}, []),
            ({"created_at__gte": sold["created_at"]}, [sold]),
            ({"created_at__lte": second["created_at"]}, all_[1:]),
        ):
            assert await ids(path, **params, include_events="true") == [order["id"] for order in found], (path, params)


async def test_13_errors_have_a_message_and_unknown_resources_are_404(shop, make):
    root = await make()
    for path in ("/captures/x", "/authorizations/x", "/comments/x", "x", "x/events"):
        method = "DELETE" if "comments" in path else "GET"
        answer = await shop.http.request(method, f"{root}{path}")
        assert answer.status_code == 404, path
        assert answer.json()["error"]["message"]


async def test_14_a_service_event_needs_service_and_service_status_and_a_known_state(shop, make):
    root = await make()
    whole = {"service": "kitchen", "service_status": "ready"}
    for name in whole:
        without = {key: value for key, value in whole.items() if key != name}
        assert (await shop.post(f"{root}/events", without)).status_code == 400
    assert (await shop.post(f"{root}/events", whole | {"state": "ready"})).status_code == 400
    for state in ("error", "failure", "success", "pending"):
        assert (await shop.post(f"{root}/events", whole | {"state": state})).json()["state"] == state
    assert (await shop.post(f"{root}/events", whole)).json()["state"] == "success"


async def test_15_close_open_cancel_and_comments_answer_the_order_and_take_include_events(shop, make):
    root = await make()
    id = (await shop.get(root)).json()["id"]
    comment = (await shop.post(f"{root}/comments", {"text": "hei"})).json()["comments"][0]["id"]
    calls = [("POST", "/close"), ("POST", "/open"), ("POST", "/comments"), ("DELETE", f"/comments/{comment}"),
             ("POST", "/cancel"), ("PUT", "")]  # fmt: skip
    for method, path in calls:
        body = {"text": "hei"} if path == "/comments" else {} if method == "PUT" else None
        answer = await shop.http.request(method, f"{root}{path}", params={"include_events": "true"}, json=body)
        assert (answer.status_code, answer.json()["id"]) == (200, id), path
        assert {"events", "state"} <= answer.json().keys()
