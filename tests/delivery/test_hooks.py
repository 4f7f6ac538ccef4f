"""Webhooks through the real server: they arrive, signed, in order, and can be looked at and replayed."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from kvitt.core.change import Change, Event
from kvitt.core.ids import new_uuid
from kvitt.delivery.flows.feed import MOST_STREAMS
from tests_support import Server, Shop

LINE = {"line_id": 1, "id": "chair", "gross_amount": 39800, "tax_lines": [{"amount": 7960, "percentage": 25}]}
CARD = {"number": "4000000000000002", "expiry": "12/34", "cvc": "987"}
KEY = base64.b64encode(b"a key of twenty-four byt").decode()


@pytest.fixture
async def hooks(server: Server, account_id: str) -> AsyncIterator[Shop]:
    async with server.shop(account_id, scopes=["admin:hooks", "admin:checkout", "admin:shopping"]) as made:
        yield made


async def until(condition: Callable[[], Any], seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


def path(shop: Shop, *more: str) -> str:
    return "/".join((f"/v1/accounts/{shop.account_id}/hooks/subscriptions", *more))


async def subscribe(shop: Shop, url: str, *events: str, **config: Any) -> dict[str, Any]:
    config = {"url": url, "secret": {"type": "HMAC-SHA1", "value": f"whsec_{KEY}"}, **config}
    answer = await shop.post(path(shop), {"config": config, "events": events})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def deliveries(shop: Shop, id: str, **query: str) -> list[dict[str, Any]]:
    return (await shop.get(path(shop, id, "deliveries"), params=query)).json()


async def pay(shop: Shop) -> str:
    order = {"amount": 39800, "currency": "NOK", "merchant_reference": "A1"}
    body = {"url": {"return_url": "https://shop.example/thanks"}, "order": order, "profile_id": "default"}
    sid = (await shop.post("/v1/sessions-profile", body)).json()["id"]
    paid = await shop.post(f"/v1/sessions/{sid}/pay", {"payment_product_type": "dintero_psp.creditcard", "card": CARD})
    return paid.json()["transaction_id"]


def told(account_id: str, object_id: str, number: int) -> Event:
    """Something that webhooks tell of, at the cost of a line."""
    data = json.dumps({"id": object_id, "number": number})
    return Event(account_id, new_uuid(), "transaction.captured", "transaction", object_id, number, datetime.now(UTC),
                 data)  # fmt: skip


def heard(shop_server: Any, event: str = "checkout_transaction") -> list[Any]:
    return [request for request in shop_server.requests if request.headers["event"] == event]


async def test_a_payment_is_told_as_it_is_documented_and_the_signatures_are_right(
    hooks: Shop, shop_server: Any
) -> None:
    made = await subscribe(hooks, f"{shop_server.url}/hook?a=1", "checkout_transaction", "checkout_authorization")
    assert made["config"]["secret"] == {"type": "HMAC-SHA1"}
    transaction_id = await pay(hooks)
    await until(lambda: len(shop_server.requests) == 3)
    assert sorted(request.headers["event"] for request in shop_server.requests) == [
        "checkout_authorization", "checkout_transaction", "ping",
    ]  # fmt: skip
    for request in shop_server.requests:
        body, headers = json.loads(request.body), request.headers
        assert (request.method, request.target) == ("POST", "/hook?a=1")
        assert headers["content-type"] == "application/json"
        assert body["account_id"] == hooks.account_id
        assert body["event"] == headers["event"]
        assert body["event_delivery"] == headers["event-delivery"] == headers["webhook-id"]
        sha1 = hmac.new(f"whsec_{KEY}".encode(), request.body, hashlib.sha1).hexdigest()
        assert headers["event-signature"] == sha1
        signed = b".".join((headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), request.body))
        sha256 = hmac.new(base64.b64decode(KEY), signed, hashlib.sha256).digest()
        assert headers["webhook-signature"] == f"v1,{base64.b64encode(sha256).decode()}"
        assert abs(int(headers["webhook-timestamp"]) - datetime.now(UTC).timestamp()) < 20
    (paid,) = heard(shop_server)
    assert json.loads(paid.body)["transaction"]["id"] == transaction_id
    assert json.loads(paid.body)["transaction"]["status"] == "AUTHORIZED"
    (told,) = heard(shop_server, "checkout_authorization")
    about = json.loads(told.body)
    assert about["authorization"]["transaction_id"] == transaction_id
    assert about["authorization"]["merchant_reference"] == "A1"
    assert about["transaction"]["session_id"] == about["authorization"]["session_id"]
    (ping,) = heard(shop_server, "ping")
    assert json.loads(ping.body)["subscription"] == made


async def test_a_session_that_ends_without_a_payment_is_told_without_a_transaction(
    hooks: Shop, shop_server: Any
) -> None:
    await subscribe(hooks, shop_server.url, "checkout_authorization")
    order = {"amount": 39800, "currency": "NOK", "merchant_reference": "A2"}
    body = {"url": {"return_url": "https://shop.example/thanks"}, "order": order, "profile_id": "default"}
    sid = (await hooks.post("/v1/sessions-profile", body)).json()["id"]
    await hooks.post(f"/v1/sessions/{sid}/cancel")
    await until(lambda: heard(shop_server, "checkout_authorization"))
    about = json.loads(heard(shop_server, "checkout_authorization")[0].body)
    assert about["authorization"] == {"merchant_reference": "A2", "session_id": sid, "error": "cancelled"}
    assert "transaction" not in about


async def test_drafts_and_orders_come_as_documents(hooks: Shop, shop_server: Any) -> None:
    names = ("shopping_draft_add", "shopping_draft_complete", "shopping_order_update")
    await subscribe(hooks, shop_server.url, *names)
    order = {"currency": "NOK", "items": [LINE]}
    draft_id = (await hooks.post(f"{hooks.shopping}/draft_orders", {"order": order})).json()["id"]
    done = (await hooks.put(f"{hooks.shopping}/draft_orders/{draft_id}/complete")).json()
    order_id = done["orders"][0]["id"]
    lines = {"items": [{"line_id": 1, "amount": 39800}]}
    await hooks.post(f"{hooks.shopping}/orders/{order_id}/authorizations", lines)
    await until(lambda: all(heard(shop_server, name) for name in names))
    (added,), (completed,), (updated,) = (heard(shop_server, name) for name in names)
    assert json.loads(added.body)["draft"]["id"] == json.loads(completed.body)["draft"]["id"] == draft_id
    assert json.loads(completed.body)["draft"]["status"] == "completed"
    told = json.loads(updated.body)["order"]
    assert (told["id"], len(told["authorizations"]), told["gross_amount"]) == (order_id, 1, 39800)


async def test_an_order_without_a_draft_and_what_services_report_of_it_are_told(hooks: Shop, shop_server: Any) -> None:
    names = ("shopping_order_update", "shopping_order_event_add")
    await subscribe(hooks, shop_server.url, *names)
    order = (await hooks.post(f"{hooks.shopping}/orders", {"order": {"currency": "NOK", "items": [LINE]}})).json()
    report = {"service": "kitchen", "service_status": "ready"}
    await hooks.post(f"{hooks.shopping}/orders/{order['order_id']}/events", report)
    await until(lambda: all(heard(shop_server, name) for name in names))
    (made,), (told,) = (heard(shop_server, name) for name in names)
    assert json.loads(made.body)["order"]["id"] == json.loads(told.body)["order"]["id"] == order["id"]
    assert report.items() <= json.loads(told.body)["order_event"].items()


async def test_of_one_object_the_next_waits_until_the_one_before_it_was_taken(
    hooks: Shop, server: Server, shop_server: Any, reply: Any, raw: asyncpg.Connection
) -> None:
    made = await subscribe(hooks, shop_server.url, "checkout_transaction")
    await until(lambda: shop_server.requests)
    shop_server.replies = [reply(500), reply(200)]
    aid = hooks.account_id
    await server.store.commit(Change(events=(told(aid, "T-a", 1),)))
    await until(lambda: len(heard(shop_server)) == 1)
    await server.store.commit(Change(events=(told(aid, "T-a", 2), told(aid, "T-b", 1))))
    await until(lambda: len(heard(shop_server)) == 2)
    await asyncio.sleep(0.5)
    seen = [json.loads(request.body)["transaction"] for request in heard(shop_server)]
    assert seen == [{"id": "T-a", "number": 1}, {"id": "T-b", "number": 1}]  # the other object does not wait
    waiting = await deliveries(hooks, made["id"], status="waiting")
    assert [each["attempts"] for each in waiting] == [0, 1]

    await raw.execute("update tasks set due_at = now() where account_id = $1 and kind = 'hooks.deliver'", aid)
    await until(lambda: len(heard(shop_server)) == 4)
    again, last = heard(shop_server)[2:]
    assert again.headers["event-delivery"] == heard(shop_server)[0].headers["event-delivery"]
    assert (again.body, json.loads(last.body)["transaction"]["number"]) == (heard(shop_server)[0].body, 2)
    await until_none_waits(hooks, made["id"])
    stored = await hooks.get(path(hooks, made["id"], "deliveries", again.headers["event-delivery"]))
    details = stored.json()
    assert [(a["status"], a["success"]) for a in details["attempts"]] == [(500, False), (200, True)]
    assert details["details"]["delivery_success"] is True


async def until_none_waits(shop: Shop, id: str) -> None:
    async with asyncio.timeout(10):
        while await deliveries(shop, id, status="waiting"):
            await asyncio.sleep(0.02)


async def test_a_redirect_is_no_success_and_an_attempt_says_what_came(
    hooks: Shop, shop_server: Any, reply: Any
) -> None:
    shop_server.replies = [reply(302, headers="location: /elsewhere\r\n", body=b"go away" + b"x" * 3000)]
    made = await subscribe(hooks, shop_server.url, "checkout_transaction")
    await until(lambda: shop_server.requests)
    async with asyncio.timeout(5):
        while not (found := await deliveries(hooks, made["id"]))[0]["attempts"]:
            await asyncio.sleep(0.02)
    assert (found[0]["event"], found[0]["status"]) == ("ping", "waiting")
    details = (await hooks.get(path(hooks, made["id"], "deliveries", found[0]["id"]))).json()
    (attempt,) = details["attempts"]
    assert (attempt["status"], attempt["success"], attempt["answer"][:7]) == (302, False, "go away")
    assert len(attempt["answer"]) == 1024
    assert details["response"]["headers"]["location"] == "/elsewhere"
    assert details["request"]["headers"]["event-signature"] == shop_server.requests[0].headers["event-signature"]
    assert details["request"]["body"] == json.loads(shop_server.requests[0].body)
    assert len(shop_server.requests) == 1


async def test_both_secrets_sign_during_a_rotation_and_only_the_new_one_afterwards(
    hooks: Shop, shop_server: Any
) -> None:
    made = await subscribe(hooks, shop_server.url, "checkout_transaction")
    await until(lambda: shop_server.requests)
    renewed = (await hooks.post(path(hooks, made["id"], "rotate"), {"overlap_seconds": 60})).json()
    secret = renewed["config"]["secret"]["value"]
    assert (await hooks.post(path(hooks, made["id"], "ping"))).status_code == 204
    await until(lambda: len(shop_server.requests) == 2)
    headers, body = shop_server.requests[1].headers, shop_server.requests[1].body
    signed = b".".join((headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body))
    keys = [base64.b64decode(secret.removeprefix("whsec_")), base64.b64decode(KEY)]
    right = [f"v1,{base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()}" for key in keys]
    assert headers["webhook-signature"].split(" ") == right
    assert headers["event-signature"] == hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()
    plain = {"secret": {"type": "HMAC-SHA1", "value": "plain text"}, "overlap_seconds": 0}
    assert "value" not in (await hooks.post(path(hooks, made["id"], "rotate"), plain)).json()["config"]["secret"]
    await hooks.post(path(hooks, made["id"], "ping"))
    await until(lambda: len(shop_server.requests) == 3)
    headers, body = shop_server.requests[2].headers, shop_server.requests[2].body
    signed = b".".join((headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body))
    digest = hmac.new(b"plain text", signed, hashlib.sha256).digest()
    assert headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"


async def test_an_authorization_secret_is_sent_and_signs_nothing(hooks: Shop, shop_server: Any) -> None:
    secret = {"type": "Authorization", "value": "Bearer abc"}
    made = await subscribe(hooks, shop_server.url, "checkout_transaction", secret=secret)
    assert made["config"]["secret"] == {"type": "Authorization"}
    await until(lambda: shop_server.requests)
    headers = shop_server.requests[0].headers
    assert headers["authorization"] == "Bearer abc"
    assert "event-signature" not in headers
    assert "webhook-signature" not in headers


async def test_a_delivery_and_a_time_range_can_be_replayed_and_keep_their_ids(
    hooks: Shop, server: Server, shop_server: Any
) -> None:
    made = await subscribe(hooks, shop_server.url, "checkout_transaction")
    aid, began = hooks.account_id, datetime.now(UTC) - timedelta(minutes=1)
    await server.store.commit(Change(events=tuple(told(aid, "T-a", number) for number in (1, 2, 3))))
    await until(lambda: len(heard(shop_server)) == 3)
    await until_none_waits(hooks, made["id"])
    ids = [request.headers["event-delivery"] for request in heard(shop_server)]
    one = await hooks.post(path(hooks, made["id"], "deliveries", ids[1], "replay"))
    assert one.json() == {"deliveries": 1}
    await until(lambda: len(heard(shop_server)) == 4)
    assert heard(shop_server)[3].headers["event-delivery"] == ids[1]
    await until_none_waits(hooks, made["id"])
    none = await hooks.post(path(hooks, made["id"], "replay"), {"since": began.isoformat()})
    assert none.json() == {"deliveries": 0}  # no dead ones
    everything = {"since": began.isoformat(), "status": "delivered"}
    assert (await hooks.post(path(hooks, made["id"], "replay"), everything)).json() == {"deliveries": 4}
    await until(lambda: len(heard(shop_server)) == 7)
    assert [request.headers["event-delivery"] for request in heard(shop_server)[4:]] == ids


async def test_what_happened_before_the_subscription_or_after_its_end_is_not_told(
    hooks: Shop, server: Server, shop_server: Any
) -> None:
    aid = hooks.account_id
    await server.store.commit(Change(events=(told(aid, "T-a", 1),)))
    first = await subscribe(hooks, shop_server.url, "checkout_transaction")
    await server.store.commit(Change(events=(told(aid, "T-a", 2),)))
    await until(lambda: heard(shop_server))
    removed = await hooks.http.delete(path(hooks, first["id"]))
    assert (removed.status_code, removed.json()["id"]) == (200, first["id"])
    await server.store.commit(Change(events=(told(aid, "T-a", 3),)))
    await asyncio.sleep(0.6)
    second = await subscribe(hooks, f"{shop_server.url}/second", "checkout_transaction")
    await server.store.commit(Change(events=(told(aid, "T-a", 4),)))
    await until(lambda: len(heard(shop_server)) == 2)
    await asyncio.sleep(0.3)
    assert [json.loads(request.body)["transaction"]["number"] for request in heard(shop_server)] == [2, 4]
    assert [each["id"] for each in (await hooks.get(path(hooks))).json()] == [second["id"]]
    assert (await hooks.get(path(hooks, first["id"], "deliveries"))).status_code == 404


async def test_readers_of_the_feed_never_keep_webhooks_from_it(hooks: Shop, server: Server, shop_server: Any) -> None:
    streams = [await server.app.feed.follow(hooks.account_id, None) for _ in range(MOST_STREAMS)]
    for stream in streams:
        await anext(stream)
    await subscribe(hooks, shop_server.url, "checkout_transaction")
    await server.store.commit(Change(events=(told(hooks.account_id, "T-a", 1),)))
    await until(lambda: heard(shop_server))
    for stream in streams:
        await stream.aclose()


async def test_a_subscription_that_is_not_active_gets_pings_alone(
    hooks: Shop, server: Server, shop_server: Any
) -> None:
    body = {"config": {"url": shop_server.url}, "events": ["checkout_transaction"], "active": False}
    made = (await hooks.post(path(hooks), body)).json()
    assert made["active"] is False
    assert made["config"]["secret"]["value"].startswith("whsec_")
    assert hooks.account_id not in await server.store.deliveries.followers()
    await until(lambda: len(heard(shop_server, "ping")) == 1)


async def test_a_wrong_subscription_is_refused_with_every_fault(hooks: Shop) -> None:
    config = {
        "url": "ftp://x", "content_type": "text/xml", "insecure_ssl": 1,
        "secret": {"type": "AWS4-HMAC-SHA256", "aws_access_key_id": "x"},
    }  # fmt: skip
    body = {"config": config, "events": ["checkout_transaction", "nonsense"], "fields": "account(id)"}
    answer = await hooks.post(path(hooks), body)
    assert answer.status_code == 400
    assert {fault["path"] for fault in answer.json()["error"]["errors"]} == {
        "config.url", "config.content_type", "config.insecure_ssl", "config.secret.type", "events.1", "fields",
    }  # fmt: skip
    assert (await hooks.get(path(hooks))).json() == []


async def test_a_subscription_of_another_account_is_not_there(hooks: Shop, server: Server, shop_server: Any) -> None:
    made = await subscribe(hooks, shop_server.url, "checkout_transaction")
    async with server.shop("T" + hooks.account_id[:0:-1], scopes=["admin:hooks"]) as other:
        for method, more in [
            ("GET", ()), ("DELETE", ()), ("POST", ("ping",)), ("POST", ("rotate",)), ("GET", ("deliveries",)),
            ("GET", ("deliveries", "x")), ("POST", ("deliveries", "x", "replay")),
        ]:  # fmt: skip
            answer = await other.http.request(method, path(other, made["id"], *more))
            assert answer.status_code == 404, (method, more)
        assert (await other.get(path(hooks, made["id"]))).status_code == 403


@pytest.mark.parametrize("id", ["nothing", "%00", "%ED%A0%80"])
async def test_a_delivery_that_is_not_there_is_not_found(hooks: Shop, shop_server: Any, id: str) -> None:
    made = await subscribe(hooks, shop_server.url, "checkout_transaction")
    for answer in (
        await hooks.get(path(hooks, made["id"], "deliveries", id)),
        await hooks.get(path(hooks, made["id"], f"deliveries?starting_after={id}")),
        await hooks.post(path(hooks, made["id"], "deliveries", id, "replay")),
    ):
        assert answer.status_code in (400, 404), answer.text


async def test_reading_and_writing_need_their_scopes(server: Server, account_id: str) -> None:
    async with server.shop(account_id, scopes=["read:hooks"]) as reader:
        assert (await reader.get(path(reader))).status_code == 200
        body = {"config": {"url": "http://127.0.0.1:1/"}, "events": ["checkout_transaction"]}
        assert (await reader.post(path(reader), body)).status_code == 403
