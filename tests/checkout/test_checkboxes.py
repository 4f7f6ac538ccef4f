"""The shop's checkboxes: what the customer ticked is kept with the session and the transaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests_support import Shop

from .buying import CARD, Customer, code_of, customer_of, paths_of

Body = Callable[..., dict[str, Any]]
NEWS, TERMS = {"id": 1, "label": "News", "checked": True}, {"id": "terms", "label": "I agree", "required": True}
PRODUCT = "dintero_psp.creditcard"
DECLINED = "4100000000000076"


@pytest.fixture
async def customer(shop: Shop, http: httpx.AsyncClient, body: Body) -> Customer:
    return await customer_of(shop, http, body(checkboxes=[NEWS, TERMS]))


async def pay(
    customer: Customer, ticks: Any = None, key: str | None = None, number: str = CARD["number"]
) -> httpx.Response:
    said = {} if ticks is None else {"checkboxes": ticks}
    paying = {"payment_product_type": PRODUCT, "card": {**CARD, "number": number}, **said}
    headers = {} if key is None else {"Idempotency-Key": key}
    return await customer.http.post(f"/v1/sessions/{customer.sid}/pay", json=paying, headers=headers)


async def checked(customer: Customer) -> list[bool | None]:
    """As the shop, the customer's page and, once there is one, the transaction say it: they say the same."""
    session = await customer.session()
    said = [box.get("checked") for box in session["checkboxes"]]
    assert [box.get("checked") for box in (await customer.view())["checkboxes"]] == said
    if "transaction_id" in session:
        transaction = (await customer.shop.get(f"/v1/transactions/{session['transaction_id']}")).json()
        assert transaction["checkboxes"] == session["checkboxes"]
        assert [box["label"] for box in transaction["checkboxes"]] == ["News", "I agree"]
    return said


async def test_what_was_ticked_is_kept_whatever_the_type_of_the_id(customer: Customer) -> None:
    version = (await customer.view())["version"]
    paid = await pay(customer, [{"id": "terms", "checked": True}, {"id": "1", "checked": False}])
    assert paid.status_code == 200, paid.text
    assert await checked(customer) == [False, True]
    assert (await customer.view())["version"] == version  # nothing that is sold changed


async def test_a_box_that_is_not_named_is_not_ticked(customer: Customer) -> None:
    assert (await pay(customer, [{"id": "terms", "checked": True}])).status_code == 200
    assert await checked(customer) == [False, True]


async def test_a_payment_that_says_nothing_of_them_leaves_them_as_they_are(customer: Customer) -> None:
    assert (await pay(customer)).status_code == 200
    assert await checked(customer) == [True, None]


async def test_after_a_declined_payment_they_stay_as_the_customer_left_them(customer: Customer) -> None:
    declined = await pay(customer, [{"id": "terms", "checked": True}, {"id": 1}], number=DECLINED)
    assert code_of(declined) == (400, "Rejected")
    assert await checked(customer) == [False, True]
    paid = await pay(customer, [{"id": "terms", "checked": True}, {"id": 1, "checked": True}])
    assert paid.status_code == 200
    assert await checked(customer) == [True, True]


@pytest.mark.parametrize(
    ("ticks", "paths"),
    [
        ([], ["checkboxes"]),
        ([{"id": 1, "checked": True}], ["checkboxes"]),
        ([{"id": 1, "checked": True}, {"id": "terms", "checked": False}], ["checkboxes.1.checked"]),
        ([{"id": "terms", "checked": True}, {"id": "2", "checked": True}], ["checkboxes.1.id"]),
        ([{"id": "terms", "checked": True}, {"id": "terms", "checked": True}], ["checkboxes.1.id"]),
        ([{"id": "TERMS"}], ["checkboxes.0.id", "checkboxes"]),
        ([{"checked": True}], ["checkboxes.0.id"]),
        ([{"id": "terms", "checked": "yes"}], ["checkboxes.0.checked"]),
        ("terms", ["checkboxes"]),
    ],
)
async def test_missing_and_strange_ones_are_refused_with_their_path_and_nothing_is_paid(
    customer: Customer, ticks: Any, paths: list[str]
) -> None:
    refused = await pay(customer, ticks)
    assert refused.status_code == 400
    assert paths_of(refused) == paths
    assert await checked(customer) == [True, None]
    assert await customer.events() == ["INITIATED"]


async def test_boxes_that_share_an_id_are_told_apart_by_their_order(
    shop: Shop, http: httpx.AsyncClient, body: Body
) -> None:
    customer = await customer_of(shop, http, body(checkboxes=[{**NEWS, "id": 0}, {**TERMS, "id": "0"}]))
    assert paths_of(await pay(customer, [{"id": 0, "checked": True}])) == ["checkboxes.0.checked"]
    assert (await pay(customer, [{"id": 0}, {"id": 0, "checked": True}])).status_code == 200
    assert await checked(customer) == [False, True]


async def test_a_session_without_boxes_takes_an_empty_list_and_no_other(
    shop: Shop, http: httpx.AsyncClient, body: Body
) -> None:
    customer = await customer_of(shop, http, body())
    assert paths_of(await pay(customer, [{"id": 1}])) == ["checkboxes.0.id"]
    assert (await pay(customer, [])).status_code == 200


async def test_a_key_is_good_for_one_way_of_ticking(customer: Customer) -> None:
    ticks = [{"id": "terms", "checked": True}, {"id": 1, "checked": True}]
    first = await pay(customer, ticks, "a key")
    assert first.status_code == 200
    assert (await pay(customer, ticks, "a key")).json() == first.json()
    for others in ([{"id": "terms", "checked": True}], [], None):
        assert (await pay(customer, others, "a key")).status_code == 422
