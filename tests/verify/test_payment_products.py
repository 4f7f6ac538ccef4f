"""Payments of every kind of product verify clean: decided, given up, on hold, captured at once, worth nothing."""

from __future__ import annotations

from typing import Any

import pytest

from kvitt.checkout.model.payment import Payer
from kvitt.sandbox.flows.approvals import Approvals


class Customer:
    def __init__(self, shop: Any) -> None:
        self.shop = shop
        self.approvals = Approvals(shop.checkout._desk.providers["sandbox"].waits, "https://pay.example")

    async def pays(self, product: str, amount: int = 39800, currency: str = "NOK", **options: Any) -> tuple[str, str]:
        """The transaction and, where it waits, the attempt."""
        shop, (group, _, name) = self.shop, product.partition(".")
        enabled = {"enabled": True, **options}
        session = await shop.session(
            profile_id=None,
            configuration={group: {name: enabled} if name else enabled},
            order={"amount": amount, "currency": currency, "merchant_reference": "A"},
        )
        given = Payer(gift_card="6006000000001000")
        paid = await shop.checkout.pay(session.id, product, None, shop.actor(), given)
        return paid.transaction_id, paid.redirect_url.rpartition("/")[2]

    async def decides(self, paid: tuple[str, str], *decisions: Any) -> str:
        account_id = self.shop.account_id
        for decision in decisions:
            await self.approvals.decide(account_id, paid[1], decision)
            await self.shop.checkout.notified(account_id, *paid)
        return paid[0]


@pytest.fixture
async def customer(shop: Any) -> Customer:
    return Customer(shop)


async def test_payments_of_every_kind_of_product_verify_clean(
    shop: Any, customer: Customer, verify_command: Any
) -> None:
    on_hold: dict[str, Any] = {"options": {"enable_on_hold": True}}
    swish = [await customer.decides(await customer.pays("swish.swish", currency="SEK"), "approve") for _ in range(3)]
    await shop.operate(swish[1], "refund", 9800)
    await shop.operate(swish[2], "refund", 39800)
    part = await customer.decides(await customer.pays("klarna.klarna"), "approve")
    await shop.operate(part, "capture", 9800)
    await shop.operate(part, "void")
    await customer.decides(await customer.pays("vipps"), "decline")
    waiting, _ = await customer.pays("vipps")
    given_up, _ = await customer.pays("vipps")
    session_id = (await shop.checkout.get_transaction(shop.account_id, given_up)).session_id
    await shop.checkout.cancel_payment(session_id, shop.actor())
    held = await customer.decides(await customer.pays("collector.invoice", **on_hold), "approve")
    await customer.decides(await customer.pays("collector.invoice", **on_hold), "approve", "approve")
    refused = await customer.decides(await customer.pays("collector.invoice", **on_hold), "approve", "decline")
    await customer.pays("dintero.external")
    await customer.pays("dintero.zero", 0)
    nothing, _ = await customer.pays("dintero.zero", 0)
    await shop.operate(nothing, "void")
    await customer.pays("dintero.wallets")
    states = [
        (await shop.checkout.get_transaction(shop.account_id, id)).status for id in (waiting, held, refused, *swish)
    ]
    assert states == ["INITIATED", "ON_HOLD", "FAILED", "CAPTURED", "PARTIALLY_REFUNDED", "REFUNDED"]
    await shop.seal()
    verified = await verify_command("--json")
    assert verified.report["differences"] == [], verified.out
    assert verified.report["checked"]["transactions"] == 14
