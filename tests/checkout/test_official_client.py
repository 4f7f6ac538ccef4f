"""The unmodified `dintero` package from PyPI, pointed at a real server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from dintero import Dintero
from dintero.error import InvalidRequestBody


@pytest.fixture
def client(shop: Any) -> Dintero:
    return Dintero(shop.account_id, shop.client_id, shop.client_secret, api_url=shop.url, checkout_url=shop.url)


async def paid(client: Dintero, http: httpx.AsyncClient, sent: dict[str, Any]) -> tuple[str, str]:
    session = await asyncio.to_thread(client.checkout().create_session, sent)
    card = {"number": "5200000000000007", "expiry": "12/34", "cvc": "123"}
    body = {"payment_product_type": "dintero_psp.creditcard", "card": card}
    answer = await http.post(f"/v1/sessions/{session['id']}/pay", json=body)
    return session["id"], answer.json()["transaction_id"]


async def test_the_official_client_walks_the_journey(
    client: Dintero, http: httpx.AsyncClient, body: Callable[..., dict[str, Any]]
) -> None:
    sent = body()
    sid, transaction_id = await paid(client, http, sent)
    session = await asyncio.to_thread(client.checkout().get_session, sid)
    assert session["transaction_id"] == transaction_id
    assert session["order"] == sent["order"]
    transaction = await asyncio.to_thread(client.checkout().get_transaction, transaction_id)
    assert transaction["status"] == "AUTHORIZED"
    items = sent["order"]["items"]
    captured = await asyncio.to_thread(client.checkout().capture_transaction, transaction_id, 39800, items, "SHIP-1")
    assert (captured["status"], captured["events"][-1]["event_reference"]) == ("CAPTURED", "SHIP-1")
    refunded = await asyncio.to_thread(
        client.checkout().refund_transaction, transaction_id, 39800, items, "RETURN-1", "Wrong colour"
    )
    assert (refunded["status"], refunded["events"][-1]["event_reference"]) == ("REFUNDED", "RETURN-1")


async def test_the_official_client_voids(
    client: Dintero, http: httpx.AsyncClient, body: Callable[..., dict[str, Any]]
) -> None:
    _, transaction_id = await paid(client, http, body())
    voided = await asyncio.to_thread(client.checkout().void_transaction, transaction_id)
    assert voided["status"] == "AUTHORIZATION_VOIDED"
    with pytest.raises(InvalidRequestBody):
        await asyncio.to_thread(client.checkout().void_transaction, transaction_id)


async def test_the_official_client_creates_a_session_without_a_profile(
    client: Dintero, body: Callable[..., dict[str, Any]]
) -> None:
    sent = body(profile_id=None, configuration={"payex": {"creditcard": {"enabled": True}}})
    created = await asyncio.to_thread(client.checkout().create_session, sent)
    assert created["url"].endswith(created["id"])
