"""The order service through the front door: the journey's requests, and what is refused, with its path."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

UNKNOWN = "00000000-0000-4000-8000-000000000000"


def fault_paths(answer) -> list[str | None]:
    return [fault.get("path") for fault in answer.json()["error"]["errors"]]


@pytest.fixture
def sell(shop, journey_draft):
    """Makes an order over HTTP: the journey's, or of these items."""

    async def make(items: list[dict[str, Any]] | None = None, **options: Any) -> dict[str, Any]:
        body = journey_draft
        if items is not None:
            body = {"options": options, "order": {"currency": "NOK", "items": items}}
        draft = await shop.post(f"{shop.shopping}/draft_orders", body)
        assert draft.status_code == 200, draft.text
        done = await shop.put(f"{shop.shopping}/draft_orders/{draft.json()['id']}/complete", {})
        assert done.status_code == 200, done.text
        return done.json()["orders"][0]

    return make


async def test_the_journey_of_an_order_from_draft_to_refunded(shop, journey_draft):
    answer = await shop.post(f"{shop.shopping}/draft_orders", journey_draft)
    assert answer.status_code == 200
    draft = answer.json()
    assert draft["order"]["items"][0]["tax_lines"] == [{"amount": 7960, "percentage": 25}]
    assert (draft["order"]["gross_amount"], draft["order"]["net_amount"]) == (39800, 39800)
    assert draft["options"] == {"generate_order_id": "ALPHANUMERIC_9"}
    assert (await shop.get(f"{shop.shopping}/draft_orders/{draft['id']}")).json() == draft

    answer = await shop.put(f"{shop.shopping}/draft_orders/{draft['id']}/complete")
    assert answer.status_code == 200
    (order,) = answer.json()["orders"]
    assert len(order["order_id"]) == 9
    assert (order["status"], order["payment_status"]) == ("open", "pending")
    assert order["authorizations"] == order["captures"] == order["refunds"] == order["cancellations"] == []
    assert "events" not in order
    sent = journey_draft["order"]["items"][0]
    assert sent.items() <= order["items"][0].items()

    root = f"{shop.shopping}/orders/{order['order_id']}"
    body = {
        "items": [{"amount": 39800, "line_id": 1}],
        "payment_details": {"payment_id": f"{shop.account_id}.4XkTm2ySXbZtCHHhGkWjnX"},
        "success": True,
    }
    for path, status in (("authorizations", "pending"), ("captures", "paid"), ("refunds", "refunded")):
        answer = await shop.post(f"{root}/{path}", body)
        assert answer.status_code == 200
        operation = answer.json()
        assert body.items() <= operation.items()
        assert (operation["amount"], operation["_links"]) == (39800, [])
        assert len(operation["id"]) <= 40
        assert "created_at" in operation
        assert "created_by" in operation
        assert "authorization_id" not in operation
        assert (await shop.get(f"{root}/{path}")).json() == {path: [operation]}
        assert (await shop.get(f"{root}/{path}/{operation['id']}")).json() == operation
        assert (await shop.get(root)).json()["payment_status"] == status
    assert (await shop.get(f"{root}/cancellations")).json() == {"cancellations": []}


async def test_a_draft_completed_again_answers_the_same_order(shop, journey_draft):
    draft = (await shop.post(f"{shop.shopping}/draft_orders", journey_draft)).json()
    path = f"{shop.shopping}/draft_orders/{draft['id']}/complete"
    answers = await asyncio.gather(*[shop.put(path, {}) for _ in range(10)])
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["orders"][0]["order_id"] for answer in answers}) == 1
    again = await shop.http.put(path, content=b"null", headers={"content-type": "application/json"})
    assert again.json() == answers[0].json()


