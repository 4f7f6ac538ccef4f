"""What a transaction shows, what may be written on it, and what odd bodies its operations take."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kvitt.checkout.model.transaction import Line, Transaction
from kvitt.checkout.rules.shares import vat_in

from .conftest import SUCCESS

Body = Callable[..., dict[str, Any]]
SYSTEM = {"Dintero-System-Name": "woocommerce", "dintero-system-plugin-version": "2.1"}
ADDRESS = {"first_name": "Kari", "last_name": "Nordmann", "postal_code": "0150", "country": "NO"}
SHIPPING = {
    "id": "post", "line_id": "post-1", "title": "Hjemlevering", "operator": "Posten", "amount": 3900,
    "vat_amount": 780, "vat": 25,
}  # fmt: skip
LAMP = {
    "id": "LAMP-1", "line_id": "1", "description": "Lampe", "quantity": 2, "amount": 48400, "vat": 25,
    "vat_amount": 9680, "splits": [{"payout_destination_id": "seller-7", "amount": 40000}],
}  # fmt: skip
DOCUMENTED = {
    "id", "created_at", "updated_at", "session_id", "session", "payment_product", "payment_product_type", "amount",
    "currency", "merchant_reference", "merchant_reference_2", "channel", "platform_type", "dynamic_descriptor",
    "payout_destination_id", "payment_operation", "status", "settlement_status", "customer", "customer_ip",
    "user_agent", "initiating_system_request_headers", "shipping_address", "billing_address", "shipping_option",
    "store", "gift_cards", "checkboxes", "items", "url", "events", "metadata", "card", "verified_identity",
}  # fmt: skip


async def paid(shop: Any, http: Any, sent: dict[str, Any]) -> str:
    """The address of a paid session's transaction."""
    created = await shop.post("/v1/sessions-profile", sent, headers=SYSTEM)
    assert created.status_code == 200, created.text
    sid = created.json()["id"]
    card = {"number": SUCCESS, "expiry": "12/34", "cvc": "123"}
    paying = {"payment_product_type": "dintero_psp.creditcard", "card": card}
    answer = await http.post(f"/v1/sessions/{sid}/pay", json=paying)
    return f"/v1/transactions/{answer.json()['transaction_id']}"


def rich(body: Body) -> dict[str, Any]:
    """A session that says everything that its transaction shows again."""
    return body(
        order__amount=52300, order__vat_amount=10460, order__items=[LAMP], order__shipping_option=SHIPPING,
        order__merchant_reference_2="POS-77", order__event_reference="BATCH-7", order__payout_destination_id="seller-1",
        order__shipping_address=ADDRESS, order__billing_address=ADDRESS, order__store={"id": "web-no", "name": "Nett"},
        customer={"customer_id": "c-81", "email": "kari@example.no", "phone_number": "+4740230256"},
        merchant={
            "name": "Demo AS", "country": "NO", "merchant_category_code": "5732", "platform_type": "marketplace",
        },
        configuration={"dintero_psp": {"creditcard": {"enabled": True, "dynamic_descriptor": "DEMO*LAMPE"}}},
        checkboxes=[{"id": 1, "label": "Nyhetsbrev", "checked": True}], metadata={"ext_source": "demo"},
        url__callback_url="https://shop.example/hook?report_error=true",
    )  # fmt: skip


async def test_a_transaction_shows_what_its_session_said(shop: Any, http: Any, body: Body) -> None:
    sent = rich(body)
    transaction = (await shop.get(await paid(shop, http, sent))).json()
    order = sent["order"]
    for name in (
        "currency", "merchant_reference", "merchant_reference_2", "payout_destination_id", "shipping_address",
        "billing_address", "shipping_option", "store",
    ):  # fmt: skip
        assert transaction[name] == order[name], name
    shipping = {
        "id": "post", "line_id": "post-1", "description": "Hjemlevering", "quantity": 1, "amount": 3900,
        "vat_amount": 780, "vat": 25, "type": "shipping",
    }  # fmt: skip
    assert transaction["items"] == [LAMP, shipping]
    assert transaction["customer"] == sent["customer"]
    assert transaction["checkboxes"] == sent["checkboxes"]
    assert transaction["url"] == {
        "redirect_url": sent["url"]["return_url"], "callback_url": sent["url"]["callback_url"]
    }  # fmt: skip
    assert transaction["metadata"] == {
        "ext_source": "demo", "event_reference": "BATCH-7", "merchant_name": "Demo AS", "merchant_country": "NO",
        "merchant_category_code": "5732", "session:profile_id": transaction["metadata"]["session:profile_id"],
    }  # fmt: skip
    assert (transaction["channel"], transaction["platform_type"]) == ("ecommerce", "marketplace")
    assert transaction["dynamic_descriptor"] == "DEMO*LAMPE"
    assert (transaction["payment_product"], transaction["settlement_status"]) == ("dintero_psp", "NOT_SETTLED")
    assert set(transaction) <= DOCUMENTED | {"authorization_expires_at"}


