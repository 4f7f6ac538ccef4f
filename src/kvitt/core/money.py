"""Money is an integer in the currency's minor unit. No float touches it; no literal 100 appears outside this file.

What comes of a division is rounded once, from the exact quotient: half up, away from zero for negative amounts, so that
what is taken back is the same with the other sign. `docs/guides/money.md` shows it at work, with `tax` and `shares`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

import msgspec

MAX_AMOUNT = 999_999_999_999
"""Refused beyond this: ten billion kroner is a mistake, and sums of thousands of lines still fit 64 bits."""
MAX_DIGITS = 20
"""Digits on each side of the point of a percentage or a quantity; far more than anybody writes."""
PER_CENT = 100
"""The whole, in per cent."""

Amount = Annotated[int, msgspec.Meta(ge=-MAX_AMOUNT, le=MAX_AMOUNT, description="Minor units of the currency")]
PositiveAmount = Annotated[int, msgspec.Meta(ge=1, le=MAX_AMOUNT, description="Minor units of the currency")]
NonNegativeAmount = Annotated[int, msgspec.Meta(ge=0, le=MAX_AMOUNT, description="Minor units of the currency")]

_ZERO = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE = "BHD IQD JOD KWD LYD OMR TND"
_TWO = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC "
    "CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD "
    "KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO "
    "NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL "
    "THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD YER ZAR ZMW ZWG"
)
EXPONENTS: dict[str, int] = (
    dict.fromkeys(_ZERO.split(), 0) | dict.fromkeys(_TWO.split(), 2) | dict.fromkeys(_THREE.split(), 3)
)
"""ISO 4217: how many decimals each currency has."""


def is_currency(code: str) -> bool:
    return code in EXPONENTS


def to_decimal(amount: int, currency: str) -> Decimal:
    """Major units, exactly: 39800 NOK is Decimal('398.00')."""
    return Decimal(amount).scaleb(-EXPONENTS[currency])


def to_minor(amount: Decimal, currency: str) -> int:
    """Minor units, exactly: Decimal('398.00') NOK is 39800. ValueError for a part of a minor unit: nothing is lost."""
    numerator, denominator = ratio(amount)
    units: int = 10 ** EXPONENTS[currency]
    minor, rest = divmod(numerator * units, denominator)
    if rest:
        raise ValueError(f"{amount} has more decimals than {currency}, which has {EXPONENTS[currency]}")
    return minor


def ratio(value: Decimal) -> tuple[int, int]:
    """The value as numerator and denominator, so that arithmetic with it is exact whatever its digits.

    ValueError for no number, and for one with so many digits that work with it takes long.
    """
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -MAX_DIGITS or value.adjusted() >= MAX_DIGITS:
        raise ValueError(f"{value} is no number with at most {MAX_DIGITS} digits on each side of its point")
    return value.as_integer_ratio()


def nearest(numerator: int, denominator: int) -> int:
    """The quotient as a whole number: half up, and away from zero when it is negative."""
    size, over = abs(numerator), abs(denominator)
    rounded = (2 * size + over) // (2 * over)
    return rounded if (numerator < 0) == (denominator < 0) else -rounded


def times(amount: int, quantity: Decimal) -> int:
    """So many of what costs `amount`, as 0.75 kg: the nearest minor unit."""
    numerator, denominator = ratio(quantity)
    return nearest(amount * numerator, denominator)


def percent_of(amount: int, percentage: Decimal) -> int:
    """A discount or a tax of so many per cent of the amount: the nearest minor unit. 25 is 25 per cent."""
    numerator, denominator = ratio(percentage)
    return nearest(amount * numerator, PER_CENT * denominator)
