"""Sessions in which a card is saved and nothing is paid."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from .wallet import CARD, PAYEX, paths, pay, transaction_of, unattended


def body(product: str = PAYEX, types: list[str] | None = None, **session: Any) -> dict[str, Any]:
    return {
        "session": {
            "order": {"currency": "NOK", "merchant_reference": "CARD-1", "merchant_reference_2": "K-81"},
            "url": {"return_url": "https://shop.example/card", "callback_url": "https://shop.example/hook"},
            "customer": {"customer_id": "c-81"},
            **session,
        },
        "token_provider": {"payment_product_type": product, **({} if types is None else {"token_types": types})},
    }


async def made(shop: Any, *args: Any, **session: Any) -> str:
    answer = await shop.post("/v1/sessions/payment-token", body(*args, **session))
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


async def test_a_card_is_saved_and_nothing_is_paid(shop: Any, http: httpx.AsyncClient, server: Any) -> None:
    answer = await shop.post("/v1/sessions/payment-token", body(), params={"include_session": "true"})
    sid = answer.json()["id"]
    assert answer.json()["url"] == f"{server.url}/v1/view/{sid}"
    session = answer.json()["session"]
    assert session["payment_operation"] == "generate_payment_token"
    assert session["order"]["amount"] == 0
    assert [event["name"] for event in session["events"]] == ["INITIATED", "PAYMENT_TOKEN_FLOW_START"]

    paid = await pay(http, sid)
    assert paid.status_code == 200, paid.text
    id = paid.json()["transaction_id"]
    transaction = await transaction_of(shop, id, "card.payment_token")
    assert (transaction["amount"], transaction["status"]) == (0, "AUTHORIZED")
    assert transaction["payment_operation"] == "generate_payment_token"
    assert transaction["merchant_reference_2"] == "K-81"
    token = transaction["card"]["payment_token"]
    bare = await transaction_of(shop, id)
    assert "payment_token" not in bare["card"]
    assert bare["card"]["payment_token_id"] == transaction["card"]["payment_token_id"]
    assert (await shop.post("/v1/sessions/pay", unattended(token))).json()["status"] == "AUTHORIZED"


async def test_both_kinds_of_token_are_made_of_one_card(shop: Any, http: httpx.AsyncClient) -> None:
    sid = await made(shop, PAYEX, ["payment_token", "recurrence_token"])
    paid = await pay(http, sid)
    card = (await transaction_of(shop, paid.json()["transaction_id"], "card.payment_token", "card.recurrence_token"))[
        "card"
    ]
    assert card["payment_token"] != card["recurrence_token"]
    assert card["payment_token_id"] != card["recurrence_token_id"]
    listed = (await shop.get("/v1/card-tokens")).json()
    assert {token["type"]: token["token"] for token in listed} == {
        "payment_token": card["payment_token"],
        "recurrence_token": card["recurrence_token"],
    }
    recurring = unattended(card["recurrence_token"], "recurrence_token")
    assert (await shop.post("/v1/sessions/pay", recurring)).json()["success"] is True


async def test_a_refusal_to_be_remembered_makes_no_difference(shop: Any, http: httpx.AsyncClient) -> None:
    paid = await pay(http, await made(shop), remember_me=True)
    assert "payment_token_id" in (await transaction_of(shop, paid.json()["transaction_id"]))["card"]


async def test_the_profile_says_how_it_looks_and_not_what_may_be_paid_with(shop: Any, http: httpx.AsyncClient) -> None:
    sid = await made(shop, profile_id="default", configuration={"theme": {"primary": "#333"}, "channel": "in_app"})
    session = (await shop.get(f"/v1/sessions/{sid}")).json()
    assert session["configuration"]["theme"] == {"primary": "#333"}
    assert session["metadata"]["session:profile_id"]
    view = (await http.get(f"/v1/view/{sid}/session")).json()
    assert [method["payment_product_type"] for method in view["payment_methods"]] == [PAYEX]
    assert paths(await pay(http, sid, "dintero_psp.creditcard")) == ["payment_product_type"]


@pytest.mark.parametrize("number", ["4100000000000050", "5100000000000057"])
async def test_a_token_that_cannot_be_made_leaves_nothing_behind(
    shop: Any, http: httpx.AsyncClient, number: str
) -> None:
    sid = await made(shop)
    unknown = await pay(http, sid, number=number)
    assert unknown.json()["success"] is False
    assert unknown.json()["poll_url"]
    assert (await shop.get(f"/v1/sessions/{sid}")).json()["transaction_id"]
    assert (await shop.get("/v1/card-tokens")).json() == []


async def test_a_card_that_is_declined_can_be_followed_by_another(shop: Any, http: httpx.AsyncClient) -> None:
    sid = await made(shop)
    assert (await pay(http, sid, number="4000300000000006")).status_code == 400
    assert (await pay(http, sid)).json()["success"] is True
    assert len((await shop.get("/v1/card-tokens")).json()) == 1


async def test_the_same_request_makes_one_session(shop: Any) -> None:
    key = {"Idempotency-Key": "k"}
    first = await shop.post("/v1/sessions/payment-token", body(), headers=key)
    again = await shop.post("/v1/sessions/payment-token", body(), headers=key)
    assert first.json() == again.json()
    assert again.headers["idempotent-replayed"] == "true"


async def test_some_plug_ins_write_the_url_beside_the_session(shop: Any) -> None:
    sent = body()
    sent["url"] = sent["session"].pop("url")
    answer = await shop.post("/v1/sessions/payment-token", sent, params={"include_session": "true"})
    assert answer.json()["session"]["url"] == sent["url"]


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"token_provider": {"payment_product_type": "vipps"}}, "token_provider.payment_product_type"),
        ({"token_provider": {"payment_product_type": "nonsense"}}, "token_provider.payment_product_type"),
        (
            {"token_provider": {"payment_product_type": "bambora.creditcard", "token_types": ["recurrence_token"]}},
            "token_provider.token_types.0",
        ),
        ({"token_provider": {"payment_product_type": PAYEX, "token_types": []}}, "token_provider.token_types"),
        ({"token_provider": {"payment_product_type": PAYEX, "token_types": ["x"]}}, "token_provider.token_types.0"),
        ({"token_provider": None}, "token_provider"),
        ({"session": {"order": {"currency": "NOK", "merchant_reference": "A"}}}, "session.url.return_url"),
        (
            {
                "session": {
                    "order": {"currency": "XXX", "merchant_reference": "A"},
                    "url": {"return_url": "https://a.example"},
                }
            },
            "session.order.currency",
        ),
        (
            {
                "session": {
                    "order": {"currency": "NOK", "merchant_reference": "A"},
                    "url": {"return_url": "https://a.example"},
                    "profile_id": "nobody",
                }
            },
            "session.profile_id",
        ),
    ],
)
async def test_bad_input_names_its_place(shop: Any, change: dict[str, Any], path: str) -> None:
    assert paths(await shop.post("/v1/sessions/payment-token", {**body(), **change})) == [path]


async def test_a_session_of_nothing_is_made_for_nothing_else(shop: Any, http: httpx.AsyncClient) -> None:
    """What is authorized is nothing, so nothing can be captured."""
    paid = await pay(http, await made(shop))
    id = paid.json()["transaction_id"]
    assert (await shop.post(f"/v1/transactions/{id}/capture", {"amount": 1})).status_code == 400
    assert CARD["number"] not in paid.text