async def test_a_card_shows_its_bank_and_what_the_acquirer_calls_the_payment(shop: Any, http: Any, body: Body) -> None:
    path = await paid(shop, http, body())
    card = (await shop.get(path)).json()["card"]
    numbers = {
        name: card.pop(name) for name in ("acquirer_stan", "three_ds_server_trans_id", "acquirer_transaction_time")
    }
    assert card == {
        "brand": "Visa", "masked_pan": "400000******0002", "expiry_date": "12/2034", "type": "Credit",
        "region": "domestic", "country": "NO", "product_platform": "consumer", "issuing_bank": "Sandbox Bank",
        "acquirer_transaction_type": "3DSECURE", "acquirer_terminal_id": "KVITT001", "authentication_status": "Y",
        "three_ds_version": "2.2.0", "eci": "05",
    }  # fmt: skip
    assert len(numbers["acquirer_stan"]) == 6
    await shop.post(f"{path}/capture", {"amount": 100})
    assert (await shop.get(path)).json()["card"] == card | numbers


async def test_every_documented_member_has_its_place(server: Any) -> None:
    assert set(Transaction.__struct_fields__) >= DOCUMENTED


async def test_a_capture_tells_the_vat_and_the_sellers_parts_of_its_lines(shop: Any, http: Any, body: Body) -> None:
    path = await paid(shop, http, rich(body))
    line = {"line_id": "1", "amount": 24200, "vat": 25, "splits": LAMP["splits"]}
    sent = {"amount": 24200, "items": [line, {"line_id": "x", "amount": 0, "vat": 0, "splits": LAMP["splits"]}]}
    captured = (await shop.post(f"{path}/capture", sent)).json()["events"][-1]
    assert captured["calculated_vat_amount"] == 4840
    assert captured["splits"] == [{"payout_destination_id": "seller-7", "amount": 80000}]
    rest = (await shop.post(f"{path}/capture", {"amount": 28100})).json()["events"][-1]
    assert "calculated_vat_amount" not in rest  # nobody said which lines these are
    refunded = (await shop.post(f"{path}/refund", {"amount": 52300})).json()["events"][-1]
    assert refunded["calculated_vat_amount"] == 9680 + 780
    assert refunded["splits"] == LAMP["splits"]


@pytest.mark.parametrize(
    ("lines", "vat"),
    [
        ((), None),
        ((Line("1", 100, vat=25), Line("2", 100)), None),
        ((Line("1", 125, vat=25), Line("2", 100, vat_amount=7)), 32),
        ((Line("1", -125, vat=25.0),), -25),
        ((Line("1", 125, vat=-25),), None),
        ((Line("1", 125, vat=1e300),), None),
    ],
)
def test_vat_is_told_when_every_line_says_it(lines: tuple[Line, ...], vat: int | None) -> None:
    assert vat_in(lines) == vat


async def test_an_operation_that_failed_says_how_the_transaction_stands(
    shop: Any, http: Any, body: Body, server: Any
) -> None:
    path = await paid(shop, http, body())
    await shop.post(f"{path}/capture", {"amount": 10000})
    rule = {"fault": "decline", "error": "DECLINED", "match": {"verb": "refund"}}
    scripted = await shop.post(f"/v1/accounts/{shop.account_id}/sandbox/faults", rule)
    assert scripted.status_code == 200, scripted.text
    refused = await shop.post(f"{path}/refund", {"amount": 4000})
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "PROVIDER_DECLINED")
    event = (await shop.get(path)).json()["events"][-1]
    assert (event["event"], event["success"], event["transaction_status"]) == ("REFUND", False, "PARTIALLY_CAPTURED")
    assert event["correction"] == {
        "status": "PARTIALLY_CAPTURED", "remaining_capture_amount": 29800, "remaining_refund_amount": 10000,
        "remaining_void_amount": 29800,
    }  # fmt: skip


# includes


