"""The events of an order, through the front door: requests that changed it, what services report, who may."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

LINE = {"line_id": 1, "id": "chair", "gross_amount": 39800, "tax_lines": [{"amount": 7960, "percentage": 25}]}


@pytest.fixture
async def order(shop) -> dict[str, Any]:
    body = {"order": {"currency": "NOK", "items": [LINE]}}
    made: dict[str, Any] = (await shop.post(f"{shop.shopping}/orders", body)).json()
    return made


@pytest.fixture
def root(shop, order) -> str:
    return f"{shop.shopping}/orders/{order['order_id']}"


async def test_every_request_that_changed_the_order_is_an_event_newest_first(shop, order, root, store):
    part = {"items": [{"line_id": 1, "amount": 39800}]}
    sent = [
        ("POST", "authorizations", part),
        ("POST", "captures", part),
        ("PUT", "", {"courier_id": "blå"}),
        ("POST", "close", None),
        ("POST", "open", {}),
        ("POST", "comments", {"text": "hei"}),
    ]
    for method, path, body in sent:
        answer = await shop.http.request(method, f"{root}/{path}".rstrip("/"), json=body)
        assert answer.status_code == 200, answer.text
    refused = await shop.post(f"{root}/captures", part)
    assert refused.status_code == 409
    answer = (await shop.get(f"{root}/events")).json()
    assert answer["state"] == "pending"
    events = answer["events"][::-1]
    assert [event["version"] for event in events] == list(range(1, 8))
    requests = [event["request"] for event in events]
    assert requests[0]["path"] == f"{shop.shopping}/orders"
    assert [(r["method"], r["path"]) for r in requests[1:]] == [(m, f"{root}/{p}".rstrip("/")) for m, p, _ in sent]
    assert requests[3]["body"] == '{"courier_id":"blå"}'
    assert requests[4]["body"] == ""
    for event in events:
        assert event["event_type"] == "api-event"
        assert event["created_by"] == order["created_by"]
        assert "service" not in event
    logged = (await store.feed(shop.account_id, None, 100))[0]
    assert [event["id"] for event in events] == [event.id for event in logged if event.object_type == "order"]


async def test_an_order_made_by_a_draft_names_it(shop):
    draft = (await shop.post(f"{shop.shopping}/draft_orders", {"order": {"currency": "NOK", "items": [LINE]}})).json()
    (order,) = (await shop.put(f"{shop.shopping}/draft_orders/{draft['id']}/complete", {})).json()["orders"]
    assert "events" not in order
    (event,) = (await shop.get(f"{shop.shopping}/orders/{order['id']}/events")).json()["events"]
    assert event["draft_id"] == draft["id"]
    assert event["request"]["method"] == "PUT"


async def test_a_draft_that_changes_an_order_is_named_by_its_event_and_a_cancelled_order_takes_none(shop, order, root):
    async def complete(line_id: int):
        body = {"options": {"order_id": order["order_id"]},
                "order": {"currency": "NOK", "items": [LINE | {"line_id": line_id}]}}  # fmt: skip
        draft = (await shop.post(f"{shop.shopping}/draft_orders", body)).json()
        return draft["id"], (lambda: shop.put(f"{shop.shopping}/draft_orders/{draft['id']}/complete", {}))

    draft_id, added = await complete(2)
    _, late = await complete(3)
    assert (await added()).json()["orders"][0]["version"] == 2
    event = (await shop.get(f"{root}/events")).json()["events"][0]
    assert (event["draft_id"], event["version"]) == (draft_id, 2)
    assert (await shop.post(f"{root}/cancel")).status_code == 200
    assert (await late()).status_code == 409
    assert (await shop.get(root)).json()["version"] == 3


async def test_the_latest_hundred_are_shown(shop, root):
    for _ in range(5):
        await asyncio.gather(*[shop.put(root, {"courier_id": "c"}) for _ in range(21)])
    events = (await shop.get(f"{root}/events")).json()["events"]
    assert [event["version"] for event in events] == list(range(106, 6, -1))


async def report(shop, root: str, **body: Any):
    return await shop.post(f"{root}/events", body)


async def test_worked_example_13_5_a_service_s_events_and_the_combined_state(shop, order, root, store):
    async def state() -> str:
        return (await shop.get(f"{root}/events")).json()["state"]

    assert await state() == "pending"
    await report(shop, root, state="pending", service="kitchen", service_status="preparing")
    assert await state() == "pending"
    said = {"state": "success", "service": "kitchen", "service_status": "ready_for_pickup",
            "description": "food prepared", "metadata": {"pickup_location": {"latitude": 59.9}}}  # fmt: skip
    answer = await report(shop, root, **said)
    assert answer.status_code == 200
    event = answer.json()
    assert said.items() <= event.items()
    assert (event["event_type"], event["version"], event["_links"]) == ("service-event", 3, [])
    assert event["created_by"] == order["created_by"]
    assert await state() == "success"
    assert (await shop.get(f"{root}/events")).json()["events"][0] == event
    await report(shop, root, state="error", service="courier", service_status="lost")
    assert await state() == "failure"
    await report(shop, root, service="courier", service_status="found")
    assert await state() == "failure", "any event that failed, the documentation says"
    whole = (await shop.get(root, params={"include_events": "true"})).json()
    assert (whole["state"], whole["version"], len(whole["events"])) == ("failure", 5, 5)
    logged = [event for event in (await store.feed(shop.account_id, None, 100))[0] if event.object_type == "order"]
    assert [event.type for event in logged] == ["order.created"] + ["order.event_added"] * 4


BAD_REPORTS = [
    ({}, "service"),
    ({"service": "kitchen"}, "service_status"),
    ({"service_status": "ready"}, "service"),
    ({"service": "", "service_status": "ready"}, "service"),
    ({"service": "kitchen", "service_status": "ready", "state": "done"}, "state"),
    ({"service": "kitchen", "service_status": "ready", "metadata": []}, "metadata"),
    ({"service": "kitchen", "service_status": "ready", "metadata": {"a": "x" * 10_000}}, "metadata"),
    ({"service": "kitchen", "service_status": "ready", "description": "x" * 2001}, "description"),
]


@pytest.mark.parametrize(("body", "path"), BAD_REPORTS)
async def test_a_bad_report_is_refused_by_the_path_of_its_fault(shop, root, body, path):
    answer = await report(shop, root, **body)
    assert answer.status_code == 400, answer.text
    assert path in [fault.get("path") for fault in answer.json()["error"]["errors"]]
    assert len((await shop.get(f"{root}/events")).json()["events"]) == 1


async def test_the_state_of_a_report_that_says_none_is_success(shop, root):
    assert (await report(shop, root, service="kitchen", service_status="ready")).json()["state"] == "success"


async def test_orders_of_every_status_are_reported_on(shop, root):
    for verb in ("close", "open", "cancel"):
        await shop.post(f"{root}/{verb}")
        assert (await report(shop, root, service="kitchen", service_status="ready")).status_code == 200


@pytest.fixture
def as_client(shop, server):
    """Headers of a client that holds these scopes alone."""

    async def headers(*scopes: str) -> dict[str, str]:
        client, secret = await server.app.accounts.create_client(shop.account_id, "Scoped", list(scopes))
        token = await shop.http.post(
            f"/v1/accounts/{shop.account_id}/auth/token",
            auth=(client.client_id, secret),
            json={"grant_type": "client_credentials", "audience": f"https://x/v1/accounts/{shop.account_id}"},
        )
        return {"Authorization": f"Bearer {token.json()['access_token']}"}

    return headers


ROUTES = {
    "read events": ("GET", "/events", None),
    "report": ("POST", "/events", {"service": "kitchen", "service_status": "ready"}),
    "read": ("GET", "", None),
    "read captures": ("GET", "/captures", None),
    "update": ("PUT", "", {"courier_id": "c"}),
    "comment": ("POST", "/comments", {"text": "hei"}),
    "close": ("POST", "/close", None),
    "open": ("POST", "/open", None),
    "cancel": ("POST", "/cancel", None),
}
READS = {"read events", "read", "read captures"}
OPENS = [
    ("admin:shopping", set(ROUTES)),
    ("read:shopping", READS),
    ("write:shopping", set(ROUTES) - READS),
    ("read:shopping:/orders/ANY/events", {"read events"}),
    ("write:shopping:/orders/ANY/events", {"report"}),
    ("read:shopping:/orders/ANY", {"read"}),
    ("write:shopping:/orders/ANY/comments", {"comment"}),
    ("write:checkout", set()),
]


@pytest.mark.parametrize(("scope", "opens"), OPENS, ids=[scope for scope, _ in OPENS])
async def test_a_scope_opens_the_routes_it_spells_out_and_no_other(shop, root, as_client, scope, opens):
    headers = await as_client(scope)
    for name, (method, path, body) in ROUTES.items():
        answer = await shop.http.request(method, f"{root}{path}", json=body, headers=headers)
        assert answer.status_code == (200 if name in opens else 403), (name, answer.text)


async def test_a_path_scope_may_name_one_order(shop, order, root, as_client):
    headers = await as_client(f"write:shopping:/orders/{order['order_id']}/events")
    body = {"service": "kitchen", "service_status": "ready"}
    assert (await shop.post(f"{root}/events", body, headers=headers)).status_code == 200
    other = f"{shop.shopping}/orders/another/events"
    assert (await shop.post(other, body, headers=headers)).status_code == 403
