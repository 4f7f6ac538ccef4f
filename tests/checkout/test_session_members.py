"""Creating a session: every documented member is kept and shown, and what contradicts itself is refused."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from .buying import DECLINED, code_of, customer_of, express_body, paths_of
from .conftest import session_body

ADDRESS = {
    "first_name": "Kari", "last_name": "Nordmann", "address_line": "Trondheimsveien 1", "address_line_2": "H0101",
    "co_address": "Ola", "business_name": "Krakk AS", "postal_code": "0566", "postal_place": "Oslo", "country": "NO",
    "phone_number": "+4740230256", "email": "kari@example.com", "latitude": 59.92, "longitude": 10.77,
    "comment": "Ring twice", "organization_number": "912345678", "organization_type": "AS",
    "customer_reference": "PO-7", "cost_center": "12",
}  # fmt: skip
STORE = {
    "id": "web-no", "name": "Krakk", "business_name": "Krakk AS", "chain": "Krakk", "email": "s@example.com",
    "address": {
        "address_line": "Gata 1", "address_line_2": "2", "postal_code": "0566", "postal_place": "Oslo", "country": "NO",
    },
    "gln": "7080000000000", "organization_number": "912345678", "phone_number": "+4722222222", "mcc": "5712",
    "bax": "1234", "terminal_id": "t-1", "payout_destination_id": "seller-1",
}  # fmt: skip
DISCOUNT = {
    "amount": -100, "percentage": 2.5, "discount_type": "loyalty", "discount_id": "d-1", "description": "Member",
    "line_id": 1,
}  # fmt: skip
SPLITS = {
    "fee_split": {"type": "proportional", "destinations": ["seller-1"]},
    "splits": [{"payout_destination_id": "seller-1", "amount": 100}],
}
ITEM = {
    "id": "LAMP-1", "line_id": "1", "groups": [{"id": "g", "name": "Lamps"}], "version": 1, "description": "Lampe",
    "quantity": 2.5, "amount": 35900, "vat_amount": 7180, "vat": 25.5, "unit_volume": 0.01, "unit_weight": 1.5,
    "unit_dimensional_weight": 2, "type": "physical", **SPLITS, "thumbnail_url": "https://shop.example/lamp.png",
    "emd": {"travel": {"air": {"pnr": "X"}}}, "store": STORE, "eligible_for_discount": True, "is_changed": False,
    "gross_amount": 36000, "discount_lines": [DISCOUNT],
}  # fmt: skip
OPTION = {
    "id": "post", "line_id": "post-1", "amount": 3900, "title": "Hjemlevering", "operator": "Posten",
    "countries": ["NO"], "vat_amount": 780, "vat": 25, "description": "To the door", "delivery_method": "pick_up",
    "operator_product_id": "3584",
    "eta": {
        "working_days": [1, 3], "shipping_day_of_week": 1, "arrival_day_of_week": 3,
        "starts_at": "2026-11-25T08:00:00Z", "ends_at": "2026-11-25T16:00:00Z",
    },
    "time_slot": {"starts_at": "2026-11-25T08:00:00Z", "ends_at": "2026-11-25T16:00:00Z"},
    "pick_up_address": {
        **ADDRESS, "website_url": "https://post.example/", "distance": 1.2,
        "opening_hours": {
            "open_now": True, "timezone": "Europe/Oslo",
            "periods": [{"opens_at": "08:00", "closes_at": "16:00", "day_of_week": 1}],
        },
    },
    "metadata": {"carrier": "x"}, "thumbnail_url": "https://shop.example/post.png",
    "environmental_data": {"description": "Green", "details": [{"label": "CO2", "value": "1 kg"}]},
}  # fmt: skip
CHOSEN = {
    **OPTION, **SPLITS, "pay_in_store": {"type": "full"}, "shipment_id": "s-1",
    "shipment_items": [{"line_id": "1", "quantity": 1}], "shipments": [{"id": "a"}, {"id": "b"}],
}  # fmt: skip
ORDER = {
    "amount": 39800, "currency": "NOK", "vat_amount": 7960, "merchant_reference": "ORD-5001",
    "merchant_reference_2": "POS-77", "event_reference": "E-1", "payout_destination_id": "seller-1",
    "shipping_address": ADDRESS, "billing_address": ADDRESS, "partial_payment": True, "items": [ITEM],
    "gross_amount": 40000, "is_changed": True, "shipping_option": CHOSEN, "store": STORE,
    "discount_lines": [DISCOUNT], "discount_codes": ["SUMMER"],
    "gift_cards": [{"type": "dintero.wallets", "card_id": "c-1", "amount": 100, "masked_card_token": "****1"}],
}  # fmt: skip


def product(**options: Any) -> dict[str, Any]:
    return {"type": "payment_product_type", "enabled": True, **options}


def group(**products: Any) -> dict[str, Any]:
    return {"type": "payment_type", **products}


CONFIGURATION = {
    "auto_capture": True, "channel": "ecommerce", "publish": [{"channel": "sms", "type": "checkout-link"}],
    "active_payment_types": {"enabled": False}, "default_payment_type": "dintero_psp.creditcard",
    "bambora": group(creditcard=product(generate_payment_token=True, payability="payable"), vipps=product()),
    "dintero": group(
        zero=product(),
        external=product(
            display={
                "payment_method_label": "Bank", "button_label": "Pay", "content": {"title": "T", "description": "D"},
                "terms": [{"label": "Terms", "href": "https://shop.example/terms"}],
            }
        ),
    ),
    "dintero_psp": group(
        creditcard=product(
            generate_payment_token=True, token_supported_auth_methods=["3DS", "PASSKEY"],
            sca_policy={"type": "amount_lte", "value": 100},
            generate_payment_token_config={"save_card_checkbox": "opt_in"},
        ),
        vipps=product(), applepay=product(), googlepay=product(), clicktopay=product(),
    ),
    "instabank": group(finance=product(), invoice=product(), installment=product(), postponement=product()),
    "netaxept": group(creditcard=product(terminal_layout="x")),
    "payex": group(
        creditcard=product(generate_recurrence_token=True, no_cvc=False, dynamic_descriptor="Krakk"),
        swish=product(), mobilepay=product(), vipps=product(), applepay=product(), clicktopay=product(),
        googlepay=product(),
    ),
    "vipps": product(dynamic_descriptor="Krakk"),
    "collector": group(
        invoice=product(options={"enable_on_hold": True}, countries=["NO"]), invoice_b2b=product(), finance=product(),
        invoice_b2b_preapproved=product(), installment=product(),
    ),
    "klarna": group(klarna=product(), billie=product()),
    "kravia": group(invoice_b2b=product(), invoice_b2b_grouped=product(), invoice_b2c=product()),
    "two": group(invoice_b2b=product(duration_days=14)), "santander": group(debit_account=product()),
    "seitatech": group(in_person=product()), "swish": group(swish=product()),
    "payout": {"dynamic_payout_destination_ids": ["seller-1"]}, "allow_express_wallet_payment": True,
    "discounts": {"express_discount_codes": {"enabled": True}, "order": {"enabled": True}},
    "theme": {"backdrop": "#fff", "primary": "#0a5cd8", "cardRadius": 8, "buttonRadius": "4px"},
    "countries": {"preferred_country": "NO", "allow_countries": ["NO", "SE"], "deny_countries": ["DK"]},
    "default_customer_type": "b2c", "allow_different_billing_shipping_address": ["b2c", "b2b"],
}  # fmt: skip
WHOLE = {
    "url": {
        "return_url": "https://shop.example/thanks", "callback_url": "https://shop.example/hook?method=POST",
        "merchant_terms_url": "https://shop.example/terms",
    },
    "customer": {
        "customer_id": "c-81", "email": "kari@example.com", "phone_number": "+4740230256",
        "gift_cards": {"dintero.wallets": [{"card_id": "c-1"}]},
    },
    "order": ORDER,
    "expires_at": "2030-01-01T12:00:00Z",
    "checkboxes": [
        {
            "id": "terms", "label": "I agree", "checked": False, "required": True,
            "link": {"url": "https://shop.example/terms", "text": "terms"},
        }
    ],
    "merchant": {
        "name": "Krakk", "logo_url": "https://shop.example/logo.png", "website": "https://shop.example",
        "email": "s@example.com", "phone_number": "+4722222222", "merchant_category_code": "5712",
        "platform_type": "marketplace", "country": "NO", "postal_code": "0566", "postal_place": "Oslo",
        "address_line": "Gata 1", "address_line_2": "2",
    },
    "metadata": {"ext_source": "demo", "ext_count": 5, "ext_part": 0.5},
    "configuration": CONFIGURATION,
    "express": {
        "shipping_options": [OPTION], "shipping_mode": "shipping_required",
        "shipping_address_callback_url": "https://shop.example/where",
        "discount_codes": {"max_count": 2, "callback_url": "https://shop.example/codes"},
        "customer_types": ["b2c", "b2b"], "default_different_billing_shipping_address": ["b2c"],
    },
}  # fmt: skip
"""Every member that the reference names for a session's creation, but the tokens of saved cards."""

