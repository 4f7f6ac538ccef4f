"""The worked examples of the orders reference that are about one order, figure by figure, over HTTP.

And each refusal of an operation: its name, the line, what was asked and what is left.
"""

from __future__ import annotations

from typing import Any

import pytest

CHAIR_AND_BOOK = [
    {
        "line_id": 1,
        "id": "chair-01",
        "quantity": 2,
        "gross_amount": 39800,
        "net_amount": 35800,
        "discount_lines": [{"amount": 4000, "discount_type": "periodic", "description": "Autumn sale", "line_id": 1}],
        "tax_lines": [{"amount": 7160, "percentage": 25, "included_in_price": True, "tax_basis": 28640}],
        "description": "Stacking chair",
        "description_alias": "Chair",
    },
    {
        "line_id": 2,
        "id": "book-09",
        "quantity": 1,
        "gross_amount": 24900,
        "tax_lines": [{"amount": 0, "percentage": 0, "exempt": True}],
        "description": "Book",
    },
]


def line(line_id: int, gross: int, **more: Any) -> dict[str, Any]:
    return {"line_id": line_id, "id": f"sku-{line_id}", "gross_amount": gross, "tax_lines": [], **more}


@pytest.fixture
def make(shop):
    """Makes an order of these items and answers its address."""

    async def post(*items: dict[str, Any], currency: str = "NOK", **options: Any) -> str:
        body = {"options": options, "order": {"currency": currency, "items": list(items)}}
        answer = await shop.post(f"{shop.shopping}/orders", body)
        assert answer.status_code == 200, answer.text
        return f"{shop.shopping}/orders/{answer.json()['order_id']}"

    return post


def parts(*of: tuple[int, int], **more: Any) -> dict[str, Any]:
    return {"items": [{"line_id": line_id, "amount": amount} for line_id, amount in of], **more}


async def test_worked_example_13_2_authorize_all_capture_one_line_cancel_the_other(shop, make):
    root = await make(*CHAIR_AND_BOOK, generate_order_id="ALPHANUMERIC_9")
    order = (await shop.get(root)).json()
    assert (order["gross_amount"], order["net_amount"], order["total_discount"]) == (64700, 60700, 4000)
    assert (order["items"][1]["net_amount"], order["total_manual_discount_amount"]) == (24900, 0)
    body = {
        "items": [{"line_id": 1, "amount": 35800}, {"line_id": 2, "amount": 24900}],
        "processed_at": "2026-07-01T09:03:10Z",
        "processed_by": "dintero-checkout",
        "payment_details": {
            "psp": "Bambora",
            "payment_id": "T12345678.abc",
            "payment_product": "bambora",
            "payment_product_type": "bambora.creditcard",
            "card": {"masked_pan": "4444 **** **** 4448", "type": "Credit", "brand": "Visa"},
        },
        "success": True,
    }
    answer = (await shop.post(f"{root}/authorizations", body)).json()
    assert {k: v for k, v in answer.items() if k not in ("id", "created_at", "created_by")} == body | {
        "amount": 60700,
        "_links": [],
    }
    assert (await shop.post(f"{root}/captures", parts((1, 35800), success=True))).json()["amount"] == 35800
    order = (await shop.get(root)).json()
    assert order["payment_status"] == "partially_paid"
    assert order["remaining"]["left"] == {"authorize": 0, "capture": 24900, "refund": 35800, "cancel": 24900}
    assert (await shop.post(f"{root}/cancellations", parts((2, 24900), success=True))).json()["amount"] == 24900
    order = (await shop.get(root)).json()
    assert order["payment_status"] == "paid", "the variant that counts cancellations: 35800 of 35800"
    assert order["remaining"] == {
        "authorized": 60700,
        "captured": 35800,
        "refunded": 0,
        "cancelled": 24900,
        "left": {"authorize": 0, "capture": 0, "refund": 35800, "cancel": 0},
        "items": [
            {"line_id": 1, "authorized": 35800, "captured": 35800, "refunded": 0, "cancelled": 0,
             "left": {"authorize": 0, "capture": 0, "refund": 35800, "cancel": 0}},
            {"line_id": 2, "authorized": 24900, "captured": 0, "refunded": 0, "cancelled": 24900,
             "left": {"authorize": 0, "capture": 0, "refund": 0, "cancel": 0}},
        ],
    }  # fmt: skip


