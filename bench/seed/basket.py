"""What a shop sends to make an order: the body of POST …/orders."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from bench.seed.goods import DISCOUNTS, VARIANTS
from bench.seed.market import Shop, customer_of
from bench.seed.people import Country
from kvitt.core.money import EXPONENTS
from kvitt.core.tax import vat_included

_LINES = (1, 2, 3, 4, 5, 6)
_LINES_OFTEN = (42, 26, 15, 9, 5, 3)
_QUANTITIES_OFTEN = (80, 13, 4, 2, 1)
_TRAVEL_MODES = {"TRAIN": 45, "BUS": 24, "FERRY": 18, "FLIGHT": 9, "CAR": 3, "CUSTOM": 1}


def body_of(chance: Random, shop: Shop, customer: int | None, number: int, now: datetime) -> dict[str, Any]:
    """`customer`: None for one who stays a stranger. `number`: the shop's own count, for orders that it numbers."""
    free = chance.random() < 0.003
    count = chance.choices(_LINES, _LINES_OFTEN)[0]
    items = [line_of(chance, shop, line_id, free=free) for line_id in range(1, count + 1)]
    order: dict[str, Any] = {"currency": shop.country.currency, "items": items, "store": shop.document}
    if customer is not None:
        order["customer"], address = customer_of(customer)
        if not (shop.trade.at_the_till or shop.trade.travels):
            order["shipping_address"] = address
            if chance.random() < 0.3:
                order["billing_address"] = address
    if shop.trade.travels:
        order["itinerary"] = [_leg(chance, shop, items, now)]
    if chance.random() < 0.2:
        order["external_ids"] = [{"source": "erp", "id": f"ERP-{chance.randrange(10**7):07}"}]
    return {"order": order, "options": _options(chance, order, shop, number)}


def line_of(chance: Random, shop: Shop, line_id: int, *, free: bool = False) -> dict[str, Any]:
    """`free`: all of its price is taken off."""
    trade, country = shop.trade, shop.country
    thing = chance.randrange(len(trade.things))
    name, usual = trade.things[thing]
    maker = chance.randrange(len(trade.makers))
    variant = "" if trade.travels else chance.choice(VARIANTS)
    quantity = chance.choices((1, 2, 3, 4, 6), _QUANTITIES_OFTEN)[0]
    each = _price(chance, usual, country)
    gross = each * quantity
    line: dict[str, Any] = {
        "line_id": line_id,
        "id": f"{shop.number % 8 + 1}{thing:02}{maker}{VARIANTS.index(variant):02}",
        "description": " ".join(filter(None, (name, trade.makers[maker], variant))),
        "description_alias": name,
        "quantity": quantity,
        "unit_gross_price": each,
        "gross_amount": gross,
        "groups": [{"id": trade.name, "name": trade.name.capitalize()}],
    }
    discounts = [_discount(chance, gross, free=free)] if free or chance.random() < 0.22 else []
    if discounts:
        line["discount_lines"] = discounts
    percentage = country.vat[trade.vat]
    net = gross - sum(discount["amount"] for discount in discounts)
    line["tax_lines"] = [{"amount": vat_included(net, Decimal(percentage)), "percentage": number_in(percentage)}]
    return line


def number_in(text: str | Decimal) -> int | float:
    """As JSON has it: 25 and 25.5."""
    number = float(text)
    return int(number) if number.is_integer() else number


def _price(chance: Random, usual: int, country: Country) -> int:
    """Minor units, around the usual price as logarithms go, and ending as prices do."""
    price = usual * math.exp(chance.gauss(0, 0.35)) * country.rate
    if price >= 100:
        price = math.ceil(price / 10) * 10 - 1
    exponent = EXPONENTS[country.currency]
    unit: int = 10**exponent
    return round(price) * unit if price >= 20 else max(1, round(price * unit))


def _discount(chance: Random, gross: int, *, free: bool) -> dict[str, Any]:
    kinds = [kind for kind, _, _ in DISCOUNTS]
    kind, words, _ = DISCOUNTS[-1] if free else chance.choices(DISCOUNTS, [often for _, _, often in DISCOUNTS])[0]
    percentage = 100 if free else chance.choice((5, 10, 10, 15, 20, 20, 25, 30, 40, 50))
    amount = gross if free else gross * percentage // 100
    return {
        "amount": amount,
        "percentage": percentage,
        "discount_type": kind,
        "discount_id": f"D{kinds.index(kind) + 1}{percentage:03}",
        "description": words,
        "line_id": 1,
    }


def _leg(chance: Random, shop: Shop, items: list[dict[str, Any]], now: datetime) -> dict[str, Any]:
    """A journey between two places of the country, some days or weeks ahead."""
    (code, start), (other_code, end) = chance.sample(shop.country.places, 2)
    mode = chance.choices(list(_TRAVEL_MODES), list(_TRAVEL_MODES.values()))[0]
    departure = now + timedelta(hours=int(chance.lognormvariate(4.5, 1)))
    return {
        "id": f"leg-{chance.randrange(10**6):06}",
        "line_ids": [item["line_id"] for item in items],
        "operator": shop.document["name"],
        "travel_mode": mode,
        "departure_address": _stop(code, start, shop.country),
        "arrival_address": _stop(other_code, end, shop.country),
        "departure_at": departure.isoformat(),
        "route_id": f"R{chance.randrange(1, 90)}",
        "vehicle_id": f"{mode[0]}{chance.randrange(100, 999)}",
    }


def _stop(code: str, place: str, country: Country) -> dict[str, Any]:
    return {"id": f"{country.code}:{code}", "name": place, "postal_code": code, "country": country.code}


def _options(chance: Random, order: dict[str, Any], shop: Shop, number: int) -> dict[str, Any]:
    """Where the number comes from: mostly it is generated, every fifth shop counts for itself, some leave it."""
    if shop.number % 5 == 4:
        order["order_id"] = f"W{shop.number + 1:02}-{number}"
        return {"split_draft": False}
    options: dict[str, Any] = {"generate_order_id": "ALPHANUMERIC_9"} if chance.random() < 0.9 else {}
    if len(order["items"]) > 1 and chance.random() < 0.015:
        options["multiple_authorizations"] = True
    return options
