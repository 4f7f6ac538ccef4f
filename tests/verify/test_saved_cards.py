"""Cards that are saved and paid with verify clean, whatever became of the payments."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from kvitt.checkout.model.session import SessionOptions

PAYEX = "payex.creditcard"
SAVES = {"payex": {"creditcard": {"enabled": True, "generate_payment_token": True}}}
DECLINED, TOOK_EFFECT = 9_990_002, 9_990_034


async def unattended(shop: Any, token: str, amount: int) -> Any:
    options = {
        "url": {"return_url": ""},
        "order": {"amount": amount, "currency": "NOK", "merchant_reference": "SUB-1"},
        "customer": {"tokens": {PAYEX: {"payment_token": token}}},
    }
    asked = msgspec.convert(options, SessionOptions)
    said = await shop.checkout.pay_unattended(
        shop.account_id, asked, PAYEX, "unscheduled_purchase", frozenset(), shop.actor()
    )
    return json.loads(bytes(said.body))


async def test_payments_with_saved_cards_verify_clean(shop: Any, verify_command: Any) -> None:
    paid = await shop.pay(await shop.session(profile_id=None, configuration=SAVES), product=PAYEX)
    known = await shop.checkout.get_transaction(shop.account_id, paid.transaction_id, ("card.payment_token",))
    statuses = [
        (await unattended(shop, known.card.payment_token, amount))["status"]
        for amount in (19900, DECLINED, TOOK_EFFECT)
    ]
    assert statuses == ["AUTHORIZED", "FAILED", "INITIATED"]
    await shop.later(seconds=6)
    await shop.ring("checkout.ask_provider")
    nothing = msgspec.convert(
        {
            "url": {"return_url": "https://shop.example/"},
            "order": {"amount": 0, "currency": "NOK", "merchant_reference": "C"},
        },
        SessionOptions,
    )
    session = await shop.checkout.create_token_session(
        shop.account_id, nothing, PAYEX, ("payment_token",), None, shop.actor()
    )
    await shop.pay(session, product=PAYEX)
    await shop.seal()
    verified = await verify_command("--json")
    assert verified.report["differences"] == [], verified.out
    assert verified.report["checked"]["transactions"] == 5
