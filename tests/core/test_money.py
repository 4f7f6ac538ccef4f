"""Money in its minor unit: currencies of 0, 2 and 3 decimals, and one rounding, against exact fractions."""

from __future__ import annotations

import ast
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import kvitt
from kvitt.core.money import (
    EXPONENTS,
    MAX_AMOUNT,
    is_currency,
    nearest,
    percent_of,
    ratio,
    times,
    to_decimal,
    to_minor,
)

edges = st.sampled_from([0, 1, 2, 3, 99, 100, 101, MAX_AMOUNT - 1, MAX_AMOUNT])
amounts = st.one_of(edges, st.integers(0, 200), st.integers(0, MAX_AMOUNT))
currencies = st.sampled_from(["JPY", "ISK", "NOK", "EUR", "KWD", "TND"]) | st.sampled_from(sorted(EXPONENTS))
rates = st.one_of(
    st.sampled_from([Decimal(text) for text in ("0", "2.5", "5.5", "6", "7.7", "8.1", "12", "15", "19", "25", "100")]),
    st.decimals(0, 1000, places=4),
)


def test_currencies_have_no_two_or_three_decimals() -> None:
    assert {EXPONENTS[code] for code in ("JPY", "KRW", "ISK")} == {0}
    assert {EXPONENTS[code] for code in ("NOK", "SEK", "DKK", "EUR", "USD")} == {2}
    assert {EXPONENTS[code] for code in ("KWD", "BHD", "TND")} == {3}
    assert set(EXPONENTS.values()) == {0, 2, 3}
    assert not any(map(is_currency, ("", "NO", "nok", "NOK\n", "XXX", "FOO")))


@given(amounts, currencies)
@example(MAX_AMOUNT, "KWD")
@example(1, "JPY")
def test_an_amount_in_major_units_is_exact_and_comes_back(amount: int, currency: str) -> None:
    for signed in (amount, -amount):
        shown = to_decimal(signed, currency)
        assert Fraction(shown) == Fraction(signed, 10 ** EXPONENTS[currency])
        assert -shown.as_tuple().exponent == EXPONENTS[currency]


@pytest.mark.parametrize(("currency", "shown"), [("JPY", "39800"), ("NOK", "398.00"), ("KWD", "39.800")])
def test_the_same_number_is_another_sum_in_each_currency(currency: str, shown: str) -> None:
    assert str(to_decimal(39800, currency)) == shown


@given(amounts, currencies)
@example(MAX_AMOUNT, "KWD")
def test_an_amount_in_minor_units_is_exact_and_comes_back(amount: int, currency: str) -> None:
    for signed in (amount, -amount):
        assert to_minor(to_decimal(signed, currency), currency) == signed


@pytest.mark.parametrize(("amount", "currency"), [("1.5", "JPY"), ("0.005", "NOK"), ("-0.0001", "KWD"), ("NaN", "EUR")])
def test_a_part_of_a_minor_unit_is_refused_and_not_lost(amount: str, currency: str) -> None:
    with pytest.raises(ValueError, match=r"decimals than|no number"):
        to_minor(Decimal(amount), currency)


@given(st.integers(-(10**30), 10**30), st.integers(-(10**15), 10**15).filter(bool))
@example(5, 2)
@example(-5, 2)
@example(MAX_AMOUNT * 10**30 + 1, 2 * 10**30)  # a hair above a half: 28 digits would not see it
def test_a_quotient_is_rounded_once_to_the_nearest_whole_and_a_half_goes_away_from_zero(over: int, under: int) -> None:
    whole, exact = nearest(over, under), Fraction(over, under)
    assert abs(whole - exact) <= Fraction(1, 2)
    assert abs(whole - exact) < Fraction(1, 2) or abs(whole) > abs(exact)
    assert nearest(-over, under) == nearest(over, -under) == -whole


@given(amounts, st.decimals(0, 1_000_000_000, places=3), rates)
@example(2990, Decimal("0.75"), Decimal("33.3333"))
def test_a_quantity_and_a_percentage_are_exact_to_the_nearest_minor_unit(
    amount: int, quantity: Decimal, rate: Decimal
) -> None:
    for signed in (amount, -amount):
        assert abs(times(signed, quantity) - signed * Fraction(quantity)) <= Fraction(1, 2)
        assert abs(percent_of(signed, rate) - signed * Fraction(rate) / 100) <= Fraction(1, 2)
    assert times(amount, Decimal(1)) == percent_of(amount, Decimal(100)) == amount


@pytest.mark.parametrize("text", ["1E-21", "1E+20", "1E-999999", "9E+999999", "NaN", "-Infinity"])
def test_a_number_of_endless_digits_is_refused_before_anything_is_done_with_it(text: str) -> None:
    with pytest.raises(ValueError, match="no number with at most 20 digits"):
        ratio(Decimal(text))


def test_no_code_that_holds_money_multiplies_or_divides_by_a_hundred() -> None:
    """Yen have no decimals and dinars have three: who writes 100 means øre, and is wrong. Percentages may, and the
    colours of CSS that are written so."""
    source = Path(kvitt.__file__).parent
    found = set()
    for feature in ("core", "ledger", "orders", "checkout", "hosted"):
        for path in (source / feature).rglob("*.py"):
            for function in ast.walk(ast.parse(path.read_text())):
                if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                    found |= {
                        (f"{path.relative_to(source)}", function.name)
                        for node in ast.walk(function)
                        if isinstance(node, ast.BinOp) and not isinstance(node.op, ast.Add | ast.Sub)
                        for side in (node.left, node.right)
                        if isinstance(side, ast.Constant) and side.value in (100, 0.01)
                    }
    assert found == {("hosted/amounts.py", "percentage"), ("hosted/colours.py", "_rgb"), ("hosted/colours.py", "_hsl")}
