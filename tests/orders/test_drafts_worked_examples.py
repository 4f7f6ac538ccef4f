"""The reference's worked examples that begin with a draft (§8 and §13.1 to 13.4), figure by figure over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

CUSTOMER = {
    "first_name": "Kari",
    "last_name": "Nordmann",
    "email": "kari@example.org",
    "phone_number": "+4799999999",
}
ADDRESS = {
    "first_name": "Kari",
    "last_name": "Nordmann",
    "address_line": "Storgata 1",
    "postal_code": "0155",
    "postal_place": "Oslo",
    "country": "NO",
}
CHAIRS = {
    "line_id": 1,
    "id": "chair-01",
    "quantity": 2,
    "gross_amount": 39800,
    "net_amount": 35800,
    "discount_lines": [{"amount": 4000, "discount_type": "periodic", "description": "Autumn sale", "line_id": 1}],
    "tax_lines": [{"amount": 7160, "percentage": 25, "included_in_price": True, "tax_basis": 28640}],
    "description": "Stacking chair",
    "description_alias": "Chair",
}
BOOK = {
    "line_id": 2,
    "id": "book-09",
    "quantity": 1,
    "gross_amount": 24900,
    "tax_lines": [{"amount": 0, "percentage": 0, "exempt": True}],
    "description": "Book",
}


def tax(amount: int) -> list[dict[str, int]]:
    return [{"amount": amount, "percentage": 25}]


def sold(line_id: int, gross: int, vat: int, quantity: int = 1) -> dict[str, Any]:
    return {"line_id": line_id, "id": "chair", "quantity": quantity, "gross_amount": gross, "tax_lines": tax(vat)}


def back(line_id: int, gross: int, vat: int, of: int = 1, quantity: int = 2) -> dict[str, Any]:
    reason = {"reversed_reason": "Replace item", "related_item": {"line_id": of, "type": "reversed"}}
    return {**sold(line_id, gross, vat, quantity), **reason}


@pytest.fixture
def complete(shop):
    """Makes a draft of these items and options, and completes it."""

    async def done(*items: dict[str, Any], options: dict[str, Any] | None = None, **order: Any) -> dict[str, Any]:
        body = {"options": options or {}, "order": {"currency": "NOK", "items": list(items), **order}}
        draft = await shop.post(f"{shop.shopping}/draft_orders", body)
        assert draft.status_code == 200, draft.text
        answer = await shop.put(f"{shop.shopping}/draft_orders/{draft.json()['id']}/complete", {})
        assert answer.status_code == 200, answer.text
        (made,) = answer.json()["orders"]
        return made

    return done


@pytest.fixture
def register(shop):
    async def registered(order: dict[str, Any], verb: str, *parts: tuple[int, int], **more: Any) -> dict[str, Any]:
        body = {"items": [{"line_id": id, "amount": amount} for id, amount in parts], "success": True, **more}
        answer = await shop.post(f"{shop.shopping}/orders/{order['order_id']}/{verb}", body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return registered


@pytest.fixture
def figures(shop):
    """Net, authorized, captured and refunded of an order, and its payment_status."""

    async def read(order: dict[str, Any]) -> tuple[Any, ...]:
        now = (await shop.get(f"{shop.shopping}/orders/{order['order_id']}")).json()
        sums = [sum(done["amount"] for done in now[verb]) for verb in ("authorizations", "captures", "refunds")]
        return (now["net_amount"], *sums, now["payment_status"])

    return read


async def test_13_1_a_draft_is_created_and_completed(shop):
    """§14.2 to 14.4 too: `{}` completes it, and the reserved number is the order's."""
    body = {
        "options": {"generate_order_id": "ALPHANUMERIC_9_RESERVE", "multiple_authorizations": False},
        "order": {"currency": "NOK", "customer": CUSTOMER, "shipping_address": ADDRESS, "items": [CHAIRS, BOOK]},
    }
    draft = (await shop.post(f"{shop.shopping}/draft_orders", body)).json()
    number = draft["order"]["order_id"]
    assert (len(number), number.isalnum()) == (9, True)
    answer = await shop.put(f"{shop.shopping}/draft_orders/{draft['id']}/complete", {})
    assert list(answer.json()) == ["orders"]
    (order,) = answer.json()["orders"]
    expected = {
        "currency": "NOK",
        "order_id": number,
        "status": "open",
        "payment_status": "pending",
        "gross_amount": 64700,
        "net_amount": 60700,
        "total_discount": 4000,
        "total_manual_discount_amount": 0,
        "customer": CUSTOMER,
        "shipping_address": ADDRESS,
        "authorizations": [],
        "captures": [],
        "refunds": [],
        "cancellations": [],
    }
    assert expected.items() <= order.items()
    assert order["items"] == [{**CHAIRS, "version": 1}, {**BOOK, "net_amount": 24900, "version": 1}]
    assert {"id", "created_at", "created_by"} <= order.keys()
    assert "events" not in order


async def test_14_4_without_a_number_asked_for_the_order_s_id_is_its_number(complete):
    order = await complete(sold(1, 100, 20))
    assert order["order_id"] == order["id"]


