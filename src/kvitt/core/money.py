"""Money is an integer in the currency's minor unit. No float touches it; no literal 100 appears outside this file."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated

import msgspec

MAX_AMOUNT = 999_999_999_999
"""Refused beyond this: ten billion kroner is a mistake, and sums of thousands of lines still fit 64 bits."""

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


def vat_included(gross: int, percentage: Decimal) -> int:
    """The VAT inside an amount that includes it, half up, away from zero for negative amounts."""
    if percentage == 0:
        return 0
    return int((Decimal(gross) * percentage / (100 + percentage)).quantize(Decimal(1), ROUND_HALF_UP))