async def test_everything_documented_comes_back_as_it_was_sent(shop):
    rate = {
        "original_currency": "SEK",
        "original_gross_amount": 39800,
        "conversion_rate_ppm": 1099000,
        "conversion_rate_timestamp": "2026-07-01T00:00:00Z",
        "conversion_rate_source": "ecb",
    }
    item = {
        "line_id": 1,
        "id": "chair-01",
        "quantity": 2.5,
        "gross_amount": 39800,
        "gross_amount_dwh": "39800.0000",
        "net_amount": 35800,
        "description": "Stacking chair",
        "description_alias": "Chair",
        "discount_lines": [
            {
                "amount": 4000,
                "percentage": 10.05,
                "discount_type": "periodic",
                "discount_subtype": "autumn",
                "discount_id": "d-1",
                "description": "Autumn sale",
                "line_id": 1,
            }
        ],
        "tax_lines": [
            {
                "amount": 7160,
                "amount_dwh": "7160.0000",
                "exempt": False,
                "included_in_price": True,
                "percentage": 25,
                "tax_basis": 28640,
                "tax_basis_dwh": "28640.00",
                "tax_code": "3",
                "tax_group": "Vmva-høy",
            },
            {"amount": 0, "percentage": 25.5, "exempt": True},
        ],
        "groups": [{"id": "g", "name": "Chairs"}],
        "dimension": {"color": "red"},
        "status": "ready",
        "external_id": "ext",
        "manual_payout": True,
        "metadata": {"a": [1, 2.5, None, {"b": True}]},
        **rate,
    }
    address = {
        "first_name": "Kari",
        "last_name": "Nordmann",
        "address_line": "Storgata 1",
        "address_line_2": "H0101",
        "postal_code": "0155",
        "postal_place": "Oslo",
        "country": "NO",
        "latitude": 59.9127,
        "longitude": 10.7461,
        "comment": "5th floor, use doorbell.",
    }
    order = {
        "currency": "NOK",
        "items": [item],
        "customer": {
            "id": "c-1",
            "first_name": "Kari",
            "last_name": "Nordmann",
            "email": "kari@example.org",
            "phone_number": "+4799999999",
            "date_of_birth": "1990-02-28",
            "pays_tax": True,
            "type": "customer",
            "metadata": {"loyal": True},
            "addresses": [{"type": "home", "address_line": "Storgata 1", "postal_place": "Oslo", "country": "NO"}],
            "enrolled_by": {"value": "store-1", "type": "store"},
            "company": {"bussiness_name": "Nordmann AS", "organization_number": "999999999"},
            "marketing_consent": {"sms": {"consent": False, "updated_at": "2026-07-01T09:00:00Z"}},
            "term": {"id": "t-1"},
        },
        "shipping_address": address,
        "billing_address": address,
        "store": {"id": "s-1", "name": "Oslo", "address": {"address_line": "Torget", "country": "NO"}, "mcc": "5812"},
        "discounts": [{"id": "d-1", "anything": {"goes": 1}}],
        "external_ids": [{"type": "pnr", "id": "X1"}],
        "external_links": [{"rel": "pnr", "href": "https://example.com/x"}],
        "itinerary": [{"id": "i", "line_ids": [1], "travel_mode": "CUSTOM", "departure_address": {"name": "Oslo"}}],
        "attachments": [{"id": "a", "line_ids": [1]}],
        "courier_id": "bike",
        "pickup_at": "2026-07-01T12:00:00+02:00",
        "delivery_id": "d",
        "pre_order": True,
        "type": "takeaway",
        "metadata": {"channel": "web"},
    }
    options = {"generate_order_id": "ALPHANUMERIC_9_RESERVE", "multiple_authorizations": False}
    draft = (await shop.post(f"{shop.shopping}/draft_orders", {"order": order, "options": options})).json()
    done = await shop.put(f"{shop.shopping}/draft_orders/{draft['id']}/complete", {})
    (made,) = done.json()["orders"]
    for answer in (draft["order"], made, (await shop.get(f"{shop.shopping}/orders/{made['id']}")).json()):
        items = answer.pop("items")
        assert items == [item | {"version": 1}]
        assert {name: answer[name] for name in order if name != "items"} == {
            name: value for name, value in order.items() if name != "items"
        }
    assert draft["options"] == options
    assert b'"percentage":25,' in done.content

    part = {"line_id": 1, "amount": 35800, **rate}
    body = {
        "items": [part],
        "processed_at": "2026-07-01T09:03:10Z",
        "processed_by": "dintero-checkout",
        "payment_details": {
            "psp": "Bambora",
            "payment_id": "T12345678.abc",
            "payment_product": "bambora",
            "payment_product_type": "bambora.creditcard",
            "card": {"masked_pan": "4444 **** **** 4448", "type": "Credit", "brand": "Visa", "metadata": {"a": 1}},
        },
        "metadata": {"note": "first"},
        "success": True,
    }
    operation = (await shop.post(f"{shop.shopping}/orders/{made['id']}/authorizations", body)).json()
    assert body.items() <= operation.items()
    order_now = (await shop.get(f"{shop.shopping}/orders/{made['id']}")).json()
    assert order_now["payment_details"] == body["payment_details"]
    assert order_now["authorizations"] == [operation]


