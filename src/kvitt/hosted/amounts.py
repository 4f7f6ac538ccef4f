"""Numbers as people write them. The decimals of an amount are the currency's (ISO 4217), not the locale data's."""

from __future__ import annotations

import re
from copy import copy
from decimal import Decimal
from functools import lru_cache

from babel import Locale
from babel.numbers import NumberPattern, format_decimal

from kvitt.core.money import EXPONENTS, to_decimal

_TOUCHING = re.compile(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")
"""Where a currency's letters touch a digit: `NOK398`. Unicode (CLDR, currency spacing) wants a space there."""


@lru_cache(maxsize=256)
def _with_decimals(pattern: NumberPattern, least: int, most: int) -> NumberPattern:
    exact = copy(pattern)
    exact.frac_prec = (least, most)
    return exact


def money(amount: int, currency: str, locale: Locale) -> str:
    """`amount`: minor units. 39800 NOK is `398,00 kr` in Norwegian and `NOK 398.00` in English."""
    decimals = EXPONENTS[currency]
    pattern = _with_decimals(locale.currency_formats["standard"], decimals, decimals)
    text: str = pattern.apply(to_decimal(amount, currency), locale, currency=currency, currency_digits=False)
    return _TOUCHING.sub("\N{NO-BREAK SPACE}", text)


def percentage(rate: float, locale: Locale) -> str:
    """`rate`: per cent, so 25 is `25 %`; up to two decimals, as many as it has."""
    text: str = _with_decimals(locale.percent_formats[None], 0, 2).apply(Decimal(str(rate)) / 100, locale)
    return text


def quantity(count: float, locale: Locale) -> str:
    """Up to three decimals: 2 is `2`, 0.75 kg is `0,75`."""
    return format_decimal(Decimal(str(count)), format="#,##0.###", locale=locale)
