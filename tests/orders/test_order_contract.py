"""The 16 contract checks of the orders reference, section 14, over HTTP. Each test has its number."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from kvitt.delivery.rules.schedule import MAX_TRIES

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


async def test_2_the_guide_s_draft_is_made_and_completed_with_an_empty_body(shop, journey_draft):
    draft = await shop.post(f"{shop.shopping}/draft_orders", journey_draft)
    assert draft.status_code == 200, draft.text
    done = await shop.put(f"{shop.shopping}/draft_orders/{draft.json()['id']}/complete", {})
    assert done.status_code == 200, done.text
    (order,) = done.json()["orders"]
    sent = journey_draft["order"]["items"][0]
    assert order["items"] == [{**sent, "net_amount": 39800, "version": 1}]
    assert (order["currency"], order["gross_amount"], order["net_amount"]) == ("NOK", 39800, 39800)


async def test_3_a_generated_number_is_nine_alphanumerics_on_the_order_or_already_on_the_draft(shop):
    for option, reserved in (("ALPHANUMERIC_9", False), ("ALPHANUMERIC_9_RESERVE", True)):
        body = {"options": {"generate_order_id": option}, "order": {"currency": "NOK", "items": [CHAIR]}}
        draft = (await shop.post(f"{shop.shopping}/draft_orders", body)).json()
        (order,) = (await shop.put(f"{shop.shopping}/draft_orders/{draft['id']}/complete", {})).json()["orders"]
        assert re.fullmatch("[0-9A-Z]{9}", order["order_id"])
        assert draft["order"].get("order_id") == (order["order_id"] if reserved else None)


async def test_4_without_a_number_of_any_kind_the_order_id_is_the_id(shop, make):
    by_draft = (await shop.get(await make())).json()
    body = {"order": {"currency": "NOK", "items": [CHAIR]}}
    direct = (await shop.post(f"{shop.shopping}/orders", body)).json()
    for order in (by_draft, direct):
        assert order["order_id"] == order["id"]


async def test_5_adding_and_removing_an_item_answer_the_whole_draft(shop):
    body = {"order": {"currency": "NOK", "items": [CHAIR]}}
    draft = (await shop.post(f"{shop.shopping}/draft_orders", body)).json()
    root = f"{shop.shopping}/draft_orders/{draft['id']}"
    added = await shop.post(f"{root}/items", {**CHAIR, "line_id": 2})
    removed = await shop.http.delete(f"{root}/items/1")
    for answer, lines in ((added, [1, 2]), (removed, [2])):
        assert answer.status_code == 200, answer.text
        assert (answer.json()["id"], answer.json()["status"]) == (draft["id"], "open")
        assert [item["line_id"] for item in answer.json()["order"]["items"]] == lines
        assert answer.json()["order"]["net_amount"] == 39800 * len(lines)
    assert removed.json() == (await shop.get(root)).json()


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


async def test_7_each_operation_and_session_appends_an_event_and_without_service_events_the_state_is_pending(
    shop, make
):
    root = await make()
    session = {"items": [{"line_id": "1"}], "profile_id": "default", "url": {"return_url": "https://shop.example/"}}
    for number, verb in enumerate(("sessions", *VERBS), start=1):
        sent = session if verb == "sessions" else {"items": [{"line_id": 1, "amount": 39800}]}
        sent = PART if verb in VERBS[1:] else sent
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
    for verb in VERBS:
        sent = PART | {"items": [{"line_id": 1, "amount": 39800}]} if verb == "authorizations" else PART
        answer = await shop.post(f"{root}/{verb}", sent | {"authorization_id": first["id"]})
        assert answer.status_code == 200, answer.text
        assert "authorization_id" not in answer.json()
        assert "authorization_id" not in (await shop.get(f"{root}/{verb}/{answer.json()['id']}")).json()


async def test_10_the_sequence_of_8_1_is_accepted_negative_amounts_included(shop, make):
    root = await make()
    number = root.rpartition("/")[2]
    taken_back = {**CHAIR, "line_id": 2, "gross_amount": -39800, "tax_lines": [{"amount": -7960, "percentage": 25}],
                  "reversed_reason": "Replace item", "related_item": {"line_id": 1, "type": "reversed"}}  # fmt: skip
    sold = {**CHAIR, "line_id": 3, "id": "175939", "quantity": 1}

    async def pay(line_id: int, amount: int) -> None:
        body = {"items": [{"line_id": line_id, "amount": amount}], "success": True,
                "payment_details": {"payment_id": "PID_123"}}  # fmt: skip
        for verb in ("authorizations", "captures"):
            answer = await shop.post(f"{root}/{verb}", body)
            assert (answer.status_code, answer.json()["amount"]) == (200, amount), answer.text

    await pay(1, 39800)
    body = {"options": {"order_id": number}, "order": {"currency": "NOK", "items": [taken_back, sold]}}
    draft = (await shop.post(f"{shop.shopping}/draft_orders", body)).json()
    answer = await shop.put(f"{shop.shopping}/draft_orders/{draft['id']}/complete", {})
    assert [item["line_id"] for item in answer.json()["orders"][0]["items"]] == [1, 2, 3]
    await pay(2, -39800)
    await pay(3, 39800)
    order = (await shop.get(root)).json()
    assert (order["net_amount"], order["remaining"]["captured"], order["payment_status"]) == (39800, 39800, "paid")


@pytest.mark.parametrize("verb", VERBS)
async def test_11_an_order_with_any_payment_operation_is_not_replaced(shop, make, verb):
    root = await make()
    number = root.rpartition("/")[2]
    cheaper = {"options": {"order_id": number, "replace": "order"},
               "order": {"currency": "NOK", "items": [{**CHAIR, "gross_amount": 50, "tax_lines": []}]}}  # fmt: skip
    drafts = [(await shop.post(f"{shop.shopping}/draft_orders", cheaper)).json()["id"] for _ in range(2)]
    taken = await shop.put(f"{shop.shopping}/draft_orders/{drafts[0]}/complete", {})
    assert (taken.status_code, taken.json()["orders"][0]["net_amount"]) == (200, 50)
    tried = {"items": [{"line_id": 1, "amount": 50}], "success": verb == "authorizations"}
    assert (await shop.post(f"{root}/{verb}", tried)).status_code == 200
    before = (await shop.get(root)).json()
    refused = await shop.put(f"{shop.shopping}/draft_orders/{drafts[1]}/complete", {})
    assert (refused.status_code, refused.json()["error"]["errors"][0]["path"]) == (409, "options.replace")
    assert (await shop.get(root)).json() == before


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


@pytest.fixture
async def receiver():
    """A shop's server: the answers that are still to be given, and what came, as (headers, body)."""
    answers: list[str] = []
    came: list[tuple[dict[str, str], bytes]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.decode().rstrip().split("\r\n")[1:]
                headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
                came.append((headers, await reader.readexactly(int(headers["content-length"]))))
                status = answers.pop(0) if answers else "200 OK"
                writer.write(f"HTTP/1.1 {status}\r\nlocation: /\r\ncontent-length: 0\r\n\r\n".encode())
        except asyncio.IncompleteReadError:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook", answers, came
    server.close()


async def test_16_and_13_7_webhooks_are_signed_with_sha1_and_a_redirect_is_a_failure_that_is_tried_again(
    server, account_id, receiver
):
    """The reference documents 5 attempts; kvitt makes more."""
    url, answers, came = receiver
    async with server.shop(account_id, scopes=["admin:hooks", "admin:shopping"]) as shop:
        hooks = f"/v1/accounts/{account_id}/hooks/subscriptions"
        config = {"url": url, "content_type": "application/json", "secret": {"type": "HMAC-SHA1", "value": "hemmelig"}}
        hook = (await shop.post(hooks, {"config": config, "events": ["shopping_order_update"]})).json()["id"]
        await _until(lambda: came)  # the ping
        answers += ["301 Moved", "307 Moved"]
        body = {"options": {"generate_order_id": "ALPHANUMERIC_9"}, "order": {"currency": "NOK", "items": [CHAIR]}}
        order = (await shop.post(f"{shop.shopping}/orders", body)).json()
        for tries in (2, 3, 4):
            await _until(lambda wanted=tries: len(came) >= wanted)
            if tries < 4:
                await _attempts(shop, f"{hooks}/{hook}/deliveries", tries - 1)
                await shop.post(f"/v1/accounts/{account_id}/sandbox/clock", {"advance": "PT1M"})
        for headers, sent in came[1:]:
            assert headers["event-signature"] == hmac.new(b"hemmelig", sent, hashlib.sha1).hexdigest()
            assert (headers["event"], headers["content-type"]) == ("shopping_order_update", "application/json")
            told = json.loads(sent)
            assert (told["account_id"], told["event"]) == (account_id, "shopping_order_update")
            assert told["event_delivery"] == headers["event-delivery"] == came[1][0]["event-delivery"]
            shown = {name: order[name] for name in ("id", "order_id", "status", "payment_status")}
            assert shown.items() <= told["order"].items()
    assert MAX_TRIES >= 5


async def _attempts(shop: Any, deliveries: str, count: int) -> None:
    """Waits until that many tries of the order's delivery are written down, each a failure."""
    async with asyncio.timeout(10):
        while True:
            found = (await shop.get(deliveries)).json()
            (told,) = [each for each in found if each["event"] == "shopping_order_update"]
            details = (await shop.get(f"{deliveries}/{told['id']}")).json()
            if len(details["attempts"]) == count:
                break
            await asyncio.sleep(0.02)
    assert (told["status"], {attempt["success"] for attempt in details["attempts"]}) == ("waiting", {False})


async def _until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)
