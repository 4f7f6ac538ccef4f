"""Words of a search: how texts and what is looked for in them become the same plain words.

Small letters without marks: "Grünerløkka" and "grunerlokka" are one word. Whatever is no letter and no digit parts
words. Mail addresses are words as a whole as well, and telephone numbers are their digits. A word never has a colon,
and never more than `LONGEST` characters.
"""

from __future__ import annotations

import re
import string
from functools import lru_cache
from hashlib import blake2b
from unicodedata import category, normalize

LONGEST = 100

_PLAIN = re.compile(r"[0-9a-z]{1,100}")
_CHUNK = re.compile(r"[0-9a-z\x80-\U0010ffff]+")
_WORD = re.compile(r"[^\W_]{1,100}")
_TOKEN = re.compile(r"[^\s:;,<>()\"\0]+")
_NUMBER = re.compile(r"\+?[0-9][0-9\s().+/-]*")
_NO_DIGITS = re.compile(r"[^0-9]+")
_COUNTRY = re.compile(
    r"1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|[0-9]{3}"  # ITU-T E.164: the others have three digits
)
_LETTERS = str.maketrans(
    {"ø": "o", "æ": "ae", "œ": "oe", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ħ": "h", "ŧ": "t", "ŋ": "n", "ı": "i"}
)
_COMMON = (("ø", "o"), ("å", "a"), ("æ", "ae"), ("ö", "o"), ("ä", "a"), ("é", "e"), ("ü", "u"))
"""Most texts have no other letters beyond ASCII, and are done with sooner so."""
_LEAST_OF_A_NUMBER = 7
"""Digits from which a row of them may well be a telephone number."""


def words_in(text: str) -> list[str]:
    """The words of a text in their order, repeated as often as they are."""
    text = text.lower()
    if not text.isascii():
        for letter, plain in _COMMON:
            text = text.replace(letter, plain)
    if text.isascii():
        words = _PLAIN.findall(text)
    else:
        words = []
        for chunk in _CHUNK.findall(text):
            if chunk.isascii() and len(chunk) <= LONGEST:
                words.append(chunk)
            else:
                words += _folded(chunk)
    if "@" in text:
        words += filter(None, map(_address, _TOKEN.findall(text)))
    return words


def asked_words(text: str) -> list[tuple[str, ...]]:
    """What a search looks for: of each group, one is the beginning of a word.

    Of "2026-07" both parts are looked for, or else the whole without what stands between: "202607". A telephone number
    with the code of its country is looked for without it too: not everybody writes it down.
    """
    groups: list[tuple[str, ...]] = []
    number = _digits(text)
    phones = phone_words(text) if number is not None and len(number) >= _LEAST_OF_A_NUMBER else ()
    for token in _TOKEN.findall(text.lower()):
        address = _address(token) if "@" in token else None
        if address:
            groups.append((address,))
            continue
        parts = words_in(token)
        whole = number or "".join(parts)[:LONGEST]
        groups += [tuple(dict.fromkeys((whole, part, *phones))) for part in parts]
    return list(dict.fromkeys(groups))


def phone_words(phone: str) -> tuple[str, ...]:
    """The digits of a telephone number, and those without the code of its country where it is told."""
    digits = _NO_DIGITS.sub("", phone)
    bare = digits.lstrip("0")[:LONGEST]
    if not bare:
        return ()
    if (phone.lstrip().startswith("+") or digits.startswith("00")) and (country := _COUNTRY.match(bare)) is not None:
        return (bare, bare[country.end() :]) if len(bare) > country.end() else (bare,)
    return (bare,)


def labelled(name: str, text: str) -> str:
    """An exact value as a word of its own kind: `status:open`. A text that is too long is told by its hash."""
    if len(name) + 1 + len(text) <= LONGEST:
        return f"{name}:{text}"
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    return f"{name}:{text[: min(50, LONGEST - len(name) - len(digest) - 2)]}#{digest}"


def _digits(text: str) -> str | None:
    """All digits of a search for a number that is written in groups; without the zeros that a telephone begins with."""
    if _NUMBER.fullmatch(text.strip()) is None:
        return None
    digits = _NO_DIGITS.sub("", text)
    return (digits.lstrip("0") if len(digits) >= _LEAST_OF_A_NUMBER else digits)[:LONGEST] or None


def _address(token: str) -> str | None:
    """The token as a mail address, if it is like one."""
    bare = token.strip(string.punctuation)
    return fold(bare).replace(":", "")[:LONGEST] if "@" in bare else None


@lru_cache(maxsize=4096)
def _folded(chunk: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(fold(chunk)))


def fold(text: str) -> str:
    """Small letters without marks; letters that are a base with a stroke, or two in one, by what they are near to."""
    if text.isascii():
        return text.lower()
    bare = _without_marks(normalize("NFKD", text))
    return _without_marks(normalize("NFKD", bare.casefold())).translate(_LETTERS)


def _without_marks(text: str) -> str:
    marks = [letter for letter in set(text) if category(letter)[0] == "M"]
    return text.translate(dict.fromkeys(map(ord, marks))) if marks else text