SYSTEM = {"Dintero-System-Name": "woocommerce", "Dintero-System-Plugin-Version": "1.14"}


async def test_every_documented_member_is_kept_and_shown(shop: Any) -> None:
    created = await shop.post("/v1/sessions?include_session=true", WHOLE, headers=SYSTEM)
    assert created.status_code == 200, created.text
    session = created.json()["session"]
    shown = (await shop.get(f"/v1/sessions/{session['id']}")).json()
    for name, sent in WHOLE.items():
        assert shown[name] == sent, name
    assert set(shown) - set(WHOLE) == {"id", "created_at", "updated_at", "events"}
    headers = {name.lower(): value for name, value in SYSTEM.items()}
    includes = "includes=initiating_system_request_headers&includes=events.request_headers"
    whole = (await shop.get(f"/v1/sessions/{session['id']}?{includes}")).json()
    assert whole["initiating_system_request_headers"] == headers
    assert whole["events"][0]["request_headers"] == headers


async def test_what_a_profile_says_is_merged_into_the_session(shop: Any) -> None:
    sent = session_body(configuration={"channel": "in_store", "theme": {"primary": "#000"}})
    created = (await shop.post("/v1/sessions-profile?include_session=true", sent)).json()["session"]
    assert created["configuration"]["channel"] == "in_store"
    assert created["configuration"]["dintero_psp"]["creditcard"]["enabled"] is True
    profile = (await shop.get("/v1/admin/session/profiles/default")).json()
    assert created["metadata"]["session:profile_id"] == profile["id"]


