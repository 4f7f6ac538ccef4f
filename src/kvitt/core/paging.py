"""Pages of a list: how many, in which order, and the place to go on from, as opaque text. Faults name the parameter."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta

from kvitt.core.errors import InvalidRequest, problem
from kvitt.core.words import asked_words

Place = tuple[datetime | int, str]
"""What the list is sorted by, of the last row of a page, and the id of that row."""
Several = Annotated[tuple[Annotated[str, Meta(max_length=100)], ...], Meta(max_length=50)]
"""A parameter that may be repeated, or have several values with commas between."""
Texts = Annotated[tuple[Annotated[str, Meta(max_length=10_000)], ...], Meta(max_length=100)]
"""The same, of values that are not known before: at most `MOST_TEXTS` of them, of `LONGEST_TEXT` characters each."""

MOST_TEXTS = 100
LONGEST_TEXT = 100
LONGEST_SEARCH = 200
MOST_WORDS = 10

_BEGIN = datetime(1970, 1, 1, tzinfo=UTC)
_PLACE = re.compile(r"([a-z_]{1,30})\.(asc|desc)\.(-?[0-9]{1,17})\.([0-9A-Za-z._-]{1,100})", re.ASCII)


class Sort(msgspec.Struct, frozen=True):
    """The order of a list. `by`: a column; of integers, unless it holds `times`."""

    by: str
    descending: bool = True
    times: bool = True

    def __str__(self) -> str:
        """As a caller spells it: `-created_at`."""
        return f"-{self.by}" if self.descending else self.by


NEWEST_FIRST = Sort("created_at")


class PageQuery(msgspec.Struct, frozen=True, kw_only=True):
    """`starting_after`: the token of the page before. `total`: count all pages, in the header `total-count`."""

    limit: Annotated[int, Meta(ge=1, le=100)] = 10
    starting_after: Annotated[str, Meta(max_length=200)] | None = None
    total: bool = False

    def place(self, sort: Sort = NEWEST_FIRST) -> Place | None:
        return read_place(self.starting_after, sort) if self.starting_after is not None else None


def token_of(place: Place, sort: Sort = NEWEST_FIRST) -> str:
    """The place as text that says of which order it is. Moments are microseconds since 1970."""
    value, id = place
    number = (value - _BEGIN) // timedelta(microseconds=1) if isinstance(value, datetime) else value
    return f"{sort.by}.{'desc' if sort.descending else 'asc'}.{number}.{id}"


def read_place(token: str, sort: Sort = NEWEST_FIRST) -> Place:
    """Raises InvalidRequest for what is no token, and for the token of another order: it would skip rows."""
    match = _PLACE.fullmatch(token)
    if match is None or (sort.times and match[3].startswith("-")):
        raise fault(f"starting_after: {token[:50]!r} is no token of a page")
    given = Sort(match[1], match[2] == "desc")
    if (given.by, given.descending) != (sort.by, sort.descending):
        raise fault(f"starting_after: the token is of a list sorted by {given}, and this one is by {sort}")
    number = int(match[3])
    return _BEGIN + timedelta(microseconds=number) if sort.times else number, match[4]


def several(name: str, given: Sequence[str], known: Sequence[str]) -> list[str]:
    """The values, one by one, each once. Raises InvalidRequest for one that is not among the known."""
    values = _parts(given)
    for value in values:
        if value not in known:
            raise fault(f"{name}: {value!r} is none of {', '.join(known)}")
    return values


def texts(name: str, given: Sequence[str]) -> list[str]:
    """The values, one by one, each once. Raises InvalidRequest for what no row can hold, and for too many."""
    values = _parts(given)
    for value in values:
        check_text(name, value)
    if len(values) > MOST_TEXTS:
        raise fault(f"{name}: {len(values)} values, and at most {MOST_TEXTS} can be asked for")
    return values


def check_text(name: str, value: str, longest: int = LONGEST_TEXT) -> None:
    """Raises InvalidRequest for a value that is empty or too long: no row has it."""
    if not value:
        raise fault(f"{name}: a value is empty")
    if len(value) > longest:
        raise fault(f"{name}: a value has {len(value)} characters, and at most {longest} are possible")


def searched(text: str) -> list[tuple[str, ...]]:
    """What `search` looks for: of each group, one is the beginning of a word. Raises InvalidRequest for nothing to look
    for, and for too much."""
    check_text("search", text, LONGEST_SEARCH)
    groups = asked_words(text)
    if not groups:
        raise fault(f"search: {text[:50]!r} has no letter and no digit")
    if len(groups) > MOST_WORDS:
        raise fault(f"search: {len(groups)} words, and at most {MOST_WORDS} can be looked for")
    return groups


def check_bounds(name: str, least: datetime | int | None, most: datetime | int | None) -> None:
    """Raises InvalidRequest when nothing can lie between."""
    if least is not None and most is not None and least > most:  # type: ignore[operator]  # two of one kind
        raise fault(f"{name}.gte: {_shown(least)} is more than {name}.lte, {_shown(most)}")


def fault(message: str) -> InvalidRequest:
    return InvalidRequest(message, problem(message))


def _parts(given: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(value.strip() for text in given for value in text.split(",")))


def _shown(value: datetime | int) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
