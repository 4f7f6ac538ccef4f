"""Whatever the shop may ask of the checkout is also below its account: `/v1/accounts/{aid}/payments`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests_support import Server, Shop


def below(account_id: str, path: str = "") -> str:
    return f"/v1/accounts/{account_id}/payments{path}"


async def of_the_shop(http: httpx.AsyncClient) -> dict[tuple[str, str], dict[str, Any]]:
    """The document's operations that want a scope of the checkout and do not name the account."""
    paths = (await http.get("/openapi.json")).json()["paths"]
    return {
        (method.upper(), path): operation
        for path, methods in paths.items()
        for method, operation in methods.items()
        if "admin:checkout" in operation.get("x-scopes", ()) and not path.startswith("/v1/accounts/")
    }


def told(answer: httpx.Response) -> tuple[int, Any]:
    return answer.status_code, answer.json() if answer.is_error else None


async def test_every_route_of_the_shop_answers_there_as_it_does_where_it_was(shop: Shop) -> None:
    operations = await of_the_shop(shop.http)
    assert len(operations) > 15
    for (method, path), operation in operations.items():
        assert f"Also at `/v1/accounts/{{aid}}/payments{path.removeprefix('/v1')}`." in operation["description"]
        asked = re.sub(r"\{[^}]*\}", "nowhere", path)
        if (method, path) == ("POST", "/v1/admin/signature"):
            continue  # makes another secret each time
        here = await shop.http.request(method, asked, json={})
        there = await shop.http.request(method, below(shop.account_id, asked.removeprefix("/v1")), json={})
        assert told(there) == told(here), (method, path)


async def test_the_account_in_the_path_is_the_tokens(shop: Shop, http: httpx.AsyncClient) -> None:
    for method, path in await of_the_shop(http):
        asked = re.sub(r"\{[^}]*\}", "nowhere", path).removeprefix("/v1")
        stranger = await http.request(method, below(shop.account_id, asked), json={})
        assert stranger.status_code == 401, (method, path)
        other = await shop.http.request(method, below("T00000001", asked), json={})
        assert told(other)[0] == 403, (method, path)


async def test_the_document_shows_each_route_once(http: httpx.AsyncClient) -> None:
    document = (await http.get("/openapi.json")).json()
    assert not [path for path in document["paths"] if "/payments/" in path]


async def test_what_the_customer_calls_is_not_there(shop: Shop) -> None:
    for path in ("/sessions/x/pay", "/view/x/session/abandon"):
        assert (await shop.post(below(shop.account_id, path))).status_code in (404, 405)


async def test_a_payment_is_made_and_followed_there(
    shop: Shop, http: httpx.AsyncClient, body: Callable[..., dict[str, Any]]
) -> None:
    root = below(shop.account_id)
    session = (await shop.post(f"{root}/sessions-profile", body())).json()
    card = {"number": "4000000000000002", "expiry": "12/34", "cvc": "123"}
    paying = {"payment_product_type": "dintero_psp.creditcard", "card": card}
    id = (await http.post(f"/v1/sessions/{session['id']}/pay", json=paying)).json()["transaction_id"]
    assert (await shop.get(f"{root}/sessions/{session['id']}")).json()["transaction_id"] == id
    captured = await shop.post(f"{root}/transactions/{id}/capture", {"amount": 39800})
    assert captured.json()["status"] == "CAPTURED"
    refunded = await shop.post(f"{root}/transactions/{id}/refund", {"amount": 39800})
    assert refunded.json() == (await shop.get(f"/v1/transactions/{id}")).json()


async def test_a_key_names_a_request_at_one_address(shop: Shop, body: Callable[..., dict[str, Any]]) -> None:
    """Sent to the other one it is another request, and is refused rather than done twice."""
    headers = {"Idempotency-Key": "one"}
    assert (await shop.post("/v1/sessions-profile", body(), headers=headers)).status_code == 200
    again = await shop.post(below(shop.account_id, "/sessions-profile"), body(), headers=headers)
    assert told(again)[0] == 422


@pytest.mark.parametrize(
    ("scope", "path", "status"),
    [
        ("read:checkout:/transactions/ANY", "/transactions/x", 404),
        ("read:checkout:/transactions", "/transactions/x", 403),
        ("read:checkout:/payments/transactions/ANY", "/transactions/x", 403),
        ("write:checkout:/admin/session/profiles", "/admin/session/profiles/default", 200),
    ],
)
async def test_a_path_scope_opens_both_addresses_or_none(
    server: Server, account_id: str, scope: str, path: str, status: int
) -> None:
    async with server.shop(account_id, scopes=[scope]) as shop:
        assert (await shop.get(f"/v1{path}")).status_code == status
        assert (await shop.get(below(account_id, path))).status_code == status
