"""Exports: the orders of a list as a file. What may be asked is what may be asked of the list."""

from __future__ import annotations

from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from msgspec import Meta

from kvitt.orders.rules.cells import DecimalMark, Style
from kvitt.orders.rules.export import Format, json_lines, table_of_lines, table_of_orders
from kvitt.orders.wire.lists import OrdersQuery, Sorting

OLDEST_FIRST: Sorting = "created_at"


class JsonLinesQuery(OrdersQuery, frozen=True, kw_only=True):
    """As of a list, but all orders and the oldest first, unless `limit` and `sort` say otherwise.

    `limit`: at most so many orders, 0 for all. `starting_after`: the file begins behind this place of a list with the
    same `sort`. `total`: count the orders first, in the header `total-count`.
    """

    limit: Annotated[int, Meta(ge=0)] = 0
    sort: Sorting = OLDEST_FIRST

    def format(self) -> Format:
        return json_lines(self.include_events)


class TableQuery(JsonLinesQuery, frozen=True, kw_only=True):
    """The same, as a table.

    `rows`: one for each of the orders, or of their lines. `time_zone`: an IANA name, for this file instead of the
    account's. `decimal`: with `comma`, amounts are written 398,00 and cells are parted by semicolons. `bom`: begin with
    the mark by which Excel knows UTF-8.
    """

    rows: Literal["orders", "lines"] = "orders"
    time_zone: Annotated[str, Meta(max_length=100)] | None = None
    decimal: DecimalMark = "point"
    bom: bool = False

    def table(self, zone: ZoneInfo) -> Format:
        style = Style(zone, self.decimal, self.bom)
        return table_of_lines(style) if self.rows == "lines" else table_of_orders(style)
