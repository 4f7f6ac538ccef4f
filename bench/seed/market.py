"""The marketplace: fifty stores of which a few sell the most, and customers of whom some come again and again.

Stores and customers follow from their numbers alone, so every process knows the same ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from random import Random
from typing import Any

from bench.seed.goods import TRADES, Trade
from bench.seed.people import HOMES, Country

STORES = 50
_GOLDEN = 0x9E3779B97F4A7C15


@dataclass(frozen=True)
class Shop:
    """`document`: as orders name it. `closes`: it closes its orders some weeks after they were delivered."""

    number: int
    trade: Trade
    country: Country
    document: dict[str, Any]
    closes: bool


def _mixed(number: int, salt: int) -> int:
    """64 bits that follow from a number and look like chance."""
    mixed = (number + 1) * _GOLDEN + salt * 0xD1B54A32D192ED03
    mixed = ((mixed ^ (mixed >> 29)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
    return mixed ^ (mixed >> 32)


def _shop(number: int) -> Shop:
    trade, country = TRADES[number % len(TRADES)], HOMES[number * 7 % len(HOMES)]
    code, place = country.places[_mixed(number, 2) % len(country.places)]
    name = f"{trade.shop_names[_mixed(number, 3) % len(trade.shop_names)]} {place}"
    document = {
        "id": f"store-{number + 1:02}",
        "name": name,
        "business_name": f"{name} AS",
        "organization_number": f"{900_000_000 + _mixed(number, 4) % 99_999_999}",
        "email": f"butikk{number + 1}@example.com",
        "phone_number": f"{country.phone}{20_000_000 + _mixed(number, 5) % 9_999_999}",
        "address": {
            "address_line": f"{country.streets[_mixed(number, 6) % len(country.streets)]} {_mixed(number, 7) % 90 + 1}",
            "postal_code": code,
            "postal_place": place,
            "country": country.code,
        },
    }
    return Shop(number, trade, country, document, closes=_mixed(number, 8) % 10 < 3)


SHOPS = tuple(_shop(number) for number in range(STORES))
_ZIPF = tuple(accumulate(1 / (rank + 1) for rank in range(STORES)))


def some_shop(chance: Random) -> Shop:
    """The first sells twice what the second does, and fifty times what the fiftieth does."""
    return chance.choices(SHOPS, cum_weights=_ZIPF)[0]


def some_customer(chance: Random, country: Country, customers: int) -> int:
    """The number of one who lives in the country. Low numbers come often: the first once in some thousand orders."""
    number = int(customers * chance.random() ** 1.8)
    first = HOMES.index(country)
    return number - number % len(HOMES) + first + chance.randrange(country.share)


def customer_of(number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """The customer and the address that they have things sent to, as orders name them."""
    country = HOMES[number % len(HOMES)]
    first = country.first_names[_mixed(number, 11) % len(country.first_names)]
    last = country.last_names[_mixed(number, 12) % len(country.last_names)]
    code, place = country.places[_mixed(number, 13) % len(country.places)]
    street = country.streets[_mixed(number, 14) % len(country.streets)]
    reached = {
        "first_name": first,
        "last_name": last,
        "email": f"{_plain(first)}.{_plain(last)}{number}@example.com",
        "phone_number": f"{country.phone}{40_000_000 + _mixed(number, 15) % 59_999_999}",
    }
    address = {"address_line": f"{street} {_mixed(number, 16) % 120 + 1}", "postal_code": code, "postal_place": place}
    customer = {"id": f"C{number:07}", "customer_id": f"C{number:07}", **reached}
    return customer, {**reached, **address, "country": country.code}


_PLAIN = str.maketrans({"æ": "ae", "ø": "o", "å": "a", "ä": "a", "ö": "o", "ð": "d", "þ": "th", "á": "a", "é": "e",
                        "í": "i", "ó": "o", "ú": "u", " ": "."})  # fmt: skip


def _plain(name: str) -> str:
    """A name as it stands in an address of mail."""
    return name.lower().translate(_PLAIN)
