"""The languages of the page: a folder of JSON catalogues each in `locales/`, and the choice between them.

A language is there when its folder is; its files, one a subject, are read as one catalogue. `language.locale` names
the form of amounts and dates. A sentence that a language lacks is said in English rather than not at all; the tests
hold that none is lacking.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from unicodedata import bidirectional

from babel import Locale

FALLBACK = "en"
_STANDS_FOR = {"no": "nb"}
"""The web SDK's shops say `no` for Norwegian."""

_RIGHT_TO_LEFT = ("R", "AL")
_ISOLATE, _END_OF_ISOLATE = "\N{FIRST STRONG ISOLATE}", "\N{POP DIRECTIONAL ISOLATE}"
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_ACCEPT_LIMIT = 300  # characters of Accept-Language that are read: a browser's list is shorter


@dataclass(frozen=True)
class Language:
    code: str
    locale: Locale
    words: dict[str, str]

    def say(self, key: str, **values: str) -> str:
        """The words for `key`, plain text, with each `{name}` replaced once (a value's own braces stay as they are)."""
        return _PLACEHOLDER.sub(lambda found: self._at(found, values[found.group(1)]), self.words[key])

    def prepare(self, key: str, **values: str) -> str:
        """The same for the script, which replaces the names that are not among `values`."""
        return _PLACEHOLDER.sub(
            lambda found: self._at(found, values[found.group(1)]) if found.group(1) in values else found.group(),
            self.words[key],
        )

    def _at(self, found: re.Match[str], value: str) -> str:
        """Our own words for a nameless shop begin a sentence with a capital."""
        begins = found.start() == 0 or found.string[: found.start()].endswith((". ", "? ", "! "))
        if begins and value == self.words["merchant.nameless"]:
            value = value[:1].upper() + value[1:]
        return self.placed(value)

    @cached_property
    def direction(self) -> str:
        """`ltr` or `rtl`."""
        return str(self.locale.text_direction)

    def placed(self, value: str) -> str:
        """`value` as it stands in a sentence. One that is read the other way is held together by Unicode's isolates,
        or it would change places with the words and signs around it."""
        if self.direction == "ltr" and not any(bidirectional(character) in _RIGHT_TO_LEFT for character in value):
            return value
        return f"{_ISOLATE}{value}{_END_OF_ISOLATE}"


Languages = dict[str, Language]


def load_languages() -> Languages:
    """Every folder in `locales/`, by language code, in the order of their own names."""
    folders = [folder for folder in files(__package__).joinpath("locales").iterdir() if folder.is_dir()]
    said = {folder.name: read(folder) for folder in folders}
    found = [
        Language(code, Locale.parse(words["language.locale"]), said[FALLBACK] | words) for code, words in said.items()
    ]
    return {
        language.code: language for language in sorted(found, key=lambda one: one.words["language.name"].casefold())
    }


def read(folder: Traversable) -> dict[str, str]:
    """What the files of a language's folder say, and nothing else."""
    words: dict[str, str] = {}
    for file in folder.iterdir():
        words |= json.loads(file.read_text(encoding="utf-8"))
    return words


def choose(languages: Languages, asked: str | None, accept: str | None) -> Language:
    """What the shop asked for (`?language=`), else what the browser reads, else English. Never an error."""
    for tag in [asked or "", *_preferred(accept or "")]:
        code = tag.strip().replace("_", "-").split("-")[0].lower()
        for candidate in (code, _STANDS_FOR.get(code, "")):
            if candidate in languages:
                return languages[candidate]
    return languages[FALLBACK]


def _preferred(accept: str) -> list[str]:
    """The tags of an Accept-Language header, best first; those with q=0 are left out."""
    weighted: list[tuple[float, str]] = []
    for part in accept[:_ACCEPT_LIMIT].split(","):
        tag, _, parameter = part.partition(";")
        weight = re.fullmatch(r"\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*", parameter)
        quality = float(weight.group(1)) if weight else 1.0
        if quality > 0:
            weighted.append((quality, tag))
    return [tag for _, tag in sorted(weighted, key=lambda item: -item[0])]