async def test_what_includes_brings(shop: Any, http: Any, body: Body) -> None:
    path = await paid(shop, http, body())
    bare = (await shop.get(path)).json()
    assert "initiating_system_request_headers" not in bare
    assert "session" not in bare
    assert not any("request_headers" in event for event in bare["events"])
    query = "includes=session&includes=events.request_headers&includes=initiating_system_request_headers"
    whole = (await shop.get(f"{path}?{query}")).json()
    assert whole["initiating_system_request_headers"]["dintero-system-name"] == "woocommerce"
    assert whole["session"]["id"] == whole["session_id"]
    assert len(whole["session"]["events"]) > 3
    latest = (await shop.get(f"{path}?includes=session.events.latest")).json()
    assert len(latest["session"]["events"]) == 1
    assert latest["session"]["events"][0]["id"] == whole["session"]["events"][-1]["id"]
    assert (await shop.get(f"{path}?includes=something.else&unheard_of=1")).json() == bare


async def test_only_what_succeeded_is_shown_when_that_is_asked_for(shop: Any, http: Any, body: Body) -> None:
    sid = (await shop.post("/v1/sessions-profile", body())).json()["id"]
    for number in ("4100000000000076", SUCCESS):
        card = {"number": number, "expiry": "12/34", "cvc": "123"}
        paying = {"payment_product_type": "dintero_psp.creditcard", "card": card}
        await http.post(f"/v1/sessions/{sid}/pay", json=paying)
    path = f"/v1/transactions/{(await shop.get(f'/v1/sessions/{sid}')).json()['transaction_id']}"
    assert [event["success"] for event in (await shop.get(path)).json()["events"]] == [True, False, True]
    shown = (await shop.get(f"{path}?includes=events.success.true")).json()
    assert [event["id"] for event in shown["events"]] == ["1", "3"]


@pytest.mark.parametrize("verb", ["capture", "refund", "void"])
async def test_operations_take_includes_and_show_the_headers_anyway(
    shop: Any, http: Any, body: Body, verb: str
) -> None:
    path = await paid(shop, http, body())
    if verb == "refund":
        await shop.post(f"{path}/capture", {"amount": 39800})
    query = "includes=events.request_headers&includes=initiating_system_request_headers"
    sent = None if verb == "void" else {"amount": 39800}
    answer = await shop.post(f"{path}/{verb}?{query}", sent, headers=SYSTEM)
    assert answer.status_code == 200, answer.text
    assert answer.json()["initiating_system_request_headers"]["dintero-system-name"] == "woocommerce"
    assert answer.json()["events"][-1]["request_headers"]["dintero-system-plugin-version"] == "2.1"


# what operations take


async def test_references_become_the_events_own(shop: Any, http: Any, body: Body) -> None:
    path = await paid(shop, http, body(order__event_reference="BATCH-7"))
    first = (await shop.post(f"{path}/capture", {"amount": 10000, "capture_reference": "SHIP-1"})).json()
    again = (await shop.post(f"{path}/capture", {"amount": 10000, "capture_reference": "SHIP-1"})).json()
    assert len(again["events"]) == len(first["events"]) + 1  # a label, and no key
    back = (await shop.post(f"{path}/refund", {"amount": 5000, "refund_reference": "RET-1"})).json()
    none = (await shop.post(f"{path}/refund", {"amount": 5000})).json()
    told = [event.get("event_reference") for event in none["events"][1:]]
    assert told == ["BATCH-7", "SHIP-1", "SHIP-1", "RET-1", "BATCH-7"]
    assert back["events"][-1]["event_reference"] == "RET-1"


async def test_lines_that_the_session_does_not_know_are_taken(shop: Any, http: Any, body: Body) -> None:
    path = await paid(shop, http, body())
    items = [{"line_id": "1", "amount": 39799}, {"line_id": "rounding-fee", "amount": 2, "id": "rounding-fee"}]
    captured = await shop.post(f"{path}/capture", {"amount": 39800, "items": items})
    assert captured.status_code == 200
    assert captured.json()["events"][-1]["items"] == items


@pytest.mark.parametrize("verb", ["capture", "refund"])
@pytest.mark.parametrize(
    ("sent", "path"),
    [
        ({}, "amount"),
        ({"amount": 0}, "amount"),
        ({"amount": -1}, "amount"),
        ({"amount": 100.5}, "amount"),
        ({"amount": "100"}, "amount"),
        ({"amount": None}, "amount"),
        ({"amount": 100, "items": [{"amount": 100}]}, "items.0.line_id"),
        ({"amount": 100, "items": [{"line_id": "1"}]}, "items.0.amount"),
        ({"amount": 100, "metadata": {"parcel": "A1"}}, "metadata"),
        ({"amount": 100, "metadata": {"ext_" + "k" * 125: "A1"}}, "metadata"),
        ({"amount": 100, "metadata": {"ext_parcel": "v" * 257}}, "metadata.ext_parcel"),
        ({"amount": 100, "metadata": {"ext_parcel": 1}}, "metadata.ext_parcel"),
        ({"amount": 100, "metadata": {"ext_parcel": "a\u0000b"}}, "metadata.ext_parcel"),
    ],
)
async def test_what_cannot_be_captured_or_refunded_is_refused_by_its_path(
    shop: Any, http: Any, body: Body, verb: str, sent: dict[str, Any], path: str
) -> None:
    transaction = await paid(shop, http, body())
    await shop.post(f"{transaction}/capture", {"amount": 1000})
    refused = await shop.post(f"{transaction}/{verb}", sent)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "INVALID_REQUEST_PARAMETER")
    assert [fault["path"][: len(path)] for fault in refused.json()["error"]["errors"]] == [path]
    assert len((await shop.get(transaction)).json()["events"]) == 3


