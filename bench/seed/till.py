"""How a session is paid, and what becomes of the money; in believable shares, the rare ones too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from bench.seed.basket import line_of
from bench.seed.market import Shop, customer_of

if TYPE_CHECKING:
    from bench.seed.payments import Payment

SECONDS, HOURS, DAYS = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)

_CARDS = (("dintero_psp.creditcard", 46), ("payex.creditcard", 9))
_WAYS: dict[str, tuple[tuple[str, int], ...]] = {
    "NOK": (*_CARDS, ("vipps", 31), ("klarna.klarna", 9), ("collector.invoice", 3), ("dintero_psp.applepay", 6)),
    "SEK": (*_CARDS, ("swish.swish", 28), ("klarna.klarna", 14), ("collector.invoice", 3)),
    "DKK": (*_CARDS, ("payex.mobilepay", 34), ("klarna.klarna", 6)),
    "EUR": (*_CARDS, ("klarna.klarna", 16)),
    "ISK": _CARDS,
}
_BRANDS = (("Visa", "453903"), ("Visa", "492500"), ("Mastercard", "541333"), ("Amex", "374245"))
_LINES, _LINES_OFTEN = (1, 2, 3, 4, 5, 6), (42, 26, 15, 9, 5, 3)
_IN_ADDRESS = ("first_name", "last_name", "address_line", "postal_code", "postal_place", "country", "phone_number")


@dataclass(frozen=True)
class Way:
    """A payment product, and the card if it is paid with one."""

    product: str
    brand: str = ""
    masked_pan: str = ""
    expiry_date: str = ""


def some_way(chance: Random, currency: str) -> Way:
    ways = _WAYS[currency]
    product = chance.choices([each for each, _ in ways], [often for _, often in ways])[0]
    if not product.endswith("creditcard"):
        return Way(product)
    brand, digits = chance.choice(_BRANDS)
    pan = f"{digits}******{chance.randrange(10**4):04}"
    return Way(product, brand, pan, f"{chance.randrange(1, 13):02}/{chance.randrange(2027, 2032)}")


def session_body(chance: Random, shop: Shop, customer: int, number: int) -> dict[str, Any]:
    """What a shop sends to POST /v1/sessions."""
    items = [_item(line_of(chance, shop, line_id)) for line_id in range(1, chance.choices(_LINES, _LINES_OFTEN)[0] + 1)]
    order: dict[str, Any] = {
        "amount": sum(item["amount"] for item in items),
        "currency": shop.country.currency,
        "vat_amount": sum(item["vat_amount"] for item in items),
        "merchant_reference": f"W{shop.number + 1:02}-{number}",
        "items": items,
        "store": shop.document | ({"terminal_id": f"T{shop.number:02}-1"} if shop.trade.at_the_till else {}),
    }
    body: dict[str, Any] = {
        "url": {"return_url": "https://shop.example.com/thanks"},
        "order": order,
        "configuration": {"channel": "in_store" if shop.trade.at_the_till else "ecommerce"},
    }
    if shop.number % 4 == 1:
        order["merchant_reference_2"] = f"ERP-{chance.randrange(10**7):07}"
    if shop.number % 16 == 3:  # a marketplace: its sellers are paid by the week
        items[0]["splits"] = [{"payout_destination_id": f"seller-{number % 40}", "amount": items[0]["amount"]}]
        body["metadata"] = {"payout_correlation_id": f"week-{number // 2000}"}
    known, address = customer_of(customer)
    if not shop.trade.at_the_till:
        body["customer"] = {name: known[name] for name in ("customer_id", "email", "phone_number")}
        order["billing_address"] = {name: address[name] for name in _IN_ADDRESS}
    return body


def tell(payment: Payment, way: Way) -> None:
    """Goes on until nothing more happens, or NotYet: the time that is seeded is over."""
    if not _pay(payment, way):
        return
    if payment.transaction.status == "AUTHORIZED":
        _take(payment)
    if payment.transaction.status in ("CAPTURED", "PARTIALLY_CAPTURED"):
        _give_back(payment)


def _pay(payment: Payment, way: Way) -> bool:
    """False when it never goes through."""
    chance = payment.chance.random()
    payment.later(90 * SECONDS, 0.5)
    if chance < 0.075:
        payment.pay(way, declined=True)
        if chance < 0.02:
            payment.later(60 * SECONDS)
            payment.give_up()
            return False
        if chance < 0.045:
            payment.run_out()
            return False
        payment.later(40 * SECONDS, 0.5)
    payment.pay(way)
    return True


def _take(payment: Payment) -> None:
    chance, amount = payment.chance.random(), payment.transaction.amount
    if chance < 0.03:
        payment.later(9 * HOURS)
        payment.void()
        return
    if chance < 0.045:
        payment.expire()
        return
    ends = payment.transaction.authorization_expires_at
    wait = timedelta(hours=min(26 * payment.chance.lognormvariate(0, 0.8), 160))
    payment.later(wait if ends is None or payment.now + wait < ends else HOURS, 0)
    if chance < 0.11 and amount > 1:
        first = payment.chance.randrange(1, amount)
        payment.capture(first)
        if chance < 0.06:
            payment.expire()
            return
        payment.later(4 * HOURS, 0)
        payment.capture(amount - first)
        return
    payment.capture(amount)


def _give_back(payment: Payment) -> None:
    chance, amount = payment.chance.random(), payment.transaction.amount
    captured = sum(each.amount or 0 for each in payment.transaction.events if each.event == "CAPTURE")
    if chance < 0.05:
        payment.later(9 * DAYS)
        payment.refund(captured)
    elif chance < 0.1 and captured > 1:
        payment.later(9 * DAYS)
        payment.refund(payment.chance.randrange(1, min(captured, amount)))


def _item(line: dict[str, Any]) -> dict[str, Any]:
    """A line as the checkout has it."""
    tax = line["tax_lines"][0]
    net = line["gross_amount"] - sum(each["amount"] for each in line.get("discount_lines", ()))
    return {
        "id": line["id"], "line_id": str(line["line_id"]), "description": line["description"],
        "quantity": line["quantity"], "amount": net, "vat_amount": tax["amount"], "vat": tax["percentage"],
    }  # fmt: skip
