"""The catalogues, and the choice between them."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path
from typing import get_args

import pytest

from kvitt.checkout.model.payment import WaitKind
from kvitt.hosted.languages import choose, load_languages

LANGUAGES = load_languages()
FOLDER = Path(str(files("kvitt.hosted"))) / "locales"
CODES = ("ar", "da", "de", "en", "es", "fi", "fr", "nb", "nl", "nn", "pl", "sv")
PLACEHOLDERS = re.compile(r"\{\w+\}")
SAME_AS_ENGLISH = {
    "ar": {"card.expiry.hint"},
    "da": {"approval.login"},
    "de": {"approval.simulation"},
    "fr": {"approval.date", "approval.simulation"},
    "nb": {"summary.subtotal"},
    "nn": {"summary.subtotal"},
}
"""Words that are written alike. `card.expiry.hint` of Arabic is what stands on the card."""
LATIN_IN_ARABIC = re.compile(r"JavaScript|MM/YY|name@example\.com|docs/guides/sandbox\.md")


def catalogue(code: str) -> dict[str, dict[str, str]]:
    """What a language itself says, by file."""
    return {file.name: json.loads(file.read_text(encoding="utf-8")) for file in (FOLDER / code).iterdir()}


def test_these_languages_are_there_in_the_order_of_their_names() -> None:
    assert tuple(sorted(LANGUAGES)) == CODES
    names = [language.say("language.name") for language in LANGUAGES.values()]
    assert (names[0], names[-1]) == ("Dansk", "العربية")
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("code", CODES)
def test_every_catalogue_says_the_same_things_as_the_english_one(code: str) -> None:
    english, own = catalogue("en"), catalogue(code)
    assert own.keys() == english.keys()
    for file, words in own.items():
        assert words.keys() == english[file].keys()
        for key, text in words.items():
            assert text == re.sub(r"\s\s+|^\s|\s$", "", text), key
            assert text, key
            assert sorted(PLACEHOLDERS.findall(text)) == sorted(PLACEHOLDERS.findall(english[file][key])), key


def test_no_key_stands_in_two_files() -> None:
    keys = [key for words in catalogue("en").values() for key in words]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("code", [code for code in CODES if code != "en"])
def test_nothing_was_left_in_english(code: str) -> None:
    english = LANGUAGES["en"].words
    same = {key for key, text in LANGUAGES[code].words.items() if text == english[key]}
    letters = {key for key in same if re.search(r"[^\W\d_]", PLACEHOLDERS.sub("", english[key]))}
    assert letters == SAME_AS_ENGLISH.get(code, set())


def test_arabic_is_written_in_arabic_letters() -> None:
    for key, text in LANGUAGES["ar"].words.items():
        rest = LATIN_IN_ARABIC.sub("", PLACEHOLDERS.sub("", text))
        assert key == "language.locale" or not re.search(r"[A-Za-z]", rest), key


def test_french_signs_keep_their_narrow_space() -> None:
    for key, text in LANGUAGES["fr"].words.items():
        assert not re.search(r"[^\u202f][;:!?]", text), key
        assert "'" not in text, key


def test_every_word_of_the_catalogue_is_used_and_every_used_word_is_there() -> None:
    folder = Path(str(files("kvitt.hosted")))
    sources = [*folder.glob("templates/*"), *folder.glob("static/*.js"), *folder.glob("*.py")]
    code = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    words = LANGUAGES["en"].words
    for key in re.findall(r"""(?:say|words)\(\s*['"]([\w.]+\w)['"]\s*[,)]""", code):
        assert key in words, key
    built = {"title", "card.number", "card.expiry", "card.cvc", "waiting", "locked", "paid", "on_hold", "cancelled"}
    built |= {"expired", "failed", "missing", "unavailable", "method.phone", "method.gift"}
    built |= {f"approval.{kind}" for kind in get_args(WaitKind)} | {"approval.approved", "approval.declined"}
    built |= {"approval.expired", "approval.review", "approve"}
    built |= {"notice", "result", "address", "express.field"}
    built |= {key.replace("address.", "express.") for key in words if key.startswith("address.")}
    for name in words:
        key = re.sub(r"^(save|zero)\.", "", name)  # said in place of the key behind it
        assert key in words, name
        assert f"'{key}'" in code or f'"{key}"' in code or key.rpartition(".")[0] in built, key


@pytest.mark.parametrize(
    ("asked", "accept", "code"),
    [
        (None, None, "en"),
        ("nb", "en-GB", "nb"),
        ("no", None, "nb"),
        ("nn", None, "nn"),
        ("nb-NO", None, "nb"),
        ("no-NO", "nn-NO", "nb"),
        ("de-AT", "en", "de"),
        ("sv-FI", "fi", "sv"),
        ("ar-EG", None, "ar"),
        ("pt-BR", None, "en"),
        ("EN_us", "nb", "en"),
        ("tlh", None, "en"),
        ("tlh", "nb-NO,nb;q=0.9,en;q=0.8", "nb"),
        (None, "tlh, nb;q=0.5, en;q=0.7", "en"),
        (None, "nb;q=0", "en"),
        (None, "*", "en"),
        (None, ";;;q=,,\x00=1;q=9", "en"),
        ("../../etc", "x" * 10_000, "en"),
    ],
)
def test_the_language_is_what_the_shop_asked_for_then_what_the_browser_reads_then_english(
    asked: str | None, accept: str | None, code: str
) -> None:
    assert choose(LANGUAGES, asked, accept).code == code


def test_the_braces_of_a_name_are_not_read_as_a_place_for_words() -> None:
    assert LANGUAGES["en"].say("title.other", merchant="{amount}") == "Payment to {amount}"


def test_a_sentence_about_a_nameless_shop_begins_with_a_capital() -> None:
    english = LANGUAGES["en"]
    nameless = english.say("merchant.nameless")
    assert english.say("locked.text", merchant=nameless).startswith("The shop is changing")
    assert "final. The shop will let you know" in english.prepare("on_hold.text", merchant=nameless)
    assert english.prepare("card.cvc.wrong") == english.words["card.cvc.wrong"]
    assert english.say("locked.text", merchant="eple.no").startswith("eple.no is changing")


def test_what_is_read_the_other_way_is_held_together_in_a_sentence() -> None:
    assert LANGUAGES["nb"].say("title.other", merchant="متجر") == "Betaling til \u2068متجر\u2069"
    assert LANGUAGES["ar"].say("title.other", merchant="Hage").endswith(" \u2068Hage\u2069")
