"""Checkout over HTTP: the journey's requests, the customer's JSON, and what bad input is answered."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

Body = Callable[..., dict[str, Any]]
CARD = {"number": "4000000000000002", "expiry": "12/34", "cvc": "987"}


def paying(**card: str) -> dict[str, Any]:
    return {"payment_product_type": "dintero_psp.creditcard", "card": {**CARD, **card}}


async def pay(http: httpx.AsyncClient, sid: str, **card: str) -> httpx.Response:
    return await http.post(f"/v1/sessions/{sid}/pay", json=paying(**card))


def paths(answer: httpx.Response) -> list[str | None]:
    error = answer.json()["error"]
    assert error["message"]
    assert all(fault["description"] == fault["message"] for fault in error["errors"])
    return [fault.get("path") for fault in error["errors"]]


async def test_the_journey_of_a_payment(shop: Any, http: httpx.AsyncClient, server: Any, body: Body) -> None:
    sent = body()
    created = (await shop.post("/v1/sessions-profile", sent)).json()
    sid = created["id"]
    assert re.fullmatch(rf"{shop.account_id}\.[1-9A-HJ-NP-Za-km-z]{{22}}", sid)
    assert created == {"id": sid, "url": f"{server.url}/v1/view/{sid}"}

    paid = await pay(http, sid)
    assert paid.status_code == 200
    transaction_id = paid.json()["transaction_id"]
    assert paid.json()["success"] is True
    query = parse_qs(urlsplit(paid.json()["redirect_url"]).query)
    assert set(query) == {"lang", "transaction_id", "session_id", "merchant_reference"}

    transaction = (await shop.get(f"/v1/transactions/{transaction_id}")).json()
    assert transaction["status"] == "AUTHORIZED"
    assert transaction["session_id"] == sid
    assert transaction["settlement_status"] == "NOT_SETTLED"
    assert transaction["items"] == sent["order"]["items"]
    assert transaction["card"]["masked_pan"] == "400000******0002"
    assert [event["event"] for event in transaction["events"]] == ["INITIALIZE", "AUTHORIZE"]
    session = (await shop.get(f"/v1/sessions/{sid}")).json()
    assert session["transaction_id"] == transaction_id
    assert session["order"] == sent["order"]
    assert session["url"] == sent["url"]
    assert "status" not in session

    line = {"amount": 39800, "items": [{"line_id": "1", "amount": 39800}]}
    captured = await shop.post(f"/v1/transactions/{transaction_id}/capture", line)
    assert (captured.status_code, captured.json()["status"]) == (200, "CAPTURED")
    refunded = await shop.post(f"/v1/transactions/{transaction_id}/refund", line | {"reason": "Broken"})
    assert (refunded.status_code, refunded.json()["status"]) == (200, "REFUNDED")
    last = refunded.json()["events"][-1]
    assert (last["event"], last["amount"], last["items"]) == ("REFUND", 39800, line["items"])
    assert re.fullmatch(r"[0-9a-f-]{36}", last["request_id"])
    assert last["request_id"] == refunded.headers["x-request-id"]
    assert last["created_by"] == captured.json()["events"][-1]["created_by"]


@pytest.mark.parametrize("content", [b"", b"{}", b"null", b"[]"])
async def test_void_takes_any_empty_body(shop: Any, http: Any, body: Body, content: bytes) -> None:
    sid = (await shop.post("/v1/sessions-profile", body())).json()["id"]
    transaction_id = (await pay(http, sid)).json()["transaction_id"]
    url = f"/v1/transactions/{transaction_id}/void"
    headers = {"content-type": "application/json"}
    voided = await shop.http.post(url, content=content, headers=headers)
    assert (voided.status_code, voided.json()["status"]) == (200, "AUTHORIZATION_VOIDED")
    again = await shop.http.post(url, content=content, headers=headers)
    assert (again.status_code, again.json()["error"]["code"]) == (400, "INVALID_OPERATION")


async def test_the_customers_view(shop: Any, http: Any, body: Body) -> None:
    sid = (await shop.post("/v1/sessions-profile", body(merchant={"name": "Krakk AS"}))).json()["id"]
    view = (await http.get(f"/v1/view/{sid}/session")).json()
    assert view["state"] == "open"
    assert view["test"] is True
    products = [method["payment_product_type"] for method in view["payment_methods"]]
    assert products == [
        "dintero_psp.creditcard", "dintero_psp.applepay", "dintero_psp.googlepay", "dintero_psp.vipps",
        "klarna.klarna", "collector.invoice",
    ], "what the default profile offers for kroner"  # fmt: skip
    assert view["merchant"] == {"name": "Krakk AS"}
    assert view["order"]["amount"] == 39800
    assert "error" not in view
    href = (await http.post(f"/v1/view/{sid}/session/abandon")).json()["href"]
    assert parse_qs(urlsplit(href).query)["error"] == ["cancelled"]
    view = (await http.get(f"/v1/view/{sid}/session")).json()
    assert (view["state"], view["href"]) == ("cancelled", href)


async def test_the_customers_view_tells_nobody_where_the_customer_lives_or_who_gets_the_money(
    shop: Any, http: Any, body: Body
) -> None:
    """The address of the page travels: through the shop's return URL, a browser's history, a forwarded link."""
    where = {"first_name": "Anna", "address_line": "Hemmelig gate 1", "phone_number": "+4799999999"}
    split = {"payout_destination_id": "seller-7", "amount": 100}
    item = {"id": "1", "line_id": "1", "amount": 39000, "description": "Stol", "vat": 25, "splits": [split]}
    shipping = {"id": "s", "line_id": "s", "amount": 800, "title": "Post", "operator": "P", "metadata": {"margin": "1"}}
    sent = body(
        customer={"email": "anna@example.com"},
        metadata={"note": "slow payer"},
        order__shipping_address=where,
        order__billing_address=where,
        order__payout_destination_id="payout-7",
        order__items=[item],
        order__shipping_option={**shipping, "pick_up_address": where},
    )
    sid = (await shop.post("/v1/sessions-profile", sent)).json()["id"]
    view = await http.get(f"/v1/view/{sid}/session")
    for told in ("Anna", "Hemmelig", "+47", "anna@", "slow payer", "seller-7", "payout-7", "margin"):
        assert told not in view.text
    order = view.json()["order"]
    assert (order["items"][0]["description"], order["items"][0]["vat"]) == ("Stol", 25)
    assert (order["shipping_option"]["title"], order["shipping_option"]["amount"]) == ("Post", 800)


async def test_a_customer_is_no_calling_system_and_cannot_fill_the_session_with_headers(
    shop: Any, http: Any, body: Body
) -> None:
    sid = (await shop.post("/v1/sessions-profile", body())).json()["id"]
    headers = {"Dintero-System-Name": "x" * 5000}
    await http.post(f"/v1/sessions/{sid}/pay", json=paying(number="4000300000000006"), headers=headers)
    await http.post(f"/v1/view/{sid}/session/abandon", headers=headers)
    session = await shop.get(f"/v1/sessions/{sid}?includes=events.request_headers")
    assert len(session.json()["events"]) > 3
    assert "xxx" not in session.text


async def test_a_decline_says_so_and_leaves_the_session_open(shop: Any, http: Any, body: Body) -> None:
    sid = (await shop.post("/v1/sessions-profile", body())).json()["id"]
    declined = await pay(http, sid, number="4100000000000076")
    assert declined.status_code == 400
    answer = declined.json()
    assert (answer["success"], answer["error"]["code"]) == (False, "Rejected")
    (detail,) = answer["error_details"]
    assert (detail["code"], detail["category"]) == ("ADDITIONAL_VERIFICATION_REQUIRED", "temporary")
    assert (await http.get(f"/v1/view/{sid}/session")).json()["state"] == "open"
    assert (await pay(http, sid)).json()["success"] is True
    done = await pay(http, sid)
    assert (done.status_code, done.json()["error"]["code"]) == (400, "SESSION_COMPLETED")


async def test_an_unknown_outcome_names_where_to_ask(shop: Any, http: Any, server: Any, body: Body) -> None:
    sid = (await shop.post("/v1/sessions-profile", body())).json()["id"]
    answer = await pay(http, sid, number="4100000000000001")
    assert answer.status_code == 200
    assert answer.json() == {"success": False, "actions": [], "poll_url": f"{server.url}/v1/view/{sid}/session"}
    assert (await http.get(answer.json()["poll_url"])).json()["state"] == "unknown"
    assert (await pay(http, sid)).status_code == 409


async def test_a_capture_without_an_answer_is_202(shop: Any, http: Any, body: Body) -> None:
    sid = (await shop.post("/v1/sessions-profile", body())).json()["id"]
    transaction_id = (await pay(http, sid, number="4100000000000019")).json()["transaction_id"]
    answer = await shop.post(f"/v1/transactions/{transaction_id}/capture", {"amount": 39800})
    assert (answer.status_code, answer.json()["status"]) == (202, "AUTHORIZED")
    event = answer.json()["events"][-1]
    assert (event["event"], event["request_id"]) == ("INITIATE_CAPTURE", answer.headers["event-request-id"])


@pytest.mark.parametrize(
    ("card", "path"),
    [
        ({"number": "4000000000000003"}, "card.number"),
        ({"expiry": "10/20"}, "card.expiry"),
        ({"cvc": "1"}, "card.cvc"),
    ],
)
async def test_a_card_that_cannot_be_read_names_its_field(
    shop: Any, http: Any, body: Body, card: dict[str, str], path: str
) -> None:
    sid = (await shop.post("/v1/sessions-profile", body())).json()["id"]
    answer = await pay(http, sid, **card)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "INVALID_REQUEST_PARAMETER")
    assert paths(answer) == [path]
    assert not any(typed in answer.text for typed in card.values() if len(typed) > 3)
    assert "transaction_id" not in (await shop.get(f"/v1/sessions/{sid}")).json()


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"url": None}, "url"),
        ({"url__return_url": None}, "url.return_url"),
        ({"url__return_url": "thanks"}, "url.return_url"),
        ({"url__callback_url": "ftp://shop.example"}, "url.callback_url"),
        ({"url__merchant_terms_url": "javascript:alert(1)"}, "url.merchant_terms_url"),
        ({"order": None}, "order"),
        ({"order__amount": None}, "order.amount"),
        ({"order__amount": -5}, "order.amount"),
        ({"order__amount": "39800"}, "order.amount"),
        ({"order__amount": 398.5}, "order.amount"),
        ({"order__amount": 10**15}, "order.amount"),
        ({"order__amount": 10**30}, "order.amount"),
        ({"order__currency": None}, "order.currency"),
        ({"order__currency": "XXX"}, "order.currency"),
        ({"order__currency": "NOK\n"}, "order.currency"),
        ({"order__currency": "nok"}, "order.currency"),
        ({"order__merchant_reference": None}, "order.merchant_reference"),
        ({"order__merchant_reference": "x" * 256}, "order.merchant_reference"),
        ({"order__merchant_reference": "a\0b"}, "order.merchant_reference"),
        ({"order__items": [{"id": "1"}]}, "order.items.0.amount"),
        ({"order__items": [{"amount": 1, "line_id": 1}, {"amount": 1, "line_id": "1"}]}, "order.items.1.line_id"),
        ({"order__items": {}}, "order.items"),
        ({"profile_id": None}, "profile_id"),
        ({"profile_id": "nope"}, "profile_id"),
        ({"profile_id": "T00000000.465UfBENeLpkBvwmqfTC4k"}, "profile_id"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"expires_at": "tomorrow"}, "expires_at"),
        ({"expires_at": "9999-12-31T23:59:59-14:00"}, "expires_at"),
        ({"expires_at": "0001-01-01T00:00:00+14:00"}, "expires_at"),
        ({"checkboxes": [{"id": "1"}]}, "checkboxes.0.label"),
        ({"configuration": {"channel": "shop"}}, "configuration.channel"),
        ({"express": {"shipping_address_callback_url": "x"}}, "express.shipping_address_callback_url"),
    ],
)
async def test_a_bad_session_is_refused_with_the_path_of_its_fault(
    shop: Any, body: Body, changes: dict[str, Any], path: str
) -> None:
    answer = await shop.post("/v1/sessions-profile", body(**changes))
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "INVALID_REQUEST_PARAMETER")
    assert paths(answer) == [path]


async def test_all_faults_of_a_session_are_told_at_once(shop: Any, body: Body) -> None:
    answer = await shop.post("/v1/sessions-profile", body(order__currency="XXX", profile_id="nope"))
    assert sorted(paths(answer)) == ["order.currency", "profile_id"]


async def test_strict_amounts_are_a_feature_toggle(shop: Any, body: Body) -> None:
    sent = body(order__amount=39799)
    assert (await shop.post("/v1/sessions-profile", sent)).status_code == 200
    headers = {"Dintero-Feature-Toggles": "something-else, strict-session-amounts"}
    answer = await shop.post("/v1/sessions-profile", sent, headers=headers)
    assert answer.status_code == 400
    assert paths(answer) == ["order.amount"]
    assert (await shop.post("/v1/sessions-profile", body(), headers=headers)).status_code == 200


async def test_sessions_take_what_real_clients_send(shop: Any, body: Body) -> None:
    shipping = {
        "id": "post",
        "line_id": "p",
        "amount": 3900,
        "title": "Post",
        "operator": "",
        "delivery_method": "delivery",
    }
    sent = body(
        order__amount=29989.999999999996,
        order__shipping_option=shipping,
        order__vat_amount=None,
        expires_at="2099-11-23T13:00:00.326Z",
        checkboxes=[{"id": 7, "label": "Yes"}],
        express={"customer_types": ["b2c"]},
        discount_codes=["X"],
        customer={"email": "kari@example.no", "phone_number": "40230256"},
        metadata={"ext_source": "demo", "ext_count": 3},
        url__callback_url="http://127.0.0.1:9/hook?delay_callback=120",
    )
    answer = await shop.post("/v1/sessions-profile?include_session=true", sent)
    assert answer.status_code == 200, answer.text
    session = answer.json()["session"]
    assert session["order"]["amount"] == 29990
    assert session["checkboxes"] == sent["checkboxes"]
    assert session["express"] == sent["express"]
    assert session["customer"] == sent["customer"]
    assert session["expires_at"].startswith("2099-11-23T13:00:00.326")
    assert session["metadata"]["ext_count"] == 3
    assert session["order"]["shipping_option"] == shipping


async def test_an_inline_configuration_says_how_to_pay(shop: Any, http: Any, body: Body) -> None:
    answer = await shop.post("/v1/sessions", body(profile_id=None))
    assert paths(answer) == ["configuration"]
    configuration = {
        "payex": {"type": "payex", "creditcard": {"enabled": True, "no_cvc": False}},
        "bambora": {"creditcard": {"enabled": False}},
        "theme": {"primary": "#123456"},
    }
    sid = (await shop.post("/v1/sessions", body(profile_id=None, configuration=configuration))).json()["id"]
    assert (await shop.get(f"/v1/sessions/{sid}")).json()["configuration"] == configuration
    view = (await http.get(f"/v1/view/{sid}/session")).json()
    assert view["payment_methods"] == [{"payment_product_type": "payex.creditcard"}]


async def test_a_session_inherits_from_its_profile(shop: Any, body: Body) -> None:
    profiles = (await shop.get("/v1/admin/session/profiles")).json()
    assert [profile["name"] for profile in profiles] == ["Default"]
    profile = (await shop.get("/v1/admin/session/profiles/default")).json()
    assert profile == profiles[0]
    assert (await shop.get(f"/v1/admin/session/profiles/{profile['id']}")).json() == profile
    assert (await shop.get("/v1/admin/session/profiles/nope")).status_code == 404
    sent = body(profile_id=profile["id"], configuration={"dintero_psp": {"creditcard": {"enabled": True, "x": 1}}})
    sid = (await shop.post("/v1/sessions-profile", sent)).json()["id"]
    session = (await shop.get(f"/v1/sessions/{sid}")).json()
    assert session["metadata"] == {"session:profile_id": profile["id"]}
    assert session["configuration"]["dintero_psp"]["vipps"] == {"enabled": True}
    assert session["configuration"]["dintero_psp"]["creditcard"]["x"] == 1


async def test_live_accounts_are_called_over_https_alone(server: Any, account_id: str, body: Body) -> None:
    live = "P" + account_id[1:]
    async with server.shop(live, ["admin:checkout"]) as shop:
        sent = body(profile_id=None, configuration={}, url__callback_url="http://shop.example/hook")
        assert paths(await shop.post("/v1/sessions", sent)) == ["url.callback_url"]
        sent["url"]["callback_url"] = "https://10.0.0.1/hook"
        assert paths(await shop.post("/v1/sessions", sent)) == ["url.callback_url"]
        sent["url"]["callback_url"] = "https://shop.example/hook"
        sid = (await shop.post("/v1/sessions", sent)).json()["id"]
        view = (await shop.get(f"/v1/view/{sid}/session")).json()
        assert (view["test"], view["payment_methods"]) == (False, [])


@pytest.mark.parametrize(
    ("sent", "path"),
    [
        ({}, "amount"),
        ({"amount": 0}, "amount"),
        ({"amount": "1"}, "amount"),
        ({"amount": 1.5}, "amount"),
        ({"amount": 1, "items": [{"amount": 1}]}, "items.0.line_id"),
        ({"amount": 1, "items": [{"line_id": "1"}]}, "items.0.amount"),
        ({"amount": 1, "metadata": {"parcel": "A1"}}, "metadata"),
        ({"amount": 1, "metadata": {"ext_a": "x" * 257}}, "metadata.ext_a"),
        ({"amount": 1, "metadata": {"ext_a": 1}}, "metadata.ext_a"),
    ],
)
async def test_a_bad_capture_names_its_fault(shop: Any, http: Any, body: Body, sent: dict[str, Any], path: str) -> None:
    sid = (await shop.post("/v1/sessions-profile", body())).json()["id"]
    transaction_id = (await pay(http, sid)).json()["transaction_id"]
    answer = await shop.post(f"/v1/transactions/{transaction_id}/capture", sent)
    assert answer.status_code == 400
    assert paths(answer) == [path]
    assert len((await shop.get(f"/v1/transactions/{transaction_id}")).json()["events"]) == 2


async def test_a_capture_takes_lines_the_session_does_not_know(shop: Any, http: Any, body: Body) -> None:
    sid = (await shop.post("/v1/sessions-profile", body())).json()["id"]
    transaction_id = (await pay(http, sid)).json()["transaction_id"]
    sent = {"id": transaction_id, "amount": 29989.999999999996, "items": [{"line_id": "rounding-fee", "amount": 1}]}
    answer = await shop.post(f"/v1/transactions/{transaction_id}/capture", sent)
    assert (answer.status_code, answer.json()["events"][-1]["amount"]) == (200, 29990)
    more = await shop.post(f"/v1/transactions/{transaction_id}/capture", {"amount": 9811})
    error = more.json()["error"]
    assert (more.status_code, error["code"]) == (400, "AMOUNT_EXCEEDS_REMAINING")
    assert error["errors"][0]["details"] == {"amount": 9811, "remaining": 9810}


@pytest.mark.parametrize("path", ["transactions/x", "transactions/T12345678.465UfBENeLpkBvwmqfTC4k", "sessions/x"])
async def test_what_does_not_exist_is_not_found(shop: Any, path: str) -> None:
    answer = await shop.get(f"/v1/{path}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NOT_FOUND")


async def test_reading_takes_a_scope_that_reads(server: Any, account_id: str, body: Body) -> None:
    async with server.shop(account_id, ["read:checkout"]) as reader:
        assert (await reader.post("/v1/sessions-profile", body())).status_code == 403
        assert (await reader.get("/v1/sessions/x")).status_code == 404
        assert (await reader.get("/v1/admin/session/profiles")).status_code == 200


async def test_a_session_is_the_accounts_own(shop: Any, server: Any, http: Any, account_id: str, body: Body) -> None:
    sid = (await shop.post("/v1/sessions-profile", body())).json()["id"]
    transaction_id = (await pay(http, sid)).json()["transaction_id"]
    async with server.shop(f"T9{account_id[2:]}", ["admin:checkout"]) as stranger:
        assert (await stranger.get(f"/v1/sessions/{sid}")).status_code == 404
        assert (await stranger.post(f"/v1/sessions/{sid}/cancel")).status_code == 404
        assert (await stranger.get(f"/v1/transactions/{transaction_id}")).status_code == 404
        assert (await stranger.post(f"/v1/transactions/{transaction_id}/void")).status_code == 404
    assert (await http.get(f"/v1/sessions/{sid}")).status_code == 401


async def test_headers_of_the_calling_system_are_kept_and_shown_when_asked(shop: Any, http: Any, body: Body) -> None:
    headers = {"DINTERO-System-Name": "woo", "Dintero-System-Version": "9"}
    sid = (await shop.post("/v1/sessions-profile", body(), headers=headers)).json()["id"]
    kept = {"dintero-system-name": "woo", "dintero-system-version": "9"}
    plain = (await shop.get(f"/v1/sessions/{sid}")).json()
    assert "initiating_system_request_headers" not in plain
    assert "request_headers" not in plain["events"][0]
    query = "includes=events.request_headers&includes=initiating_system_request_headers"
    full = (await shop.get(f"/v1/sessions/{sid}?{query}")).json()
    assert full["initiating_system_request_headers"] == kept
    assert full["events"][0]["request_headers"] == kept
    await pay(http, sid, number="4000300000000006")
    transaction_id = (await pay(http, sid)).json()["transaction_id"]
    url = f"/v1/transactions/{transaction_id}"
    assert "session" not in (await shop.get(url)).json()
    assert (await shop.get(f"{url}?includes=session")).json()["session"]["id"] == sid
    latest = (await shop.get(f"{url}?includes=session.events.latest&includes=events.success.true")).json()
    assert [event["name"] for event in latest["session"]["events"]] == ["COMPLETED"]
    assert [event["success"] for event in latest["events"]] == [True, True]


async def test_ten_pages_pay_at_once_and_one_payment_is_made(shop: Any, http: Any, server: Any, body: Body) -> None:
    sid = (await shop.post("/v1/sessions-profile", body())).json()["id"]
    answers = await asyncio.gather(*(pay(http, sid) for _ in range(10)))
    assert sorted({answer.status_code for answer in answers} - {200, 400, 409}) == []
    paid = [answer.json()["transaction_id"] for answer in answers if answer.status_code == 200]
    assert len(paid) == 1
    assert len(await server.app.books.of_payment(shop.account_id, paid[0])) == 1


async def test_no_card_number_and_no_security_code_stay_anywhere(
    shop: Any, http: Any, server: Any, body: Body, caplog: Any
) -> None:
    number, cvc = "4000200000000008", "739164"[:4]
    sid = (await shop.post("/v1/sessions-profile", body())).json()["id"]
    await pay(http, sid, number="4100000000000001", cvc=cvc)
    for wrong in (number[:-1] + "9", number):
        await pay(http, sid, number=wrong, cvc=cvc)
    other = (await shop.post("/v1/sessions-profile", body())).json()["id"]
    paid = await pay(http, other, number=number, cvc=cvc)
    await shop.post(f"/v1/transactions/{paid.json()['transaction_id']}/capture", {"amount": 1})
    await asyncio.sleep(0.3)

    async def everything(connection: Any) -> str:
        tables = await connection.fetch(
            "select format('%I.%I', schemaname, tablename) as name from pg_tables "
            "where schemaname not in ('pg_catalog', 'information_schema')"
        )
        texts = [
            await connection.fetchval(f"select string_agg(t::text, E'\\n') from {row['name']} t")  # noqa: S608
            for row in tables
        ]
        return "\n".join(text for text in texts if text)

    stored = await server.store._lines.run(everything)
    assert other in stored
    assert "400020******0008" in stored
    for secret in (number, "4100000000000001", "4000 2000", f'"{cvc}"'):
        assert secret not in stored
        assert secret not in caplog.text
