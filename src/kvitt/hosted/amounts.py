"""Numbers as people write them. The decimals of an amount are the currency's (ISO 4217), not the locale data's.

Digits are 0 to 9 in every language. In Arabic they are the usual ones of the locale data, and the ones that stand on
the card, in its fields and on the bank's statement, so the customer compares like with like.
"""

from __future__ import annotations

import re
from copy import copy
from decimal import Decimal
from functools import lru_cache

from babel import Locale
from babel.numbers import NumberPattern, format_decimal

from kvitt.core.money import EXPONENTS, to_decimal

_SPACE, _RIGHT_TO_LEFT_MARK = "\N{NO-BREAK SPACE}", "\N{RIGHT-TO-LEFT MARK}"
_TOUCHING = re.compile(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")
"""Where a currency's letters touch a digit: `NOK398`. Unicode (CLDR, currency spacing) wants a space there."""

_FOUR_DIGITS_TOGETHER = frozenset({"es", "pl"})
"""Languages that write 1234,00 but 12 345,00 (CLDR, minimum grouping digits; Babel does not know of it)."""
_FIVE_DIGITS = 10_000


@lru_cache(maxsize=256)
def _with_decimals(pattern: NumberPattern, least: int, most: int) -> NumberPattern:
    exact = copy(pattern)
    exact.frac_prec = (least, most)
    return exact


def money(amount: int, currency: str, locale: Locale) -> str:
    """`amount`: minor units. 39800 NOK is `398,00 kr` in Norwegian and `NOK 398.00` in English."""
    decimals, value = EXPONENTS[currency], to_decimal(amount, currency)
    pattern = _with_decimals(locale.currency_formats["standard"], decimals, decimals)
    text: str = pattern.apply(
        value, locale, currency=currency, currency_digits=False, group_separator=_grouped(value, locale)
    )
    if value < 0 and locale.text_direction == "rtl":  # or the currency would change sides, after the minus's own mark
        text = text.replace(_SPACE, _RIGHT_TO_LEFT_MARK + _SPACE)
    return _TOUCHING.sub(_SPACE, _signed(text, value, locale))


def percentage(rate: float, locale: Locale) -> str:
    """`rate`: per cent, so 25 is `25 %`; up to two decimals, as many as it has."""
    value = Decimal(str(rate)) / 100
    return _signed(_with_decimals(locale.percent_formats[None], 0, 2).apply(value, locale), value, locale)


def quantity(count: float, locale: Locale) -> str:
    """Up to three decimals: 2 is `2`, 0.75 kg is `0,75`."""
    value = Decimal(str(count))
    text = format_decimal(value, "#,##0.###", locale, group_separator=_grouped(value, locale))
    return _signed(text, value, locale)


def _grouped(value: Decimal, locale: Locale) -> bool:
    return abs(value) >= _FIVE_DIGITS or locale.language not in _FOUR_DIGITS_TOGETHER


def _signed(text: str, value: Decimal, locale: Locale) -> str:
    """With the language's own minus: the true sign in most Nordic ones, and in Arabic one that stays on the left of
    its digits. Babel leaves the pattern's hyphen."""
    return text.replace("-", locale.number_symbols["latn"]["minusSign"]) if value < 0 else text
