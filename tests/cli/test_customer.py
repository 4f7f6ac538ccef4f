"""`kvitt pay` as it is without its command line: which payment product it takes, and what it says at the bank."""

from __future__ import annotations

from typing import Any

import pytest

from kvitt.customer import Card, Method, NotPaid, pay
from tests_support import Shop


def enabled(**options: Any) -> dict[str, Any]:
    return {"type": "payment_product_type", "enabled": True, **options}


async def session(shop: Shop, currency: str = "NOK", **groups: Any) -> str:
    configuration = {
        name: group if name == "vipps" else {"type": "payment_type", **group} for name, group in groups.items()
    }
    body = {
        "url": {"return_url": "https://shop.example/thanks"},
        "order": {"amount": 39800, "currency": currency, "merchant_reference": "A-1"},
        "configuration": configuration,
    }
    answer = await shop.post("/v1/sessions", body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["url"])


async def product_of(shop: Shop, transaction_id: str) -> tuple[str, str]:
    transaction = (await shop.get(f"/v1/transactions/{transaction_id}")).json()
    return transaction["payment_product_type"], transaction["status"]


async def test_without_a_product_it_pays_with_the_session_s_card(shop: Shop) -> None:
    url = await session(shop, vipps=enabled(), payex={"creditcard": enabled()})
    paid = await pay(url)
    assert await product_of(shop, paid.transaction_id) == ("payex.creditcard", "AUTHORIZED")


@pytest.mark.parametrize(
    ("name", "product"),
    [("vipps", "payex.vipps"), ("payex.vipps", "payex.vipps"), ("klarna", "klarna.klarna")],
)
async def test_a_product_is_found_by_its_type_or_its_last_word_and_approved(
    shop: Shop, name: str, product: str
) -> None:
    url = await session(shop, payex={"vipps": enabled()}, klarna={"klarna": enabled()})
    paid = await pay(url, Method(name))
    assert await product_of(shop, paid.transaction_id) == (product, "AUTHORIZED")


async def test_a_challenged_card_is_approved_at_the_bank(shop: Shop) -> None:
    url = await session(shop, dintero_psp={"creditcard": enabled()})
    paid = await pay(url, Method(card=Card("4000100000000000")))
    assert await product_of(shop, paid.transaction_id) == ("dintero_psp.creditcard", "AUTHORIZED")


async def test_a_no_is_said_with_its_reason_and_the_session_stays_open(shop: Shop) -> None:
    url = await session(shop, payex={"vipps": enabled()})
    with pytest.raises(NotPaid, match="The customer declined the payment"):
        await pay(url, Method("vipps", decline=True))
    assert (await pay(url, Method("vipps"))).on_hold is False


async def test_an_invoice_that_is_looked_at_is_on_hold(shop: Shop) -> None:
    url = await session(shop, collector={"invoice": enabled(options={"enable_on_hold": True})})
    paid = await pay(url, Method("invoice"))
    assert paid.on_hold
    assert await product_of(shop, paid.transaction_id) == ("collector.invoice", "ON_HOLD")


async def test_what_the_session_does_not_offer_is_said_with_what_it_does(shop: Shop) -> None:
    url = await session(shop, payex={"vipps": enabled()})
    with pytest.raises(NotPaid, match=r"does not offer swish; it offers payex\.vipps"):
        await pay(url, Method("swish"))
