"""However a payment is cut into captures and refunds, the parts are the whole, to the last minor unit."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kvitt.checkout.rules.totals import totals
from kvitt.core.errors import InvalidOperation, Refusal
from kvitt.core.money import MAX_AMOUNT

from .till import REFUSED, Till, options

wholes = st.sampled_from([1, 2, 3, 100, 101, MAX_AMOUNT]) | st.integers(1, 1000) | st.integers(1, MAX_AMOUNT)
cuts = st.lists(st.integers(0, 1000), max_size=8)
"""Where a sum is cut, in thousandths of it."""


def parts(whole: int, where: list[int]) -> list[int]:
    places = sorted({whole * cut // 1000 for cut in where} | {0, whole})
    return [after - before for before, after in pairwise(places)]


@settings(max_examples=80, deadline=None)
@given(wholes, st.sampled_from(["JPY", "NOK", "KWD"]), cuts, cuts)
@example(1, "JPY", [500], [500])
@example(100, "NOK", [333, 666], [1, 999])
@example(MAX_AMOUNT, "KWD", [333, 667], [])
def test_refunding_all_parts_gives_back_what_all_captures_took_to_the_unit(
    whole: int, currency: str, captures: list[int], refunds: list[int]
) -> None:
    till = Till(whole, options=options(whole, currency))
    for part in parts(whole, captures):
        till.do("capture", part)
    assert till.transaction.status == "CAPTURED"
    with pytest.raises(Refusal):
        till.begin("capture", 1)
    for part in parts(whole, refunds):
        assert totals(till.row.doc).refundable >= part
        till.do("refund", part)
    assert till.transaction.status == "REFUNDED"
    with pytest.raises(InvalidOperation):
        till.begin("refund", 1)
    sums = totals(till.row.doc)
    assert sums.captured == sums.refunded == whole
    assert set(till.balances.values()) == {0}
    assert {moved.currency for moved in till.postings} == {currency}


@settings(max_examples=80, deadline=None)
@given(st.integers(2, 1000) | st.just(MAX_AMOUNT), st.integers(1, 999))
def test_a_final_capture_and_what_it_releases_are_the_whole(whole: int, cut: int) -> None:
    till = Till(whole)
    amount = max(1, whole * cut // 1000)
    till.do("capture", amount, final=True)
    sums = totals(till.row.doc)
    assert (sums.captured, sums.voided) == (amount, whole - amount)
    assert till.balances == {"customer": -amount, "authorized": 0, "captured": amount}


@settings(max_examples=40, deadline=None)
@given(wholes, cuts)
def test_a_failed_refund_is_not_counted_as_refunded_however_often_it_fails(whole: int, refunds: list[int]) -> None:
    till = Till(whole)
    till.do("capture", whole)
    for part in parts(whole, refunds):
        till.settle(till.begin("refund", part), REFUSED)
    assert (till.transaction.status, totals(till.row.doc).refundable) == ("CAPTURED", whole)
    assert till.balances["captured"] == whole
    till.do("refund", whole)
    assert till.transaction.status == "REFUNDED"
