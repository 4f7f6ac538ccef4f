"""The languages of the page: a folder of JSON catalogues each in `locales/`, and the choice between them.

A language is there when its folder is; its files, one a subject, are read as one catalogue. `language.locale` names
the form of amounts and dates.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from importlib.resources import files

from babel import Locale

FALLBACK = "en"
_STANDS_FOR = {"no": "nb", "nn": "nb"}
"""Used when a language has no catalogue of its own: whoever reads nynorsk would rather read bokmål than English."""

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_ACCEPT_LIMIT = 300  # characters of Accept-Language that are read: a browser's list is shorter


@dataclass(frozen=True)
class Language:
    code: str
    locale: Locale
    words: dict[str, str]

    def say(self, key: str, **values: str) -> str:
        """The words for `key`, plain text, with each `{name}` replaced once (a value's own braces stay as they are)."""
        return _PLACEHOLDER.sub(lambda found: values[found.group(1)], self.words[key])


Languages = dict[str, Language]


def load_languages() -> Languages:
    """Every folder in `locales/`, by language code."""
    found: Languages = {}
    for folder in files(__package__).joinpath("locales").iterdir():
        if folder.is_dir():
            words: dict[str, str] = {}
            for file in folder.iterdir():
                words |= json.loads(file.read_text(encoding="utf-8"))
            found[folder.name] = Language(folder.name, Locale.parse(words["language.locale"]), words)
    return dict(sorted(found.items()))


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
