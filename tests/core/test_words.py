"""What is written and what is looked for become the same words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kvitt.core.words import LONGEST, asked_words, labelled, phone_words, words_in


def found(words: list[str], query: str) -> bool:
    """As the store looks for it: of each group one begins a word."""
    return all(any(word.startswith(begin) for word in words for begin in group) for group in asked_words(query))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Stacking chair", ["stacking", "chair"]),
        ("Utendørs på Ærfugl, Åsgårdstrand", ["utendors", "pa", "aerfugl", "asgardstrand"]),
        ("Łódź Đà Nẵng Þingvellir œuvre", ["lodz", "da", "nang", "thingvellir", "oeuvre"]),
        ("Straße STRASSE", ["strasse", "strasse"]),
        ("e\u0301te\u0301 été", ["ete", "ete"]),
        ("ﬁne № ½ ①", ["fine", "no", "1", "2", "1"]),
        ("ΑΝΤΏΝΗΣ αντωνης", ["αντωνησ", "αντωνησ"]),
        ("हिन्दी 東京", ["हनद", "東京"]),
        ("O'Brien_sku-1/2", ["o", "brien", "sku", "1", "2"]),
        ("İstanbul ıslak", ["istanbul", "islak"]),
        ("- . _ : \0", []),
        ("x" * 150, ["x" * 100, "x" * 50]),
        ("ø" * 150, ["o" * 100, "o" * 50]),
    ],
)
def test_words_are_small_letters_without_marks(text, words):
    assert words_in(text) == words


def test_a_mail_address_is_a_word_and_its_parts_are():
    assert words_in("Kari.Nordmann@Example.org,") == ["kari", "nordmann", "example", "org", "kari.nordmann@example.org"]
    assert words_in("@ a@ @b") == ["a", "b"]


def test_a_mail_address_is_looked_for_as_a_whole():
    assert asked_words("<kari@example.org>") == [("kari@example.org",)]
    assert not found(words_in("karin@example.org"), "kari@example.org")
    assert found(words_in("kari@example.org"), "example.org")


@pytest.mark.parametrize(
    ("phone", "words"),
    [
        ("+47 912 34 567", ("4791234567", "91234567")),
        ("0047 91234567", ("4791234567", "91234567")),
        ("91 23 45 67", ("91234567",)),
        ("070-123 45 67", ("701234567",)),
        ("+1 (555) 010-9999", ("15550109999", "5550109999")),
        ("+358 40 1234567", ("358401234567", "401234567")),
        ("+420 601 123 456", ("420601123456", "601123456")),
        ("ring!", ()),
        ("+", ()),
        ("000", ()),
    ],
)
def test_a_telephone_number_is_its_digits(phone, words):
    assert phone_words(phone) == words


@pytest.mark.parametrize(
    "query", ["+4791234567", "004791234567", "91234567", "912 34 567", "+47 912 34", "4791", "912", "+47 (912) 34-567"]
)
def test_a_telephone_number_is_found_however_it_is_written(query):
    assert found([*phone_words("+47 912 34 567")], query)
    assert not found([*phone_words("+47 987 65 432")], query)


@pytest.mark.parametrize("query", ["+47 412 34 567", "004741234567", "+47 41234567"])
def test_a_telephone_number_with_its_country_is_found_where_it_is_written_without(query):
    assert found([*phone_words("412 34 567")], query)
    assert not found([*phone_words("412 34 568")], query)


def test_a_label_of_any_length_is_short_and_tells_values_apart():
    assert labelled("status", "open") == "status:open"
    long = [labelled("merchant_reference_2", "x" * 254 + end) for end in "ab"]
    assert long[0] != long[1]
    assert all(text.startswith("merchant_reference_2:xxx") and len(text) <= 100 for text in long)


def test_a_number_with_the_zero_of_its_own_country_is_found():
    assert found([*phone_words("+46 70 123 45 67")], "070-123 45 67")


def test_what_is_parted_is_found_by_its_parts_and_as_one():
    assert asked_words("2026-07") == [("202607", "2026"), ("202607", "07")]
    assert asked_words("kari kari KARI") == [("kari",)]
    assert asked_words(" -.:,;\0 ") == []


LINES = st.text(min_size=1, max_size=300)


@given(LINES)
def test_any_text_has_words_that_can_be_kept(text):
    for word in (*words_in(text), *phone_words(text), *(word for group in asked_words(text) for word in group)):
        assert 1 <= len(word) <= LONGEST
        assert ":" not in word
        assert "\0" not in word
        assert "\x1f" not in word


NAMES = st.lists(
    st.text(st.characters(categories=["L", "M", "N", "P", "Z", "S"]), min_size=1, max_size=150)
    | st.sampled_from(["Grünerløkka", "kari@example.org", "sku-12/7", "Ærlig øl", "2026-07-01", "O'Brien"]),
    min_size=1,
    max_size=4,
)


@given(NAMES, st.data())
def test_a_text_is_found_by_any_of_its_beginnings(names, data):
    """Of a name as it is typed, letter by letter, whatever else stands beside it."""
    name = data.draw(st.sampled_from(names))
    end = data.draw(st.integers(0, len(name)))
    assert found(words_in(" ".join(names)), name[:end])


@given(st.text("0123456789 +-()", max_size=25), st.data())
def test_a_telephone_number_is_found_by_any_of_its_beginnings(phone, data):
    digits = "".join(letter for letter in phone if letter.isdigit()).lstrip("0")
    end = data.draw(st.integers(0, len(digits)))
    assert found([*phone_words(phone)], digits[:end])
