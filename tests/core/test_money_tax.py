"""Tax inside an amount and onto one, one or several on a basis, against exact fractions."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kvitt.core.money import MAX_AMOUNT
from kvitt.core.tax import taxes_included, taxes_onto, vat_included, vat_onto

edges = st.sampled_from([0, 1, 2, 3, 99, 100, 101, MAX_AMOUNT - 1, MAX_AMOUNT])
amounts = st.one_of(edges, st.integers(0, 200), st.integers(0, MAX_AMOUNT))
signed = st.builds(int.__mul__, amounts, st.sampled_from([1, -1]))
rates = st.one_of(
    st.sampled_from([Decimal(text) for text in ("0", "2.5", "5.5", "6", "7.7", "8.1", "12", "15", "19", "25", "100")]),
    st.decimals(0, 1000, places=4),
)
several = st.lists(rates, max_size=5)


@given(amounts, rates)
@example(39800, Decimal(25))
@example(1, Decimal(100))  # exactly a half
@example(MAX_AMOUNT, Decimal("999.9999"))
@example(3 * 10**11 + 1, Decimal("199.99999999999999999999"))  # a hair from a half
def test_vat_is_the_nearest_minor_unit_and_a_half_goes_up(gross: int, rate: Decimal) -> None:
    vat = vat_included(gross, rate)
    exact = Fraction(gross) * Fraction(rate) / (100 + Fraction(rate))
    assert Fraction(-1, 2) <= exact - vat < Fraction(1, 2)
    assert 0 <= vat <= gross
    exact = Fraction(gross) * Fraction(rate) / 100
    assert Fraction(-1, 2) <= exact - vat_onto(gross, rate) < Fraction(1, 2)


@given(amounts, several)
@example(11498, [Decimal(5), Decimal("9.975")])
def test_what_is_taken_back_carries_the_same_tax_with_the_other_sign(amount: int, percentages: list[Decimal]) -> None:
    for taxes in (taxes_included, taxes_onto):
        assert taxes(-amount, percentages) == tuple(-tax for tax in taxes(amount, percentages))
    for rate in percentages:
        assert vat_included(-amount, rate) == -vat_included(amount, rate)
        assert vat_onto(-amount, rate) == -vat_onto(amount, rate)


@given(signed, several)
@example(10000, [Decimal(5), Decimal("9.975")])
@example(1, [Decimal(50), Decimal(50)])
def test_tax_that_was_added_is_what_is_then_included(net: int, percentages: list[Decimal]) -> None:
    added = taxes_onto(net, percentages)
    assert taxes_included(net + sum(added), percentages) == added


@given(signed, several)
def test_several_taxes_are_together_the_tax_of_their_sum_and_each_is_near_its_own(
    gross: int, percentages: list[Decimal]
) -> None:
    taxes = taxes_included(gross, percentages)
    together = sum(map(Fraction, percentages))
    assert len(taxes) == len(percentages)
    assert abs(sum(taxes) - gross * together / (100 + together)) <= Fraction(1, 2)
    for tax, rate in zip(taxes, percentages, strict=True):
        assert abs(tax - gross * Fraction(rate) / (100 + together)) < Fraction(3, 2)
        assert tax * gross >= 0
        assert tax == 0 or rate != 0


def test_of_equal_taxes_the_first_takes_the_odd_unit() -> None:
    assert taxes_included(113, [Decimal("6.5"), Decimal("6.5")]) == (7, 6)
    assert taxes_onto(-100, [Decimal("6.5"), Decimal("6.5")]) == (-7, -6)
    assert taxes_onto(100, []) == ()


@given(st.lists(amounts, min_size=1, max_size=30), rates)
def test_vat_by_line_and_vat_of_the_sum_differ_by_half_a_unit_a_line_at_most(lines: list[int], rate: Decimal) -> None:
    by_line = sum(vat_included(line, rate) for line in lines)
    assert abs(by_line - vat_included(sum(lines), rate)) <= (len(lines) + 1) / 2


@given(amounts, amounts, rates, rates)
def test_more_never_carries_less_vat_and_neither_does_a_higher_rate(
    one: int, other: int, low: Decimal, high: Decimal
) -> None:
    less, more = sorted((one, other))
    low, high = sorted((low, high))
    assert vat_included(less, low) <= vat_included(more, low) <= vat_included(more, high)
    assert vat_onto(less, low) <= vat_onto(more, low) <= vat_onto(more, high)


@pytest.mark.parametrize("text", ["-0.01", "-100", "NaN", "Infinity", "1E-999999"])
def test_a_percentage_that_is_none_is_refused(text: str) -> None:
    for taxes in (taxes_included, taxes_onto):
        with pytest.raises(ValueError, match="no n"):
            taxes(100, [Decimal(25), Decimal(text)])
