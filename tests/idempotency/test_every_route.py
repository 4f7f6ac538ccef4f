"""Whatever can be asked for by POST or PUT can be asked for again, and happens once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from kvitt.core.change import encode_text
from kvitt.core.clock import system_clock
from kvitt.store import CallbackNote

from .conftest import LINE, SILENT, Keyed, paying, same, session_body

Prepared = tuple[str, Any, Any]
"""Address, body, and another body."""
Prepare = Callable[[Keyed], Awaitable[Prepared]]

_SHOPPING = "/v1/accounts/{aid}/shopping"
PREPARED: dict[str, Prepare] = {}
EXEMPT = {"POST /v1/accounts/{aid}/auth/token"}


def prepares(route: str) -> Callable[[Prepare], Prepare]:
    def keep(prepare: Prepare) -> Prepare:
        PREPARED[route] = prepare
        return prepare

    return keep


@prepares(f"POST {_SHOPPING}/draft_orders")
async def draft(keyed: Keyed) -> Prepared:
    order = {"currency": "NOK", "items": [LINE]}
    return f"{keyed.shop.shopping}/draft_orders", {"order": order}, {"order": {**order, "currency": "SEK"}}


@prepares(f"PUT {_SHOPPING}/draft_orders/{{draft_id}}/complete")
async def complete(keyed: Keyed) -> Prepared:
    return f"{keyed.shop.shopping}/draft_orders/{await keyed.draft()}/complete", None, {}


@prepares(f"PUT {_SHOPPING}/draft_orders/{{draft_id}}")
async def replace_draft(keyed: Keyed) -> Prepared:
    order = {"currency": "NOK", "items": [LINE]}
    other = {"order": {**order, "currency": "SEK"}}
    return f"{keyed.shop.shopping}/draft_orders/{await keyed.draft()}", {"order": order}, other


@prepares(f"POST {_SHOPPING}/draft_orders/{{draft_id}}/items")
async def add_item(keyed: Keyed) -> Prepared:
    path = f"{keyed.shop.shopping}/draft_orders/{await keyed.draft()}/items"
    return path, {**LINE, "line_id": 2}, {**LINE, "line_id": 3}


@prepares(f"PUT {_SHOPPING}/draft_orders/{{draft_id}}/items/{{line_id}}")
async def replace_item(keyed: Keyed) -> Prepared:
    path = f"{keyed.shop.shopping}/draft_orders/{await keyed.draft()}/items/1"
    return path, {**LINE, "gross_amount": 5}, {**LINE, "gross_amount": 6}


@prepares(f"POST {_SHOPPING}/orders")
async def order(keyed: Keyed) -> Prepared:
    order = {"currency": "NOK", "items": [LINE]}
    return f"{keyed.shop.shopping}/orders", {"order": order}, {"order": {**order, "currency": "SEK"}}


@prepares(f"PUT {_SHOPPING}/orders/{{order_id}}")
async def update(keyed: Keyed) -> Prepared:
    return await keyed.order(), {"courier_id": "bike", "version": 1}, {"courier_id": "walk"}


def _change(verb: str, body: Any, other: Any) -> None:
    @prepares(f"POST {_SHOPPING}/orders/{{order_id}}/{verb}")
    async def change(keyed: Keyed) -> Prepared:
        return f"{await keyed.order()}/{verb}", body, other


_change("cancel", {"reason": "customer"}, {"reason": "fraud"})
_change("close", None, {})
_change("open", None, {})
_change("comments", {"text": "Ring twice"}, {"text": "Ring once"})
_change("events", {"service": "a", "service_status": "b"}, {"service": "b", "service_status": "b"})


def _operation(verb: str, *before: str) -> None:
    @prepares(f"POST {_SHOPPING}/orders/{{order_id}}/{verb}")
    async def operation(keyed: Keyed) -> Prepared:
        lines = [{"line_id": 1, "amount": 1}], [{"line_id": 1, "amount": 2}]
        return f"{await keyed.order(*before)}/{verb}", {"items": lines[0]}, {"items": lines[1]}


_operation("authorizations")
_operation("captures", "authorizations")
_operation("refunds", "authorizations", "captures")
_operation("cancellations", "authorizations")


@prepares(f"POST {_SHOPPING}/orders/{{order_id}}/sessions")
async def session_of_an_order(keyed: Keyed) -> Prepared:
    body = {"items": [{"line_id": "1"}], "profile_id": "default", "url": {"return_url": "https://shop.example/"}}
    return f"{await keyed.order()}/sessions", body, {**body, "metadata": {"a": 1}}


@prepares("POST /v1/sessions-profile")
async def session(keyed: Keyed) -> Prepared:
    return "/v1/sessions-profile", session_body(), session_body(remarks="other")


@prepares("POST /v1/sessions")
async def inline_session(keyed: Keyed) -> Prepared:
    card = {"enabled": True, "payment_product_type": "dintero_psp.creditcard"}
    body = session_body(configuration={"dintero_psp": {"payment_type": "dintero_psp", "creditcard": card}})
    del body["profile_id"]
    return "/v1/sessions?include_session=true", body, {**body, "remarks": "other"}


@prepares("POST /v1/sessions/{session_id}/cancel")
async def cancel(keyed: Keyed) -> Prepared:
    return f"/v1/sessions/{await keyed.session()}/cancel", None, {}


@prepares("POST /v1/transactions/{id}/capture")
async def capture(keyed: Keyed) -> Prepared:
    return f"/v1/transactions/{await keyed.transaction()}/capture", {"amount": 100}, {"amount": 200}


@prepares("POST /v1/transactions/{id}/refund")
async def refund(keyed: Keyed) -> Prepared:
    return f"/v1/transactions/{await keyed.transaction(captured=1000)}/refund", {"amount": 100}, {"amount": 200}


@prepares("POST /v1/transactions/{id}/void")
async def void(keyed: Keyed) -> Prepared:
    return f"/v1/transactions/{await keyed.transaction()}/void", None, {}


@prepares("POST /v1/transactions/{id}/authorization")
async def adjust(keyed: Keyed) -> Prepared:
    card = {"dintero_psp": {"creditcard": {"enabled": True}}}
    id = await keyed.transaction(configuration={**card, "pre_authorization": True})
    return f"/v1/transactions/{id}/authorization", {"amount": 40000}, {"amount": 50000}


@prepares("PUT /v1/transactions/{id}")
async def refer(keyed: Keyed) -> Prepared:
    one, other = {"merchant_reference_2": "POS-1"}, {"merchant_reference_2": "POS-2"}
    return f"/v1/transactions/{await keyed.transaction()}", one, other


@prepares("POST /v1/sessions/{session_id}/pay")
async def pay(keyed: Keyed) -> Prepared:
    return f"/v1/sessions/{await keyed.session()}/pay", paying(), paying(SILENT["void"])


@prepares("POST /v1/view/{sid}/session/payment/cancel")
async def cancel_payment(keyed: Keyed) -> Prepared:
    sid = await keyed.session()
    vipps = {"payment_product_type": "dintero_psp.vipps", "phone_number": "+4740230256"}
    (await keyed.send(f"/v1/sessions/{sid}/pay", vipps)).raise_for_status()
    return f"/v1/view/{sid}/session/payment/cancel", None, {}


_SAVES = {"dintero_psp": {"creditcard": {"enabled": True, "generate_payment_token": True}}}


@prepares("POST /v1/sessions/pay")
async def pay_unattended(keyed: Keyed) -> Prepared:
    id = await keyed.transaction(configuration=_SAVES)
    card = (await keyed.shop.get(f"/v1/transactions/{id}?includes=card.payment_token")).json()["card"]
    customer = {"tokens": {"dintero_psp.creditcard": {"payment_token": card["payment_token"]}}}
    session = {"order": {"amount": 100, "currency": "NOK", "merchant_reference": "A2"}, "customer": customer}
    payment = {"payment_product_type": "dintero_psp.creditcard", "operation": "unscheduled_purchase"}
    body = {"session": session, "payment": payment}
    return "/v1/sessions/pay", body, {**body, "remarks": "other"}


@prepares("POST /v1/sessions/payment-token")
async def save_card(keyed: Keyed) -> Prepared:
    session = {"url": {"return_url": "https://shop.example/"}, "order": {"currency": "NOK", "merchant_reference": "A1"}}
    body = {"session": session, "token_provider": {"payment_product_type": "dintero_psp.creditcard"}}
    return "/v1/sessions/payment-token", body, {**body, "remarks": "other"}


@prepares("POST /v1/view/{sid}/session/abandon")
async def abandon(keyed: Keyed) -> Prepared:
    return f"/v1/view/{await keyed.session()}/session/abandon", None, {}


@prepares("PUT /v1/sessions/{session_id}")
async def update_session(keyed: Keyed) -> Prepared:
    path = f"/v1/sessions/{await keyed.session()}?update_without_lock=true"
    return path, {"order": {"amount": 100}}, {"order": {"amount": 200}}


@prepares("POST /v1/view/{sid}/session/lock")
async def lock(keyed: Keyed) -> Prepared:
    return f"/v1/view/{await keyed.session()}/session/lock", None, {}


def _chosen(what: str, one: Any, other: Any) -> None:
    @prepares(f"PUT /v1/view/{{sid}}/session/order/{what}")
    async def chosen(keyed: Keyed) -> Prepared:
        named = {"operator": "Posten", "title": "Post", "amount": 100}
        sid = await keyed.session(
            express={"shipping_options": [{"id": id, "line_id": id, **named} for id in "ab"], "discount_codes": {}},
            configuration={
                "allow_different_billing_shipping_address": ["b2c"],
                "discounts": {"express_discount_codes": {"enabled": True}},
            },
        )
        return f"/v1/view/{sid}/session/order/{what}", one, other


for _what in ("shipping_address", "billing_address"):
    _chosen(_what, {"country": "NO"}, {"country": "SE"})
_chosen("shipping_option", {"id": "a"}, {"id": "b"})
_chosen("discount_codes", {"discount_codes": ["A"]}, {"discount_codes": ["B"]})


_PROFILES = "/v1/admin/session/profiles"
_OFFER = {"configuration": {"dintero_psp": {"creditcard": {"enabled": True}}}}


@prepares(f"POST {_PROFILES}")
async def profile(keyed: Keyed) -> Prepared:
    return _PROFILES, {"name": "Market", **_OFFER}, {"name": "Other", **_OFFER}


@prepares(f"PUT {_PROFILES}/{{profile_id}}")
async def replace_profile(keyed: Keyed) -> Prepared:
    return f"{_PROFILES}/default", {"name": "Market", **_OFFER}, {"name": "Other", **_OFFER}


@prepares("POST /v1/admin/signature")
async def signature(keyed: Keyed) -> Prepared:
    return "/v1/admin/signature", None, {}


@prepares("POST /v1/accounts/{aid}/auth/clients")
async def client(keyed: Keyed) -> Prepared:
    body = {"name": "Till", "scopes": ["read:shopping"]}
    return f"/v1/accounts/{keyed.account_id}/auth/clients", body, {**body, "name": "Other"}


_HOOKS = "/v1/accounts/{aid}/hooks/subscriptions"


@prepares(f"POST {_HOOKS}")
async def subscription(keyed: Keyed) -> Prepared:
    body = {"config": {"url": "http://127.0.0.1:9/"}, "events": ["checkout_transaction"]}
    return f"/v1/accounts/{keyed.account_id}/hooks/subscriptions", body, {**body, "active": False}


_SANDBOX = "/v1/accounts/{aid}/sandbox"


@prepares(f"POST {_SANDBOX}/clock")
async def clock(keyed: Keyed) -> Prepared:
    return f"/v1/accounts/{keyed.account_id}/sandbox/clock", {"advance": "PT1S"}, {"advance": "PT2S"}


def _faults(method: str, one: Any, other: Any) -> None:
    @prepares(f"{method} {_SANDBOX}/faults")
    async def faults(keyed: Keyed) -> Prepared:
        return f"/v1/accounts/{keyed.account_id}/sandbox/faults", one, other


_faults("POST", {"fault": "late"}, {"fault": "slow"})
_faults("PUT", {"rules": [{"fault": "late"}]}, {"rules": []})


@prepares(f"POST {_HOOKS}/{{hid}}/ping")
async def ping(keyed: Keyed) -> Prepared:
    return f"{await keyed.subscription()}/ping", None, {}


@prepares(f"POST {_HOOKS}/{{hid}}/rotate")
async def rotate(keyed: Keyed) -> Prepared:
    return f"{await keyed.subscription()}/rotate", {"overlap_seconds": 60}, {"overlap_seconds": 0}


@prepares(f"POST {_HOOKS}/{{hid}}/replay")
async def replay(keyed: Keyed) -> Prepared:
    body = {"since": "2026-01-01T00:00:00Z"}
    return f"{await keyed.subscription()}/replay", body, {**body, "status": "delivered"}


@prepares(f"POST {_HOOKS}/{{hid}}/deliveries/{{delivery_id}}/replay")
async def replay_one(keyed: Keyed) -> Prepared:
    path = f"{await keyed.subscription()}/deliveries"
    async with asyncio.timeout(10):
        while not (found := (await keyed.shop.get(path)).json()):
            await asyncio.sleep(0.02)
    return f"{path}/{found[0]['id']}/replay", None, {}


_CALLBACKS = "/v1/accounts/{aid}/callbacks"


@prepares(f"POST {_CALLBACKS}/replay")
async def replay_callbacks(keyed: Keyed) -> Prepared:
    body = {"since": "2026-01-01T00:00:00Z"}
    return f"/v1/accounts/{keyed.account_id}/callbacks/replay", body, {**body, "status": "delivered"}


@prepares(f"POST {_CALLBACKS}/{{delivery_id}}/replay")
async def replay_callback(keyed: Keyed) -> Prepared:
    data = encode_text({"method": "GET", "url": "http://127.0.0.1:9/", "event_id": "E1"})
    note = CallbackNote(
        keyed.account_id, "E1", "callback:X1:paid", "payment", "delivered", 1, system_clock(), data, "[]"
    )
    await keyed.server.store.callbacks.record([note])
    return f"/v1/accounts/{keyed.account_id}/callbacks/E1/replay", None, {}


@pytest.mark.parametrize("route", PREPARED)
async def test_sent_again_it_is_answered_again_and_does_nothing_again(keyed: Keyed, key: str, route: str) -> None:
    path, body, other = await PREPARED[route](keyed)
    method = route.partition(" ")[0]
    first = await keyed.send(path, body, key, method=method)
    assert first.status_code in (200, 204), first.text
    assert "idempotent-replayed" not in first.headers
    effects = await keyed.effects()
    for _ in range(2):
        same(first, await keyed.send(path, body, key, method=method))
    reused = await keyed.send(path, other, key, method=method)
    assert (reused.status_code, reused.json()["error"]["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert reused.json()["error"]["errors"][0]["description"]
    assert await keyed.effects() == effects


async def test_every_post_and_put_of_the_document_takes_a_key_and_says_so(keyed: Keyed) -> None:
    """A route that is added has to be added here too, or to be exempt for a reason."""
    document = (await keyed.shop.get("/openapi.json")).json()
    operations = {
        f"{method.upper()} {path}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }
    writing = {name for name in operations if name.startswith(("POST ", "PUT "))}
    assert writing == set(PREPARED) | EXEMPT
    for name, operation in operations.items():
        taken = {p["name"] for p in operation.get("parameters", ()) if p["in"] == "header"}
        keyed_here = name in PREPARED
        assert ("Idempotency-Key" in taken) is keyed_here
        assert ("422" in operation["responses"]) is keyed_here
        success = operation["responses"].get("200") or operation["responses"]["204"]
        assert ("Idempotent-Replayed" in success["headers"]) is keyed_here
        assert not keyed_here or "409" in operation["responses"]
    assert "Retry-After" in document["components"]["responses"]["Conflicting.RequestUnderWay"]["headers"]


async def test_a_handler_that_takes_no_key_ignores_it(keyed: Keyed, key: str) -> None:
    token = {"grant_type": "client_credentials", "audience": f"https://x.example/v1/accounts/{keyed.account_id}"}
    auth = (keyed.shop.client_id, keyed.shop.client_secret)
    path = f"/v1/accounts/{keyed.account_id}/auth/token"
    for _ in range(2):
        answer = await keyed.shop.http.post(path, json=token, auth=auth, headers={"Idempotency-Key": key})
        assert answer.status_code == 200
        assert "idempotent-replayed" not in answer.headers
