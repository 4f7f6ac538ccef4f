"""Pages of orders. A page has no more of them than can be read and answered without everybody waiting for it."""

from __future__ import annotations

from typing import NamedTuple

from msgspec.structs import replace

from kvitt.orders.flows.desk import Desk
from kvitt.orders.model import ORDERS, OrderRecord
from kvitt.orders.model.kept import sort_value
from kvitt.store import Selection

MOST_SIZE = 4_000_000
"""A page ends with the order with which its orders have so many characters of JSON."""
FIRST_STEP = 11
"""Orders that are read before it is known how large they are: a page of the usual ten, and whether there are more."""


class Page(NamedTuple):
    """`more`: others come behind the last of these."""

    orders: tuple[OrderRecord, ...]
    more: bool


async def page(desk: Desk, account_id: str, selection: Selection, limit: int) -> Page:
    orders: list[OrderRecord] = []
    size, step = 0, min(limit + 1, FIRST_STEP)
    while True:
        rows = await desk.store.page(ORDERS, account_id, selection, step, MOST_SIZE - size)
        for row in rows:
            if len(orders) == limit or size >= MOST_SIZE:
                return Page(tuple(orders), more=True)
            orders.append(row.doc)
            size += row.size
        if not rows or (len(rows) < step and size < MOST_SIZE):
            return Page(tuple(orders), more=False)
        last = orders[-1].order
        selection = replace(selection, after=(sort_value(last, selection.sort or "created_at"), last.id))
        step = min(limit - len(orders), max(MOST_SIZE - size, 0) * len(orders) // max(size, 1)) + 1


async def count(desk: Desk, account_id: str, selection: Selection) -> int:
    return await desk.store.count(ORDERS, account_id, selection)
