"""What a review found: each of these went wrong once."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx
import msgspec
import pytest

from kvitt.checkout.flows import Actor, Checkout
from kvitt.checkout.model.payment import Capabilities, CardDetails, Outcome
from kvitt.checkout.model.session import SessionOptions
from kvitt.checkout.rules.refusals import InvalidSession
from kvitt.store import connect

from .buying import OSLO, POST, asked_shop, code_of, customer_of, express_body
from .conftest import session_body
from .till import Till
from .wallet import PAYEX, saving

CODES = {"discounts": {"express_discount_codes": {"enabled": True}}}


@pytest.fixture
def server(own_server: Any) -> Any:
    """Other tests here do the worker's work by hand: no worker may be there then."""
    return own_server


async def test_an_address_takes_no_more_off_than_the_order_costs(shop: Any, http: httpx.AsyncClient) -> None:
    """Of a shop whose amount never had the shipping in it, such an order could be written and not read again."""
    at_home = {**POST, "countries": ["NO"]}
    body = express_body(at_home, order__amount=100, order__items=None, order__shipping_option=at_home)
    buyer = await customer_of(shop, http, body)
    assert code_of(await buyer.give("shipping_address", {"country": "SE"})) == (400, "INVALID_REQUEST_PARAMETER")
    assert (await buyer.view())["order"]["amount"] == 100
    assert (await buyer.give("shipping_address", OSLO)).json()["order"]["amount"] == 100


async def test_a_shop_that_sends_the_lines_back_changes_no_price(shop: Any, http: httpx.AsyncClient) -> None:
    """The line of a difference was dropped, and its amount with it."""

    def say(session: dict[str, Any]) -> dict[str, Any]:
        lines = session["order"]["items"]
        asks_where = "shipping_address" in session["order"]
        return {
            "shipping_options": [POST],
            "order": {"items": lines} if asks_where else {"amount": 50000, "items": lines},
        }

    async with asked_shop(say) as asked:
        codes = {"max_count": 2, "callback_url": f"{asked.url}/codes"}
        express = {"shipping_address_callback_url": f"{asked.url}/where", "discount_codes": codes}
        buyer = await customer_of(shop, http, express_body(POST, express=express, configuration=CODES))
        dearer = (await buyer.give("discount_codes", {"discount_codes": ["DEARER"]})).json()["order"]
        assert (dearer["amount"], [item["amount"] for item in dearer["items"]]) == (50000, [39800, 10200])
        there = (await buyer.give("shipping_address", OSLO)).json()["order"]
        assert (there["amount"], there["items"]) == (50000, dearer["items"])


async def test_no_lines_from_a_shop_give_nothing_away(shop: Any, http: httpx.AsyncClient) -> None:
    """An empty list, which plug-ins send for nothing to say, made the order free."""
    async with asked_shop(lambda _: {"shipping_options": [POST], "order": {"items": []}}) as asked:
        express = {"shipping_address_callback_url": f"{asked.url}/where"}
        buyer = await customer_of(shop, http, express_body(POST, express=express))
        assert code_of(await buyer.give("shipping_address", OSLO)) == (503, "SHOP_CALLBACK_FAILED")
        assert (await buyer.view())["order"]["amount"] == 39800


@pytest.mark.parametrize("where", ["session", "capture"])
async def test_shares_that_add_up_to_more_than_can_be_written_down_lose_no_transaction(
    shop: Any, http: httpx.AsyncClient, where: str
) -> None:
    """The capture's event could be written and not read again, and no list with it either."""
    shares = [{"payout_destination_id": "seller", "amount": 999_999_999_999}]
    lines = [{"id": id, "line_id": id, "amount": 19900, "splits": shares} for id in "ab"]
    items = {"order__items": lines} if where == "session" else {}
    buyer = await customer_of(shop, http, session_body(**items))
    path = f"/v1/transactions/{(await buyer.pay()).json()['transaction_id']}"
    named = {} if where == "session" else {"items": lines}
    captured = await shop.post(f"{path}/capture", {"amount": 39800, **named})
    assert (captured.status_code, captured.json()["status"]) == (200, "CAPTURED")
    assert (await shop.get(path)).json() == captured.json()
    assert (await shop.get("/v1/transactions")).json() == [captured.json()]


@pytest.mark.parametrize("verb", ["capture", "refund", "void", "adjust"])
def test_only_done_moves_money(verb: Any) -> None:
    """A provider that says of a capture that it waits, or is held, had captured it."""
    till = Till(10_000, Capabilities(adjust="amount"))
    if verb == "refund":
        till.do("capture", 10_000)
    before, shown = till.balances, till.transaction.status
    attempt_id = till.begin_adjusting(12_000) if verb == "adjust" else till.begin(verb, 10_000)
    for kind in ("waiting", "on_hold"):
        till.settle(attempt_id, Outcome(kind))  # type: ignore[arg-type]
        assert (till.balances, till.transaction.status) == (before, shown)
        assert till.row.doc.attempts[-1].status == "unknown"
    till.settle(attempt_id, Outcome("done"))
    assert till.row.doc.attempts[-1].status == "done"


async def test_a_token_that_is_deleted_while_it_is_proved_pays_nothing(
    house: Any, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By another process: it was proved in one reading and paid with as the next one found it."""
    made = await house.session(profile_id=None, configuration=saving())
    card = CardDetails("4000000000000002", "12/34", "123")
    paid = await house.checkout.pay(made.id, PAYEX, card, Actor(str(uuid4())))
    shown = await house.checkout.get_transaction(house.account_id, paid.transaction_id, ("card.payment_token",))
    token, token_id = shown.card.payment_token, shown.card.payment_token_id
    read = house.store.get

    async def read_and_delete(kind: Any, account_id: str, id: str) -> Any:
        row = await read(kind, account_id, id)
        if kind.table == "card_tokens" and row.doc.token.status == "ACTIVE":
            monkeypatch.setattr(house.store, "get", read)
            other = await connect(database_url)
            elsewhere = Checkout(other, house.clock, {}, "https://pay.example")
            await elsewhere.delete_card_token(account_id, id, None, "CARDHOLDER", house.actor())
            await other.close()
        return row

    monkeypatch.setattr(house.store, "get", read_and_delete)
    options = msgspec.convert(
        {
            "url": {"return_url": ""},
            "order": {"amount": 19900, "currency": "NOK", "merchant_reference": "SUB-1"},
            "customer": {"tokens": {PAYEX: {"payment_token": token}}},
        },
        SessionOptions,
    )
    with pytest.raises(InvalidSession) as refused:
        await house.checkout.pay_unattended(
            house.account_id, options, PAYEX, "unscheduled_purchase", frozenset(), house.actor()
        )
    assert [fault.path for fault in refused.value.problems] == [f"session.customer.tokens.{PAYEX}.payment_token"]
    assert (await house.checkout.get_card_token(house.account_id, token_id)).status == "DELETED"