async def test_the_longest_notes_are_taken(shop: Any, http: Any, body: Body) -> None:
    path = await paid(shop, http, body())
    notes = {"ext_" + "k" * 124: "v" * 256}
    captured = await shop.post(f"{path}/capture", {"amount": 100, "metadata": notes})
    assert (captured.status_code, captured.json()["events"][-1]["metadata"]) == (200, notes)


async def test_a_magento_shop_sends_its_id_and_amounts_with_a_fraction(shop: Any, http: Any, body: Body) -> None:
    path = await paid(shop, http, body())
    id = path.rpartition("/")[2]
    captured = await shop.http.post(
        f"{path}/capture", content=f'{{"id": "{id}", "amount": 29990.0, "items": [], "capture_reference": "1"}}'
    )
    assert (captured.status_code, captured.json()["events"][-1]["amount"]) == (200, 29990)
    refunded = await shop.http.post(f"{path}/refund", content=f'{{"id": "{id}", "amount": 29989.999999999996}}')
    assert (refunded.status_code, refunded.json()["events"][-1]["amount"]) == (200, 29990)


# the second reference


async def test_the_second_reference_is_changed_in_any_status_and_the_log_tells_it(
    shop: Any, http: Any, body: Body, server: Any
) -> None:
    path = await paid(shop, http, body())
    shown = f"{path}?includes=events.request_headers&includes=initiating_system_request_headers"
    before = (await shop.get(shown)).json()
    sent = {"merchant_reference_2": "POS-78", "merchant_reference": "MINE", "amount": 1, "status": "CAPTURED"}
    changed = await shop.put(path, sent)
    assert changed.status_code == 200, changed.text
    kept = before | {"merchant_reference_2": "POS-78", "updated_at": changed.json()["updated_at"]}
    assert changed.json() == kept == (await shop.get(shown)).json()
    await shop.post(f"{path}/void")
    assert (await shop.put(path, {"merchant_reference_2": "POS-79"})).json()["status"] == "AUTHORIZATION_VOIDED"
    assert (await shop.put(path, {"merchant_reference_2": "POS-79"})).status_code == 200  # once more: nothing to tell
    assert "merchant_reference_2" not in (await shop.put(path, {"merchant_reference_2": None})).json()
    assert await told(server, shop.account_id) == ["POS-78", "POS-79", None]


async def told(server: Any, account_id: str) -> list[str | None]:
    """The second references that the log tells of, oldest first."""

    async def run(connection: Any) -> list[str | None]:
        rows = await connection.fetch(
            "select data::jsonb->>'merchant_reference_2' from log where account_id = $1 "
            "and type = 'transaction.updated' order by version",
            account_id,
        )
        return [row[0] for row in rows]

    found: list[str | None] = await server.store._lines.run(run)
    return found


@pytest.mark.parametrize(
    "sent",
    [{}, None, [], {"merchant_reference_2": 7}, {"merchant_reference_2": "x" * 256}, {"merchant_reference": "A"}],
)
async def test_a_second_reference_that_is_none_is_refused(shop: Any, http: Any, body: Body, sent: Any) -> None:
    path = await paid(shop, http, body(order__merchant_reference_2="POS-77"))
    refused = await shop.put(path, sent)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "INVALID_REQUEST_PARAMETER")
    assert (await shop.get(path)).json()["merchant_reference_2"] == "POS-77"


async def test_the_second_reference_of_another_shops_transaction_is_not_found(
    shop: Any, http: Any, body: Body, server: Any
) -> None:
    path = await paid(shop, http, body())
    async with server.shop(f"T9{shop.account_id[2:]}", scopes=["admin:checkout"]) as stranger:
        refused = await stranger.put(path, {"merchant_reference_2": "STOLEN"})
    assert refused.status_code == 404
    assert "merchant_reference_2" not in (await shop.get(path)).json()
