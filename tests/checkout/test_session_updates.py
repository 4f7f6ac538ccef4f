"""PUT of a session: what it changes, what it leaves, and when it may not."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from .buying import DECLINED, OSLO, POST, SHELF, Customer, asked_shop, code_of, customer_of, express_body, paths_of
from .conftest import session_body

NOW = "?update_without_lock=true"
TABLE = {"id": "table", "line_id": "2", "description": "Bord", "quantity": 1, "amount": 100000, "vat": 25}
CHAIR = session_body()["order"]["items"][0]


@pytest.fixture
def server(own_server: Any) -> Any:
    """Other tests here do the worker's work by hand: no worker may be there then."""
    return own_server


def cart(*items: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"order": {"amount": sum(item["amount"] for item in items), "items": list(items), **more}}


async def test_an_update_replaces_what_it_names_and_leaves_the_rest(shop: Any, http: httpx.AsyncClient) -> None:
    buyer = await customer_of(shop, http, session_body(order__store={"id": "web"}))
    answer = await buyer.update(cart(CHAIR, TABLE, merchant_reference_2="POS-1"), NOW)
    assert answer.status_code == 200
    order = answer.json()["order"]
    assert (order["amount"], order["items"]) == (139800, [CHAIR, TABLE])
    assert (order["merchant_reference"], order["merchant_reference_2"]) == ("ORDER-1", "POS-1")
    assert (order["currency"], order["vat_amount"], order["store"]) == ("NOK", 7960, {"id": "web"})
    assert (await buyer.session()) == answer.json()
    assert (await buyer.view())["order"]["amount"] == 139800
    assert (await buyer.pay()).status_code == 200
    transaction = (await shop.get(f"/v1/transactions/{(await buyer.session())['transaction_id']}")).json()
    assert (transaction["amount"], len(transaction["items"])) == (139800, 2)


async def test_the_event_of_an_update_tells_what_was_and_what_is_now(shop: Any, http: httpx.AsyncClient) -> None:
    buyer = await customer_of(shop, http, express_body(POST))
    before = await buyer.session()
    after = (await buyer.update(cart(TABLE), NOW)).json()
    event = after["events"][-1]
    assert event["name"] == "UPDATE_SESSION"
    assert event["details"] == {
        "previous_order": before["order"],
        "updated_order": after["order"],
        "updated_express_result": {"status": "NOT_MODIFIED"},
    }
    after = (await buyer.update({"order": {}, "express": {"shipping_options": [POST, SHELF]}}, NOW)).json()
    assert after["events"][-1]["details"] == {
        "updated_order_result": {"status": "NOT_MODIFIED"},
        "previous_express": before["express"],
        "updated_express": {"shipping_options": [POST, SHELF]},
    }


async def test_an_update_needs_the_lock(shop: Any, http: httpx.AsyncClient) -> None:
    buyer = await customer_of(shop, http, session_body())
    assert code_of(await buyer.update(cart(TABLE))) == (400, "SESSION_NOT_LOCKED")
    assert await buyer.events() == ["INITIATED"]
    await buyer.lock()
    answer = await buyer.update(cart(TABLE))
    assert answer.status_code == 200
    assert "pay_lock" not in answer.json()
    assert await buyer.events() == ["INITIATED", "PAY_LOCK_START", "UPDATE_SESSION", "PAY_LOCK_END"]
    assert code_of(await buyer.update(cart(CHAIR))) == (400, "SESSION_NOT_LOCKED")


async def test_an_update_may_leave_the_lock_where_it_is(shop: Any, http: httpx.AsyncClient) -> None:
    buyer = await customer_of(shop, http, session_body())
    locked = (await buyer.lock()).json()["pay_lock"]
    kept = (await buyer.update({**cart(TABLE), "remove_lock": False})).json()
    assert kept["pay_lock"] == locked
    assert code_of(await buyer.pay()) == (409, "CONFLICT")
    assert "pay_lock" not in (await buyer.update(cart(CHAIR), NOW)).json()
    assert await buyer.events() == ["INITIATED", "PAY_LOCK_START", "UPDATE_SESSION", "UPDATE_SESSION", "PAY_LOCK_END"]
    assert (await buyer.pay()).status_code == 200


@pytest.mark.parametrize(
    ("order", "path"),
    [
        ({"amount": 1}, "order.amount"),
        ({"items": [TABLE]}, "order.amount"),
        ({"amount": 100000, "items": [TABLE], "shipping_option": POST}, "order.amount"),
        ({"items": [TABLE, TABLE], "amount": 200000}, "order.items.1.line_id"),
        ({"currency": "XXX"}, "order.currency"),
        ({"amount": -1}, "order.amount"),
        ({"amount": 39800, "shipping_option": {**SHELF, "id": "other"}}, "order.shipping_option"),
    ],
)
async def test_an_update_that_contradicts_itself_is_refused(
    shop: Any, http: httpx.AsyncClient, order: dict[str, Any], path: str
) -> None:
    buyer = await customer_of(shop, http, express_body(POST, SHELF))
    before = await buyer.session()
    answer = await buyer.update({"order": order}, NOW)
    assert code_of(answer) == (400, "INVALID_REQUEST_PARAMETER")
    assert path in paths_of(answer)
    assert await buyer.session() == before


