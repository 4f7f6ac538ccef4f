"""A payment outside of kvitt waits until the shop says that it was made: `dintero.external`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kvitt.checkout.model.authorization import AuthorizationChange
from kvitt.checkout.model.payment import Outcome
from kvitt.core.errors import Conflicting

from .counter import Counter

Body = Callable[..., dict[str, Any]]
EXTERNAL = {"dintero": {"external": {"enabled": True}}}


@pytest.fixture
def server(own_server: Any) -> Any:
    """Other tests here do the worker's work by hand: no worker may be there then."""
    return own_server


async def on_hold(shop: Any, http: Any, sent: dict[str, Any]) -> str:
    """The address of a transaction that waits for the shop's word."""
    sid = (await shop.post("/v1/sessions-profile", sent)).json()["id"]
    paid = await http.post(f"/v1/sessions/{sid}/pay", json={"payment_product_type": "dintero.external"})
    assert paid.status_code == 200, paid.text
    return f"/v1/transactions/{paid.json()['transaction_id']}"


@pytest.mark.parametrize(
    "sent",
    [None, {}, {"amount": 39800, "items": [{"line_id": "1", "amount": 39800}]}, {"amount": 39800.0, "unheard_of": 1}],
)
async def test_the_shop_approves_and_captures(shop: Any, http: Any, body: Body, sent: Any) -> None:
    path = await on_hold(shop, http, body(configuration=EXTERNAL))
    assert (await shop.get(path)).json()["status"] == "ON_HOLD"
    approved = await shop.post(f"{path}/authorization", sent)
    assert (approved.status_code, approved.json()["status"]) == (200, "AUTHORIZED"), approved.text
    event = approved.json()["events"][-1]
    assert (event["event"], event["success"], event["amount"]) == ("AUTHORIZE", True, 39800)
    assert event["request_id"] == approved.headers["x-request-id"]
    again = await shop.post(f"{path}/authorization", sent)
    assert (again.status_code, again.json()["error"]["code"]) == (400, "INVALID_OPERATION")
    captured = await shop.post(f"{path}/capture", {"amount": 39800})
    assert (captured.status_code, captured.json()["status"]) == (200, "CAPTURED")


async def test_what_the_shop_says_of_it_stands_in_the_event(shop: Any, http: Any, body: Body) -> None:
    path = await on_hold(shop, http, body(configuration=EXTERNAL))
    approved = await shop.post(f"{path}/authorization", {"reference": "BANK-1", "reason": "Money came"})
    event = approved.json()["events"][-1]
    assert (event["event_reference"], event["metadata"]) == ("BANK-1", {"ext_reason": "Money came"})
    assert event["created_by"]


@pytest.mark.parametrize(
    ("sent", "path"),
    [
        ({"amount": 39799}, "amount"),
        ({"amount": 39800, "items": [{"line_id": "2", "amount": 39800}]}, "items.0.line_id"),
        ({"items": [{"line_id": "1", "amount": 1}]}, "items.0.amount"),
    ],
)
async def test_another_order_than_the_customers_is_not_approved(
    shop: Any, http: Any, body: Body, sent: Any, path: str
) -> None:
    transaction = await on_hold(shop, http, body(configuration=EXTERNAL))
    refused = await shop.post(f"{transaction}/authorization", sent)
    assert (refused.status_code, [fault["path"] for fault in refused.json()["error"]["errors"]]) == (400, [path])
    assert (await shop.get(transaction)).json()["status"] == "ON_HOLD"


async def test_with_a_key_it_is_approved_once_and_answered_again(shop: Any, http: Any, body: Body) -> None:
    path = await on_hold(shop, http, body(configuration=EXTERNAL))
    key = {"Idempotency-Key": "approve-1"}
    first = await shop.post(f"{path}/authorization", {}, headers=key)
    again = await shop.post(f"{path}/authorization", {}, headers=key)
    assert (again.status_code, again.content) == (200, first.content)
    assert again.headers["idempotent-replayed"] == "true"


async def test_with_auto_capture_it_is_captured_as_it_is_approved(shop: Any, http: Any, body: Body) -> None:
    path = await on_hold(shop, http, body(configuration={**EXTERNAL, "auto_capture": True}))
    key = {"Idempotency-Key": "approve-1"}
    first = await shop.post(f"{path}/authorization", {}, headers=key)
    assert (first.status_code, first.json()["status"]) == (200, "CAPTURED")
    again = await shop.post(f"{path}/authorization", {}, headers=key)
    assert (again.status_code, again.content) == (200, first.content)


async def test_an_approval_without_an_answer_is_202_and_given_again_until_there_is_one(
    shop: Any, http: Any, body: Body, server: Any
) -> None:
    path = await on_hold(shop, http, body(configuration=EXTERNAL))
    provider = server.app.checkout._desk.providers["sandbox"]

    async def silent(ask: Any) -> Outcome:
        return Outcome("unknown")

    act, provider.act = provider.act, silent
    answer = await shop.post(f"{path}/authorization", {})
    assert (answer.status_code, answer.json()["status"]) == (202, "ON_HOLD")
    assert answer.headers["event-request-id"] == answer.headers["x-request-id"]
    for verb, sent in (("authorization", {}), ("capture", {"amount": 1})):
        refused = await shop.post(f"{path}/{verb}", sent)
        assert refused.status_code == (409 if verb == "authorization" else 400)
    provider.act = act


async def test_the_approval_of_a_process_that_died_is_given_again(house: Any) -> None:
    counter = Counter(house)
    session = await counter.session("dintero.external")
    await counter.pay(session.id, "dintero.external")
    id = (await counter.transaction(session.id)).id
    provider = house.checkout._desk.providers["sandbox"]

    async def silent(ask: Any) -> Outcome:
        return Outcome("unknown")

    act, provider.act = provider.act, silent
    settled = await house.checkout.adjust(house.account_id, id, AuthorizationChange(), house.actor())
    provider.act = act
    with pytest.raises(Conflicting):
        await house.checkout.adjust(house.account_id, id, AuthorizationChange(), house.actor())
    house.clock.advance(seconds=60)
    assert await house.ring("checkout.ask_provider") == 1
    transaction = await house.get(id)
    assert (transaction.status, transaction.events[-1].event) == ("AUTHORIZED", "AUTHORIZE")
    assert transaction.events[-1].correlation_request_id == settled.attempt.request_id
    assert await counter.postings(id) == [("authorize", 39800)]


async def test_an_invoice_in_review_is_not_the_shops_to_approve(house: Any) -> None:
    counter = Counter(house)
    session_id, attempt_id = await counter.waiting("collector.invoice", options={"enable_on_hold": True})
    await counter.approve(attempt_id)
    transaction = await counter.transaction(session_id)
    assert transaction.status == "ON_HOLD"
    with pytest.raises(Exception, match="by who looks at it"):
        await house.checkout.adjust(house.account_id, transaction.id, AuthorizationChange(), house.actor())
    assert await counter.transaction(session_id) == transaction
