"""Parts that always sum to the whole, however it is divided, against exact fractions."""

from __future__ import annotations

from fractions import Fraction
from itertools import accumulate, pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kvitt.core.money import MAX_AMOUNT
from kvitt.core.shares import discount_shares, part_of, spread

edges = st.sampled_from([0, 1, 2, 3, 99, 100, 101, MAX_AMOUNT - 1, MAX_AMOUNT])
amounts = st.one_of(edges, st.integers(0, 20), st.integers(0, MAX_AMOUNT))
signs = st.sampled_from([1, -1])
totals = st.builds(int.__mul__, amounts, signs)
weights = st.lists(amounts, min_size=1, max_size=12).filter(any)


@given(totals, weights, signs)
@example(100, [1, 1, 1], 1)
@example(-100, [1, 1, 1], 1)
@example(MAX_AMOUNT, [MAX_AMOUNT, MAX_AMOUNT - 1, 1, 0], -1)
@example(0, [0, 5], 1)
def test_parts_sum_to_the_whole_and_each_is_one_of_the_two_amounts_beside_its_share(
    total: int, given_weights: list[int], sign: int
) -> None:
    parts = spread(total, [sign * weight for weight in given_weights])
    assert sum(parts) == total
    whole = sum(given_weights)
    for part, weight in zip(parts, given_weights, strict=True):
        assert abs(part - Fraction(total * weight, whole)) < 1
        assert part * total >= 0
        assert part == 0 or weight != 0
    assert spread(-total, given_weights) == tuple(-part for part in parts)


@given(totals, weights)
def test_who_weighs_more_never_gets_less_and_of_equals_the_first_gets_the_odd_unit(
    total: int, given_weights: list[int]
) -> None:
    parts = [abs(part) for part in spread(total, given_weights)]
    placed = list(zip(given_weights, parts, strict=True))
    for place, (weight, part) in enumerate(placed):
        for other, later in placed[place + 1 :]:
            if weight == other:
                assert part - later in (0, 1)
            else:
                assert (part <= later) if weight < other else (part >= later)


def test_the_largest_remainders_get_what_is_left() -> None:
    assert spread(10, [26, 33, 41]) == (3, 3, 4)  # exactly 2.6, 3.3, 4.1
    assert spread(100, [1, 1, 1]) == (34, 33, 33)
    assert spread(-5, [2, 0, 2]) == (-3, 0, -2)
    assert spread(0, [7, 7]) == spread(0, [0, 0]) == (0, 0)
    assert spread(0, []) == ()


def test_one_unit_more_may_give_a_part_one_unit_less() -> None:
    """The paradox of this method, found in Alabama: told in the docstring, and why there is part_of."""
    assert spread(10, [6, 6, 2]) == (4, 4, 2)
    assert spread(11, [6, 6, 2]) == (5, 5, 1)


@pytest.mark.parametrize(("total", "bad"), [(1, []), (-1, [0, 0]), (0, [1, -1]), (5, [3, 0, -1])])
def test_what_cannot_be_spread_is_refused(total: int, bad: list[int]) -> None:
    with pytest.raises(ValueError, match=r"nothing to spread|both signs"):
        spread(total, bad)


@given(st.lists(totals, max_size=12), st.data())
def test_no_line_bears_more_of_a_discount_than_it_costs_nor_one_of_the_other_sign(
    lines: list[int], data: st.DataObject
) -> None:
    sold, taken_back = sum(max(line, 0) for line in lines), sum(min(line, 0) for line in lines)
    discount = data.draw(st.integers(taken_back, sold) | st.sampled_from([taken_back, 0, sold]))
    shares = discount_shares(discount, lines)
    assert sum(shares) == discount
    for share, line in zip(shares, lines, strict=True):
        assert 0 <= share <= max(line, 0) or min(line, 0) <= share <= 0
        assert share * discount >= 0
    for impossible in (sold + 1, taken_back - 1):
        with pytest.raises(ValueError, match="more than the lines"):
            discount_shares(impossible, lines)


@given(totals, st.lists(amounts, min_size=1, max_size=12), signs)
@example(7960, [1] * 12, 1)
@example(1, [5, 5], -1)
def test_what_goes_with_part_after_part_sums_to_the_amount_and_never_turns_back(
    amount: int, sizes: list[int], sign: int
) -> None:
    parts = [sign * size for size in sizes]
    whole = sum(parts)
    befores = list(accumulate(parts, initial=0))
    went = [part_of(amount, part, whole, before) for part, before in zip(parts, befores, strict=False)]
    assert sum(went) == (amount if whole else 0)
    for share, part in zip(went, parts, strict=True):
        assert share * amount * part * whole >= 0
        assert part == 0 or abs(share - Fraction(amount * part, whole)) <= 1
    for (before, after), share in zip(pairwise(befores), went, strict=True):
        assert part_of(-amount, after - before, whole, before) == -share


@pytest.mark.parametrize(("part", "whole", "before"), [(101, 100, 0), (1, 100, 100), (-1, 100, 0), (1, -100, 0)])
@pytest.mark.parametrize("amount", [0, 20])
def test_parts_that_are_no_parts_are_refused(amount: int, part: int, whole: int, before: int) -> None:
    with pytest.raises(ValueError, match="is no part of"):
        part_of(amount, part, whole, before)