async def test_the_order_is_required_and_may_be_empty(shop: Any, http: httpx.AsyncClient) -> None:
    buyer = await customer_of(shop, http, session_body())
    assert paths_of(await buyer.update({"remove_lock": True}, NOW)) == ["order"]
    assert (await buyer.update({"order": {}}, NOW)).status_code == 200


async def test_a_part_may_be_paid_unless_amounts_are_strict(shop: Any, http: httpx.AsyncClient) -> None:
    buyer = await customer_of(shop, http, session_body())
    part = {"order": {"amount": 10000, "partial_payment": True}}
    assert (await buyer.update(part, NOW)).status_code == 200
    strict = {"Dintero-Feature-Toggles": "other, strict-session-amounts"}
    answer = await shop.put(f"/v1/sessions/{buyer.sid}{NOW}", part, headers=strict)
    assert paths_of(answer) == ["order.amount"]
    bare = await customer_of(shop, http, session_body(order__items=None))
    assert (await bare.update({"order": {"amount": 5}}, NOW)).json()["order"]["amount"] == 5
    answer = await shop.put(f"/v1/sessions/{bare.sid}{NOW}", {"order": {"amount": 6}}, headers=strict)
    assert paths_of(answer) == ["order.amount"]


async def test_what_plug_ins_send_beside_it_is_tolerated(shop: Any, http: httpx.AsyncClient) -> None:
    buyer = await customer_of(shop, http, express_body(POST, customer={"email": "kari@example.com"}))
    body = {
        **cart(TABLE, merchant_reference="OTHER"),
        "customer": {"email": "ola@example.com"},
        "express": {"customer_types": ["b2b"]},
        "url": {"return_url": "https://elsewhere.example/"},
    }
    after = (await buyer.update(body, NOW)).json()
    assert after["order"]["amount"] == 100000
    assert after["order"]["merchant_reference"] == "ORDER-1"
    assert after["customer"] == {"email": "kari@example.com"}
    assert after["express"] == {"shipping_options": [POST]}
    assert after["url"]["return_url"] == "https://shop.example/thanks?lang=nb"
    floats = {"order": {"amount": 29990.0, "items": [{**TABLE, "amount": 29990.0}]}, "express": None}
    assert (await buyer.update(floats, NOW)).json()["order"]["amount"] == 29990


async def test_a_chosen_option_stays_at_its_new_price_or_is_dropped(shop: Any, http: httpx.AsyncClient) -> None:
    buyer = await customer_of(shop, http, express_body(POST, SHELF))
    await buyer.give("shipping_option", {"id": "post"})
    dearer = {**POST, "amount": 9900}
    after = (await buyer.update({"order": {}, "express": {"shipping_options": [dearer]}}, NOW)).json()
    assert (after["order"]["amount"], after["order"]["shipping_option"]["amount"]) == (39800 + 9900, 9900)
    after = (await buyer.update({"order": {}, "express": {"shipping_options": [SHELF]}}, NOW)).json()
    assert after["order"]["amount"] == 39800
    assert "shipping_option" not in after["order"]


async def test_a_paid_session_keeps_its_amount(shop: Any, http: httpx.AsyncClient) -> None:
    buyer = await customer_of(shop, http, session_body())
    assert (await buyer.pay()).status_code == 200
    before = await buyer.session()
    for query in (NOW, ""):
        assert code_of(await buyer.update(cart(TABLE), query)) == (400, "SESSION_COMPLETED")
    assert (await buyer.session())["order"] == before["order"]


async def test_a_session_that_ended_takes_no_update(shop: Any, http: httpx.AsyncClient) -> None:
    buyer = await customer_of(shop, http, session_body())
    await shop.post(f"/v1/sessions/{buyer.sid}/cancel")
    assert code_of(await buyer.update(cart(TABLE), NOW)) == (400, "SESSION_CANCELLED")
    late = await customer_of(shop, http, session_body())
    await late.later("PT25H")
    assert code_of(await late.update(cart(TABLE), NOW)) == (400, "SESSION_EXPIRED")


async def test_a_session_that_is_being_paid_takes_no_update(shop: Any, http: httpx.AsyncClient) -> None:
    buyer = await customer_of(shop, http, session_body())
    answer = await buyer.pay("4100000000000001")  # the provider never answers
    assert answer.json()["success"] is False
    assert code_of(await buyer.update(cart(TABLE), NOW)) == (409, "CONFLICT")


async def test_after_a_decline_the_next_try_pays_what_the_update_says(shop: Any, http: httpx.AsyncClient) -> None:
    buyer = await customer_of(shop, http, session_body())
    await buyer.pay(DECLINED)
    assert (await buyer.update(cart(TABLE, currency="SEK"), NOW)).status_code == 200
    paid = await buyer.pay()
    assert paid.status_code == 200, paid.text
    transaction = (await shop.get(f"/v1/transactions/{paid.json()['transaction_id']}")).json()
    assert (transaction["amount"], transaction["currency"]) == (100000, "SEK")
    assert [item["line_id"] for item in transaction["items"]] == ["2"]
    assert [event["event"] for event in transaction["events"]] == ["INITIALIZE", "AUTHORIZE", "AUTHORIZE"]
    captured = await shop.post(f"/v1/transactions/{transaction['id']}/capture", {"amount": 100000})
    assert captured.json()["status"] == "CAPTURED"