ITEM = {"line_id": 1, "id": "a", "gross_amount": 100, "tax_lines": [{"amount": 20, "percentage": 25}]}


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in ITEM.items() if key != name}


BAD_DRAFTS: list[tuple[str, Any, str]] = [
    ("no order", {}, "order"),
    ("no currency", {"order": {"items": [ITEM]}}, "order.currency"),
    ("unknown currency", {"order": {"currency": "XYZ", "items": [ITEM]}}, "order.currency"),
    ("a currency with a line break", {"order": {"currency": "NO\n", "items": [ITEM]}}, "order.currency"),
    ("items that are an object", {"order": {"currency": "NOK", "items": {}}}, "order.items"),
    *[
        (f"no {name}", {"order": {"currency": "NOK", "items": [without(name)]}}, f"order.items.0.{name}")
        for name in ("line_id", "id", "gross_amount", "tax_lines")
    ],
    *[
        (
            f"{name} of {value!r}",
            {"order": {"currency": "NOK", "items": [ITEM, ITEM | {"line_id": 2, name: value}]}},
            f"order.items.1.{name}",
        )
        for name, value in (
            ("line_id", "2"),
            ("line_id", 1),
            ("line_id", -1),
            ("gross_amount", "100"),
            ("gross_amount", 10.5),
            ("gross_amount", -100),
            ("gross_amount", 10**15),
            ("gross_amount", None),
            ("quantity", 0),
            ("quantity", -2),
            ("quantity", "many"),
            ("id", ""),
            ("id", "x" * 101),
            ("description", "x" * 2001),
            ("description", "a\0b"),
            ("tax_lines", [{"amount": 20}]),
        )
    ],
    (
        "a percentage that is no number",
        {"order": {"currency": "NOK", "items": [ITEM | {"tax_lines": [{"amount": 1, "percentage": "NaN"}]}]}},
        "order.items.0.tax_lines.0.percentage",
    ),
    (
        "a moment without a zone",
        {"order": {"currency": "NOK", "pickup_at": "2026-07-01T12:00:00"}},
        "order.pickup_at",
    ),
    ("an unknown option value", {"order": {"currency": "NOK"}, "options": {"generate_order_id": "X"}}, "options."),
    ("an unsupported option", {"order": {"currency": "NOK"}, "options": {"replace": "order"}}, "options.replace"),
    ("an unknown order", {"order": {"currency": "NOK"}, "options": {"order_id": "none"}}, "options.order_id"),
    (
        "1,001 items",
        {"order": {"currency": "NOK", "items": [ITEM | {"line_id": n} for n in range(1001)]}},
        "order.items",
    ),
]


