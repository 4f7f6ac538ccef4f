"""The route of the feed: an account's events by pages, and as server-sent events."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from kvitt.delivery.flows.feed import Feed, News
from kvitt.delivery.rules.refusals import InvalidCursor, TooManyStreams
from kvitt.delivery.wire.feed import LATEST, FeedPage, FeedQuery, frame, opening, page, read_cursor, remark
from kvitt.store import Cursor
from kvitt.web import EVENT_STREAM, Answer, Call, Needs, Route

_LARGEST_CHUNK = 64 * 1024
_UNBUFFERED = {"x-accel-buffering": "no"}  # nginx would keep a stream back until it has a page of it

_DESCRIPTION = """\
Everything that happened in the account, in the order in which it was committed; of one object always in the order in \
which it happened. Begin without `after` (or with `after=latest`, the end of the feed as it is now), then ask again \
with what `next` said. `next` is always there; it is the same as `after` when there was nothing more to read. With \
`type` it moves past what was left out, so `events` may be empty although there is more: at most 1,000 events are \
looked through at a time. A page ends early once its events hold about 4 MB.

With `Accept: text/event-stream` the same path streams: each event has its cursor as `id`, its type as `event` and \
itself as `data`. A comment comes every 15 seconds. `Last-Event-ID` resumes. The stream ends when the token expires \
and when the server stops, and says so in a comment. At most 20 streams of an account at a time: 429 then."""


def routes(feed: Feed) -> list[Route]:
    async def read(call: Call[None]) -> FeedPage | Answer:
        query: FeedQuery = call.query
        if call.wants_stream:
            return await stream(call, query)
        after = await begin(call, query.after, "after")
        return page(*await feed.page(call.account_id, after, query.limit, query.type))

    async def stream(call: Call[None], query: FeedQuery) -> Answer:
        last = call.header("last-event-id")
        after = await (begin(call, last, "Last-Event-ID") if last else begin(call, query.after, "after"))
        if call.method == "HEAD":
            return Answer(None, content_type=EVENT_STREAM)
        ends = call.caller.ends if call.caller is not None else None
        news = await feed.follow(call.account_id, after, query.type, ends)
        return Answer(_chunks(news), headers=_UNBUFFERED, content_type=EVENT_STREAM)

    async def begin(call: Call[None], text: str | None, name: str) -> Cursor | None:
        if text == LATEST:
            return await feed.latest(call.account_id)
        return read_cursor(text, name) if text else None

    return [
        Route(
            "GET", "/v1/accounts/{aid}/events", read, Needs("hooks", "read"), "Read the feed of events", "Events",
            query=FeedQuery, answers=FeedPage, refusals=(InvalidCursor, TooManyStreams), streams=True,
            description=_DESCRIPTION,
        ),
    ]  # fmt: skip


async def _chunks(news: AsyncGenerator[News, None]) -> AsyncGenerator[bytes, None]:
    """Frames, many in one chunk when there are many at once."""
    async with aclosing(news):
        yield opening((await anext(news)).cursor)
        async for entries, cursor, end in news:
            if not entries:
                yield remark(end or "still here", cursor)
            chunk = bytearray()
            for entry in entries:
                chunk += frame(entry)
                if len(chunk) >= _LARGEST_CHUNK:
                    yield bytes(chunk)
                    chunk.clear()
            if chunk:
                yield bytes(chunk)
