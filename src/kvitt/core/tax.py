"""Tax inside an amount that includes it, and onto one that does not: one tax, or several on the same basis.

What is computed is the tax; the basis is what is left, so that basis and taxes always sum to the amount with tax. The
tax of an order is the sum of its lines' tax: computed anew from the order's total it may differ by some units.
A percentage of 25 is 25 per cent; ValueError for one that is negative or no number.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from math import lcm

from kvitt.core.money import PER_CENT, nearest, ratio
from kvitt.core.shares import spread


def vat_included(gross: int, percentage: Decimal) -> int:
    """The VAT inside an amount that includes it, half up, away from zero for negative amounts."""
    return sum(taxes_included(gross, (percentage,)))


def vat_onto(net: int, percentage: Decimal) -> int:
    """The VAT to be added to an amount without it, half up, away from zero for negative amounts."""
    return sum(taxes_onto(net, (percentage,)))


def taxes_included(gross: int, percentages: Sequence[Decimal]) -> tuple[int, ...]:
    """Each tax inside an amount that includes them all, in the order of `percentages`.

    They are on one basis: 5 % and 9.975 % are together 14.975 %. That tax is rounded once and spread over them.
    """
    rates, basis = _rates(percentages)
    return spread(nearest(gross * sum(rates), basis + sum(rates)), rates)


def taxes_onto(net: int, percentages: Sequence[Decimal]) -> tuple[int, ...]:
    """Each tax to be added to an amount without them, in the order of `percentages`; rounded as in `taxes_included`.

    That takes the same taxes out again.
    """
    rates, basis = _rates(percentages)
    return spread(nearest(net * sum(rates), basis), rates)


def _rates(percentages: Sequence[Decimal]) -> tuple[list[int], int]:
    """The taxes of a basis, exactly: so much of each, and the basis."""
    ratios = [ratio(percentage) for percentage in percentages]
    if any(numerator < 0 for numerator, _ in ratios):
        raise ValueError("a tax is no negative percentage")
    common = lcm(*(denominator for _, denominator in ratios))
    return [numerator * (common // denominator) for numerator, denominator in ratios], PER_CENT * common
