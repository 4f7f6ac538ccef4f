"""Every filter with every sort, the first page and a deep one, at some clients; and orders by their ids."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from bench.lists.client import Clients, percentile
from bench.lists.filters import SORTS
from kvitt.core.paging import Sort

TIMES = 64
"""Requests of each cell of the table."""
GETS = 4000


@dataclass(frozen=True)
class Cell:
    """One filter, one sort, one place; the median and the 95th percentile of its answers, in milliseconds."""

    filter: str
    matches: int
    sort: str
    deep: bool
    url: str
    found: int
    p50: float
    p95: float


class _Page(msgspec.Struct):
    orders: tuple[msgspec.Raw, ...]


_decode = msgspec.json.Decoder(_Page).decode


def orders_in(body: bytes) -> int:
    """How many orders a page has."""
    return len(_decode(body).orders)


class Asked(Protocol):
    """What a list is asked for. `matches`: how many it finds in all."""

    @property
    def name(self) -> str: ...

    @property
    def matches(self) -> int: ...

    def url(self, account_id: str, sort: Sort, *, deep: bool) -> str: ...


def measure_pages(
    clients: Clients,
    account_id: str,
    filters: Sequence[Asked],
    times: int,
    told: Callable[[int], object],
    *,
    sorts: Sequence[Sort] = SORTS,
    count: Callable[[bytes], int] = orders_in,
) -> list[Cell]:
    """Cell by cell, so that a slow one is seen where it is. `count`: how many a page's body has."""
    cells = []
    for each in filters:
        for sort in sorts:
            for deep in (False, True) if each.matches else (False,):
                url = each.url(account_id, sort, deep=deep)
                clients.get([url])  # what nobody asked for since the start is read from the disk once
                answers = clients.get([url] * times)
                took = [1000 * answer.seconds for answer in answers]
                found = count(answers[0].body)
                if not deep and found != min(10, each.matches):
                    raise ValueError(f"{url} answers {found}, and there are {each.matches}")
                p50, p95 = percentile(took, 0.5), percentile(took, 0.95)
                cells.append(Cell(each.name, each.matches, str(sort), deep, url, found, p50, p95))
                told(1)
    return cells


def measure_mixed(clients: Clients, cells: Sequence[Cell], count: int) -> tuple[float, float]:
    """p50 and p95 in milliseconds of all cells asked for in any order, so that each client has another's in its way."""
    chance = random.Random(1)
    took = [1000 * answer.seconds for answer in clients.get([chance.choice(cells).url for _ in range(count)])]
    return percentile(took, 0.5), percentile(took, 0.95)


async def some_ids(connection: Any, account_id: str, count: int) -> list[str]:
    """Ids of any orders, old and new."""
    total = await connection.fetchval("select count(*) from order_list where account_id = $1", account_id)
    rows = await connection.fetch(
        "select id from (select id, row_number() over () as n from order_list where account_id = $1) l "
        "where n % $2 = 0 limit $3", account_id, max(1, total // count), count,
    )  # fmt: skip
    return [row["id"] for row in rows]


def measure_gets(clients: Clients, account_id: str, ids: Sequence[str]) -> tuple[float, float]:
    """p50 and p95 in milliseconds of orders by their ids, each another one."""
    chance = random.Random(2)
    paths = [f"/v1/accounts/{account_id}/shopping/orders/{chance.choice(ids)}" for _ in range(GETS)]
    took = [1000 * answer.seconds for answer in clients.get(paths)]
    return percentile(took, 0.5), percentile(took, 0.95)
