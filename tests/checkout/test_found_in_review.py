"""What a review found: each of these went wrong once."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from .buying import OSLO, POST, asked_shop, code_of, customer_of, express_body


async def test_an_address_cannot_take_more_off_than_the_order_costs(shop: Any, http: httpx.AsyncClient) -> None:
    """A shop that leaves the shipping out of the amount."""
    body = express_body({**POST, "countries": ["NO"]}, order__amount=100, order__items=None)
    body["order"]["shipping_option"] = {**POST, "countries": ["NO"]}
    buyer = await customer_of(shop, http, body)
    answer = await buyer.give("shipping_address", {"country": "SE"})
    print(answer.status_code, answer.text)
    print(await http.get(f"/v1/view/{buyer.sid}/session"))
    assert (await http.get(f"/v1/view/{buyer.sid}/session")).status_code == 200


async def test_echo(shop: Any, http: httpx.AsyncClient) -> None:
    asked = None
    def say(session):
        if session["order"].get("shipping_address"):
            return {"shipping_options": [POST], "order": {"items": session["order"]["items"]}}
        return {"shipping_options": [POST], "order": {"amount": 50000, "items": session["order"]["items"]}}
    async with asked_shop(say) as asked:
        asks = {"shipping_address_callback_url": f"{asked.url}/where", "discount_codes": {"max_count": 2, "callback_url": f"{asked.url}/codes"}}
        buyer = await customer_of(shop, http, express_body(POST, express=asks, configuration={"discounts": {"express_discount_codes": {"enabled": True}}}))
        a = await buyer.give("discount_codes", {"discount_codes": ["A"]})
        print(a.text)
        a = await buyer.give("shipping_address", OSLO)
        print(a.text)
        assert a.json()["order"]["amount"] == 50000

@pytest.mark.parametrize("path", ["/v1/transactions?starting_after=%00","/v1/sessions?starting_after=a%00", "/v1/card-tokens?starting_after=%00","/v1/card-tokens/%00", "/v1/card-tokens?customer_id=%00", "/v1/transactions?store_id=%00","/v1/transactions?search=%00","/v1/transactions?card_brand=%00", "/v1/admin/session/profiles/%00", "/v1/transactions/T12%00", "/v1/transactions?includes=%00", "/v1/card-tokens?limit=99999999999999999999999", "/v1/transactions?amount=99999999999999999999999", "/v1/transactions?created_at.gte=0001-01-01T00:00:00%2B14:00", "/v1/transactions?created_at.lte=9999-12-31T23:59:59-14:00","/v1/transactions?search=%ed%a0%80", "/v1/card-tokens?starting_after=%ed%a0%80", "/v1/transactions?store_id=" + "%C3%A6"*255, "/v1/transactions?search=" + "%F0%9F%98%80"*200, "/v1/transactions?search=" + "a."*100, "/v1/transactions?"+"&".join("id=T12345678.%d"%i for i in range(200)), "/v1/transactions?search=%25_%5C'", "/sandbox/approvals/T12345678/%00", "/v1/view/%00/session", "/v1/view/T12345678.%00/return"])
async def test_odd(shop: Any, http, path) -> None:
    a = await shop.get(path)
    print(path[:60], a.status_code, a.text[:200])
    assert a.status_code < 500