@pytest.mark.parametrize(("body", "path"), [row[1:] for row in BAD_DRAFTS], ids=[row[0] for row in BAD_DRAFTS])
async def test_a_bad_draft_is_refused_by_the_path_of_its_fault(shop, body, path):
    answer = await shop.post(f"{shop.shopping}/draft_orders", body)
    assert answer.status_code == 400, answer.text
    paths = fault_paths(answer)
    assert any(found == path or (path.endswith(".") and str(found).startswith(path)) for found in paths) or (
        "tax_lines" in path and any(str(found).startswith(path) for found in paths)
    ), paths


async def test_a_thousand_items_make_an_order(shop, sell):
    order = await sell([ITEM | {"line_id": n} for n in range(1, 1001)])
    assert order["net_amount"] == 100_000
    parts = [{"line_id": n, "amount": 100} for n in range(1, 1001)]
    answer = await shop.post(f"{shop.shopping}/orders/{order['id']}/authorizations", {"items": parts})
    assert answer.json()["amount"] == 100_000


async def test_a_draft_without_items_waits_and_cannot_be_completed(shop):
    draft = await shop.post(f"{shop.shopping}/draft_orders", {"order": {"currency": "NOK"}})
    assert draft.json()["order"]["items"] == []
    answer = await shop.put(f"{shop.shopping}/draft_orders/{draft.json()['id']}/complete", {})
    assert (answer.status_code, fault_paths(answer)) == (400, ["order.items"])


BAD_OPERATIONS: list[tuple[str, Any, int, str]] = [
    ("no items", {}, 400, "items"),
    ("empty items", {"items": []}, 400, "items"),
    ("an amount as text", {"items": [{"line_id": 1, "amount": "5"}]}, 400, "items.0.amount"),
    ("a fraction", {"items": [{"line_id": 1, "amount": 1.5}]}, 400, "items.0.amount"),
    ("no amount", {"items": [{"line_id": 1}]}, 400, "items.0.amount"),
    ("no line_id", {"items": [{"amount": 1}]}, 400, "items.0.line_id"),
    ("an unknown line", {"items": [{"line_id": 2, "amount": 1}]}, 400, "items.0.line_id"),
    ("one line twice", {"items": [{"line_id": 1, "amount": 1}] * 2}, 400, "items.0.line_id"),
    ("nothing", {"items": [{"line_id": 1, "amount": 0}]}, 400, "items.0.amount"),
    ("a negative amount", {"items": [{"line_id": 1, "amount": -1}]}, 400, "items.0.amount"),
    ("a huge amount", {"items": [{"line_id": 1, "amount": 10**15}]}, 400, "items.0.amount"),
    ("more than the line", {"items": [{"line_id": 1, "amount": 39801}]}, 409, "items.0.amount"),
    ("success that is no boolean", {"items": [{"line_id": 1, "amount": 1}], "success": "yes"}, 400, "success"),
]


async def test_a_bad_operation_is_refused_by_the_path_of_its_fault(shop, sell):
    order = await sell()
    root = f"{shop.shopping}/orders/{order['order_id']}"
    for verb in ("authorizations", "captures", "refunds", "cancellations"):
        for name, body, status, path in BAD_OPERATIONS:
            answer = await shop.post(f"{root}/{verb}", body)
            assert (answer.status_code, path in fault_paths(answer)) == (status, True), (verb, name, answer.text)
        assert (await shop.get(f"{root}/{verb}")).json() == {verb: []}
    assert (await shop.get(root)).json() == order


async def test_float_noise_is_forgiven(shop, sell):
    order = await sell()
    body = {"items": [{"line_id": 1, "amount": 39799.999999999996}]}
    answer = await shop.post(f"{shop.shopping}/orders/{order['id']}/authorizations", body)
    assert answer.json()["items"] == [{"line_id": 1, "amount": 39800}]


async def test_a_refusal_says_line_asked_and_left(shop, sell):
    order = await sell()
    root = f"{shop.shopping}/orders/{order['order_id']}"
    await shop.post(f"{root}/authorizations", {"items": [{"line_id": 1, "amount": 39800}]})
    answer = await shop.post(f"{root}/captures", {"items": [{"line_id": 1, "amount": 39801}]})
    assert answer.status_code == 409
    error = answer.json()["error"]
    assert error["code"] == "CONFLICT"
    (fault,) = error["errors"]
    assert "line 1: 39801 asked, 39800 authorized" in fault["message"]
    assert fault["description"] == fault["message"]


