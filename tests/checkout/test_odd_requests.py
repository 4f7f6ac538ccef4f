"""What clients in the wild send beyond the documents: all of it is taken, and none of it changes what was meant."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests_support import Shop

from .wallet import new_session, pay, saved, saving, unattended

Body = Callable[..., dict[str, Any]]
CARD = {
    "payment_product_type": "dintero_psp.creditcard",
    "card": {"number": "4000000000000002", "expiry": "12/34", "cvc": "123"},
}
NO_PLUS = {"first_name": "Kari", "phone_number": "4740230256", "country": "NO"}
ODD_SESSIONS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    # what is sent, by its path in the session; what the session says then, by the path in it
    "amounts that are floats": ({"order__amount": 39800.0, "order__vat_amount": 7960.0}, {"order.amount": 39800}),
    "an amount with the noise of floats": ({"order__amount": 39799.99999999999}, {"order.amount": 39800}),
    "no callback, said by an empty text": ({"url__callback_url": ""}, {}),
    "a delay beyond the longest": (
        {"url__callback_url": "https://shop.example/cb?delay_callback=120"},
        {"url.callback_url": "https://shop.example/cb?delay_callback=120"},
    ),
    "checkboxes named by numbers": (
        {"checkboxes": [{"id": 1, "label": "News"}, {"id": "2", "label": "More news", "required": False}]},
        {"checkboxes.0.id": 1, "checkboxes.1.id": "2"},
    ),
    "express without shipping options": (
        {"express": {"customer_types": ["b2c"], "shipping_mode": "shipping_not_required"}},
        {"express.customer_types": ["b2c"]},
    ),
    "express that is empty": ({"express": {}}, {}),
    "telephone numbers without a plus": (
        {"customer": {"phone_number": "4740230256"}, "order__shipping_address": NO_PLUS},
        {"customer.phone_number": "4740230256", "order.shipping_address.phone_number": "4740230256"},
    ),
    "telephone numbers with spaces": ({"customer": {"phone_number": "+47 402 30 256"}}, {}),
    "members that nobody knows": (
        {"discount_codes": ["SUMMER"], "remarks": {"a": [1, None]}, "order__store_name": "x", "url__cancel_url": "x"},
        {"order.merchant_reference": "ORDER-1"},
    ),
    "lines named by numbers": (
        {"order__items": [{"id": "175938", "line_id": 1, "amount": 39800.0, "quantity": 2.0, "vat": 25.0}]},
        {"order.items.0.line_id": 1, "order.items.0.amount": 39800},
    ),
    "a discount as a line that costs less than nothing": (
        {
            "order__amount": 39000,
            "order__items": [{"line_id": "1", "amount": 39800}, {"line_id": "2", "amount": -800, "id": "gift"}],
        },
        {"order.items.1.amount": -800},
    ),
    "quantities and percentages with fractions": (
        {"order__items": [{"line_id": "1", "amount": 39800, "quantity": 0.75, "vat": 12.5}]},
        {"order.items.0.quantity": 0.75, "order.items.0.vat": 12.5},
    ),
    "members that are null": (
        {"customer": {"email": None, "phone_number": None}, "metadata": {}, "expires_at": None, "order__items": []},
        {},
    ),
    "configuration beside a profile": (
        {"configuration": {"channel": "ecommerce", "auto_capture": False}},
        {"configuration.channel": "ecommerce", "configuration.dintero_psp.creditcard.enabled": True},
    ),
    "sums that do not add up, unless strictness is asked for": ({"order__amount": 1}, {"order.amount": 1}),
}  # fmt: skip


def at(answer: Any, path: str) -> Any:
    for name in path.split("."):
        answer = answer[int(name)] if name.isdigit() else answer[name]
    return answer


@pytest.mark.parametrize("odd", ODD_SESSIONS)
async def test_a_session_is_made_of(shop: Shop, body: Body, odd: str) -> None:
    changes, says = ODD_SESSIONS[odd]
    answer = await shop.post("/v1/sessions-profile?include_session=true", body(**changes))
    assert answer.status_code == 200, answer.text
    session = answer.json()["session"]
    assert {path: at(session, path) for path in says} == says
    assert (await shop.get(f"/v1/sessions/{session['id']}")).json()["order"] == session["order"]


@pytest.mark.parametrize("fraction", ["", ".3", ".326", ".365000000", "+01:00"])
async def test_a_session_expires_at_a_time_whose_fraction_is_none(shop: Shop, body: Body, fraction: str) -> None:
    """A plug-in writes the day of the year there."""
    at = (datetime.now(UTC) + timedelta(hours=4)).replace(microsecond=0)
    text = f"{at:%Y-%m-%dT%H:%M:%S}{fraction}"
    sent = text if ":" in fraction else f"{text}Z"
    answer = await shop.post("/v1/sessions-profile?include_session=true", body(expires_at=sent))
    assert answer.status_code == 200, answer.text
    kept = datetime.fromisoformat(answer.json()["session"]["expires_at"])
    meant = at - timedelta(hours=1) if ":" in fraction else at
    assert abs(kept - meant) < timedelta(seconds=1)


@pytest.mark.parametrize(
    "name", ["dintero-system-name", "Dintero-System-Name", "DINTERO-SYSTEM-NAME", "dInTeRo-SyStEm-NaMe"]
)
async def test_headers_are_known_in_any_case(shop: Shop, body: Body, name: str) -> None:
    created = await shop.post("/v1/sessions-profile", body(), headers={name: "woocommerce"})
    path = f"/v1/sessions/{created.json()['id']}?includes=initiating_system_request_headers"
    assert (await shop.get(path)).json()["initiating_system_request_headers"] == {"dintero-system-name": "woocommerce"}
    strict = {"DINTERO-feature-TOGGLES": "other , strict-session-amounts"}
    refused = await shop.post("/v1/sessions-profile", body(order__amount=1), headers=strict)
    assert refused.status_code == 400


async def sent(shop: Shop, path: str, raw: bytes, **headers: str) -> httpx.Response:
    return await shop.http.post(path, content=raw, headers=headers)


NO_BODY = (b"", b"null", b"{}", b"[]", b" \r\n", b" { } ")


@pytest.mark.parametrize("kind", ["application/json", "text/plain", ""])
async def test_what_needs_no_body_takes_any_that_says_nothing(
    shop: Shop, http: httpx.AsyncClient, kind: str, body: Body
) -> None:
    headers = {"content-type": kind} if kind else {}
    for raw in NO_BODY:
        ids = [(await shop.post("/v1/sessions-profile", body())).json()["id"] for _ in range(4)]
        cancelled = await sent(shop, f"/v1/sessions/{ids[0]}/cancel", raw, **headers)
        assert cancelled.json()["cancelled_at"], cancelled.text
        paid = (await http.post(f"/v1/sessions/{ids[1]}/pay", json=CARD)).json()["transaction_id"]
        voided = await sent(shop, f"/v1/transactions/{paid}/void", raw, **headers)
        assert voided.json()["status"] == "AUTHORIZATION_VOIDED", voided.text
        locked = await http.post(f"/v1/view/{ids[2]}/session/lock", content=raw, headers=headers)
        assert locked.json()["pay_lock"]["pay_lock_id"], locked.text
        given_up = await http.post(f"/v1/view/{ids[3]}/session/abandon", content=raw, headers=headers)
        assert "error=cancelled" in given_up.json()["href"], given_up.text


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "text/plain", "application/vnd.api+json", ""])
async def test_a_body_is_read_as_json_whatever_it_calls_itself(shop: Shop, body: Body, kind: str) -> None:
    headers = {"content-type": kind} if kind else {}
    for raw in (json.dumps(body()).encode(), b"\xef\xbb\xbf" + json.dumps(body(), indent=2).encode()):
        assert (await sent(shop, "/v1/sessions-profile", raw, **headers)).status_code == 200


async def test_a_capture_and_a_refund_take_floats_and_lines_that_the_session_does_not_know(
    shop: Shop, http: httpx.AsyncClient, body: Body
) -> None:
    session_id = (await shop.post("/v1/sessions-profile", body())).json()["id"]
    id = (await http.post(f"/v1/sessions/{session_id}/pay", json=CARD)).json()["transaction_id"]
    rounding = {"id": "rounding-fee", "line_id": "rounding-fee", "description": "Rounding", "amount": -1.0, "tax": 0}
    lines = [{"line_id": 1, "amount": 39800.0, "quantity": 2.0, "vat": 25.0, "vat_amount": 7960.0}, rounding]
    for verb, status in (("capture", "CAPTURED"), ("refund", "REFUNDED")):
        done = await shop.post(
            f"/v1/transactions/{id}/{verb}", {"amount": 39800.0, "items": lines, f"{verb}_reference": "1", "note": "x"}
        )
        assert done.json()["status"] == status, done.text
        assert done.json()["events"][-1]["amount"] == 39800


async def test_an_update_takes_what_shops_send_along(shop: Shop, body: Body) -> None:
    session_id = (await shop.post("/v1/sessions-profile", body(express={"customer_types": ["b2c"]}))).json()["id"]
    update = {
        "order": {**body()["order"], "merchant_reference": "ORDER-2", "amount": 39800.0},
        "express": {"customer_types": ["b2c", "b2b"]},
        "customer": {"email": "kari@example.no"},
        "remove_lock": True,
    }
    answer = await shop.put(f"/v1/sessions/{session_id}?update_without_lock=true", update)
    assert answer.status_code == 200, answer.text
    assert answer.json()["order"]["merchant_reference"] == "ORDER-1"


@pytest.mark.parametrize("place", ["beside the session", "inside the session"])
async def test_the_address_of_a_callback_may_stand_beside_the_session(
    shop: Shop, http: httpx.AsyncClient, place: str
) -> None:
    url = {"callback_url": "https://shop.example/cb?delay_callback=120", "return_url": "https://shop.example/thanks"}
    beside, inside = ({"url": url}, {}) if place == "beside the session" else ({}, {"url": url})
    token, _ = await saved(shop, http)
    paid = await shop.post("/v1/sessions/pay", unattended(token, **inside) | beside)
    assert paid.status_code == 200, paid.text
    assert (await shop.get(f"/v1/sessions/{paid.json()['session_id']}")).json()["url"]["callback_url"] == url[
        "callback_url"
    ]
    order = {"currency": "NOK", "merchant_reference": "CARD-1"}
    saves = {
        "session": {"order": order, **inside},
        "token_provider": {"payment_product_type": "payex.creditcard"},
        **beside,
    }
    made = await shop.post("/v1/sessions/payment-token?include_session=true", saves)
    assert made.status_code == 200, made.text
    assert made.json()["session"]["url"]["return_url"] == url["return_url"]


async def test_a_customer_pays_with_a_telephone_number_without_a_plus(shop: Shop, http: httpx.AsyncClient) -> None:
    session_id = await new_session(shop, configuration=saving())
    paid = await pay(http, session_id, phone_number="4740230256", remember_me=False, language="no", unknown={"a": 1})
    assert paid.status_code == 200, paid.text


async def test_ids_in_paths_may_be_percent_encoded(shop: Shop, body: Body) -> None:
    session_id = (await shop.post("/v1/sessions-profile", body())).json()["id"]
    encoded = re.sub(r"[.]", "%2E", session_id)
    assert (await shop.get(f"/v1/sessions/{encoded}")).json()["id"] == session_id
