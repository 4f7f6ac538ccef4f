"""What an order costs to make where there are very many, against where there are a thousand: in turns, in one run."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random

from bench.lists.client import Clients
from bench.seed.basket import body_of
from bench.seed.market import some_customer, some_shop

FEW = 1000
"""Orders of the small database."""


@dataclass(frozen=True)
class Place:
    """Where orders are made."""

    name: str
    account_id: str
    clients: Clients


@dataclass(frozen=True)
class Cost:
    """`ratios`: of each round, what an order took there by what it took in the first place."""

    name: str
    rate: float
    ratios: list[float]

    @property
    def ratio(self) -> float:
        return statistics.median(self.ratios)

    @property
    def error(self) -> float:
        """Of the ratio: the standard error of the rounds' mean."""
        return statistics.stdev(self.ratios) / len(self.ratios) ** 0.5 if len(self.ratios) > 1 else 0.0


def measure_creation(places: Sequence[Place], rounds: int, each: int) -> list[Cost]:
    """`each`: orders that are made in one round in one place. The first place is what the others are compared with."""
    chance = Random(3)
    taken: dict[str, list[float]] = {place.name: [] for place in places}
    for number in range(rounds + 1):
        bodies = list(_bodies(chance, each))
        for place in places if number % 2 else reversed(places):
            began = time.perf_counter()
            place.clients.post(f"/v1/accounts/{place.account_id}/shopping/orders", bodies)
            if number:  # the first round warms up
                taken[place.name].append((time.perf_counter() - began) / each)
    base = taken[places[0].name]
    return [
        Cost(
            place.name,
            1 / statistics.median(taken[place.name]),
            [own / other for own, other in zip(taken[place.name], base, strict=True)],
        )
        for place in places
    ]


def _bodies(chance: Random, count: int) -> Iterator[bytes]:
    """As shops send them; none with a number of its own, which would be taken in the next place."""
    made = 0
    while made < count:
        shop = some_shop(chance)
        customer = some_customer(chance, shop.country, 10_000)
        body = body_of(chance, shop, customer, 0, datetime.now(UTC))
        if "order_id" not in body["order"]:
            made += 1
            yield json.dumps(body).encode()
