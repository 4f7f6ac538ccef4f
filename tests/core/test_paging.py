"""Tokens of pages: they say of which list's order they are, and bring back the place."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kvitt.core.errors import InvalidRequest
from kvitt.core.paging import MOST_TEXTS, NEWEST_FIRST, Sort, check_bounds, read_place, several, texts, token_of

AMOUNT = Sort("amount", descending=False, times=False)
IDS = st.from_regex(r"[0-9A-Za-z._-]{1,100}", fullmatch=True)


MICROSECONDS = st.integers(0, 10**17 - 1)


@given(MICROSECONDS, IDS)
def test_a_token_brings_back_its_moment(microseconds, id):
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
    assert read_place(token_of((at, id))) == (at, id)


@given(st.integers(-(10**17) + 1, 10**17 - 1), IDS)
def test_a_token_brings_back_its_number(number, id):
    assert read_place(token_of((number, id), AMOUNT), AMOUNT) == (number, id)


def test_the_token_of_another_order_is_refused():
    at = datetime(2026, 7, 1, tzinfo=UTC)
    tokens = {
        sort: token_of((at if sort.times else 5, "x"), sort)
        for sort in (NEWEST_FIRST, Sort("created_at", False), Sort("updated_at"), AMOUNT)
    }
    for sort in tokens:
        for of, token in tokens.items():
            if of == sort:
                read_place(token, sort)
                continue
            with pytest.raises(InvalidRequest, match=r"^starting_after: ") as refused:
                read_place(token, sort)
            assert f"sorted by {of}, and this one is by {sort}" in str(refused.value)


@given(st.text(max_size=60))
def test_any_text_is_a_token_or_refused_by_name(text):
    for sort in (NEWEST_FIRST, AMOUNT):
        for token in (text, f"created_at.desc.{text}", f"amount.asc.5.{text}", f"amount.asc.{text}.x"):
            try:
                value, id = read_place(token, sort)
            except InvalidRequest:
                continue
            assert isinstance(value, datetime if sort.times else int)
            assert id


def test_moments_before_1970_and_far_numbers_are_no_place():
    for token in ("created_at.desc.-1.x", "created_at.desc.999999999999999999.x", "created_at.desc.1.\0", "x"):
        with pytest.raises(InvalidRequest):
            read_place(token)


def test_several_values_come_repeated_or_with_commas():
    assert several("status", ["open, closed", "open"], ["open", "closed"]) == ["open", "closed"]
    assert texts("order_id", ["a,b", " c ", "a"]) == ["a", "b", "c"]


@pytest.mark.parametrize("given", [[""], ["a,"], ["a", " "], ["x" * 101], [",".join(map(str, range(101)))]])
def test_values_that_no_row_can_have_are_refused_by_name(given):
    with pytest.raises(InvalidRequest, match=r"^order_id: "):
        texts("order_id", given)


def test_bounds_that_leave_nothing_are_refused():
    at = datetime(2026, 7, 1, tzinfo=UTC)
    check_bounds("created_at", at, at)
    check_bounds("amount", None, -5)
    with pytest.raises(InvalidRequest, match=r"^amount\.gte: 2 is more than amount\.lte, 1"):
        check_bounds("amount", 2, 1)
    with pytest.raises(InvalidRequest, match=r"^created_at\.gte: "):
        check_bounds("created_at", at + timedelta(microseconds=1), at)
    assert len(texts("order_id", [str(n) for n in range(MOST_TEXTS)])) == MOST_TEXTS
