"""Parameters that cannot be read are refused in the words that bodies are refused with."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
import pytest
from msgspec import Meta, Struct

from kvitt.core.errors import InvalidRequest
from kvitt.web.queries import QueryDecoder


class Query(Struct, frozen=True):
    limit: Annotated[int, Meta(ge=1, le=100)] = 10
    amount_gte: Annotated[int, Meta(ge=0)] | None = msgspec.field(default=None, name="amount.gte")
    since: Annotated[datetime, Meta(description="ISO 8601")] | None = None
    total: bool = False
    channel: Literal["ecommerce", "in_app"] | None = None
    includes: tuple[Literal["session", "events"], ...] = ()
    reference: Annotated[str, Meta(max_length=3)] | None = None
    ids: tuple[Annotated[str, Meta(max_length=3)], ...] = ()


decode = QueryDecoder(Query)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("limit=ten", "limit: must be a whole number"),
        ("limit=1.5", "limit: must be a whole number"),
        ("limit=0", "limit: must be at least 1"),
        ("limit=101", "limit: must be at most 100"),
        ("amount.gte=ten", "amount.gte: must be a whole number"),
        ("amount.gte=-1", "amount.gte: must be at least 0"),
        ("since=2026-07-01", "since: must be a date and time such as 2026-11-23T12:00:00Z"),
        ("since=20260701", "since: must be a date and time such as 2026-11-23T12:00:00Z"),
        ("total=maybe", "total: must be true or false"),
        ("channel=radio", "channel: must be one of: ecommerce, in_app"),
        ("includes=session&includes=all", "includes: must be one of: events, session"),
        ("reference=long", "reference: must have at most 3 characters"),
        ("ids=one&ids=four", "ids: must have at most 3 characters"),
        ("limit=" + "9" * 5000, "limit: must be a whole number"),
    ],
)
def test_what_cannot_be_read_is_said_in_plain_words(query: str, words: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        decode(query)
    assert str(refused.value) == words


def test_what_can_be_read_is() -> None:
    read = decode("limit=7&amount.gte=0&since=2026-07-01T00:00:00Z&total=true&channel=in_app&includes[]=session")
    assert (read.limit, read.amount_gte, read.total, read.channel) == (7, 0, True, "in_app")
    assert read.includes == ("session",)