GIFT_CARDS = group(wallets=product())
SPLIT_LATER = [{**session_body()["order"]["items"][0], "splits": []}]
CARD = group(creditcard=product())


@pytest.mark.parametrize(
    ("configuration", "path"),
    [
        ({"dintero": GIFT_CARDS, "vipps": product()}, "configuration.vipps"),
        ({"dintero": GIFT_CARDS, "swish": group(swish=product())}, "configuration.swish.swish"),
        ({"dintero": GIFT_CARDS, "klarna": group(billie=product())}, "configuration.klarna.billie"),
        ({"dintero": GIFT_CARDS, "instabank": group(finance=product())}, "configuration.instabank.finance"),
        ({"dintero": GIFT_CARDS, "collector": group(invoice=product())}, "configuration.collector.invoice"),
        ({"dintero": GIFT_CARDS, "netaxept": CARD}, "configuration.netaxept.creditcard"),
        (
            {"countries": {"allow_countries": ["NO", "SE"], "deny_countries": ["DK", "SE"]}},
            "configuration.countries.deny_countries.1",
        ),
        ({"default_payment_type": "bambora.vipps"}, "configuration.default_payment_type"),
        (
            {"default_payment_type": "payex.creditcard", "payex": group(creditcard={"enabled": False})},
            "configuration.default_payment_type",
        ),
        ({"auto_capture": True}, "order.items.0.splits"),
    ],
)
async def test_a_configuration_that_contradicts_itself_is_refused(
    shop: Any, configuration: dict[str, Any], path: str
) -> None:
    sent = session_body(configuration=configuration, order__items=SPLIT_LATER)
    answer = await shop.post("/v1/sessions", sent)
    assert code_of(answer) == (400, "INVALID_REQUEST_PARAMETER")
    assert paths_of(answer) == [path]
    assert path in paths_of(await shop.post("/v1/sessions-profile", sent))


@pytest.mark.parametrize(
    "configuration",
    [
        {"dintero": GIFT_CARDS, "klarna": group(klarna=product()), "dintero_psp": group(vipps=product())},
        {"dintero": group(wallets={"enabled": False}), "vipps": product()},
        {"dintero": GIFT_CARDS, "vipps": {"enabled": False}},
        {"active_payment_types": {"enabled": True}, "default_payment_type": "payex.swish"},
        {"auto_capture": False},
    ],
)
async def test_a_configuration_that_only_looks_like_it_is_taken(shop: Any, configuration: dict[str, Any]) -> None:
    answer = await shop.post("/v1/sessions", session_body(configuration=configuration, order__items=SPLIT_LATER))
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("shipping", [0, 2000])
async def test_strict_amounts_are_the_lines_and_the_shipping(shop: Any, shipping: int) -> None:
    option = {"id": "p", "line_id": "p", "title": "P", "operator": "P", "amount": shipping}
    strict = {"Dintero-Feature-Toggles": "strict-session-amounts"}
    sent = session_body(order__shipping_option=option)
    answer = await shop.post("/v1/sessions-profile", sent, headers=strict)
    assert answer.status_code == (200 if shipping == 0 else 400)
    if shipping:
        assert answer.json()["error"]["errors"][0]["details"] == {"amount": 39800, "listed": 41800}
    assert (await shop.post("/v1/sessions-profile", sent)).status_code == 200


WAYS: dict[str, tuple[tuple[str, dict[str, Any]], ...]] = {
    "AUTHORIZED": (),
    "AUTHORIZATION_VOIDED": (("void", {}),),
    "CAPTURED": (("capture", {"amount": 39800}),),
    "PARTIALLY_CAPTURED": (("capture", {"amount": 100}),),
    "PARTIALLY_CAPTURED_REFUNDED": (("capture", {"amount": 100}), ("refund", {"amount": 50})),
    "PARTIALLY_REFUNDED": (("capture", {"amount": 39800}), ("refund", {"amount": 50})),
    "REFUNDED": (("capture", {"amount": 39800}), ("refund", {"amount": 39800})),
}


