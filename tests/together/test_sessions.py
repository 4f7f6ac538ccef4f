"""An order's sessions through the front door: what the customer is asked to pay, and what the order keeps of it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from kvitt import customer
from kvitt.orders.model import sessions as limits
from kvitt.orders.rules import sessions as rules
from kvitt.together import rules as together_rules

CUSTOMER = {"customer_id": "c-81", "email": "kari@example.no", "phone_number": "+4740230256", "first_name": "Kari"}
ADDRESS = {"first_name": "Kari", "address_line": "Storgata 1", "postal_code": "0155", "postal_place": "Oslo",
           "country": "NO", "comment": "Ring twice"}  # fmt: skip
STORE = {"id": "oslo", "name": "Oslo", "address": {"address_line": "Storgata 2", "latitude": 59.9}, "mcc": "5712"}


def paths(answer: Any) -> list[str | None]:
    return [fault.get("path") for fault in answer.json()["error"]["errors"]]


def refused(answer: Any, status: int, *where: str) -> dict[str, Any]:
    """With faults at these places; with none the refusal is of no place in the body."""
    assert answer.status_code == status, answer.text
    assert paths(answer) == list(where or [None]), answer.text
    return answer.json()["error"]["errors"][0].get("details") if where else {}


async def checkout_session(shop: Any, id: str) -> dict[str, Any]:
    answer = await shop.get(f"/v1/sessions/{id}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def order_now(shop: Any, order: dict[str, Any]) -> dict[str, Any]:
    return (await shop.get(f"{shop.shopping}/orders/{order['id']}")).json()


async def register(shop: Any, order: dict[str, Any], verb: str, *parts: tuple[int, int], **more: Any) -> Any:
    sent = {"items": [{"line_id": line_id, "amount": amount} for line_id, amount in parts], **more}
    answer = await shop.post(f"{shop.shopping}/orders/{order['id']}/{verb}", sent)
    assert answer.status_code == 200, answer.text
    return answer.json()


# -- the whole way ----------------------------------------------------------------------------------------------------


async def test_an_order_is_paid_by_a_session_of_its_lines_and_the_authorization_is_registered(shop, sell, ask):
    order = await sell(options={"generate_order_id": "ALPHANUMERIC_9"})
    made = (await ask(order, 1, 2)).json()
    paid = await customer.pay(made["url"])
    transaction = (await shop.get(f"/v1/transactions/{paid.transaction_id}")).json()
    assert (transaction["status"], transaction["merchant_reference"]) == ("AUTHORIZED", order["order_id"])
    assert (transaction["session_id"], transaction["amount"]) == (made["id"], 49800)
    assert [(item["line_id"], item["amount"]) for item in transaction["items"]] == [("1", 39800), ("2", 10000)]
    parts = [(int(item["line_id"]), item["amount"]) for item in made["items"]]
    details = {"payment_details": {"payment_id": paid.transaction_id}}
    await register(shop, order, "authorizations", *parts, **details)
    now = await order_now(shop, order)
    assert now["remaining"]["left"]["capture"] == 49800
    assert now["sessions"] == [made]
    refused(await ask(order, 1), 409, "items.0.line_id")


async def test_the_answer_says_what_is_paid_and_where(shop, sell, ask):
    order = await sell()
    more = {"processed_at": "2026-07-01T09:00:00Z", "metadata": {"till": {"number": 3}}}
    answer = await ask(order, 1, {"line_id": "2", "amount": 4000}, **more)
    assert answer.status_code == 200, answer.text
    made = answer.json()
    assert made["items"] == [{"line_id": "1", "amount": 39800}, {"line_id": "2", "amount": 4000}]
    assert (made["amount"], made["created_by"] != "", len(made["id"]) <= 40) == (43800, True, True)
    assert made["url"].endswith(f"/v1/view/{made['id']}")
    assert made["_links"] == [{"href": made["url"], "rel": "session_link"}]
    assert more.items() <= made.items()
    root = f"{shop.shopping}/orders/{order['id']}"
    assert (await shop.get(f"{root}/sessions")).json() == {"sessions": [made]}
    assert (await shop.get(f"{root}/sessions/{made['id']}")).json() == made
    second = (await ask(order, 2)).json()
    assert (await shop.get(f"{root}/sessions")).json() == {"sessions": [made, second]}
    assert (await shop.get(f"{root}/sessions/{second['id']}")).json() == second
    assert (await shop.get(f"{root}/sessions/{second['id']}x")).status_code == 404


async def test_the_checkout_session_holds_the_order_s_lines_customer_addresses_and_store(shop, sell, ask):
    items = [
        {"line_id": 7, "id": "chair", "description": "Stol", "description_alias": "S", "quantity": 1.5,
         "gross_amount": 1000, "net_amount": 900, "tax_lines": [{"amount": 180, "percentage": 25}], "store": STORE},
        {"line_id": 8, "id": "meal", "description_alias": "Mat", "gross_amount": 230,
         "tax_lines": [{"amount": 15, "percentage": 15}, {"amount": 25, "percentage": 25}]},
        {"line_id": 9, "id": "toll", "gross_amount": 50,
         "tax_lines": [{"amount": 5, "percentage": 12.5, "included_in_price": False}]},
    ]  # fmt: skip
    about = {"customer": CUSTOMER, "billing_address": ADDRESS, "shipping_address": ADDRESS, "store": STORE}
    order = await sell(*items, **about)
    splits = [{"payout_destination_id": "seller", "amount": 100}]
    more = {"url": {"return_url": "https://shop.example/", "callback_url": "https://shop.example/cb?method=POST",
                    "merchant_terms_url": "https://shop.example/terms"}}  # fmt: skip
    made = (await ask(order, {"line_id": 7, "splits": splits}, 8, 9, **more)).json()
    assert made["items"][0] == {"line_id": "7", "amount": 900, "splits": splits}
    session = await checkout_session(shop, made["id"])
    shown_store = {**STORE, "address": {"address_line": "Storgata 2"}}
    assert session["order"] == {
        "amount": 1180,
        "currency": "NOK",
        "merchant_reference": order["order_id"],
        "vat_amount": 220,
        "shipping_address": ADDRESS,
        "billing_address": ADDRESS,
        "store": shown_store,
        "items": [
            {"id": "chair", "line_id": "7", "description": "Stol", "quantity": 1.5, "amount": 900, "vat": 25,
             "vat_amount": 180, "splits": splits, "store": shown_store},
            {"id": "meal", "line_id": "8", "description": "Mat", "quantity": 1, "amount": 230, "vat_amount": 40},
            {"id": "toll", "line_id": "9", "quantity": 1, "amount": 50},
        ],
    }  # fmt: skip
    assert session["customer"] == {k: CUSTOMER[k] for k in ("customer_id", "email", "phone_number")}
    assert session["url"] == more["url"]
    assert session["metadata"]["session:profile_id"]


async def test_a_part_of_a_line_is_shown_with_that_part_of_its_tax(shop, sell, ask):
    line = {"line_id": 1, "id": "a", "gross_amount": 1000, "tax_lines": [{"amount": 201, "percentage": 25.25}]}
    session = await checkout_session(shop, (await ask(await sell(line), {"line_id": "1", "amount": 500})).json()["id"])
    (item,) = session["order"]["items"]
    assert (item["amount"], item["vat"], item["vat_amount"]) == (500, 25.25, 101)


async def test_the_customer_s_own_id_stands_in_for_a_customer_id(shop, sell, ask):
    order = await sell(customer={"id": "own", "email": "a@b.no"})
    session = await checkout_session(shop, (await ask(order)).json()["id"])
    assert session["customer"] == {"customer_id": "own", "email": "a@b.no"}


async def test_express_goes_to_the_checkout(shop, sell, ask):
    express = {"shipping_mode": "shipping_not_required", "shipping_options": []}
    made = (await ask(await sell(), express=express)).json()
    assert (await checkout_session(shop, made["id"]))["express"] == express
    callback = {"shipping_address_callback_url": "ftp://shop.example/"}
    refused(await ask(await sell(), express=callback), 400, "express.shipping_address_callback_url")


async def test_what_is_left_of_a_line_is_asked_when_several_authorizations_are_taken(shop, sell, ask):
    order = await sell(options={"multiple_authorizations": True})
    await register(shop, order, "authorizations", (1, 30000))
    assert (await ask(order, 1)).json()["items"] == [{"line_id": "1", "amount": 9800}]
    details = refused(await ask(order, {"line_id": "1", "amount": 9801}), 409, "items.0.amount")
    assert details == {"line_id": 1, "requested": 9801, "left": 9800}
    await register(shop, order, "authorizations", (1, 9800))
    refused(await ask(order, 1), 409, "items.0.amount")
    assert (await ask(order, 2)).status_code == 200


async def test_a_reversal_may_be_in_it_as_long_as_something_is_to_be_paid(shop, sell, ask):
    order = await sell()
    back = {"line_id": 3, "id": "back", "gross_amount": -10000, "tax_lines": [{"amount": -2000, "percentage": 25}],
            "reversed_reason": "Replace item", "related_item": {"line_id": 2, "type": "reversed"}}  # fmt: skip
    draft = {"order": {"currency": "NOK", "items": [back]}, "options": {"order_id": order["id"]}}
    made = (await shop.post(f"{shop.shopping}/draft_orders", draft)).json()
    assert (await shop.put(f"{shop.shopping}/draft_orders/{made['id']}/complete")).status_code == 200
    session = (await ask(order, 1, 3)).json()
    assert (session["amount"], session["items"][1]) == (29800, {"line_id": "3", "amount": -10000})
    assert (await shop.get(session["url"])).status_code == 200
    order_of_session = (await checkout_session(shop, session["id"]))["order"]
    assert (order_of_session["vat_amount"], order_of_session["items"][1]["vat_amount"]) == (5960, -2000)
    assert refused(await ask(order, 2, 3), 400, "items") == {"requested": 0}
    assert refused(await ask(order, 3), 400, "items") == {"requested": -10000}
    refused(await ask(order, 1, {"line_id": "3", "amount": 1}), 400, "items.1.amount")


async def test_two_sessions_of_one_line_may_be_open_and_the_line_is_authorized_once(shop, sell, ask):
    order = await sell()
    first, second = [(await ask(order, 1)).json() for _ in range(2)]
    assert first["id"] != second["id"]
    await register(shop, order, "authorizations", (1, 39800))
    again = await shop.post(
        f"{shop.shopping}/orders/{order['id']}/authorizations", {"items": [{"line_id": 1, "amount": 39800}]}
    )
    assert again.status_code == 409


# -- refusals ---------------------------------------------------------------------------------------------------------


MALFORMED = [
    ({"items": []}, "items"),
    ({"items": None}, "items"),
    ({"items": [{}]}, "items.0.line_id"),
    ({"items": [{"line_id": ""}]}, "items.0.line_id"),
    ({"items": [{"line_id": "9"}]}, "items.0.line_id"),
    ({"items": [{"line_id": "01"}]}, "items.0.line_id"),
    ({"items": [{"line_id": " 1"}]}, "items.0.line_id"),
    ({"items": [{"line_id": "١"}]}, "items.0.line_id"),
    ({"items": [{"line_id": 9}]}, "items.0.line_id"),
    ({"items": [{"line_id": True}]}, "items.0.line_id"),
    ({"items": [{"line_id": 1.5}]}, "items.0.line_id"),
    ({"items": [{"line_id": -1}]}, "items.0.line_id"),
    ({"items": [{"line_id": "1", "amount": 0}]}, "items.0.amount"),
    ({"items": [{"line_id": "1", "amount": -1}]}, "items.0.amount"),
    ({"items": [{"line_id": "1", "amount": "1"}]}, "items.0.amount"),
    ({"items": [{"line_id": "1", "amount": 10**12}]}, "items.0.amount"),
    ({"items": [{"line_id": "1", "splits": [{"amount": 1}]}]}, "items.0.splits.0.payout_destination_id"),
    ({"profile_id": None}, "profile_id"),
    ({"profile_id": "gold"}, "profile_id"),
    ({"url": None}, "url"),
    ({"url": {}}, "url.return_url"),
    ({"url": {"return_url": "javascript:alert(1)"}}, "url.return_url"),
    ({"url": {"return_url": "https://a.example", "callback_url": "ftp://a"}}, "url.callback_url"),
    ({"processed_at": "yesterday"}, "processed_at"),
    ({"metadata": {"a": "\0"}}, "metadata.a"),
]


@pytest.mark.parametrize(("change", "where"), MALFORMED)
async def test_a_malformed_request_is_refused_with_its_place_and_leaves_nothing(shop, sell, ask, store, change, where):
    order = await sell()
    refused(await ask(order, **change), 400, where)
    assert await order_now(shop, order) == order
    events = (await store.feed(shop.account_id, None, 100))[0]
    assert [event.type for event in events if event.object_type in ("order", "session")] == ["order.created"]


async def test_a_line_is_named_once(sell, ask):
    refused(await ask(await sell(), "1", 1), 400, "items.0.line_id", "items.1.line_id")


async def test_more_than_a_line_costs_is_refused_with_what_is_left(sell, ask):
    answer = await ask(await sell(), 2, {"line_id": "1", "amount": 39801})
    assert refused(answer, 409, "items.1.amount") == {"line_id": 1, "requested": 39801, "left": 39800}


async def test_an_order_that_is_cancelled_or_closed_takes_no_session(shop, sell, ask):
    for verb in ("cancel", "close"):
        order = await sell()
        assert (await shop.post(f"{shop.shopping}/orders/{order['id']}/{verb}")).status_code == 200
        answer = await ask(order)
        refused(answer, 409)
        assert "no new sessions" in answer.json()["error"]["message"]


async def test_lines_that_cost_nothing_make_no_session_alone(sell, ask):
    free = {"line_id": 1, "id": "free", "gross_amount": 0, "tax_lines": []}
    order = await sell(free, {**free, "line_id": 2, "gross_amount": 10})
    assert refused(await ask(order, 1), 400, "items") == {"requested": 0}
    assert (await ask(order, 1, 2)).json()["amount"] == 10


async def test_more_than_any_amount_can_be_is_not_asked_at_once(sell, ask):
    most = {"id": "most", "gross_amount": 999_999_999_999, "tax_lines": []}
    order = await sell({**most, "line_id": 1}, {**most, "line_id": 2})
    refused(await ask(order, 1, 2), 400, "items")
    assert (await ask(order, 2)).status_code == 200


@pytest.mark.parametrize("taxes", [[[999_999_999_999, 1]], [[999_999_999_999], [1]]])
async def test_taxes_beyond_any_amount_make_no_session(shop, sell, ask, taxes):
    rates = [[{"amount": tax, "percentage": 25} for tax in each] for each in taxes]
    lines = [{"line_id": n, "id": "x", "gross_amount": 10, "tax_lines": each} for n, each in enumerate(rates)]
    order = await sell(*lines)
    refused(await ask(order, *range(len(lines))), 400, "items")
    assert "sessions" not in await order_now(shop, order)


async def test_sessions_of_an_order_are_bounded(sell, ask, monkeypatch):
    assert limits.MAX_SESSIONS == 100
    monkeypatch.setattr(rules, "MAX_SESSIONS", 2)
    order = await sell()
    assert [(await ask(order)).status_code for _ in range(3)] == [200, 200, 409]


async def test_a_session_is_no_larger_than_one_that_a_shop_may_send_itself(shop, sell, ask, monkeypatch):
    monkeypatch.setattr(together_rules, "MAX_SIZE", 2_000)
    order = await sell(*[{"line_id": n, "id": "x" * 100, "gross_amount": 1, "tax_lines": []} for n in range(20)])
    refused(await ask(order, *range(20)), 400, "items")
    assert (await ask(order, *range(2))).status_code == 200


async def test_an_order_grows_only_so_large_by_sessions(sell, ask, monkeypatch):
    from kvitt.orders.flows import sessions as flow
    from kvitt.orders.rules import size

    monkeypatch.setattr(flow, "refuse_larger", lambda put: size.refuse_larger(put, 3_000))
    refused(await ask(await sell(), metadata={"note": "x" * 3_000}), 409)


# -- who, and which version -------------------------------------------------------------------------------------------


async def test_what_is_not_there_is_404(shop, sell, ask):
    order, other = await sell(), await sell()
    made = (await ask(order)).json()
    root = f"{shop.shopping}/orders"
    assert (await ask({"id": "none"})).status_code == 404
    for path in ("none/sessions", f"none/sessions/{made['id']}", f"{other['id']}/sessions/{made['id']}"):
        assert (await shop.get(f"{root}/{path}")).status_code == 404
    assert (await shop.get(f"{root}/{other['id']}/sessions")).json() == {"sessions": []}
    assert (await shop.get(f"{root}/{order['order_id']}/sessions/{made['id']}")).json() == made


async def test_another_account_sees_and_starts_nothing(server, shop, sell, ask, body, account_id):
    order = await sell()
    made = (await ask(order)).json()
    stranger_id = f"T{(int(account_id[1:]) + 10_000_000) % 100_000_000:08d}"
    async with server.shop(stranger_id, scopes=["admin:shopping", "admin:checkout"]) as stranger:
        for root, status in ((stranger.shopping, 404), (shop.shopping, 403)):
            path = f"{root}/orders/{order['id']}/sessions"
            for answer in (
                await stranger.post(path, body()),
                await stranger.get(path),
                await stranger.get(f"{path}/{made['id']}"),
            ):
                assert answer.status_code == status, answer.text
        theirs = (await stranger.get("/v1/admin/session/profiles")).json()[0]["id"]
    refused(await ask(order, profile_id=theirs), 400, "profile_id")


@pytest.mark.parametrize(
    ("scope", "writes", "reads"),
    [
        ("write:shopping", 200, 403),
        ("read:shopping", 403, 200),
        ("admin:shopping", 200, 200),
        ("admin:checkout", 403, 403),
    ],
)
async def test_writing_needs_write_and_reading_read(server, shop, sell, ask, body, scope, writes, reads):
    order = await sell()
    made = (await ask(order)).json()
    client, secret = await server.app.accounts.create_client(shop.account_id, "One scope", [scope])
    token = await shop.http.post(
        f"/v1/accounts/{shop.account_id}/auth/token",
        auth=(client.client_id, secret),
        json={"grant_type": "client_credentials", "audience": f"https://x/v1/accounts/{shop.account_id}"},
    )
    headers = {"Authorization": f"Bearer {token.json()['access_token']}"}
    path = f"{shop.shopping}/orders/{order['id']}/sessions"
    assert (await shop.post(path, body(), headers=headers)).status_code == writes
    for read in (path, f"{path}/{made['id']}"):
        assert (await shop.get(read, headers=headers)).status_code == reads


async def test_a_stale_version_is_refused_and_the_current_one_named(shop, sell, ask):
    order = await sell()
    assert (await ask(order, headers={"If-Match": '"1"'})).status_code == 200
    answer = await ask(order, headers={"If-Match": '"1"'})
    assert answer.json()["error"]["code"] == "STALE_VERSION"
    assert refused(answer, 409, "version") == {"requested": 1, "version": 2}
    assert (await order_now(shop, order))["version"] == 2


async def test_one_key_makes_one_session_however_often_it_is_sent(shop, sell, ask):
    order, headers = await sell(), {"Idempotency-Key": "a session"}
    answers = await asyncio.gather(*[ask(order, headers=headers) for _ in range(8)])
    assert {answer.status_code for answer in answers} <= {200, 409}
    (made,) = {answer.content for answer in answers if answer.status_code == 200}
    again = await ask(order, headers=headers)
    assert (again.content, again.headers["idempotent-replayed"]) == (made, "true")
    assert len((await order_now(shop, order))["sessions"]) == 1
    assert (await ask(order, 2, headers=headers)).status_code == 422


async def test_sessions_that_are_started_at_once_are_all_kept(shop, sell, ask):
    order = await sell()
    answers = await asyncio.gather(*[ask(order, 1 + n % 2) for n in range(8)])
    made = {answer.json()["id"] for answer in answers if answer.status_code == 200}
    assert len(made) == 8
    now = await order_now(shop, order)
    assert ({session["id"] for session in now["sessions"]}, now["version"]) == (made, 9)


async def test_a_session_and_an_authorization_at_once_leave_no_session_of_what_is_authorized(shop, sell, ask):
    """Whichever comes first: a session that comes second is refused."""
    order = await sell()
    path = f"{shop.shopping}/orders/{order['id']}/authorizations"
    authorize = shop.post(path, {"items": [{"line_id": 1, "amount": 39800}]})
    started, authorized = await asyncio.gather(ask(order), authorize)
    assert authorized.status_code == 200
    now = await order_now(shop, order)
    assert (started.status_code, len(now.get("sessions", ()))) in ((200, 1), (409, 0))


# -- what else knows of it --------------------------------------------------------------------------------------------


async def test_contract_7_a_session_appends_an_event(shop, sell, ask, store):
    order = await sell()
    made = (await ask(order)).json()
    path = f"{shop.shopping}/orders/{order['id']}"
    answer = (await shop.get(f"{path}/events")).json()
    assert [event["version"] for event in answer["events"]] == [2, 1]
    latest = answer["events"][0]
    assert (latest["event_type"], latest["request"]["path"]) == ("api-event", f"{path}/sessions")
    assert answer["state"] == "pending"
    events = (await store.feed(shop.account_id, None, 100))[0]
    told = [(event.type, event.object_id) for event in events if event.object_type in ("order", "session")]
    assert told == [
        ("order.created", order["id"]),
        ("session.created", made["id"]),
        ("order.session_added", order["id"]),
    ]
    assert made == json.loads(events[-1].data)["session"]


async def test_an_order_with_a_session_is_not_replaced(shop, sell, ask):
    order = await sell()
    options = {"order_id": order["id"], "replace": "order"}
    content = {"currency": "NOK", "items": [{"line_id": 1, "id": "x", "gross_amount": 1, "tax_lines": []}]}
    draft = (await shop.post(f"{shop.shopping}/draft_orders", {"order": content, "options": options})).json()
    assert (await ask(order)).status_code == 200
    path = f"{shop.shopping}/draft_orders/{draft['id']}/complete"
    refused(await shop.put(path, {}), 409, "options.replace")
    assert (await order_now(shop, order))["net_amount"] == 49800


async def test_an_order_with_a_session_outlives_the_time_of_its_draft(shop, ask):
    options = {"order_time_to_live": 60, "split_draft": True}
    items = [{"line_id": n, "id": "x", "gross_amount": 10, "tax_lines": [], "store": {"id": str(n)}} for n in (1, 2)]
    body = {"order": {"currency": "NOK", "items": items}, "options": options}
    draft = (await shop.post(f"{shop.shopping}/draft_orders", body)).json()
    kept, other = (await shop.put(f"{shop.shopping}/draft_orders/{draft['id']}/complete")).json()["orders"]
    assert (await ask(kept, 1)).status_code == 200
    advanced = await shop.post(f"/v1/accounts/{shop.account_id}/sandbox/clock", {"advance": "PT2M"})
    assert advanced.status_code == 200, advanced.text
    async with asyncio.timeout(20):
        while (await shop.get(f"{shop.shopping}/orders/{other['id']}")).status_code != 404:
            await asyncio.sleep(0.05)
    assert (await order_now(shop, kept))["net_amount"] == 10


async def test_an_order_with_sessions_is_read_changed_and_sent_back(shop, sell, ask):
    order = await sell()
    await ask(order, metadata={"rate": 0.1})
    path = f"{shop.shopping}/orders/{order['id']}"
    now = await order_now(shop, order)
    changed = await shop.put(path, {**now, "courier_id": "bike"})
    assert changed.status_code == 200, changed.text
    assert changed.json()["sessions"] == now["sessions"]
    refused(await shop.put(path, {"sessions": []}), 400, "sessions")
