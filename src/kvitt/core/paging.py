"""Pages of a list: how many, and the place to go on from, as opaque text. Faults name the parameter."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta

from kvitt.core.errors import InvalidRequest, problem

Place = tuple[datetime, str]
"""When the last row of a page was made, and its id."""
Several = Annotated[tuple[Annotated[str, Meta(max_length=100)], ...], Meta(max_length=50)]
"""A parameter that may be repeated, or have several values with commas between."""

_BEGIN = datetime(1970, 1, 1, tzinfo=UTC)
_PLACE = re.compile(r"([1-9a-f][0-9a-f]{11,13})-([0-9A-Za-z._-]{1,100})", re.ASCII)


class PageQuery(msgspec.Struct, frozen=True, kw_only=True):
    """`starting_after`: the token of the page before. `total`: count all pages, in the header `total-count`."""

    limit: Annotated[int, Meta(ge=1, le=100)] = 10
    starting_after: Annotated[str, Meta(max_length=200)] | None = None
    total: bool = False

    def place(self) -> Place | None:
        return read_place(self.starting_after) if self.starting_after is not None else None


def token_of(place: Place) -> str:
    return f"{(place[0] - _BEGIN) // timedelta(microseconds=1):x}-{place[1]}"


def read_place(token: str) -> Place:
    match = _PLACE.fullmatch(token)
    if match is None:
        raise _fault(f"starting_after: {token[:50]!r} is no token of a page")
    return _BEGIN + timedelta(microseconds=int(match[1], 16)), match[2]


def several(name: str, given: Sequence[str], known: Sequence[str]) -> list[str]:
    """The values, one by one, each once. Raises InvalidRequest for one that is not among the known."""
    values = list(dict.fromkeys(value.strip() for text in given for value in text.split(",")))
    for value in values:
        if value not in known:
            raise _fault(f"{name}: {value!r} is none of {', '.join(known)}")
    return values


def _fault(message: str) -> InvalidRequest:
    return InvalidRequest(message, problem(message))
