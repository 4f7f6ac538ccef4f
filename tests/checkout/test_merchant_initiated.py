"""The shop pays with a saved card while the customer is away."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from .wallet import CARD, MASTERCARD, PAYEX, new_session, paths, pay, saved, saving, transaction_of, unattended

INSUFFICIENT_FUNDS, PICK_UP, LOST = 9_990_008, 9_990_004, 9_990_033
STRICT, STRICT_SUCCESS = (
    {"Dintero-Feature-Toggles": "strict-merchant-reference"},
    {"Dintero-Feature-Toggles": "other, strict-success-merchant-reference"},
)


def order(reference: str, amount: int = 19900) -> dict[str, Any]:
    return {"amount": amount, "currency": "NOK", "merchant_reference": reference}


async def declined(shop: Any, token: str, amount: int = INSUFFICIENT_FUNDS) -> Any:
    answer = await shop.post("/v1/sessions/pay", unattended(token, order=order("DECLINED", amount)))
    assert answer.status_code == 200, answer.text
    return answer.json()


async def movements(server: Any, account_id: str, transaction_id: str) -> list[tuple[str, int, str]]:
    found = await server.app.books.of_payment(account_id, transaction_id)
    return [(movement.verb, movement.amount, movement.outcome) for movement in found]


async def test_a_session_is_made_and_paid_in_one_request(shop: Any, http: httpx.AsyncClient, server: Any) -> None:
    token, id = await saved(shop, http, customer={"customer_id": "c-81"})
    customer = {"customer_id": "c-81", "email": "kari@example.no", "tokens": {PAYEX: {"payment_token": token}}}
    url = {"callback_url": "https://shop.example/hook"}
    answer = await shop.post("/v1/sessions/pay", unattended(token, customer=customer, url=url))
    assert answer.status_code == 200, answer.text
    paid = answer.json()
    assert (paid["success"], paid["status"]) == (True, "AUTHORIZED")
    assert paid["actions"] == [{"source": "PAYEX", "code": "AUTHORIZED", "type": "success"}]
    assert paid["payment_operation"] == "unscheduled_purchase"
    assert (paid["card"]["payment_token"], paid["card"]["payment_token_id"]) == (token, id)
    assert await movements(server, shop.account_id, paid["id"]) == [("authorize", 19900, "done")]

    stored = await transaction_of(shop, paid["id"])
    assert {**stored, "success": True, "actions": paid["actions"]} == {
        **paid,
        "card": {name: value for name, value in paid["card"].items() if name != "payment_token"},
    }
    session = (await shop.get(f"/v1/sessions/{paid['session_id']}")).json()
    assert session["transaction_id"] == paid["id"]
    assert session["payment_operation"] == "unscheduled_purchase"
    assert session["customer"]["tokens"] == {PAYEX: {"payment_token_id": id}}
    names = ["INITIATED", "PAY_LOCK_START", "PAY_LOCK_META", "AUTHORIZED", "PAY_LOCK_END", "COMPLETED"]
    assert [event["name"] for event in session["events"]][:6] == names
    assert (await shop.post(f"/v1/transactions/{paid['id']}/capture", {"amount": 19900})).json()["status"] == "CAPTURED"


async def test_a_subscription_is_paid_with_a_recurrence_token(shop: Any, http: httpx.AsyncClient) -> None:
    token, id = await saved(shop, http, type="recurrence_token")
    paid = (await shop.post("/v1/sessions/pay", unattended(token, "recurrence_token"))).json()
    assert (paid["success"], paid["payment_operation"]) == (True, "recurring_purchase")
    assert paid["card"]["recurrence_token_id"] == id


async def test_auto_capture_captures_at_once(shop: Any, http: httpx.AsyncClient) -> None:
    token, _ = await saved(shop, http)
    sent = unattended(token, configuration={"auto_capture": True})
    first = await shop.post("/v1/sessions/pay", sent, headers={"Idempotency-Key": "k"})
    assert (first.json()["success"], first.json()["status"]) == (True, "CAPTURED")
    assert (await shop.post("/v1/sessions/pay", sent, headers={"Idempotency-Key": "k"})).json() == first.json()


async def test_a_pre_authorization_grows_and_is_made_final(shop: Any, http: httpx.AsyncClient) -> None:
    product = "dintero_psp.creditcard"
    sid = await new_session(shop, configuration=saving(product))
    first = await pay(http, sid, product)
    card = (await transaction_of(shop, first.json()["transaction_id"], "card.payment_token"))["card"]
    sent = unattended(card["payment_token"], product=product, configuration={"pre_authorization": True})
    paid = (await shop.post("/v1/sessions/pay", sent)).json()
    change = f"/v1/transactions/{paid['id']}/authorization"
    assert (await shop.post(change, {"amount": 25000})).json()["amount"] == 25000
    final = await shop.post(change, {"amount": 22000, "final_authorization": True})
    assert final.json()["amount"] == 22000
    assert (await shop.post(change, {"amount": 30000})).status_code == 400


async def test_a_decline_is_an_answer_with_its_reason(shop: Any, http: httpx.AsyncClient, server: Any) -> None:
    token, _ = await saved(shop, http)
    failed = await declined(shop, token)
    assert (failed["success"], failed["status"]) == (False, "FAILED")
    assert failed["actions"] == [{"source": "PAYEX", "code": "FAILED", "type": "error"}]
    event = failed["events"][-1]
    assert (event["event"], event["success"], event["transaction_status"]) == ("AUTHORIZE", False, "FAILED")
    assert event["error"]["type"] == ["INSUFFICIENT_FUNDS"]
    assert event["error"]["retry_policy"]["retry_codes"] == ["RETRY_AFTER_DELAY"]
    session = (await shop.get(f"/v1/sessions/{failed['session_id']}")).json()
    assert [event["name"] for event in session["events"]][-3:] == ["PAY_FAILED", "PAY_LOCK_END", "FAILED"]
    view = (await http.get(f"/v1/view/{failed['session_id']}/session")).json()
    assert (view["state"], view.get("saved_cards", [])) == ("failed", [])
    assert view["href"] == f"{server.url}/v1/view/{failed['session_id']}"
    again = await pay(http, failed["session_id"], number=None, payment_token_id=failed["card"]["payment_token_id"])
    assert again.json()["error"]["code"] == "SESSION_EXPIRED"
    assert (await shop.post(f"/v1/transactions/{failed['id']}/capture", {"amount": 1})).status_code == 400


async def test_do_not_retry_is_taken_at_its_word(shop: Any, http: httpx.AsyncClient, server: Any) -> None:
    token, _ = await saved(shop, http)
    first = await declined(shop, token, PICK_UP)
    assert first["events"][-1]["error"]["retry_policy"]["retry_codes"] == ["DO_NOT_RETRY"]
    blocked = await declined(shop, token, 19900)
    assert blocked["status"] == "FAILED"
    assert blocked["events"][-1]["error"]["code"] == "BLOCKED"
    assert blocked["events"][-1]["error"]["type"] == ["PICK_UP_CARD"]
    assert await movements(server, shop.account_id, blocked["id"]) == []
    other, _ = await saved(shop, http)
    assert (await declined(shop, other, 19900))["success"] is True


async def test_the_eleventh_try_of_a_mastercard_never_reaches_the_provider(
    shop: Any, http: httpx.AsyncClient, server: Any
) -> None:
    token, _ = await saved(shop, http, MASTERCARD)
    answers = await asyncio.gather(*(declined(shop, token) for _ in range(14)))
    asked = [bool(await movements(server, shop.account_id, answer["id"])) for answer in answers]
    assert sum(asked) == 10
    blocked = next(answer for answer, was in zip(answers, asked, strict=True) if not was)
    error = blocked["events"][-1]["error"]
    assert error["code"] == "REATTEMPT_LIMIT"
    free_at = datetime.fromisoformat(error["retry_policy"]["retry_after"])
    assert timedelta(hours=23) < free_at - datetime.now(UTC) <= timedelta(hours=24)
    await server.app.sandbox.clock.advance(shop.account_id, timedelta(hours=24, minutes=1))
    assert (await declined(shop, token, 19900))["success"] is True


async def test_nobody_knows_the_outcome_yet(shop: Any, http: httpx.AsyncClient) -> None:
    token, id = await saved(shop, http)
    sent = unattended(token, order=order("UNKNOWN", LOST))
    answer = await shop.post("/v1/sessions/pay", sent, headers={"Idempotency-Key": "k"})
    assert answer.status_code == 202, answer.text
    said = answer.json()
    assert (said["success"], said["status"]) == (False, "INITIATED")
    assert said["actions"] == [{"source": "PAYEX", "code": "UNKNOWN", "type": "pending"}]
    assert answer.headers["event-request-id"]
    view = (await http.get(f"/v1/view/{said['session_id']}/session")).json()
    assert view["state"] == "unknown"
    refused = await pay(http, said["session_id"], number=None, payment_token_id=id)
    assert refused.status_code == 409


async def test_a_key_pays_once_however_often_it_is_sent(shop: Any, http: httpx.AsyncClient, server: Any) -> None:
    token, _ = await saved(shop, http)
    sent, key = unattended(token), {"Idempotency-Key": "renewal-9"}
    answers = await asyncio.gather(*(shop.post("/v1/sessions/pay", sent, headers=key) for _ in range(8)))
    assert {answer.status_code for answer in answers} <= {200, 409}
    ids = {answer.json()["id"] for answer in answers if answer.status_code == 200}
    assert len(ids) == 1
    again = await shop.post("/v1/sessions/pay", sent, headers=key)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.json()["id"] == ids.pop()
    assert again.json()["card"]["payment_token"] == token
    listed = await shop.get("/v1/transactions", params={"payment_operation": "unscheduled_purchase"})
    assert len(listed.json()) == 1
    assert (await shop.post("/v1/sessions/pay", unattended(token), headers=key)).status_code == 422


async def test_a_decline_is_remembered_too(shop: Any, http: httpx.AsyncClient) -> None:
    token, _ = await saved(shop, http)
    sent, key = unattended(token, order=order("D", INSUFFICIENT_FUNDS)), {"Idempotency-Key": "k"}
    first, again = [await shop.post("/v1/sessions/pay", sent, headers=key) for _ in range(2)]
    assert first.json() == again.json()
    assert first.json()["status"] == "FAILED"


async def at_once(shop: Any, http: httpx.AsyncClient, reference: str, toggles: dict[str, str]) -> list[httpx.Response]:
    """Six payments of one reference, each with a card of its own: payments with one card take turns."""
    cards = [(await saved(shop, http))[0] for _ in range(6)]
    sent = [unattended(card, order=order(reference)) for card in cards]
    return list(await asyncio.gather(*(shop.post("/v1/sessions/pay", each, headers=toggles) for each in sent)))


async def test_a_strict_reference_is_used_once(shop: Any, http: httpx.AsyncClient) -> None:
    answers = await at_once(shop, http, "SUB-9", STRICT)
    assert sorted(answer.status_code for answer in answers) == [200, *[400] * 5]
    refused = next(answer for answer in answers if answer.status_code == 400)
    assert paths(refused) == ["session.order.merchant_reference"]
    assert refused.json()["error"]["code"] == "MERCHANT_REFERENCE_USED"
    assert refused.json()["success"] is False
    token, _ = await saved(shop, http)
    assert (await shop.post("/v1/sessions/pay", unattended(token, order=order("SUB-9")))).status_code == 200


async def test_strict_minds_every_session_and_strict_success_only_paid_ones(shop: Any, http: httpx.AsyncClient) -> None:
    token, _ = await saved(shop, http)
    sent = unattended(token, order=order("ORDER-7"))
    sid = await new_session(shop, order=order("ORDER-7"))
    assert (await shop.post("/v1/sessions/pay", sent, headers=STRICT)).status_code == 400
    assert (await shop.post("/v1/sessions/pay", sent, headers=STRICT_SUCCESS)).status_code == 200
    assert (await pay(http, sid)).status_code == 200
    assert (await shop.post("/v1/sessions/pay", sent, headers=STRICT_SUCCESS)).status_code == 400


async def test_of_many_strict_payments_at_once_one_moves_money(shop: Any, http: httpx.AsyncClient, server: Any) -> None:
    answers = await at_once(shop, http, "SUB-10", STRICT_SUCCESS)
    codes = [answer.status_code for answer in answers]
    assert codes.count(200) == 1
    assert set(codes) <= {200, 400, 409}
    listed = (await shop.get("/v1/transactions", params={"merchant_reference": "SUB-10"})).json()
    assert len(listed) == 1


async def test_a_declined_reference_may_be_tried_again_until_it_is_paid(shop: Any, http: httpx.AsyncClient) -> None:
    token, _ = await saved(shop, http)
    for amount, success in ((INSUFFICIENT_FUNDS, False), (INSUFFICIENT_FUNDS, False), (19900, True)):
        sent = unattended(token, order=order("SUB-11", amount))
        assert (await shop.post("/v1/sessions/pay", sent, headers=STRICT_SUCCESS)).json()["success"] is success
    last = await shop.post("/v1/sessions/pay", unattended(token, order=order("SUB-11")), headers=STRICT_SUCCESS)
    assert paths(last) == ["session.order.merchant_reference"]


async def test_a_reference_whose_payment_is_not_known_waits_for_it(shop: Any, http: httpx.AsyncClient) -> None:
    token, _ = await saved(shop, http)
    sent = unattended(token, order=order("SUB-12", LOST))
    assert (await shop.post("/v1/sessions/pay", sent, headers=STRICT_SUCCESS)).status_code == 202
    again = await shop.post("/v1/sessions/pay", sent, headers=STRICT_SUCCESS)
    assert again.status_code == 409
    assert again.json()["success"] is False


async def test_a_card_that_wants_a_challenge_gets_one_only_when_its_holder_is_there(
    shop: Any, http: httpx.AsyncClient, server: Any
) -> None:
    waiting = await pay(http, await new_session(shop), number="4000100000000000")
    attempt_id, id = waiting.json()["redirect_url"].rpartition("/")[2], waiting.json()["transaction_id"]
    assert (await shop.get("/v1/card-tokens")).json() == []
    await server.app.sandbox.approvals.decide(shop.account_id, attempt_id, "approve")
    await server.app.checkout.notified(shop.account_id, id, attempt_id)
    card = (await transaction_of(shop, id, "card.payment_token"))["card"]
    token, token_id = card["payment_token"], card["payment_token_id"]

    assert (await shop.post("/v1/sessions/pay", unattended(token))).json()["status"] == "AUTHORIZED"
    sid = await new_session(shop, customer={"tokens": {PAYEX: {"payment_token": token}}})
    again = await pay(http, sid, number=None, payment_token_id=token_id)
    assert "/sandbox/approvals/" in again.json()["redirect_url"]


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"payment": {"payment_product_type": PAYEX, "operation": "invoice_purchase"}}, "payment.operation"),
        (
            {"payment": {"payment_product_type": PAYEX, "operation": "recurring_purchase"}},
            "session.customer.tokens.payex.creditcard.recurrence_token",
        ),
        (
            {"payment": {"payment_product_type": "bambora.creditcard", "operation": "unscheduled_purchase"}},
            "session.customer.tokens.bambora.creditcard.payment_token",
        ),
        ({"payment": None}, "payment"),
        ({"session": {"order": order("A")}}, "session.customer"),
        (
            {"session": {"order": order("A"), "customer": {"email": "kari@example.no"}}},
            "session.customer.tokens.payex.creditcard.payment_token",
        ),
    ],
)
async def test_bad_input_names_its_place_and_says_that_nothing_was_paid(
    shop: Any, http: httpx.AsyncClient, change: dict[str, Any], path: str
) -> None:
    token, _ = await saved(shop, http)
    answer = await shop.post("/v1/sessions/pay", {**unattended(token), **change})
    assert paths(answer) == [path]
    assert (answer.json()["success"], answer.json()["actions"]) == (False, [])


@pytest.mark.parametrize(
    ("order", "path"),
    [
        ({"amount": 0, "currency": "NOK", "merchant_reference": "A"}, "session.order.amount"),
        ({"amount": -5, "currency": "NOK", "merchant_reference": "A"}, "session.order.amount"),
        ({"amount": 100, "currency": "ZZZ", "merchant_reference": "A"}, "session.order.currency"),
    ],
)
async def test_an_order_that_cannot_be_paid_is_refused(
    shop: Any, http: httpx.AsyncClient, order: dict[str, Any], path: str
) -> None:
    token, _ = await saved(shop, http)
    assert paths(await shop.post("/v1/sessions/pay", unattended(token, order=order))) == [path]


async def test_a_product_that_nobody_takes_is_refused(shop: Any, http: httpx.AsyncClient) -> None:
    token, _ = await saved(shop, http)
    answer = await shop.post("/v1/sessions/pay", unattended(token, product="nobody.creditcard"))
    assert answer.status_code == 400
    assert answer.json()["success"] is False


async def test_only_the_shop_pays_so(http: httpx.AsyncClient, shop: Any) -> None:
    token, _ = await saved(shop, http)
    answer = await http.post("/v1/sessions/pay", json=unattended(token))
    assert answer.status_code == 401
    assert CARD["number"] not in answer.text
