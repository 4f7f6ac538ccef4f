"""The countries that an address may name: in the customer's language, in its order, the shop's preferred one first."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from babel import Locale

from kvitt.checkout.model.view import ExpressView, View
from kvitt.hosted.languages import Language

_NO_COUNTRIES = frozenset(("AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"))
"""Two letters in Unicode's data, and no country that goods are sent to by that name."""

_LAST = {"nb": "æøå", "nn": "æøå", "da": "æøå", "sv": "åäö", "fi": "åäö"}
"""Letters that come after z. Elsewhere they count as the letters they are made of."""

_HOMES = {"NOK": "NO", "SEK": "SE", "DKK": "DK", "ISK": "IS", "GBP": "GB", "PLN": "PL", "CHF": "CH"}
"""Who sells in such a currency mostly sells at home."""

_PARTS = str.maketrans({"ł": "l", "ø": "o", "æ": "ae", "đ": "d", "ß": "ss"})


@dataclass(frozen=True)
class Country:
    code: str
    name: str


def countries(express: ExpressView, language: Language) -> tuple[Country, ...]:
    """The session's, or all but those that it denies."""
    known = _all(language.code, language.locale)
    denied = frozenset(express.denied_countries or ())
    wanted = None if express.countries is None else frozenset(express.countries)
    served = [one for one in known if one.code not in denied and (wanted is None or one.code in wanted)]
    return tuple(sorted(served, key=lambda one: one.code != express.preferred_country))


def country_name(code: str | None, language: Language) -> str:
    return str(language.locale.territories.get((code or "").upper(), ""))


def first_country(view: View, served: tuple[Country, ...], given: str | None, language: Language) -> str:
    """What is chosen at first: what was given, what the shop prefers, the only one, where the shop seems to be, or
    where the language is spoken. Nothing when that cannot be told."""
    codes = [one.code for one in served]
    only = codes[0] if len(codes) == 1 else None
    preferred = view.express.preferred_country if view.express else None
    home = (view.merchant and view.merchant.country) or _HOMES.get(view.order.currency)
    guesses = (given, preferred, only, home, language.locale.territory)
    return next((code for code in guesses if code in codes), "")


@lru_cache(maxsize=32)
def _all(code: str, locale: Locale) -> tuple[Country, ...]:
    found = [
        Country(territory, str(name))
        for territory, name in locale.territories.items()
        if len(territory) == 2 and territory.isalpha() and territory not in _NO_COUNTRIES
    ]
    return tuple(sorted(found, key=lambda country: _place(country.name, _LAST.get(code, ""))))


def _place(name: str, last: str) -> str:
    return "".join(
        chr(0xF000 + last.index(letter))
        if letter in last
        else unicodedata.normalize("NFD", letter)[0].translate(_PARTS)
        for letter in name.casefold()
    )