async def test_with_multiple_authorizations_operations_name_and_show_theirs(shop, sell):
    order = await sell([ITEM], multiple_authorizations=True)
    root = f"{shop.shopping}/orders/{order['id']}"
    part = {"items": [{"line_id": 1, "amount": 40}]}
    authorizations = [(await shop.post(f"{root}/authorizations", part)).json() for _ in range(2)]
    for verb in ("captures", "refunds", "cancellations"):
        refused = await shop.post(f"{root}/{verb}", part)
        assert (refused.status_code, fault_paths(refused)) == (400, ["authorization_id"])
    named = part | {"authorization_id": authorizations[1]["id"]}
    assert (await shop.post(f"{root}/captures", named)).json()["authorization_id"] == authorizations[1]["id"]
    assert (await shop.post(f"{root}/captures", named)).status_code == 409
    assert (await shop.post(f"{root}/captures", part | {"authorization_id": UNKNOWN})).status_code == 409


async def test_unknown_ids_are_404(shop, sell):
    order = await sell()
    root = shop.shopping
    part = {"items": [{"line_id": 1, "amount": 1}]}
    answers = [
        await shop.get(f"{root}/draft_orders/{UNKNOWN}"),
        await shop.get(f"{root}/draft_orders/no-such-thing"),
        await shop.put(f"{root}/draft_orders/{UNKNOWN}/complete", {}),
        await shop.get(f"{root}/orders/{UNKNOWN}"),
        await shop.get(f"{root}/orders/NOSUCHONE"),
        await shop.post(f"{root}/orders/NOSUCHONE/captures", part),
        await shop.get(f"{root}/orders/NOSUCHONE/captures"),
        await shop.get(f"{root}/orders/{order['order_id']}/captures/{UNKNOWN}"),
    ]
    assert [answer.status_code for answer in answers] == [404] * len(answers)
    assert {answer.json()["error"]["code"] for answer in answers} == {"NOT_FOUND"}


async def test_a_number_of_the_shop_s_own_may_hold_a_slash_or_a_space(shop):
    body = {"options": {"split_draft": False}, "order": {"currency": "NOK", "order_id": "2026/7 A", "items": [ITEM]}}
    draft = (await shop.post(f"{shop.shopping}/draft_orders", body)).json()
    (order,) = (await shop.put(f"{shop.shopping}/draft_orders/{draft['id']}/complete", {})).json()["orders"]
    assert order["order_id"] == "2026/7 A"
    assert (await shop.get(f"{shop.shopping}/orders/2026%2F7%20A")).json() == order
    again = await shop.post(f"{shop.shopping}/draft_orders", body)
    assert (again.status_code, fault_paths(again)) == (409, ["order.order_id"])


async def test_an_account_never_reaches_another_ones_orders(shop, sell, server):
    order = await sell()
    draft = (await shop.post(f"{shop.shopping}/draft_orders", {"order": {"currency": "NOK"}})).json()
    stranger_id = f"T{int(shop.account_id[1:]) + 10_000_000:08d}"
    async with server.shop(stranger_id, scopes=["admin:shopping"]) as stranger:
        part = {"items": [{"line_id": 1, "amount": 1}]}
        for path in (f"orders/{order['order_id']}", f"orders/{order['id']}", f"draft_orders/{draft['id']}"):
            assert (await stranger.get(f"{shop.shopping}/{path}")).status_code == 403
            assert (await stranger.get(f"{stranger.shopping}/{path}")).status_code == 404
        denied = await stranger.post(f"{shop.shopping}/orders/{order['order_id']}/authorizations", part)
        missing = await stranger.post(f"{stranger.shopping}/orders/{order['order_id']}/authorizations", part)
        assert (denied.status_code, missing.status_code) == (403, 404)
        body = {"options": {"order_id": order["order_id"]}, "order": {"currency": "NOK", "items": [ITEM]}}
        answer = await stranger.post(f"{stranger.shopping}/draft_orders", body)
        assert (answer.status_code, fault_paths(answer)) == (400, ["options.order_id"])