async def test_a_key_makes_an_update_once(shop: Any, http: httpx.AsyncClient) -> None:
    buyer = await customer_of(shop, http, session_body())
    await buyer.lock()
    first = await buyer.update(cart(TABLE), idempotency_key="u1")
    again = await buyer.update(cart(TABLE), idempotency_key="u1")
    assert (again.status_code, again.content) == (200, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    assert code_of(await buyer.update(cart(CHAIR), idempotency_key="u1")) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert (await buyer.events()).count("UPDATE_SESSION") == 1


async def test_a_payment_and_an_update_at_once_agree_on_the_amount(shop: Any, http: httpx.AsyncClient) -> None:
    for _ in range(5):
        buyer = await customer_of(shop, http, session_body())
        paid, updated = await asyncio.gather(buyer.pay(), buyer.update(cart(TABLE), NOW))
        assert paid.status_code == 200
        assert updated.status_code in (200, 400, 409)
        transaction = (await shop.get(f"/v1/transactions/{paid.json()['transaction_id']}")).json()
        wanted = 100000 if updated.status_code == 200 else 39800
        assert transaction["amount"] == wanted == (await buyer.session())["order"]["amount"]


async def test_read_and_write_may_update_and_others_may_not(server: Any, http: httpx.AsyncClient, shop: Any) -> None:
    buyer = await customer_of(shop, http, session_body())
    path = f"/v1/sessions/{buyer.sid}{NOW}"
    for scope, status in (("read:checkout", 200), ("write:checkout", 200), ("admin:shopping", 403)):
        client, secret = await server.app.accounts.create_client(shop.account_id, "Tests", [scope])
        asked = {"grant_type": "client_credentials", "audience": f"{server.url}/v1/accounts/{shop.account_id}"}
        url = f"/v1/accounts/{shop.account_id}/auth/token"
        token = (await http.post(url, auth=(client.client_id, secret), json=asked)).json()["access_token"]
        answer = await http.put(path, json=cart(TABLE), headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == status
    assert (await http.put(path, json=cart(TABLE))).status_code == 401


async def test_nobody_updates_the_session_of_another_account(server: Any, shop: Any, http: httpx.AsyncClient) -> None:
    buyer = await customer_of(shop, http, session_body())
    async with server.shop(f"T9{shop.account_id[2:]}", ["admin:checkout"]) as other:
        assert (await other.put(f"/v1/sessions/{buyer.sid}{NOW}", cart(TABLE))).status_code == 404
    assert (await shop.put(f"/v1/sessions/{shop.account_id}.nothing{NOW}", cart(TABLE))).status_code == 404


async def test_the_shop_is_asked_for_its_shipping_unless_the_update_names_it(
    shop: Any, http: httpx.AsyncClient
) -> None:
    async with asked_shop(lambda _: {"shipping_options": [SHELF]}) as asked:
        asks = {"shipping_address_callback_url": f"{asked.url}/where"}
        buyer = await customer_of(shop, http, express_body(POST, express=asks, order__shipping_address=OSLO))
        named = {"order": {}, "express": {"shipping_options": [POST]}}
        assert (await buyer.update(named, NOW)).json()["express"]["shipping_options"] == [POST]
        assert asked.asked == []
        forced = await buyer.update(named, f"{NOW}&force_shipping_address_callback=true")
        assert forced.json()["express"]["shipping_options"] == [SHELF]
        assert asked.asked[0]["express"]["shipping_options"] == [POST]
        assert (await buyer.update(cart(TABLE), NOW)).json()["express"]["shipping_options"] == [SHELF]
        assert (asked.asked[1]["order"]["amount"], asked.paths) == (100000, ["/where", "/where"])
        asked.status = 500
        assert code_of(await buyer.update(cart(CHAIR), NOW)) == (503, "SHOP_CALLBACK_FAILED")
        assert (await buyer.session())["order"]["amount"] == 100000


async def test_without_an_address_there_is_nothing_to_ask(shop: Any, http: httpx.AsyncClient) -> None:
    async with asked_shop(lambda _: {"shipping_options": [SHELF]}) as asked:
        asks = {"shipping_address_callback_url": asked.url}
        buyer = await customer_of(shop, http, express_body(POST, express=asks))
        assert (await buyer.update(cart(TABLE), NOW)).status_code == 200
        assert asked.asked == []


async def test_an_update_is_in_the_feed(shop: Any, http: httpx.AsyncClient, store: Any) -> None:
    buyer: Customer = await customer_of(shop, http, session_body())
    await buyer.update(cart(TABLE), NOW)
    feed, _ = await store.feed(shop.account_id, None, 10)
    assert [event.type for event in feed][-2:] == ["session.created", "session.updated"]
