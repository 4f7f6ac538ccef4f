"""Money in its minor unit: decimals of 0, 2 and 3 places, and the VAT inside a sum, against exact fractions."""

from __future__ import annotations

import ast
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import kvitt
from kvitt.core.money import EXPONENTS, MAX_AMOUNT, is_currency, to_decimal, vat_included

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


@given(amounts, rates)
@example(39800, Decimal(25))
@example(1, Decimal(100))  # exactly a half
@example(MAX_AMOUNT, Decimal("999.9999"))
def test_vat_is_the_nearest_minor_unit_and_a_half_goes_up(gross: int, rate: Decimal) -> None:
    vat = vat_included(gross, rate)
    exact = Fraction(gross) * Fraction(rate) / (100 + Fraction(rate))
    assert Fraction(-1, 2) <= exact - vat < Fraction(1, 2)
    assert 0 <= vat <= gross


@given(amounts, rates)
def test_what_is_taken_back_carries_the_same_vat_with_the_other_sign(gross: int, rate: Decimal) -> None:
    assert vat_included(-gross, rate) == -vat_included(gross, rate)


@given(st.lists(amounts, min_size=1, max_size=30), rates)
def test_vat_by_line_and_vat_of_the_sum_differ_by_half_a_unit_a_line_at_most(lines: list[int], rate: Decimal) -> None:
    by_line = sum(vat_included(line, rate) for line in lines)
    assert abs(by_line - vat_included(sum(lines), rate)) <= (len(lines) + 1) / 2


@given(amounts, amounts, rates)
def test_more_never_carries_less_vat(one: int, other: int, rate: Decimal) -> None:
    less, more = sorted((one, other))
    assert vat_included(less, rate) <= vat_included(more, rate)


def test_no_code_that_holds_money_multiplies_or_divides_by_a_hundred() -> None:
    """Yen have no decimals and dinars have three: who writes 100 means øre, and is wrong. Percentages may."""
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
    assert found == {("hosted/amounts.py", "percentage")}
