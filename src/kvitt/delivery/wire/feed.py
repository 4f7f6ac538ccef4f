"""The feed on the wire: events as JSON and as server-sent events, cursors as opaque text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from kvitt.core.change import Event
from kvitt.core.errors import problem
from kvitt.delivery.rules.feed import TYPE_PATTERN
from kvitt.delivery.rules.refusals import InvalidCursor
from kvitt.store import Cursor, Entry

LATEST = "latest"
RETRY_MS = 1000
_CURSOR = re.compile(r"([0-9a-f]{1,8})-([0-9a-f]{1,16})-([0-9a-f]{1,16})\Z", re.ASCII)
_BOUNDS = (2**31, 2**64, 2**63)

_encode = msgspec.json.Encoder().encode


class FeedQuery(msgspec.Struct, frozen=True):
    """`after`: the cursor to go on from, or `latest`; without it the feed begins at the account's first event.

    `type`: only these types; `order.*` means all that begin so; may be repeated. `limit` is for pages, not for streams.
    """

    after: Annotated[str, Meta(max_length=100)] | None = None
    limit: Annotated[int, Meta(ge=1, le=1000)] = 100
    type: Annotated[list[Annotated[str, Meta(max_length=100, pattern=TYPE_PATTERN)]], Meta(max_length=50)] = []


class EventObject(msgspec.Struct, frozen=True):
    """What it happened to. `version` counts the object's changes: who keeps the highest can tell old news."""

    type: str
    id: str
    version: int


class FeedEvent(msgspec.Struct, frozen=True):
    """`data` is the object as it was right after this happened, as it was written down then."""

    id: str
    type: str
    created_at: datetime
    object: EventObject
    data: msgspec.Raw


class FeedPage(msgspec.Struct, frozen=True):
    """`next`: the cursor to go on from; the same as `after` when there was nothing to read."""

    events: list[FeedEvent]
    next: str


def cursor_text(cursor: Cursor) -> str:
    return f"{cursor.epoch:x}-{cursor.xid:x}-{cursor.seq:x}"


def read_cursor(text: str, name: str) -> Cursor:
    """The cursor; InvalidCursor that says `name` when it is none of ours."""
    match = _CURSOR.match(text)
    if match is not None:
        numbers = [int(part, 16) for part in match.groups()]
        if all(number < bound for number, bound in zip(numbers, _BOUNDS, strict=True)):
            return Cursor(*numbers)
    words = f"{name} is not a cursor of this feed: send the text of `next` or of an event's `id` line as it came"
    raise InvalidCursor(words, problem(words))


def feed_event(event: Event) -> FeedEvent:
    return FeedEvent(
        id=event.id,
        type=event.type,
        created_at=event.created_at,
        object=EventObject(event.object_type, event.object_id, event.version),
        data=msgspec.Raw(event.data.encode()),
    )


def page(events: Sequence[Event], cursor: Cursor) -> FeedPage:
    return FeedPage([feed_event(event) for event in events], cursor_text(cursor))


def frame(entry: Entry) -> bytes:
    """One server-sent event. A line break may stand between the tokens of JSON; in a frame it would end the line."""
    data = _encode(feed_event(entry.event)).replace(b"\r", b" ").replace(b"\n", b" ")
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (cursor_text(entry.cursor).encode(), entry.event.type.encode(), data)


def opening(cursor: Cursor) -> bytes:
    """Tells where the stream begins, so that a reader that saw no event yet comes back to the same place."""
    return b"retry: %d\nid: %b\n\n" % (RETRY_MS, cursor_text(cursor).encode())


def remark(words: str, cursor: Cursor) -> bytes:
    """A comment: keeps the connection open, or says why it ends. Its `id` is what was read, wanted or not."""
    return b": %b\nid: %b\n\n" % (words.encode(), cursor_text(cursor).encode())
