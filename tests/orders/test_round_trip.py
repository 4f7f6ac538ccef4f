"""Every member that the reference documents of an order and its lines (§5 and §6) comes back as it was sent.

All the way: a draft, read and sent back whole, its order, an update, the lists, and the order as it is read in the end.
"""

from __future__ import annotations

from typing import Any

import pytest

RATE = {
    "original_currency": "SEK",
    "original_gross_amount": 36215,
    "conversion_rate_ppm": 1099000,
    "conversion_rate_timestamp": "2026-07-01T00:00:00Z",
    "conversion_rate_source": "ecb",
}
ADDRESS = {
    "address_line": "Storgata 1",
    "address_line_2": "H0101",
    "postal_code": "0155",
    "postal_place": "Oslo",
    "country": "NO",
    "latitude": 59.9127,
    "longitude": -10.7461,
}
DELIVERY = {**ADDRESS, "first_name": "Kari", "last_name": "Nordmann", "comment": "5th floor, use doorbell."}
STORE = {
    "id": "oslo",
    "name": "Oslo",
    "business_name": "Stoler AS",
    "address": ADDRESS,
    "chain": "Stoler",
    "email": "oslo@example.org",
    "gln": "7080000000000",
    "organization_number": "999999999",
    "phone_number": "+4722222222",
    "mcc": "5712",
    "bax": "1234567",
    "terminal_id": "t-1",
    "payout_destination_id": "p-1",
}
CUSTOMER = {
    "id": "kari/1 ø",
    "customer_id": "k-1",
    "first_name": "Kari",
    "last_name": "Nordmann",
    "gender": "female",
    "email": "kari@example.org",
    "phone_number": "+4799999999",
    "date_of_birth": "1990-02-28",
    "pays_tax": False,
    "favorite_store": "oslo",
    "status": "active",
    "type": "contact",
    "metadata": {"loyal": True, "points": 2.5, "nothing": None},
    "addresses": [{**DELIVERY, "type": "custom", "custom_type": "cabin"}, {}],
    "enrolled_by": {"value": "oslo", "type": "store"},
    "company": {
        "bussiness_name": "Nordmann AS",
        "organization_number": "888888888",
        "department": "Sales",
        "industry": "Furniture",
        "website": "https://example.org",
        "number_of_employees": 12,
    },
    "marketing_consent": {
        "sms": {"consent": False, "updated_at": "2026-07-01T09:00:00Z"},
        "email": {"consent": True, "updated_at": "2026-07-01T09:00:00+02:00"},
    },
    "term": {"id": "t-1"},
}
ITEM = {
    "line_id": 1,
    "id": "175938",
    "gross_amount": 39800,
    "gross_amount_dwh": "39800.0440",
    "net_amount": 35800,
    "net_amount_dwh": "35800.0000",
    "tax_lines": [
        {
            "amount": 7160,
            "amount_dwh": "7160.0440",
            "exempt": False,
            "included_in_price": True,
            "percentage": 25,
            "tax_basis": 28640,
            "tax_basis_dwh": "28640.22",
            "tax_code": "3",
            "tax_group": "Vmva-høy",
        },
        {"amount": 0, "percentage": 2.25, "exempt": True, "included_in_price": False},
    ],
    "quantity": 2.5,
    "description": "Stablestol for utendørsbruk",
    "description_alias": "Stablestol",
    "discount_lines": [
        {
            "amount": 4000,
            "amount_dwh": "4000.0000",
            "percentage": 10.05,
            "discount_type": "manual",
            "discount_subtype": "autumn",
            "discount_id": "d-1",
            "description": "Høstsalg",
            "line_id": 1,
        }
    ],
    "reversed_reason": "kept, whatever the sign",
    "related_item": {"line_id": 2, "type": "reversed"},
    "status": "packed",
    "external_id": "ext-1",
    "manual_payout": True,
    "payout": {"rule_id": "r-1", "rule_type": "share", "destinations": [{"destination": "d", "amount": 1}]},
    "store": STORE,
    "groups": [{"id": "g-1", "name": "Chairs"}],
    "unit": "pcs",
    "unit_gross_price": 15920,
    "unit_gross_price_dwh": "15920.0000",
    "tax_percent": 25.5,
    "tax_percent_dwh": "25.5000",
    "barcode": "7040000000000",
    "cost_price": 11000,
    "cost_price_dwh": "11000.5000",
    "eligible_for_discount": False,
    "is_changed": True,
    "dimension": {"color": "red", "size": "L", "style": "new", "config": "a", "variant": "b"},
    "infocode_lines": [{"id": "i-1", "line_id": 1}],
    "bonus_lines": [{"type": "points", "amount": 12.5}],
    "salesperson_id": "s-1",
    "salesperson_name": "Ola Salg",
    "serial_id": "000123",
    "comment": "wrap it",
    "extra_info": {"any": ["thing", 1, None]},
    "metadata": {"a": [1, 2.5, None, {"b": True}]},
    **RATE,
}
BOOK = {"line_id": 2, "id": "book", "quantity": 1, "gross_amount": 100, "net_amount": 100, "tax_lines": []}
ORDER = {
    "currency": "NOK",
    "gross_amount_dwh": "39900.0440",
    "net_amount_dwh": "35900.0000",
    "total_discount_dwh": "4000.0000",
    "total_manual_discount_amount_dwh": "4000.0000",
    "customer": CUSTOMER,
    "shipping_address": DELIVERY,
    "billing_address": {**DELIVERY, "first_name": "Regnskap", "comment": ""},
    "discounts": [{"id": "d-1", "name": "Høst", "rule": {"percent": 10.05}}],
    "store": STORE,
    "external_ids": [{"type": "pnr", "id": "X1"}],
    "external_links": [{"rel": "pnr", "href": "https://example.org/x"}],
    "itinerary": [
        {
            "id": "leg-1",
            "line_ids": [1, 2],
            "operator": "Vy",
            "travel_mode": "CUSTOM",
            "route_id": "R10",
            "vehicle_id": "V1",
            "departure_address": {"id": "OSL", "name": "Oslo S", "external_ids": [{"id": 1}], **ADDRESS},
            "arrival_address": {"id": "BGO", "name": "Bergen", "external_ids": []},
            "of nobody's": {"knowledge": [None, 1.5]},
        }
    ],
    "attachments": [{"id": "a-1", "line_ids": [1], "type": "ticket", "href": "https://example.org/t.pdf"}],
    "courier_id": "bike",
    "pickup_at": "2026-07-01T12:00:00+02:00",
    "delivery_id": "del-1",
    "pre_order": {"until": "noon"},
    "type": "takeaway",
    "metadata": {"channel": "web", "deep": {"er": [False]}},
}
CHANGES = {
    "itinerary": [{"id": "leg-2", "travel_mode": "TRAIN"}],
    "external_ids": {"pnr": "X2"},
    "courier_id": "car",
    "pickup_at": "2026-07-02T12:00:00Z",
    "delivery_id": "del-2",
}
ITEM_CHANGES = {
    "status": "sent",
    "original_currency": "DKK",
    "original_gross_amount": 26000,
    "conversion_rate_ppm": 1530770,
    "conversion_rate_timestamp": "2026-07-02T00:00:00+02:00",
    "conversion_rate_source": "nb",
    "discount_lines": [
        {"amount": 3000, "discount_type": "manual", "discount_subtype": "winter"},
        {"amount": 1000, "discount_type": "loyalty", "percentage": 2.5},
    ],
}