async def test_worked_example_13_4_two_authorizations_on_one_line(shop, make):
    root = await make(line(1, 49800), multiple_authorizations=True)
    first = (await shop.post(f"{root}/authorizations", parts((1, 39800)))).json()["id"]
    second = (await shop.post(f"{root}/authorizations", parts((1, 10000)))).json()["id"]
    nameless = await shop.post(f"{root}/captures", parts((1, 39800), success=True))
    assert nameless.status_code == 400
    assert nameless.json()["error"]["errors"][0]["path"] == "authorization_id"
    captured = await shop.post(f"{root}/captures", parts((1, 39800), authorization_id=first, success=True))
    assert (captured.status_code, captured.json()["authorization_id"]) == (200, first)
    refused = await shop.post(f"{root}/captures", parts((1, 10001), authorization_id=second))
    assert refused.status_code == 409
    (fault,) = refused.json()["error"]["errors"]
    assert fault["details"] == {"line_id": 1, "requested": 10001, "left": 10000}
    assert (await shop.post(f"{root}/captures", parts((1, 10000), authorization_id=second))).status_code == 200
    assert (await shop.get(root)).json()["payment_status"] == "paid"


async def test_worked_example_13_6_exchange_rates_on_an_operation(shop, make):
    root = await make(line(1, 43740))
    item = {
        "line_id": 1,
        "amount": 43740,
        "original_currency": "SEK",
        "original_gross_amount": 39800,
        "conversion_rate_ppm": 1099000,
        "conversion_rate_timestamp": "2026-07-01T00:00:00Z",
        "conversion_rate_source": "ecb",
    }
    for verb in ("authorizations", "captures", "refunds"):
        answer = (await shop.post(f"{root}/{verb}", {"items": [item], "success": True})).json()
        assert (answer["items"], answer["amount"]) == ([item], 43740)
        assert (await shop.get(f"{root}/{verb}/{answer['id']}")).json() == answer


async def test_the_payout_of_an_operation_s_item_is_kept(shop, make):
    root = await make(line(1, 1000))
    payout = {"rule_id": "r", "rule_type": "percentage", "destinations": [{"destination": "d", "amount": 900}]}
    item = {"line_id": 1, "amount": 1000, "payout": payout}
    made = (await shop.post(f"{root}/authorizations", {"items": [item]})).json()
    assert made["items"] == [item]
    assert (await shop.get(f"{root}/authorizations")).json() == {"authorizations": [made]}


# -- every refusal of an operation ------------------------------------------------------------------------------------

