"""The routes of a draft's items. Each answers the whole draft, with its totals computed anew."""

from __future__ import annotations

from typing import Any

from kvitt.core.errors import NotFound
from kvitt.orders.api import refused
from kvitt.orders.api.common import WRITE, origin
from kvitt.orders.api.drafts import DRAFT
from kvitt.orders.flows import Orders
from kvitt.orders.model import Draft, Item
from kvitt.web import Call, Route, expected_version

_ITEMS = f"{DRAFT}/items"
_TAG = "Draft items"
_LONGEST_LINE_ID = 16


def item_routes(orders: Orders) -> list[Route]:
    async def add(call: Call[Item]) -> Draft:
        draft_id = call.params["draft_id"]
        return await orders.add_item(origin(call), draft_id, call.body, expected_version(call), call.once())

    async def update(call: Call[Item]) -> Draft:
        draft_id, line_id = call.params["draft_id"], _line_id(call)
        return await orders.update_item(origin(call), draft_id, line_id, call.body, expected_version(call), call.once())

    async def remove(call: Call[None]) -> Draft:
        return await orders.remove_item(origin(call), call.params["draft_id"], _line_id(call), expected_version(call))

    return [
        Route(
            "POST",
            _ITEMS,
            add,
            WRITE,
            "Add an item to a draft order",
            _TAG,
            body=Item,
            answers=Draft,
            refusals=refused.CHANGING_ITEMS,
            versioned=True,
            description="Its `line_id` must be new in the draft.",
        ),
        Route(
            "PUT",
            f"{_ITEMS}/{{line_id}}",
            update,
            WRITE,
            "Update an item of a draft order",
            _TAG,
            body=Item,
            answers=Draft,
            refusals=refused.CHANGING_ITEMS,
            versioned=True,
            description="The item takes the place of the line, whose `line_id` it keeps.",
        ),
        Route(
            "DELETE",
            f"{_ITEMS}/{{line_id}}",
            remove,
            WRITE,
            "Remove an item from a draft order",
            _TAG,
            answers=Draft,
            refusals=refused.CHANGING_ITEMS,
            versioned=True,
        ),
    ]


def _line_id(call: Call[Any]) -> int:
    text = call.params["line_id"]
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_LINE_ID):
        raise NotFound(f"draft order {call.params['draft_id']} has no line {text}")
    return int(text)
