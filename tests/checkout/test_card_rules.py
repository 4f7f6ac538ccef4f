"""Reading a card, and showing nothing of it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kvitt.checkout.model.payment import CardDetails
from kvitt.checkout.providers.cards import BEHAVIOURS, behaviour_name
from kvitt.checkout.rules.cards import luhn, read_card, shown
from kvitt.core.errors import InvalidRequest

NOW = datetime(2026, 11, 30, 23, 59, tzinfo=UTC)


@pytest.mark.parametrize("expiry", ["12/34", "12/2034", "1234", "12 / 34", " 12/34 ", "122034"])
def test_an_expiry_date_is_read_in_every_usual_spelling(expiry: str) -> None:
    assert read_card(CardDetails("4000 0000 0000 0002", expiry, "123"), NOW).expiry == "12/2034"


def test_a_card_is_good_until_the_end_of_its_month() -> None:
    assert read_card(CardDetails("4000000000000002", "11/26", "123"), NOW).expiry == "11/2026"


@pytest.mark.parametrize(
    ("card", "path"),
    [
        (CardDetails("4000000000000003", "12/34", "123"), "card.number"),
        (CardDetails("4000", "12/34", "123"), "card.number"),
        (CardDetails("٤٠٠٠٠٠٠٠٠٠٠٠٠٠٠٢", "12/34", "123"), "card.number"),
        (CardDetails("", "12/34", "123"), "card.number"),
        (CardDetails("4000000000000002", "10/26", "123"), "card.expiry"),
        (CardDetails("4000000000000002", "13/34", "123"), "card.expiry"),
        (CardDetails("4000000000000002", "soon", "123"), "card.expiry"),
        (CardDetails("4000000000000002", "12/34", "12"), "card.cvc"),
        (CardDetails("4000000000000002", "12/34", "12345"), "card.cvc"),
    ],
)
def test_a_fault_names_the_field_and_repeats_nothing_of_it(card: CardDetails, path: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        read_card(card, NOW)
    assert [fault.path for fault in refusal.value.problems] == [path]
    for typed in (card.number, card.expiry, card.cvc):
        assert not typed or typed not in f"{refusal.value.message} {refusal.value.problems}"


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(InvalidRequest) as refusal:
        read_card(CardDetails("1", "x", "y"), NOW)
    assert [fault.path for fault in refusal.value.problems] == ["card.number", "card.expiry", "card.cvc"]


def test_the_text_of_a_card_shows_nothing_of_it() -> None:
    card = CardDetails("4000000000000002", "12/34", "987")
    assert "4000" not in f"{card!r} {card}"
    assert "987" not in f"{card!r} {card}"


def test_what_is_shown_of_a_card_is_its_ends() -> None:
    card = shown(read_card(CardDetails("5200 0000 0000 0007", "01/30", "123"), NOW))
    assert (card.brand, card.masked_pan, card.expiry_date) == ("Mastercard", "520000******0007", "01/2030")


@settings(max_examples=60)
@given(st.text("0123456789", min_size=12, max_size=18))
def test_exactly_one_check_digit_is_right(number: str) -> None:
    assert sum(luhn(number + digit) for digit in "0123456789") == 1


@pytest.mark.parametrize(
    ("number", "behaviour"),
    [
        ("4000000000000002", "success"),
        ("5200000000000007", "success"),
        ("4000100000000000", "challenge"),
        ("4000200000000008", "attempted"),
        ("4000300000000006", "unverified"),
        ("4100000000000076", "declined"),
        ("4100000000000001", "authorization_timeout"),
        ("4100000000000019", "capture_timeout"),
        ("4100000000000027", "refund_timeout"),
        ("4100000000000043", "void_timeout"),
        ("4242424242424242", "unheard_of"),
    ],
)
def test_the_sandbox_knows_its_cards(number: str, behaviour: str) -> None:
    assert luhn(number)
    assert behaviour_name(number) == behaviour
    assert behaviour in BEHAVIOURS