def same(answer: dict[str, Any], sent: dict[str, Any], *lines: dict[str, Any]) -> None:
    """The members that were sent, and of each line all of its members with the version that is ours."""
    assert {name: answer.get(name) for name in sent} == sent
    shown = [{name: value for name, value in item.items() if name != "version"} for item in answer["items"]]
    assert shown == list(lines)


async def test_every_documented_member_comes_back_as_sent_from_draft_to_list(shop):
    drafts, orders = f"{shop.shopping}/draft_orders", f"{shop.shopping}/orders"

    async def done(method: str, path: str, body: Any = None) -> Any:
        answer = await shop.http.request(method, path, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    draft = await done("POST", drafts, {"order": {**ORDER, "items": [ITEM, BOOK]}, "store": STORE})
    root = f"{drafts}/{draft['id']}"
    whole = await done("PUT", root, draft)
    line = await done("PUT", f"{root}/items/1", ITEM)
    (listed,) = (await done("GET", drafts))["draft_orders"]
    for answer in (draft, whole, line, listed, await done("GET", root)):
        assert answer["store"] == STORE
        same(answer["order"], ORDER, ITEM, BOOK)

    (order,) = (await done("PUT", f"{root}/complete", {}))["orders"]
    direct = await done("POST", orders, {"order": {**ORDER, "items": [ITEM, BOOK]}})
    for answer in (order, direct, await done("PUT", f"{orders}/{order['id']}", order)):
        same(answer, ORDER, ITEM, BOOK)

    body = {**CHANGES, "items": [{"line_id": 1, **ITEM_CHANGES}]}
    changed = await done("PUT", f"{orders}/{order['id']}", body)
    assert changed["total_manual_discount_amount"] == 3000
    lists = [(await done("GET", path))["orders"] for path in (orders, f"{shop.shopping}/stores/oslo/orders")]
    for found in lists:
        assert [each["id"] for each in found] == [direct["id"], order["id"]]
    for answer in (changed, await done("GET", f"{orders}/{order['id']}"), *(found[1] for found in lists)):
        same(answer, ORDER | CHANGES, ITEM | ITEM_CHANGES, BOOK)
        assert answer == changed


OTHERS = ["order_id", "id", "status", "payment_status", "gross_amount", "net_amount", "total_discount",
          "total_manual_discount_amount", "created_at", "created_by", "updated_at", "cancelled_at", "cancelled_by",
          "cancelled_reason", "closed_at", "closed_by", "payment_details", "authorizations", "captures", "refunds",
          "cancellations", "comments", "sessions"]  # fmt: skip


async def test_an_update_takes_the_documented_members_and_refuses_each_other_one_by_its_name(shop):
    order = (await shop.post(f"{shop.shopping}/orders", {"order": {**ORDER, "items": [ITEM, BOOK]}})).json()
    root = f"{shop.shopping}/orders/{order['id']}"
    fixed = sorted((ORDER.keys() | set(OTHERS)) - CHANGES.keys())
    of_line = sorted((ITEM.keys() | {"version"}) - ITEM_CHANGES.keys() - {"line_id"})
    body = dict.fromkeys(fixed, "another") | {"items": [{"line_id": 1} | dict.fromkeys(of_line, "another")]}
    answer = await shop.put(root, body | CHANGES)
    assert answer.status_code == 400
    paths = [fault["path"] for fault in answer.json()["error"]["errors"]]
    assert paths == [*fixed, *(f"items.0.{name}" for name in of_line)]
    assert (await shop.get(root)).json() == order


@pytest.mark.parametrize("members", [{}, {"customer": {}, "shipping_address": {}, "metadata": {}, "itinerary": []}])
async def test_what_was_not_sent_is_not_answered_and_empty_is_not_nothing(shop, members):
    sent = {"currency": "NOK", "items": [BOOK], **members}
    order = (await shop.post(f"{shop.shopping}/orders", {"order": sent})).json()
    same(order, members, BOOK)
    assert not (ORDER.keys() - sent.keys()) & order.keys()
    assert not (ITEM.keys() - BOOK.keys()) & order["items"][0].keys()