async def test_reading_and_writing_take_the_scopes_that_are_documented(shop, sell, server):
    order = await sell()
    path = f"{shop.shopping}/orders/{order['order_id']}"
    part = {"items": [{"line_id": 1, "amount": 39800}]}
    expected = {
        "read:shopping": (200, 403),
        "write:shopping": (403, 200),
        "admin:checkout": (403, 403),
    }
    for scope, (reads, writes) in expected.items():
        client, secret = await server.app.accounts.create_client(shop.account_id, "Scoped", [scope])
        token = await shop.http.post(
            f"/v1/accounts/{shop.account_id}/auth/token",
            auth=(client.client_id, secret),
            json={"grant_type": "client_credentials", "audience": f"https://x/v1/accounts/{shop.account_id}"},
        )
        headers = {"Authorization": f"Bearer {token.json()['access_token']}"}
        assert (await shop.http.get(path, headers=headers)).status_code == reads, scope
        made = await shop.http.post(f"{path}/authorizations", json=part, headers=headers)
        assert made.status_code == writes, scope


async def test_parallel_captures_over_http_add_up_exactly(shop, sell):
    order = await sell([ITEM])
    root = f"{shop.shopping}/orders/{order['id']}"
    await shop.post(f"{root}/authorizations", {"items": [{"line_id": 1, "amount": 100}]})
    body = {"items": [{"line_id": 1, "amount": 3}], "success": True}
    answers = await asyncio.gather(*[shop.post(f"{root}/captures", body) for _ in range(50)])
    statuses = [answer.status_code for answer in answers]
    assert (statuses.count(200), statuses.count(409)) == (33, 17)
    captures = (await shop.get(f"{root}/captures")).json()["captures"]
    assert sum(capture["amount"] for capture in captures) == 99


async def test_the_documented_replacement_of_an_item_works_over_http(shop, sell):
    chair = {"id": "chair", "quantity": 2, "gross_amount": 39800, "tax_lines": [{"amount": 7960, "percentage": 25}]}
    order = await sell([chair | {"line_id": 1}], generate_order_id="ALPHANUMERIC_9")
    root = f"{shop.shopping}/orders/{order['order_id']}"

    async def settle(*parts: tuple[int, int]) -> dict[str, Any]:
        body = {
            "items": [{"line_id": line_id, "amount": amount} for line_id, amount in parts],
            "payment_details": {"payment_id": "PID_123"},
            "success": True,
        }
        for verb in ("authorizations", "captures"):
            answer = await shop.post(f"{root}/{verb}", body)
            assert answer.status_code == 200, answer.text
        return (await shop.get(root)).json()

    assert (await settle((1, 39800)))["payment_status"] == "paid"
    back = chair | {
        "line_id": 2,
        "gross_amount": -39800,
        "tax_lines": [{"amount": -7960, "percentage": 25}],
        "reversed_reason": "Replace item",
        "related_item": {"line_id": 1, "type": "reversed"},
    }
    body = {"options": {"order_id": order["order_id"]}, "order": {"currency": "NOK", "items": [back]}}
    body["order"]["items"].append(chair | {"line_id": 3, "quantity": 1})
    draft = (await shop.post(f"{shop.shopping}/draft_orders", body)).json()
    (after,) = (await shop.put(f"{shop.shopping}/draft_orders/{draft['id']}/complete", {})).json()["orders"]
    assert (after["id"], after["net_amount"], len(after["items"])) == (order["id"], 39800, 3)
    assert (await settle((2, -39800)))["payment_status"] == "pending"
    assert (await settle((3, 39800)))["payment_status"] == "paid"