@pytest.mark.parametrize("status", WAYS)
async def test_a_session_is_cancelled_while_no_money_was_taken(shop: Any, http: httpx.AsyncClient, status: str) -> None:
    buyer = await customer_of(shop, http, session_body())
    id = (await buyer.pay()).json()["transaction_id"]
    for verb, sent in WAYS[status]:
        await shop.post(f"/v1/transactions/{id}/{verb}", sent)
    assert (await shop.get(f"/v1/transactions/{id}")).json()["status"] == status
    answer = await shop.post(f"/v1/sessions/{buyer.sid}/cancel")
    if status == "AUTHORIZED":
        assert answer.status_code == 200
        assert (await shop.get(f"/v1/transactions/{id}")).json()["status"] == "AUTHORIZATION_VOIDED"
        assert answer.json()["events"][-1]["name"] == "CANCELLED"
        assert answer.json()["cancelled_at"] >= answer.json()["created_at"]
        assert answer.json()["cancelled_by"]
    else:
        assert code_of(answer) == (400, "INVALID_OPERATION")
        assert "cancelled_at" not in await buyer.session()


async def test_a_session_without_a_payment_is_cancelled_too(shop: Any, http: httpx.AsyncClient) -> None:
    new = await customer_of(shop, http, session_body())
    cancelled = await shop.post(f"/v1/sessions/{new.sid}/cancel")
    assert [event["name"] for event in cancelled.json()["events"]] == ["INITIATED", "CANCELLED"]
    assert (await shop.post(f"/v1/sessions/{new.sid}/cancel")).json() == cancelled.json()
    declined = await customer_of(shop, http, session_body())
    await declined.pay(DECLINED)
    answer = await shop.post(f"/v1/sessions/{declined.sid}/cancel")
    transaction = (await shop.get(f"/v1/transactions/{answer.json()['transaction_id']}")).json()
    assert transaction["status"] == "AUTHORIZATION_VOIDED"


async def test_a_session_that_waits_for_an_answer_is_not_cancelled(shop: Any, http: httpx.AsyncClient) -> None:
    external = {"dintero": group(external=product())}
    held = await customer_of(shop, http, session_body(configuration=external))
    paid = await http.post(f"/v1/sessions/{held.sid}/pay", json={"payment_product_type": "dintero.external"})
    assert (await shop.get(f"/v1/transactions/{paid.json()['transaction_id']}")).json()["status"] == "ON_HOLD"
    assert code_of(await shop.post(f"/v1/sessions/{held.sid}/cancel")) == (400, "INVALID_OPERATION")
    unknown = await customer_of(shop, http, session_body())
    await unknown.pay("4100000000000001")
    assert code_of(await shop.post(f"/v1/sessions/{unknown.sid}/cancel")) == (409, "CONFLICT")


async def test_the_events_of_a_purchase_in_their_order(shop: Any, http: httpx.AsyncClient) -> None:
    option = {"id": "p", "line_id": "p", "title": "P", "operator": "P", "amount": 100}
    codes = {"discounts": {"express_discount_codes": {"enabled": True}}}
    sent = express_body(option, express={"discount_codes": {}}, configuration=codes)
    buyer = await customer_of(shop, http, sent)
    await http.get(f"/v1/view/{buyer.sid}")
    await http.get(f"/v1/view/{buyer.sid}")
    await buyer.give("discount_codes", {"discount_codes": ["A"]})
    await buyer.give("shipping_address", {"country": "NO"})
    await buyer.give("billing_address", {"country": "NO"})
    await buyer.give("shipping_option", {"id": "p"})
    await buyer.lock()
    await buyer.update({"order": {}})
    await buyer.pay(DECLINED)
    await buyer.pay()
    session = await buyer.session()
    assert [event["name"] for event in session["events"]] == [
        "INITIATED", "VISITED", "SET_DISCOUNT_CODES", "SET_SHIPPING_ADDRESS", "SET_BILLING_ADDRESS",
        "SET_SHIPPING_OPTION", "PAY_LOCK_START", "UPDATE_SESSION", "PAY_LOCK_END",
        "PAY_LOCK_START", "PAY_LOCK_META", "PAY_FAILED", "PAY_LOCK_END",
        "PAY_LOCK_START", "PAY_LOCK_META", "AUTHORIZED", "PAY_LOCK_END", "COMPLETED",
    ]  # fmt: skip
    assert [event["id"] for event in session["events"]] == [str(number) for number in range(1, 19)]
    assert all(event["request_id"] and event["created_at"] for event in session["events"])
