"""The customer of an express session says where the goods go, how, and with which codes; the shop is asked about it."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from typing import Any

import httpx
import pytest

from .buying import DECLINED, OSLO, POST, SHELF, AskedShop, asked_shop, code_of, customer_of, express_body, paths_of
from .conftest import session_body

CODES = {"discounts": {"express_discount_codes": {"enabled": True}}}
CHAIR = session_body()["order"]["items"][0]
BILL = {"allow_different_billing_shipping_address": ["b2c"]}


async def asking(shop: Any, http: Any, asked: AskedShop, *options: dict[str, Any], **changes: Any) -> Any:
    """A session whose shop is asked what it ships."""
    asks = {"shipping_address_callback_url": f"{asked.url}/where?b=2&a=1"}
    return await customer_of(shop, http, express_body(*options, express=asks, **changes))


async def using_codes(shop: Any, http: Any, asked: AskedShop | None = None, most: int | None = 2) -> Any:
    codes: dict[str, Any] = {} if most is None else {"max_count": most}
    if asked is not None:
        codes["callback_url"] = f"{asked.url}/codes"
    return await customer_of(shop, http, express_body(POST, express={"discount_codes": codes}, configuration=CODES))


async def test_an_express_purchase(shop: Any, http: httpx.AsyncClient) -> None:
    buyer = await customer_of(shop, http, express_body(POST, SHELF))
    view = await buyer.view()
    assert view["express"]["shipping_options"] == [POST, SHELF]
    assert (view["express"]["address_required"], view["express"]["option_required"]) == (True, True)
    assert code_of(await buyer.pay()) == (400, "SHIPPING_ADDRESS_MISSING")
    seen = (await buyer.give("shipping_address", OSLO)).json()
    assert seen["order"]["shipping_address"] == OSLO
    assert code_of(await buyer.pay()) == (400, "SHIPPING_OPTION_MISSING")
    seen = (await buyer.give("shipping_option", POST)).json()
    assert (seen["order"]["shipping_option"], seen["order"]["amount"]) == (POST, 39800 + 7900)
    assert seen == await buyer.view()
    paid = await buyer.pay()
    assert paid.status_code == 200
    transaction = (await shop.get(f"/v1/transactions/{paid.json()['transaction_id']}")).json()
    assert transaction["amount"] == 47700
    assert transaction["shipping_address"] == OSLO
    assert transaction["shipping_option"] == POST
    assert [item["line_id"] for item in transaction["items"]] == ["1", "post-1"]
    assert (await buyer.events())[:3] == ["INITIATED", "SET_SHIPPING_ADDRESS", "SET_SHIPPING_OPTION"]
    events = (await buyer.session())["events"]
    assert events[1]["details"] == {"amount": 39800, "shipping_address": OSLO}
    assert events[2]["details"] == {"amount": 47700, "shipping_option": POST}


async def test_the_price_is_the_sessions_whatever_the_browser_says(shop: Any, http: httpx.AsyncClient) -> None:
    buyer = await customer_of(shop, http, express_body(POST, order__vat_amount=7960))
    wanted = {**POST, "amount": 1, "vat_amount": -5000, "title": "Free"}
    seen = (await buyer.give("shipping_option", wanted)).json()
    assert (seen["order"]["amount"], seen["order"]["shipping_option"]) == (47700, POST)
    assert seen["order"]["vat_amount"] == 7960 + 1580  # of its 25 %, since it says no amount


async def test_choosing_again_takes_the_old_price_off(shop: Any, http: httpx.AsyncClient) -> None:
    taxed = {**POST, "vat_amount": 1580}
    buyer = await customer_of(shop, http, express_body(taxed, SHELF))
    order = (await buyer.give("shipping_option", {"id": "post"})).json()["order"]
    assert (order["amount"], order["vat_amount"]) == (47700, 7960 + 1580)
    order = (await buyer.give("shipping_option", {"id": "shelf"})).json()["order"]
    assert (order["amount"], order["vat_amount"]) == (39800, 7960)


@pytest.mark.parametrize(
    ("wanted", "path"),
    [({"id": "gone"}, "id"), ({"id": "post", "line_id": "x"}, "id"), ({"id": "post"}, "line_id")],
)
async def test_only_what_is_offered_can_be_chosen(
    shop: Any, http: httpx.AsyncClient, wanted: dict[str, Any], path: str
) -> None:
    buyer = await customer_of(shop, http, express_body(POST, {**POST, "line_id": "post-2", "amount": 100}))
    answer = await buyer.give("shipping_option", wanted)
    assert (code_of(answer), paths_of(answer)) == ((400, "INVALID_REQUEST_PARAMETER"), [path])
    assert await buyer.events() == ["INITIATED"]
    chosen = (await buyer.give("shipping_option", {"id": "post", "line_id": "post-2"})).json()
    assert chosen["order"]["amount"] == 39900


async def test_an_option_of_other_countries_is_not_offered(shop: Any, http: httpx.AsyncClient) -> None:
    domestic, abroad = {**POST, "countries": ["NO"]}, {**SHELF, "countries": ["SE", "DK"]}
    buyer = await customer_of(shop, http, express_body(domestic, abroad))
    await buyer.give("shipping_option", {"id": "post"})
    seen = (await buyer.give("shipping_address", {**OSLO, "country": "se"})).json()
    assert seen["express"]["shipping_options"] == [abroad]
    assert (seen["order"]["amount"], seen["order"].get("shipping_option")) == (39800, None)
    assert seen["order"]["shipping_address"]["country"] == "SE"
    assert paths_of(await buyer.give("shipping_option", {"id": "post"})) == ["id"]
    seen = (await buyer.give("shipping_address", {**OSLO, "country": "FI"})).json()
    assert seen["express"]["shipping_options"] == []
    answer = await buyer.pay()
    assert (code_of(answer)[1], answer.json()["error"]["message"]) == (
        "SHIPPING_OPTION_MISSING", "The shop does not ship there",
    )  # fmt: skip


async def test_a_session_that_is_not_express_lets_its_customer_choose_nothing(
    shop: Any, http: httpx.AsyncClient
) -> None:
    buyer = await customer_of(shop, http, session_body(order__shipping_address=OSLO))
    for what, body in (
        ("shipping_address", OSLO), ("billing_address", OSLO), ("shipping_option", {"id": "post"}),
        ("discount_codes", {"discount_codes": ["A"]}),
    ):  # fmt: skip
        assert code_of(await buyer.give(what, body)) == (400, "INVALID_OPERATION")
    view = await buyer.view()
    assert "express" not in view
    assert "shipping_address" not in view["order"]
    assert (await buyer.pay()).status_code == 200


async def test_a_session_that_ended_takes_nothing_and_shows_no_address(shop: Any, http: httpx.AsyncClient) -> None:
    buyer = await customer_of(shop, http, express_body(order__shipping_address=OSLO))
    assert (await buyer.view())["order"]["shipping_address"] == OSLO
    assert (await buyer.pay()).status_code == 200
    view = await http.get(f"/v1/view/{buyer.sid}/session")
    assert "Kari" not in view.text
    assert "express" not in view.json()
    assert code_of(await buyer.give("shipping_address", OSLO)) == (400, "SESSION_COMPLETED")
    late = await customer_of(shop, http, express_body(POST))
    await late.later("PT25H")
    assert code_of(await late.give("shipping_option", {"id": "post"})) == (400, "SESSION_EXPIRED")
    unknown = await customer_of(shop, http, express_body(order__shipping_address=OSLO))
    await unknown.pay("4100000000000001")
    assert code_of(await unknown.give("shipping_address", OSLO)) == (409, "CONFLICT")


async def test_after_a_decline_another_shipping_can_be_chosen_and_paid(shop: Any, http: httpx.AsyncClient) -> None:
    buyer = await customer_of(shop, http, express_body(POST, SHELF, order__shipping_address=OSLO))
    await buyer.give("shipping_option", {"id": "post"})
    assert code_of(await buyer.pay(DECLINED)) == (400, "Rejected")
    await buyer.give("shipping_option", {"id": "shelf"})
    paid = await buyer.pay()
    assert paid.status_code == 200
    transaction = (await shop.get(f"/v1/transactions/{paid.json()['transaction_id']}")).json()
    assert (transaction["amount"], transaction["shipping_option"]["id"]) == (39800, "shelf")


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ({}, "country"),
        ({"country": "Norway"}, "country"),
        ({"country": "NO", "first_name": "x" * 201}, "first_name"),
        ({"country": "NO", "postal_code": "1" * 21}, "postal_code"),
        ({"country": "NO", "latitude": 91}, "latitude"),
        ({"country": "NO", "comment": 5}, "comment"),
        ({"country": "DK"}, "country"),
        ({"country": "SE"}, "country"),
        ({"country": "NO", "organization_number": "123"}, "organization_number"),
    ],
)
async def test_an_address_that_the_session_does_not_take(
    shop: Any, http: httpx.AsyncClient, address: dict[str, Any], path: str
) -> None:
    served = {"countries": {"allow_countries": ["NO", "FI"], "deny_countries": ["SE"]}}
    people = {"customer_types": ["b2c"]}
    buyer = await customer_of(shop, http, express_body(POST, express=people, configuration=served))
    answer = await buyer.give("shipping_address", address)
    assert code_of(answer) == (400, "INVALID_REQUEST_PARAMETER")
    assert paths_of(answer) == [path]
    assert (await buyer.give("shipping_address", {"country": "no", "postal_code": " 0566 "})).status_code == 200
    assert (await buyer.session())["order"]["shipping_address"] == {"country": "NO", "postal_code": "0566"}


async def test_a_shop_for_companies_takes_companies(shop: Any, http: httpx.AsyncClient) -> None:
    buyer = await customer_of(shop, http, express_body(POST, express={"customer_types": ["b2b"]}))
    assert code_of(await buyer.give("shipping_address", OSLO)) == (400, "INVALID_REQUEST_PARAMETER")
    company = {**OSLO, "business_name": "Krakk AS"}
    assert (await buyer.give("shipping_address", company)).status_code == 200


async def test_the_bill_goes_where_the_goods_go_unless_the_shop_allows_otherwise(
    shop: Any, http: httpx.AsyncClient
) -> None:
    bergen = {"country": "NO", "postal_code": "5003"}
    buyer = await customer_of(shop, http, express_body(POST))
    await buyer.give("shipping_address", OSLO)
    assert code_of(await buyer.give("billing_address", bergen)) == (400, "INVALID_REQUEST_PARAMETER")
    assert (await buyer.give("billing_address", OSLO)).json()["order"]["billing_address"] == OSLO
    moved = (await buyer.give("shipping_address", bergen)).json()
    assert moved["order"]["billing_address"] == bergen
    free = await customer_of(shop, http, express_body(POST, configuration=BILL))
    await free.give("shipping_address", OSLO)
    assert (await free.give("billing_address", bergen)).json()["order"]["billing_address"] == bergen
    company = {**bergen, "business_name": "Krakk AS"}
    assert code_of(await free.give("billing_address", company)) == (400, "INVALID_REQUEST_PARAMETER")
    assert (await free.session())["events"][-1]["details"] == {"amount": 39800, "billing_address": bergen}
    assert (await free.events())[-1] == "SET_BILLING_ADDRESS"


async def test_the_same_again_changes_nothing(shop: Any, http: httpx.AsyncClient) -> None:
    buyer = await customer_of(shop, http, express_body(POST))
    for _ in range(2):
        await buyer.give("shipping_address", OSLO)
        await buyer.give("shipping_option", {"id": "post"})
    assert await buyer.events() == ["INITIATED", "SET_SHIPPING_ADDRESS", "SET_SHIPPING_OPTION"]
    assert (await buyer.view())["version"] == 3
    first = await buyer.give("shipping_address", {"country": "SE"}, idempotency_key="k")
    await buyer.give("shipping_address", OSLO)
    again = await buyer.give("shipping_address", {"country": "SE"}, idempotency_key="k")
    assert (again.content, again.headers["idempotent-replayed"]) == (first.content, "true")
    assert (await buyer.session())["order"]["shipping_address"] == OSLO


async def test_two_tabs_choose_and_both_amounts_are_right(shop: Any, http: httpx.AsyncClient) -> None:
    for _ in range(3):
        buyer = await customer_of(shop, http, express_body(POST, SHELF))
        answers = await asyncio.gather(
            *(buyer.give("shipping_option", {"id": id}) for id in ("post", "shelf", "post", "shelf"))
        )
        assert [answer.status_code for answer in answers] == [200] * 4
        order = (await buyer.session())["order"]
        assert order["amount"] == 39800 + order["shipping_option"]["amount"]


async def test_what_was_not_seen_is_not_paid(shop: Any, http: httpx.AsyncClient) -> None:
    buyer = await customer_of(shop, http, express_body(POST, SHELF, order__shipping_address=OSLO))
    seen = (await buyer.give("shipping_option", {"id": "shelf"})).json()
    await buyer.give("shipping_option", {"id": "post"})
    for stale in (str(seen["version"]), f'"{seen["version"]}"', seen["updated_at"], "Mon, 23 Nov 2020 12:00:00 GMT"):
        assert code_of(await buyer.pay(if_unmodified_since=stale)) == (412, "PRECONDITION_FAILED")
    for unreadable in ("yesterday", "", "9" * 30 + "x"):
        answer = await buyer.pay(if_unmodified_since=unreadable)
        assert code_of(answer) == (400, "INVALID_REQUEST_PARAMETER")
    assert "transaction_id" not in await buyer.session()
    await buyer.pay(DECLINED)
    version = str((await buyer.view())["version"])
    assert version == str(seen["version"] + 1)
    assert (await buyer.pay(if_unmodified_since=version)).status_code == 200
    other = await customer_of(shop, http, session_body())
    assert (await other.pay(if_unmodified_since=(await other.view())["updated_at"])).status_code == 200


async def test_shipping_may_be_left_to_the_shop(shop: Any, http: httpx.AsyncClient) -> None:
    digital = {"shipping_mode": "shipping_not_required"}
    buyer = await customer_of(shop, http, express_body(POST, express=digital))
    assert (await buyer.pay()).status_code == 200
    none = await customer_of(shop, http, express_body(order__shipping_address=OSLO))
    assert (await none.view())["express"]["option_required"] is False
    assert (await none.pay()).status_code == 200


# the shop is asked


async def test_the_shop_says_what_it_ships_to_the_address(shop: Any, http: httpx.AsyncClient) -> None:
    async with asked_shop(lambda _: {"shipping_options": [SHELF, POST]}) as asked:
        secret = (await shop.post("/v1/admin/signature")).json()["signature"]["secret"]
        buyer = await asking(shop, http, asked)
        before = await buyer.session()
        assert code_of(await buyer.pay())[1] == "SHIPPING_ADDRESS_MISSING"
        seen = (await buyer.give("shipping_address", OSLO)).json()
        assert seen["express"]["shipping_options"] == [SHELF, POST]
        (told,) = asked.asked
        assert told == before | {"order": before["order"] | {"shipping_address": OSLO}}
        headers = asked.headers[0]
        assert (headers["content-type"], asked.paths) == ("application/json", ["/where?a=1&b=2"])
        time = headers["dintero-signature"].partition("t=")[2].partition(",")[0]
        text = "\n".join((time, shop.account_id, "POST", "127.0.0.1", "/where", "a=1&b=2"))
        wanted = hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
        assert headers["dintero-signature"] == f"t={time},v0-hmac-sha256={wanted}"
        await buyer.give("shipping_option", {"id": "post"})
        assert (await buyer.pay()).status_code == 200
        assert (await buyer.events())[:3] == ["INITIATED", "SET_SHIPPING_ADDRESS", "SET_SHIPPING_OPTION"]


async def test_a_shop_that_does_not_ship_there_says_so_with_an_empty_list(shop: Any, http: httpx.AsyncClient) -> None:
    def say(session: dict[str, Any]) -> dict[str, Any]:
        return {"shipping_options": [POST] if session["order"]["shipping_address"]["country"] == "NO" else []}

    async with asked_shop(say) as asked:
        buyer = await asking(shop, http, asked)
        await buyer.give("shipping_address", OSLO)
        await buyer.give("shipping_option", {"id": "post"})
        seen = (await buyer.give("shipping_address", {"country": "AX"})).json()
        assert seen["express"]["shipping_options"] == []
        assert (seen["order"]["amount"], seen["order"].get("shipping_option")) == (39800, None)
        assert (await buyer.pay()).json()["error"]["message"] == "The shop does not ship there"


async def test_a_difference_between_amount_and_lines_becomes_a_line(shop: Any, http: httpx.AsyncClient) -> None:
    amount = 40000

    def say(session: dict[str, Any]) -> dict[str, Any]:
        return {"shipping_options": [POST], "order": {"amount": amount, "items": session["order"]["items"]}}

    async with asked_shop(say) as asked:
        buyer = await asking(shop, http, asked)
        await buyer.give("shipping_address", OSLO)
        order = (await buyer.session())["order"]
        assert order["amount"] == 40000
        chair, correction = order["items"]
        assert (chair, correction["amount"]) == (CHAIR, 200)
        assert correction["id"] == correction["line_id"]
        assert correction["line_id"].startswith("correction-")
        assert (correction["quantity"], correction["description"]) == (1, "Correction")
        amount = 39500  # the shop sends the correction back among the lines: it is made anew
        await buyer.give("shipping_address", {"country": "NO"})
        order = (await buyer.session())["order"]
        assert [item["amount"] for item in order["items"]] == [39800, -300]
        amount = 39800
        await buyer.give("shipping_address", OSLO)
        assert (await buyer.session())["order"]["items"] == [CHAIR]
        await buyer.give("shipping_option", {"id": "post"})
        amount = 47700
        seen = (await buyer.give("shipping_address", {"country": "NO"})).json()
        assert (seen["order"]["amount"], len(seen["order"]["items"])) == (47700, 1)
        assert (await buyer.pay()).status_code == 200


async def test_a_line_of_the_difference_is_made_anew_when_the_shop_names_the_amount_alone(
    shop: Any, http: httpx.AsyncClient
) -> None:
    amounts = iter((40000, 39000, 39800))
    async with asked_shop(lambda _: {"shipping_options": [], "order": {"amount": next(amounts)}}) as asked:
        buyer = await asking(shop, http, asked)
        for country, lines in (("NO", [39800, 200]), ("SE", [39800, -800]), ("DK", [39800])):
            await buyer.give("shipping_address", {"country": country})
            assert [item["amount"] for item in (await buyer.session())["order"]["items"]] == lines


async def test_a_shop_changes_no_more_of_the_order_than_it_may(shop: Any, http: httpx.AsyncClient) -> None:
    def say(session: dict[str, Any]) -> dict[str, Any]:
        order = {
            "amount": 39800, "vat_amount": 5, "merchant_reference": "OTHER", "shipping_address": {"country": "US"},
            "discount_codes": ["AUTO"], "shipping_option": POST, "store": {"id": "x"},
        }  # fmt: skip
        return {"shipping_options": [POST], "order": order, "url": {"return_url": "https://evil.example"}}

    async with asked_shop(say) as asked:
        buyer = await asking(shop, http, asked)
        before = await buyer.session()
        await buyer.give("shipping_address", OSLO)
        after = await buyer.session()
        wanted = before["order"] | {"shipping_address": OSLO, "vat_amount": 5, "discount_codes": ["AUTO"]}
        assert (after["order"], after["url"]) == (wanted, before["url"])


@pytest.mark.parametrize(
    ("status", "answer", "message"),
    [
        (500, {"shipping_options": [POST]}, "it answered 500"),
        (201, {"shipping_options": [POST]}, "it answered 201"),
        (302, {"shipping_options": [POST]}, "it answered 302"),
        (200, b"<html>", "cannot be read"),
        (200, b"", "cannot be read"),
        (200, b"{" + b" " * 1024 * 1024 + b"}", "it answered too much"),
        (200, {}, "cannot be read"),
        (200, {"shipping_options": [{**POST, "amount": -1}]}, "cannot be read"),
        (200, {"shipping_options": [POST, POST]}, "cannot be used"),
        (200, {"shipping_options": [{**POST, "amount": "free"}]}, "cannot be read"),
        (200, {"shipping_options": [], "order": {"amount": 39800, "currency": "SEK"}}, "cannot be used"),
        (200, {"shipping_options": [], "order": {"amount": 39800, "items": [CHAIR, CHAIR]}}, "cannot be used"),
        (200, {"shipping_options": [], "order": {"items": [{**CHAIR, "amount": -1}]}}, "cannot be used"),
        (200, b'{"shipping_options": [' + b"[" * 5000 + b"]" * 5000 + b"]}", "cannot be read"),
    ],
)
async def test_an_answer_that_cannot_be_used_changes_nothing(
    shop: Any, http: httpx.AsyncClient, status: int, answer: Any, message: str
) -> None:
    async with asked_shop(lambda _: answer) as asked:
        asked.status = status
        buyer = await asking(shop, http, asked)
        before = await buyer.session()
        refused = await buyer.give("shipping_address", OSLO)
        assert code_of(refused) == (503, "SHOP_CALLBACK_FAILED")
        assert message in refused.json()["error"]["message"]
        assert len(asked.asked) == 1
        assert await buyer.session() == before


async def test_a_shop_that_cannot_be_reached_is_said_to_be_so(shop: Any, http: httpx.AsyncClient) -> None:
    async with asked_shop(lambda _: {}) as asked:
        buyer = await asking(shop, http, asked)
    answer = await buyer.give("shipping_address", OSLO)
    assert code_of(answer) == (503, "SHOP_CALLBACK_FAILED")
    assert "127.0.0.1" not in answer.text


async def test_nothing_is_held_while_the_shop_thinks(shop: Any, http: httpx.AsyncClient) -> None:
    """Another tab goes on meanwhile; what the shop then answers is about a session that is no more, so it is asked
    once more."""
    async with asked_shop(lambda _: {"shipping_options": [POST, SHELF]}) as asked:
        asked.free.clear()
        buyer = await asking(shop, http, asked, POST, SHELF)
        waiting = asyncio.create_task(buyer.give("shipping_address", OSLO))
        await asked.came.wait()
        assert (await buyer.give("shipping_option", {"id": "post"})).status_code == 200
        asked.free.set()
        seen = (await waiting).json()
        assert (seen["order"]["amount"], seen["order"]["shipping_address"]) == (47700, OSLO)
        assert [told["order"]["amount"] for told in asked.asked] == [39800, 47700]


async def test_what_is_paid_while_the_shop_thinks_stays_as_it_was_paid(shop: Any, http: httpx.AsyncClient) -> None:
    async with asked_shop(lambda _: {"shipping_options": []}) as asked:
        asked.free.clear()
        buyer = await asking(shop, http, asked, POST, order__shipping_address=OSLO)
        await buyer.give("shipping_option", {"id": "post"})
        waiting = asyncio.create_task(buyer.give("shipping_address", {"country": "SE"}))
        await asked.came.wait()
        assert (await buyer.pay()).status_code == 200
        asked.free.set()
        assert code_of(await waiting) == (400, "SESSION_COMPLETED")
        assert (await buyer.session())["order"]["shipping_address"] == OSLO


async def test_what_runs_out_while_the_shop_thinks_is_over(shop: Any, http: httpx.AsyncClient) -> None:
    async with asked_shop(lambda _: {"shipping_options": [POST]}) as asked:
        asked.free.clear()
        buyer = await asking(shop, http, asked)
        waiting = asyncio.create_task(buyer.give("shipping_address", OSLO))
        await asked.came.wait()
        await buyer.later("PT25H")
        asked.free.set()
        assert code_of(await waiting) == (400, "SESSION_EXPIRED")
        assert "shipping_address" not in (await buyer.session())["order"]


async def test_a_request_that_was_answered_asks_the_shop_no_more(shop: Any, http: httpx.AsyncClient) -> None:
    async with asked_shop(lambda _: {"shipping_options": [POST]}) as asked:
        buyer = await asking(shop, http, asked)
        first = await buyer.give("shipping_address", OSLO, idempotency_key="k")
        again = await buyer.give("shipping_address", OSLO, idempotency_key="k")
        assert (again.content, len(asked.asked)) == (first.content, 1)


async def test_one_account_makes_its_shop_wait_so_often_and_no_more(shop: Any, http: httpx.AsyncClient) -> None:
    async with asked_shop(lambda _: {"shipping_options": [POST]}) as asked:
        asked.free.clear()
        buyers = [await asking(shop, http, asked) for _ in range(33)]
        waiting = [asyncio.create_task(buyer.give("shipping_address", OSLO)) for buyer in buyers]
        done, others = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        (refused,) = done
        assert "too many of its customers" in refused.result().json()["error"]["message"]
        asked.free.set()
        assert [(await each).status_code for each in others] == [200] * 32


# discount codes


async def test_discount_codes_are_worth_what_the_shop_says(shop: Any, http: httpx.AsyncClient) -> None:
    def say(session: dict[str, Any]) -> dict[str, Any]:
        codes = [code for code in session["order"].get("discount_codes", []) if code == "HALF"]
        less = {"amount": -19900, "discount_type": "manual", "description": "HALF"}
        item = {**CHAIR, "amount": 19900, "discount_lines": [less]} if codes else CHAIR
        order = {"amount": item["amount"], "items": [item], "discount_codes": codes}
        return {"order": order, "shipping_options": [SHELF]}

    async with asked_shop(say) as asked:
        buyer = await using_codes(shop, http, asked)
        seen = (await buyer.give("discount_codes", {"discount_codes": ["HALF", "WRONG"]})).json()
        assert asked.asked[0]["order"]["discount_codes"] == ["HALF", "WRONG"]
        assert (seen["order"]["amount"], seen["order"]["discount_codes"]) == (19900, ["HALF"])
        assert seen["express"]["shipping_options"] == [SHELF]
        assert (await buyer.session())["events"][-1]["details"] == {"amount": 19900, "discount_codes": ["HALF"]}
        seen = (await buyer.give("discount_codes", {"discount_codes": []})).json()
        assert seen["order"]["amount"] == 39800
        assert (await buyer.events())[-2:] == ["SET_DISCOUNT_CODES", "SET_DISCOUNT_CODES"]
        assert asked.paths == ["/codes", "/codes"]


@pytest.mark.parametrize("order", [{}, {"amount": 100}, {"items": [CHAIR]}, {"amount": 100, "items": []}])
async def test_an_answer_about_codes_names_the_amount_and_all_lines(
    shop: Any, http: httpx.AsyncClient, order: dict[str, Any]
) -> None:
    async with asked_shop(lambda _: {"shipping_options": [], "order": order}) as asked:
        buyer = await using_codes(shop, http, asked)
        answer = await buyer.give("discount_codes", {"discount_codes": ["A"]})
        assert code_of(answer) == (503, "SHOP_CALLBACK_FAILED")
        assert "discount_codes" not in (await buyer.session())["order"]


@pytest.mark.parametrize(
    "codes", [["A", "B", "C"], [" "], [""], ["x" * 101], "A", [5], [f"{number}" for number in range(101)]]
)
async def test_codes_that_the_session_does_not_take(shop: Any, http: httpx.AsyncClient, codes: Any) -> None:
    buyer = await using_codes(shop, http)
    answer = await buyer.give("discount_codes", {"discount_codes": codes})
    assert code_of(answer) == (400, "INVALID_REQUEST_PARAMETER")
    seen = (await buyer.give("discount_codes", {"discount_codes": [" A", "A", "B "]})).json()
    assert (seen["order"]["discount_codes"], seen["order"]["amount"]) == (["A", "B"], 39800)


async def test_a_session_that_wants_no_codes_takes_none(shop: Any, http: httpx.AsyncClient) -> None:
    plain = await customer_of(shop, http, express_body(POST, configuration=CODES))
    off = await customer_of(shop, http, express_body(POST, express={"discount_codes": {"max_count": 2}}))
    none = await using_codes(shop, http, most=0)
    for buyer in (plain, off, none):
        assert (await buyer.view())["express"]["most_codes"] == 0
        answer = await buyer.give("discount_codes", {"discount_codes": ["A"]})
        assert code_of(answer) == (400, "INVALID_REQUEST_PARAMETER")


async def test_the_view_of_an_express_session_keeps_the_shops_secrets(shop: Any, http: httpx.AsyncClient) -> None:
    telling = {
        **POST, "metadata": {"margin": "secret-1"}, "operator_product_id": "secret-2",
        "splits": [{"payout_destination_id": "secret-3", "amount": 1}],
    }  # fmt: skip
    asks = {"shipping_address_callback_url": "https://secret-4.example/"}
    buyer = await customer_of(shop, http, express_body(telling, express=asks, metadata={"note": "secret-5"}))
    view = await http.get(f"/v1/view/{buyer.sid}/session")
    assert "secret" not in view.text
    assert view.json()["express"]["shipping_options"] == [POST]
