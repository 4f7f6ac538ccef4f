"""The routes of exports: the orders of a list as a file that is sent while it is made."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from zoneinfo import ZoneInfo

from kvitt.core.errors import NotFound, TooManyRequests
from kvitt.core.zones import zone
from kvitt.orders.api.common import READ, ROOT
from kvitt.orders.flows import Orders
from kvitt.orders.flows.export import Part
from kvitt.orders.rules.export import Format
from kvitt.orders.wire.export import JsonLinesQuery, TableQuery
from kvitt.web import CSV, JSON_LINES, Answer, Call, Route

TimeZoneOf = Callable[[str], Awaitable[str]]
"""The IANA name of an account's time zone."""

_WHOLE = """\
The oldest come first, unless `sort` says otherwise, and an order that was there all along is there once, as it is \
when its turn comes. Sorted by `updated_at` or `amount`, an order that changes meanwhile may be missing or come twice. \
The answer is sent in chunks while it is made: when something fails the connection is cut, and what came is not the \
whole file. At most 4 exports of an account at a time: 429 then."""


def export_routes(orders: Orders, time_zone_of: TimeZoneOf) -> list[Route]:
    async def table(call: Call[None]) -> Answer:
        query: TableQuery = call.query
        place = zone(query.time_zone or await time_zone_of(call.account_id))
        return await answer(call, query.table(place), "csv", CSV, place)

    async def json_lines(call: Call[None]) -> Answer:
        query: JsonLinesQuery = call.query
        place = zone(await time_zone_of(call.account_id))
        return await answer(call, query.format(), "jsonl", JSON_LINES, place)

    async def answer(call: Call[None], form: Format, ending: str, kind: str, place: ZoneInfo) -> Answer:
        query: JsonLinesQuery = call.query
        selection = query.selection()
        day = orders.now(call.account_id).astimezone(place).date()
        headers = {
            "content-disposition": f'attachment; filename="orders-{call.account_id}-{day}.{ending}"',
            "x-accel-buffering": "no",
        }
        if query.total:
            headers["total-count"] = str(await orders.count_orders(call.account_id, selection))
        if call.method == "HEAD":
            return Answer(None, headers=headers, content_type=kind)
        parts = orders.export(call.account_id, selection, form, query.limit)
        first = await anext(parts)  # what fails by now is answered with its own status
        return Answer(_chunks(first, parts), headers=headers, content_type=kind)

    return [
        Route(
            "GET",
            f"{ROOT}/orders.csv",
            table,
            READ,
            "Export orders as a table",
            "Orders",
            query=TableQuery,
            content_type=CSV,
            refusals=(NotFound, TooManyRequests),
            description="For accountants: amounts with the decimals of their currency, times in the account's time "
            f"zone. Texts that a spreadsheet would take for formulas begin with an apostrophe. {_WHOLE}",
        ),
        Route(
            "GET",
            f"{ROOT}/orders.jsonl",
            json_lines,
            READ,
            "Export orders as JSON lines",
            "Orders",
            query=JsonLinesQuery,
            content_type=JSON_LINES,
            refusals=(NotFound, TooManyRequests),
            description=f"For programs: on each line an order as GET answers it. {_WHOLE}",
        ),
    ]


async def _chunks(first: Part, parts: AsyncGenerator[Part, None]) -> AsyncGenerator[bytes, None]:
    async with aclosing(parts):
        yield first.data
        async for part in parts:
            yield part.data
