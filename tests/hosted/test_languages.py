"""The catalogues, and the choice between them."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path
from typing import get_args

import pytest

from kvitt.checkout.model.payment import WaitKind
from kvitt.hosted.languages import choose, load_languages

LANGUAGES = load_languages()
PLACEHOLDERS = re.compile(r"\{\w+\}")


@pytest.mark.parametrize("code", sorted(LANGUAGES))
def test_every_catalogue_says_the_same_things_as_the_english_one(code: str) -> None:
    english, words = LANGUAGES["en"].words, LANGUAGES[code].words
    assert words.keys() == english.keys()
    for key, text in words.items():
        assert text.strip(), key
        assert sorted(PLACEHOLDERS.findall(text)) == sorted(PLACEHOLDERS.findall(english[key])), key


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
    for key in words:
        assert f"'{key}'" in code or f'"{key}"' in code or key.rpartition(".")[0] in built, key


@pytest.mark.parametrize(
    ("asked", "accept", "code"),
    [
        (None, None, "en"),
        ("nb", "en-GB", "nb"),
        ("no", None, "nb"),
        ("nn", None, "nb"),
        ("nb-NO", None, "nb"),
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
