"""What becomes of an order: how it is paid, sent, given back; in believable shares, the rare ones too."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

from bench.seed.basket import line_of, number_in
from bench.seed.life import Life, NotYet
from bench.seed.market import Shop
from kvitt.orders.model import Verb
from kvitt.orders.rules.plan import Planned, plan
from kvitt.orders.rules.remaining import left

SECONDS, MINUTES, HOURS, DAYS = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

_PRODUCTS = (("dintero_psp.creditcard", "creditcard", 52), ("vipps", "wallet", 30), ("swish", "wallet", 8),
             ("klarna.pay_later", "invoice", 10))  # fmt: skip
_BRANDS = (("Visa", "4925"), ("MasterCard", "5413"), ("Amex", "3742"))
_REASONS = ("customer", "customer", "customer", "out_of_stock", "fraud", "not_paid")
_COMMENTS = ("Kunden ringte og spør når pakken kommer.", "Ny adresse, se e-post.", "Sendes på nytt fra lageret.",
             "Kunden ønsker gaveinnpakning.", "Varan är slut, ersätts med likvärdig.", "Pakken er kommet.")  # fmt: skip
_CARRIERS = ("Posten", "Bring", "PostNord", "Helthjem", "Matkahuolto")


def tell(life: Life, shop: Shop) -> None:
    """Goes on until nothing more happens, or the time that is seeded is over."""
    try:
        if life.record.order.net_amount == 0:
            _send(life, shop)
        elif shop.trade.at_the_till:
            _sell_at_the_till(life)
        elif _pay(life):
            _deliver(life, shop)
            _afterwards(life, shop)
    except NotYet:
        pass


def _sell_at_the_till(life: Life) -> None:
    life.later(20 * SECONDS, 0.6)
    if life.chance.random() < 0.02:
        life.register(Verb.AUTHORIZE, _rest(life, Verb.AUTHORIZE), "till", success=False, **_payment(life.chance))
        life.later(30 * SECONDS)
    life.register(Verb.AUTHORIZE, _rest(life, Verb.AUTHORIZE), "till", **_payment(life.chance))
    life.later(2 * SECONDS, 0.3)
    _each_authorization(life, Verb.CAPTURE)
    if life.chance.random() < 0.01:
        life.later(5 * MINUTES)
        _refund_one(life)


def _pay(life: Life) -> bool:
    """False when it never is."""
    chance = life.chance.random()
    if chance < 0.022:
        life.later(3 * DAYS, 0.5)
        if chance < 0.014:
            life.cancel("not_paid")
        return False
    life.later(2 * MINUTES)
    if chance < 0.06:
        life.register(Verb.AUTHORIZE, _rest(life, Verb.AUTHORIZE), success=False, **_payment(life.chance))
        if chance < 0.028:
            return False
        life.later(3 * MINUTES)
    parts = _rest(life, Verb.AUTHORIZE)
    if life.record.multiple_authorizations:  # a gift card and a card, a line each
        first = min(parts)
        life.register(Verb.AUTHORIZE, {first: parts.pop(first)}, **_payment(life.chance))
        life.later(40 * SECONDS)
    life.register(Verb.AUTHORIZE, parts, **_payment(life.chance))
    return True


def _deliver(life: Life, shop: Shop) -> None:
    chance = life.chance.random()
    if chance < 0.025:
        life.later(8 * HOURS)
        _give_up(life)
        raise NotYet
    if chance < 0.06 and len(life.record.order.items) > 1:
        life.later(10 * HOURS)
        last = max(_rest(life, Verb.CANCEL))
        _each_authorization(life, Verb.CANCEL, {last})
    life.later(30 * HOURS, 0.8)
    lines = sorted(_rest(life, Verb.CAPTURE))
    if chance > 0.93 and len(lines) > 1:
        _each_authorization(life, Verb.CAPTURE, set(lines[:-1]))
        _send(life, shop)
        life.later(9 * DAYS)
        if chance > 0.988:
            raise NotYet
    _each_authorization(life, Verb.CAPTURE)
    _send(life, shop)


def _give_up(life: Life) -> None:
    """Nothing was captured: the money is let go, then the order is cancelled; now and then it is forgotten to."""
    _each_authorization(life, Verb.CANCEL)
    if life.chance.random() < 0.85:
        life.later(5 * MINUTES)
        life.cancel(life.chance.choice(_REASONS))


def _send(life: Life, shop: Shop) -> None:
    """What the warehouse and the carrier report; not all do."""
    if shop.trade.travels or life.chance.random() < 0.72:
        return
    carrier, parcel = life.chance.choice(_CARRIERS), f"370{life.chance.randrange(10**14):014}"
    if life.chance.random() < 0.3:
        life.later(20 * MINUTES)
        life.update({"courier_id": carrier, "delivery_id": parcel, "external_ids": [{"source": carrier, "id": parcel}]})
    for status, wait in (("picked", 2 * HOURS), ("shipped", 6 * HOURS), ("delivered", 2 * DAYS)):
        life.later(wait)
        failed = life.chance.random() < 0.012
        life.report({"service": carrier, "service_status": "lost" if failed else status,
                     "state": "failure" if failed else "success", "metadata": {"parcel": parcel}})  # fmt: skip
        if failed:
            return


def _afterwards(life: Life, shop: Shop) -> None:
    chance = life.chance.random()
    if chance < 0.02:
        life.later(2 * DAYS, 1.2)
        life.comment(life.chance.choice(_COMMENTS))
    if chance < 0.045:
        life.later(8 * DAYS)
        _each_authorization(life, Verb.REFUND)
    elif chance < 0.095:
        life.later(8 * DAYS)
        _refund_one(life)
    elif chance < 0.11 and not life.record.multiple_authorizations:
        life.later(10 * DAYS)
        _exchange(life, shop)
    if shop.closes:
        life.later(30 * DAYS, 0.3)
        life.close()
        if life.chance.random() < 0.01:
            life.later(5 * DAYS)
            life.open()


def _refund_one(life: Life) -> None:
    """One line, or a part of what it cost."""
    lines = [id for id, amount in _rest(life, Verb.REFUND).items() if amount > 0]
    if lines:
        _each_authorization(life, Verb.REFUND, {life.chance.choice(lines)}, life.chance.choice((1.0, 1.0, 0.5, 0.2)))


def _exchange(life: Life, shop: Shop) -> None:
    """A line is taken back for another; the payments follow as the service plans it."""
    items = [item for item in life.record.order.items if left(life.record)[item.line_id].refund == item.net > 0]
    if not items:
        return
    back = life.chance.choice(items)
    known = max(item.line_id for item in life.record.order.items)
    taken = {
        "line_id": known + 1, "id": back.id, "description": back.description, "quantity": 1, "gross_amount": -back.net,
        "tax_lines": [{"amount": -tax.amount, "percentage": number_in(tax.percentage)} for tax in back.tax_lines],
        "reversed_reason": "exchange", "related_item": {"line_id": back.line_id, "type": "reversed"},
    }  # fmt: skip
    before = life.record
    life.exchange([taken, line_of(life.chance, shop, known + 2)])
    todo = plan(before, life.record)
    for verb, planned in ((Verb.AUTHORIZE, todo.authorize), (Verb.CAPTURE, todo.capture), (Verb.REFUND, todo.refund)):
        if planned.items:
            life.later(MINUTES)
            life.register(verb, _planned(planned), "support")


def _planned(planned: Planned) -> dict[int, int]:
    return {item.line_id: item.amount for item in planned.items}


def _each_authorization(life: Life, verb: Verb, lines: set[int] | None = None, share: float = 1.0) -> None:
    """Of these lines all (or a share) that is left to capture, refund or cancel; for each authorization what is its."""
    ids = [done.id for done in life.record.order.authorizations if done.success]
    for id in ids if life.record.multiple_authorizations else [None]:
        rest = _rest(life, verb, id)
        parts = {line: max(1, int(amount * share)) for line, amount in rest.items() if lines is None or line in lines}
        if parts:
            life.register(verb, parts, "payments", **({"authorization_id": id} if id else {}))


def _rest(life: Life, verb: Verb, authorization_id: str | None = None) -> dict[int, int]:
    """By line, what is left to do of it."""
    rest = {line: of.of(verb) for line, of in left(life.record, authorization_id).items()}
    return {line: amount for line, amount in rest.items() if amount}


def _payment(chance: Random) -> dict[str, Any]:
    """How it was paid, as a payment provider tells."""
    product, kind, _ = chance.choices(_PRODUCTS, [often for *_, often in _PRODUCTS])[0]
    details: dict[str, Any] = {
        "psp": "dintero",
        "payment_id": f"T10000000.{chance.getrandbits(110):022x}"[:32],
        "payment_product": product.partition(".")[0],
        "payment_product_type": product,
    }
    if kind == "creditcard":
        brand, digits = chance.choice(_BRANDS)
        pan = f"{digits}********{chance.randrange(10**4):04}"
        details["card"] = {"brand": brand, "masked_pan": pan, "type": "CREDIT"}
    return {"payment_details": details}