async def test_13_2_all_is_authorized_one_line_captured_and_the_other_cancelled(complete, register, figures):
    order = await complete(CHAIRS, BOOK)
    details = {
        "psp": "Bambora",
        "payment_id": "T12345678.abc",
        "payment_product": "bambora",
        "payment_product_type": "bambora.creditcard",
        "card": {"masked_pan": "4444 **** **** 4448", "type": "Credit", "brand": "Visa"},
    }
    more = {"processed_at": "2026-07-01T09:03:10Z", "processed_by": "dintero-checkout", "payment_details": details}
    done = await register(order, "authorizations", (1, 35800), (2, 24900), **more)
    said = {"items": [{"line_id": 1, "amount": 35800}, {"line_id": 2, "amount": 24900}], "success": True, **more}
    assert said.items() <= done.items()
    assert (done["amount"], done["_links"]) == (60700, [])
    await register(order, "captures", (1, 35800))
    assert await figures(order) == (60700, 60700, 35800, 0, "partially_paid")
    await register(order, "cancellations", (2, 24900))
    assert await figures(order) == (60700, 60700, 35800, 0, "paid")  # the variant that the example considers


async def test_8_1_and_14_10_a_line_is_replaced_at_an_equal_price(complete, register, figures):
    order = await complete(sold(1, 39800, 7960, 2))
    assert await figures(order) == (39800, 0, 0, 0, "pending")
    paid = {"payment_details": {"payment_id": "PID_123"}}
    for verb in ("authorizations", "captures"):
        await register(order, verb, (1, 39800), **paid)
    assert await figures(order) == (39800, 39800, 39800, 0, "paid")
    await complete(back(2, -39800, -7960), sold(3, 39800, 7960), options={"order_id": order["order_id"]})
    assert await figures(order) == (39800, 39800, 39800, 0, "paid")
    for verb in ("authorizations", "captures"):
        await register(order, verb, (2, -39800))
    assert (await figures(order))[:4] == (39800, 0, 0, 0)
    for verb in ("authorizations", "captures"):
        await register(order, verb, (3, 39800), **paid)
    assert await figures(order) == (39800, 39800, 39800, 0, "paid")


async def test_8_2_a_cheaper_line_gives_back_the_rest_by_a_refund_line(complete, register, figures):
    order = await complete(sold(1, 39800, 7960, 2))
    for verb in ("authorizations", "captures"):
        await register(order, verb, (1, 39800))
    lines = (back(2, -39800, -7960), sold(3, 38800, 7760), sold(4, 1000, 200))
    await complete(*lines, options={"order_id": order["order_id"]})
    assert (await figures(order))[:4] == (39800, 39800, 39800, 0)
    for verb in ("authorizations", "captures"):
        await register(order, verb, (2, -39800))
    assert (await figures(order))[:4] == (39800, 0, 0, 0)
    for verb in ("authorizations", "captures"):
        await register(order, verb, (3, 38800), (4, 1000))
    assert await figures(order) == (39800, 39800, 39800, 0, "paid")
    await register(order, "refunds", (4, 1000))
    assert await figures(order) == (39800, 39800, 39800, 1000, "partially_refunded")


async def test_8_3_a_dearer_line_is_paid_by_two_payments(complete, register, figures):
    order = await complete(sold(1, 39800, 7960, 2), options={"multiple_authorizations": True})
    first = await register(order, "authorizations", (1, 39800), payment_details={"payment_id": "PID_123"})
    await register(order, "captures", (1, 39800), authorization_id=first["id"])
    await complete(back(2, -39800, -7960), sold(3, 49800, 9960), options={"order_id": order["order_id"]})
    assert (await figures(order))[0] == 49800
    returned = await register(order, "authorizations", (2, -39800))
    await register(order, "captures", (2, -39800), authorization_id=returned["id"])
    for payment, amount in (("PID_123", 39800), ("PID_456", 10000)):
        done = await register(order, "authorizations", (3, amount), payment_details={"payment_id": payment})
        await register(order, "captures", (3, amount), authorization_id=done["id"])
    assert await figures(order) == (49800, 49800, 49800, 0, "paid")


async def test_13_3_a_reversal_draft_with_a_cheaper_item(complete, register, figures):
    order = await complete(CHAIRS, BOOK)
    await register(order, "authorizations", (1, 35800), (2, 24900))
    await register(order, "captures", (1, 35800))
    await register(order, "cancellations", (2, 24900))
    lines = (back(3, -35800, -7160), sold(4, 30000, 6000), sold(5, 5800, 1160))
    after = await complete(*lines, options={"order_id": order["order_id"]})
    assert after["net_amount"] == order["net_amount"] == 60700  # -35800 + 30000 + 5800 = 0
    for verb in ("authorizations", "captures"):
        await register(order, verb, (3, -35800))
        if verb == "captures":
            assert (await figures(order))[2] == 0
    for verb in ("authorizations", "captures"):
        await register(order, verb, (4, 30000), (5, 5800))
    await register(order, "refunds", (5, 5800))
    assert (await figures(order))[2:] == (35800, 5800, "partially_refunded")


async def test_13_4_two_authorizations_on_one_line(shop, complete, register):
    order = await complete(sold(1, 49800, 9960), options={"multiple_authorizations": True})
    first, second = [await register(order, "authorizations", (1, amount)) for amount in (39800, 10000)]
    await register(order, "captures", (1, 39800), authorization_id=first["id"])
    root = f"{shop.shopping}/orders/{order['order_id']}"
    nameless = await shop.post(f"{root}/captures", {"items": [{"line_id": 1, "amount": 1}]})
    assert nameless.status_code == 400
    beyond = {"authorization_id": second["id"], "items": [{"line_id": 1, "amount": 10001}]}
    answer = await shop.post(f"{root}/captures", beyond)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "CONFLICT")
    details = answer.json()["error"]["errors"][0]["details"]
    assert (details["line_id"], details["requested"], details["left"]) == (1, 10001, 10000)
