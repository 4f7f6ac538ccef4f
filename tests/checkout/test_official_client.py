"""The unmodified `dintero` package from PyPI, pointed at a real server: everything that it can do."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from dintero import Dintero
from dintero.checkout import Checkout
from dintero.error import AuthError, InvalidFieldError, InvalidRequestBody, UnexpectedError

from tests_support import Server, Shop

COVERED = {
    "create_session", "get_session", "get_transaction", "void_transaction", "capture_transaction",
    "refund_transaction",
}  # fmt: skip


class Shopkeeper:
    """The package blocks, so each call is made beside the server's loop."""

    def __init__(self, shop: Shop, secret: str | None = None, name: str = "python-application") -> None:
        self.client = Dintero(
            shop.account_id, shop.client_id, secret or shop.client_secret, application_name=name,
            api_url=shop.url, checkout_url=shop.url,
        )  # fmt: skip

    def __getattr__(self, verb: str) -> Callable[..., Any]:
        async def call(*args: Any, **kwargs: Any) -> Any:
            return await asyncio.to_thread(getattr(self.client.checkout(), verb), *args, **kwargs)

        return call


@pytest.fixture
def client(shop: Shop) -> Shopkeeper:
    return Shopkeeper(shop)


async def paid(client: Shopkeeper, http: httpx.AsyncClient, sent: dict[str, Any]) -> tuple[str, str]:
    session = await client.create_session(sent)
    card = {"number": "5200000000000007", "expiry": "12/34", "cvc": "123"}
    body = {"payment_product_type": "dintero_psp.creditcard", "card": card}
    answer = await http.post(f"/v1/sessions/{session['id']}/pay", json=body)
    return session["id"], answer.json()["transaction_id"]


def test_all_that_the_package_can_do_is_tried_here() -> None:
    verbs = {name for name, _ in inspect.getmembers(Checkout, inspect.isfunction) if not name.startswith("_")}
    assert verbs == COVERED


async def test_the_official_client_walks_the_journey(
    client: Shopkeeper, http: httpx.AsyncClient, body: Callable[..., dict[str, Any]]
) -> None:
    sent = body()
    sid, transaction_id = await paid(client, http, sent)
    session = await client.get_session(sid)
    assert session["transaction_id"] == transaction_id
    assert session["order"] == sent["order"]
    transaction = await client.get_transaction(transaction_id)
    assert transaction["status"] == "AUTHORIZED"
    items = sent["order"]["items"]
    captured = await client.capture_transaction(transaction_id, 39800, items, "SHIP-1")
    assert (captured["status"], captured["events"][-1]["event_reference"]) == ("CAPTURED", "SHIP-1")
    refunded = await client.refund_transaction(transaction_id, 39800, items, "RETURN-1", "Wrong colour")
    assert (refunded["status"], refunded["events"][-1]["event_reference"]) == ("REFUNDED", "RETURN-1")
    assert refunded["events"][-1]["metadata"]["ext_reason"] == "Wrong colour"


async def test_the_official_client_captures_and_refunds_in_parts_without_references(
    client: Shopkeeper, http: httpx.AsyncClient, body: Callable[..., dict[str, Any]]
) -> None:
    sent = body()
    _, transaction_id = await paid(client, http, sent)
    part = [{**sent["order"]["items"][0], "quantity": 1, "amount": 19900, "vat_amount": 3980}]
    statuses = [
        (await client.capture_transaction(transaction_id, 19900, part))["status"],
        (await client.capture_transaction(transaction_id, 19900, part))["status"],
        (await client.refund_transaction(transaction_id, 19900, part))["status"],
        (await client.refund_transaction(transaction_id, 19900, part))["status"],
    ]
    assert statuses == ["PARTIALLY_CAPTURED", "CAPTURED", "PARTIALLY_REFUNDED", "REFUNDED"]


async def test_the_official_client_voids(
    client: Shopkeeper, http: httpx.AsyncClient, body: Callable[..., dict[str, Any]]
) -> None:
    _, transaction_id = await paid(client, http, body())
    voided = await client.void_transaction(transaction_id)
    assert voided["status"] == "AUTHORIZATION_VOIDED"
    with pytest.raises(InvalidRequestBody):
        await client.void_transaction(transaction_id)


async def test_the_official_client_creates_a_session_without_a_profile(
    client: Shopkeeper, body: Callable[..., dict[str, Any]]
) -> None:
    sent = body(profile_id=None, configuration={"payex": {"creditcard": {"enabled": True}}})
    created = await client.create_session(sent)
    assert created["url"].endswith(created["id"])
    session = await client.get_session(created["id"])
    assert session["configuration"] == sent["configuration"]


async def test_the_official_client_sends_shipping_and_checks_the_sum_itself(
    client: Shopkeeper, body: Callable[..., dict[str, Any]]
) -> None:
    shipping = {"id": "post", "line_id": "post-1", "amount": 3900, "operator": "", "title": "Posten"}
    sent = body(order__amount=43700, order__shipping_option=shipping)
    session = await client.get_session((await client.create_session(sent))["id"])
    assert session["order"]["shipping_option"] == shipping
    with pytest.raises(InvalidFieldError):
        await client.create_session(body(order__amount=1))


async def test_the_official_client_says_which_system_it_speaks_for(
    shop: Shop, body: Callable[..., dict[str, Any]]
) -> None:
    created = await Shopkeeper(shop, name="stol-og-bord").create_session(body())
    session = (await shop.get(f"/v1/sessions/{created['id']}?includes=initiating_system_request_headers")).json()
    headers = session["initiating_system_request_headers"]
    assert headers["dintero-system-name"] == "stol-og-bord"
    assert headers["dintero-system-plugin-name"] == "python-sdk"


async def test_the_official_client_asks_for_a_token_once(client: Shopkeeper, body: Callable[..., Any]) -> None:
    """It keeps one until ten minutes before its end, so a shorter life would mean a token a call."""
    created = await client.create_session(body())
    token = client.client.checkout().auth_token
    await client.get_session(created["id"])
    assert client.client.checkout().auth_token == token


async def test_the_official_client_understands_each_kind_of_no(
    client: Shopkeeper, shop: Shop, server: Server, body: Callable[..., dict[str, Any]]
) -> None:
    with pytest.raises(InvalidRequestBody) as wrong:
        await client.create_session(body(profile_id="nobody"))
    assert json.loads(wrong.value.body)["error"]["errors"][0]["path"] == "profile_id"
    with pytest.raises(UnexpectedError) as gone:
        await client.get_transaction(f"{shop.account_id}.5cyWnV68vzJ1kYjZPrKWWm")
    assert gone.value.status_code == 404
    with pytest.raises(AuthError) as stranger:
        await Shopkeeper(shop, secret="wrong").create_session(body())
    assert stranger.value.status_code == 401
    async with server.shop(f"P{shop.account_id[1:]}", scopes=["read:shopping"]) as clerk:
        with pytest.raises(AuthError) as unscoped:
            await Shopkeeper(clerk).create_session(body())
    assert unscoped.value.status_code == 403
