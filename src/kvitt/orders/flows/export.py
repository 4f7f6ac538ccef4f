"""Orders as a stream of bytes, page by page, so that a million take no more memory than a few."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from typing import NamedTuple

import msgspec

from kvitt.core.change import Row
from kvitt.core.errors import TooManyRequests
from kvitt.orders.flows.desk import Desk
from kvitt.orders.model import ORDERS, OrderRecord
from kvitt.orders.model.kept import sort_value
from kvitt.orders.rules.export import Format
from kvitt.store import Selection

MOST_EXPORTS = 4
"""Of one account at a time, in one process."""
FIRST_ORDERS = 10
MOST_ORDERS = 100
MOST_LINES = 2_000
"""A page has at most so many orders; fewer when those of the page before had more lines than this together."""
MOST_SIZE = 2_000_000
"""A page ends with the order with which its orders have so many characters of JSON: to read them holds up the rest."""
LEAST_BYTES = 64 * 1024
"""A part has at least so many, but for the last."""


class Part(NamedTuple):
    """The next bytes of the file, and how many orders it has with them."""

    data: bytes
    orders: int


class Exports:
    """The exports that are under way."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._open: Counter[str] = Counter()

    async def parts(
        self, account_id: str, selection: Selection, form: Format, most: int = 0
    ) -> AsyncGenerator[Part, None]:
        """The file, from its head to the last order that `selection` chooses, in its order; `most`: 0 for all of them.

        An order that exists all along is in it once, if what it is sorted by does not change: the time it was made
        never does. TooManyRequests before anything is read, Unavailable when the database does not answer any more: a
        file that ends so is not whole.
        """
        if self._open[account_id] >= MOST_EXPORTS:
            raise TooManyRequests(f"The account has {MOST_EXPORTS} exports under way already", 5)
        self._open[account_id] += 1
        try:
            async for part in _parts(self._desk, account_id, selection, form, most or sys.maxsize):
                yield part
        finally:
            self._open[account_id] -= 1
            if not self._open[account_id]:
                del self._open[account_id]


async def _parts(
    desk: Desk, account_id: str, selection: Selection, form: Format, most: int
) -> AsyncGenerator[Part, None]:
    data, orders, limit = bytearray(form.head), 0, min(FIRST_ORDERS, most)
    while True:
        page = await desk.store.page(ORDERS, account_id, selection, limit, MOST_SIZE)
        size = sum(row.size for row in page)
        for row in page:
            data += form.rows(row.doc)
            orders += 1
            if len(data) >= LEAST_BYTES:
                yield Part(bytes(data), orders)
                data.clear()
        if orders >= most or (len(page) < limit and size < MOST_SIZE):
            break
        last = page[-1].doc.order
        place = (sort_value(last, selection.sort or "created_at"), last.id)
        selection = msgspec.structs.replace(selection, after=place)
        limit = min(_next_limit(page), most - orders)
    yield Part(bytes(data), orders)


def _next_limit(page: Sequence[Row[OrderRecord]]) -> int:
    lines, size = sum(len(row.doc.order.items) for row in page), sum(row.size for row in page)
    by_lines, by_size = len(page) * MOST_LINES // max(lines, 1), len(page) * MOST_SIZE // max(size, 1)
    return max(1, min(MOST_ORDERS, by_lines, by_size))
