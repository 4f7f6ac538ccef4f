"""Numbers of a series among several servers: each number once, and none left out for long."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from kvitt.core.clock import system_clock
from kvitt.orders.flows import Orders
from kvitt.orders.model import DraftOptions, Item, OrderContent
from kvitt.orders.rules.refusals import InvalidDraft
from kvitt.store import connect


@pytest.fixture
async def servers(database_url):
    stores = [await connect(database_url) for _ in range(2)]
    yield [Orders(store, system_clock) for store in stores]
    for store in stores:
        await store.close()


@pytest.fixture
def drafts(servers, origin, kit):
    async def make(count: int, items: Any = None) -> list[str]:
        lines = [kit.line(1, 100)] if items is None else items
        content = msgspec.convert({"currency": "NOK", "items": lines}, OrderContent)
        options = DraftOptions(serial_order_number_suffix="-S")
        made = [servers[0].create_draft(origin(), content, options) for _ in range(count)]
        return [draft.id for draft in await asyncio.gather(*made)]

    return make


async def test_two_servers_never_give_a_number_twice_and_fill_what_they_left_out(servers, drafts, origin):
    ids = await drafts(60)
    calls = [servers[n % 2].complete(origin(), id) for n, id in enumerate(ids)]
    taken = [int(order.order_id.removesuffix("-S")) for (order,) in await asyncio.gather(*calls)]
    assert len(set(taken)) == 60
    holes = set(range(1, max(taken) + 1)) - set(taken)
    for id in await drafts(len(holes)):
        (order,) = await servers[0].complete(origin(), id)
        taken.append(int(order.order_id.removesuffix("-S")))
    assert sorted(taken) == list(range(1, len(taken) + 1))


async def test_a_number_comes_back_when_its_order_was_not_made(servers, drafts, origin, kit):
    """Of three at once the one in the middle has no items: its number goes to the next."""
    one, three = await drafts(2)
    orders = servers[0]
    (empty,) = await drafts(1, items=())
    outcomes = await asyncio.gather(
        *[orders.complete(origin(), id) for id in (one, empty, three)], return_exceptions=True
    )
    assert isinstance(outcomes[1], InvalidDraft)
    await orders.add_item(origin(), empty, msgspec.convert(kit.line(1, 100), Item))
    (last,) = await orders.complete(origin(), empty)
    numbers = {outcomes[0][0].order_id, outcomes[2][0].order_id, last.order_id}
    assert numbers == {"1-S", "2-S", "3-S"}


async def test_nothing_is_remembered_of_a_series_that_nobody_uses(servers, drafts, origin):
    for id in await drafts(2):
        await servers[0].complete(origin(), id)
    assert servers[0]._desk.serials._series == {}
