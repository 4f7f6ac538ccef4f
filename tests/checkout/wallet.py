"""Cards that are saved and paid with, over HTTP: what several tests of tokens share."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx

CARD = {"number": "4000000000000002", "expiry": "12/34", "cvc": "987"}
MASTERCARD = "5200000000000007"
PAYEX = "payex.creditcard"


def saving(product: str = PAYEX, **options: Any) -> dict[str, Any]:
    """A configuration that offers a card and saves it."""
    group, _, name = product.partition(".")
    return {group: {name: {"enabled": True, "generate_payment_token": True, **options}}}


def session_of(**members: Any) -> dict[str, Any]:
    return {
        "url": {"return_url": "https://shop.example/thanks"},
        "order": {"amount": 39800, "currency": "NOK", "merchant_reference": f"ORDER-{uuid4()}"},
        "configuration": saving(),
        **members,
    }


async def new_session(shop: Any, **members: Any) -> str:
    answer = await shop.post("/v1/sessions", session_of(**members))
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


async def pay(
    http: httpx.AsyncClient, sid: str, product: str = PAYEX, number: str | None = CARD["number"], **members: Any
) -> httpx.Response:
    """The customer pays with a card that they type, or (number None) as `members` say."""
    card = {} if number is None else {"card": {**CARD, "number": number}}
    return await http.post(f"/v1/sessions/{sid}/pay", json={"payment_product_type": product, **card, **members})


async def transaction_of(shop: Any, id: str, *includes: str) -> Any:
    answer = await shop.get(f"/v1/transactions/{id}", params={"includes": list(includes)})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def saved(
    shop: Any, http: httpx.AsyncClient, number: str = CARD["number"], type: str = "payment_token", **members: Any
) -> tuple[str, str]:
    """A card is saved with a payment: the token and its id."""
    if type == "recurrence_token":
        members.setdefault("configuration", saving(generate_recurrence_token=True))
    paid = await pay(http, await new_session(shop, **members), number=number)
    assert paid.status_code == 200, paid.text
    card = (await transaction_of(shop, paid.json()["transaction_id"], f"card.{type}"))["card"]
    return card[type], card[f"{type}_id"]


def unattended(token: str, type: str = "payment_token", product: str = PAYEX, **members: Any) -> dict[str, Any]:
    """A payment that the shop starts. `members`: of the session."""
    operation = "unscheduled_purchase" if type == "payment_token" else "recurring_purchase"
    session = {
        "order": {"amount": 19900, "currency": "NOK", "merchant_reference": f"SUB-{uuid4()}"},
        "customer": {"tokens": {product: {type: token}}},
        **members,
    }
    return {"session": session, "payment": {"payment_product_type": product, "operation": operation}}


def paths(answer: httpx.Response) -> list[str | None]:
    assert answer.status_code == 400, answer.text
    return [fault.get("path") for fault in answer.json()["error"]["errors"]]