A, C, R, X = "authorizations", "captures", "refunds", "cancellations"
REFUSED = [
    ("a line the order does not have", [], (A, (9, 1)), 400, "items.0.line_id", {"line_id": 9}),
    ("a line twice", [], (A, (1, 1), (1, 1)), 400, "items.0.line_id", {"line_id": 1}),
    ("nothing", [], (A, (1, 0)), 400, "items.0.amount", {"line_id": 1, "requested": 0}),
    ("the other sign", [], (A, (1, -1)), 400, "items.0.amount", {"line_id": 1, "requested": -1}),
    ("more than the line", [], (A, (1, 1001)), 409, "items.0.amount", {"line_id": 1, "requested": 1001, "left": 1000}),
    ("a second authorization", [(A, (1, 10))], (A, (1, 10)), 409, "items.0.line_id",
     {"line_id": 1, "requested": 10, "left": 0}),
    ("captured what was not authorized", [], (C, (1, 5)), 409, "items.0.amount",
     {"line_id": 1, "requested": 5, "left": 0}),
    ("captured more than is authorized", [(A, (1, 600)), (C, (1, 100)), (X, (1, 200))], (C, (1, 301)), 409,
     "items.0.amount", {"line_id": 1, "requested": 301, "left": 300}),
    ("cancelled what was captured", [(A, (1, 600)), (C, (1, 500))], (X, (1, 101)), 409, "items.0.amount",
     {"line_id": 1, "requested": 101, "left": 100}),
    ("refunded more than was captured", [(A, (1, 600)), (C, (1, 500)), (R, (1, 200))], (R, (1, 301)), 409,
     "items.0.amount", {"line_id": 1, "requested": 301, "left": 300}),
    ("the second line alone", [(A, (1, 600), (2, 500))], (C, (1, 600), (2, 501)), 409, "items.1.amount",
     {"line_id": 2, "requested": 501, "left": 500}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("before", "step", "status", "path", "details"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED]
)
async def test_a_refused_operation_says_line_asked_and_left(shop, make, before, step, status, path, details):
    root = await make(line(1, 1000), line(2, 1000))
    for verb, *of in before:
        assert (await shop.post(f"{root}/{verb}", parts(*of))).status_code == 200
    order = (await shop.get(root)).json()
    verb, *of = step
    answer = await shop.post(f"{root}/{verb}", parts(*of))
    assert answer.status_code == status, answer.text
    fault = answer.json()["error"]["errors"][0]
    assert fault["path"] == path
    assert details.items() <= fault["details"].items()
    assert fault["message"] == fault["description"]
    assert (await shop.get(root)).json() == order, "nothing was recorded"


@pytest.mark.parametrize(
    ("how", "verbs"), [("cancel", {A, C}), ("close", {A, C, X})], ids=["a cancelled order", "a closed order"]
)
async def test_an_order_that_is_not_open_says_so(shop, make, how, verbs):
    root = await make(line(1, 1000))
    await shop.post(f"{root}/{how}")
    for verb in verbs:
        answer = await shop.post(f"{root}/{verb}", parts((1, 1)))
        assert answer.status_code == 409
        assert f"the order is {'cancelled' if how == 'cancel' else 'closed'}" in answer.json()["error"]["message"]


async def test_what_did_not_succeed_is_listed_logged_and_counts_for_nothing(shop, make):
    root = await make(line(1, 1000))
    before = (await shop.get(root)).json()
    for verb in (A, C, R, X):
        answer = await shop.post(f"{root}/{verb}", parts((1, 5000), success=False))
        assert (answer.status_code, answer.json()["success"]) == (200, False)
        assert (await shop.get(f"{root}/{verb}")).json() == {verb: [answer.json()]}
    after = (await shop.get(root)).json()
    assert (after["remaining"], after["payment_status"]) == (before["remaining"], "pending")
    assert len((await shop.get(f"{root}/events")).json()["events"]) == 5


STATUSES = [
    ([], "pending"),
    ([(A, (1, 600), (2, 400))], "pending"),
    ([(A, (1, 600), (2, 400)), (C, (1, 600))], "partially_paid"),
    ([(A, (1, 600), (2, 400)), (C, (1, 600), (2, 400))], "paid"),
    ([(A, (1, 600), (2, 400)), (C, (1, 600)), (X, (2, 400))], "paid"),
    ([(A, (1, 600), (2, 400)), (X, (1, 600), (2, 400))], "pending"),
    ([(A, (1, 600), (2, 400)), (C, (1, 600), (2, 400)), (R, (1, 1))], "partially_refunded"),
    ([(A, (1, 600)), (C, (1, 600)), (R, (1, 600))], "refunded"),
]


@pytest.mark.parametrize(("steps", "expected"), STATUSES)
async def test_payment_status_follows_captures_and_refunds(shop, make, steps, expected):
    root = await make(line(1, 600), line(2, 400))
    for verb, *of in steps:
        assert (await shop.post(f"{root}/{verb}", parts(*of))).status_code == 200
    order = (await shop.get(root)).json()
    assert (order["payment_status"], order["status"]) == (expected, "open")
