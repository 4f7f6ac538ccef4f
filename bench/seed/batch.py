"""What a run is; and some hundred orders of one at once, made anew from its name and the batch's number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Literal

from bench.seed.basket import body_of
from bench.seed.ids import generated_number, order_id_of, short_id_of
from bench.seed.life import Life
from bench.seed.market import some_customer, some_shop
from bench.seed.story import tell
from kvitt.core.change import Change
from kvitt.orders.model import OrderRecord

SPAN = timedelta(days=730)
UNTIL = datetime(2026, 11, 1, tzinfo=UTC)
"""Where the seeded time ends by default: a fixed moment, so that a seed gives the same orders on every day."""

_HOURS = (1, 1, 1, 1, 1, 2, 5, 12, 20, 26, 30, 34, 36, 32, 30, 32, 36, 38, 40, 44, 42, 32, 16, 5)
"""How much is bought in each hour of a day."""


@dataclass(frozen=True)
class Run:
    """What is seeded follows from this. `count`: how many in all. `size`: of a batch. `table`: what they are."""

    account_id: str
    count: int
    seed: int = 1
    until: datetime = UNTIL
    size: int = 500
    table: Literal["orders", "transactions"] = "orders"

    @property
    def name(self) -> str:
        name = f"{self.account_id}/{self.seed}/{self.count}/{self.until.isoformat()}/{self.size}"
        return name if self.table == "orders" else f"{name}/{self.table}"

    @property
    def batches(self) -> int:
        return -(-self.count // self.size)

    def numbers(self, batch: int) -> range:
        return range(batch * self.size, min(self.count, (batch + 1) * self.size))

    def first_id(self, batch: int) -> str:
        """The id of a batch's first document: it is there when the batch is."""
        if self.table == "transactions":
            return short_id_of(self.account_id, f"{self.name}/transaction", batch * self.size)
        return order_id_of(self.name, batch * self.size)

    def moment(self, chance: Random, number: int) -> datetime:
        """The shops grow: later days have more. Evenings have more than nights."""
        days = SPAN.days * ((number + chance.random()) / self.count) ** 0.8
        hour = chance.choices(range(24), _HOURS)[0]
        begin = (self.until - SPAN).replace(hour=0, minute=0, second=0, microsecond=0)
        second = hour * 3600 + chance.random() * 3600
        return min(begin + timedelta(days=int(days)) + timedelta(seconds=second), self.until)


@dataclass
class Tally:
    """What was made, by (member, value): ("status", "open"); and how many entries the log has of it."""

    made: Counter[tuple[str, str]]
    events: int = 0

    def count(self, record: OrderRecord, change: Change) -> None:
        order = record.order
        self.made["all", ""] += 1
        self.made["status", order.status] += 1
        self.made["payment_status", order.payment_status] += 1
        self.made["lines", str(len(order.items))] += 1
        if order.store is not None:
            self.made["store_id", order.store.id] += 1
        self.events += len(change.events)

    def add(self, other: Tally) -> None:
        self.made.update(other.made)
        self.events += other.events


def lives_of(run: Run, batch: int) -> Iterator[Life]:
    """The batch's orders with all that happened to them, by the time they were made."""
    chance = Random(f"{run.name}/{batch}")
    customers = max(1, run.count // 4)
    numbers = run.numbers(batch)
    moments = sorted(run.moment(chance, number) for number in numbers)
    for number, now in zip(numbers, moments, strict=True):
        shop = some_shop(chance)
        stranger = chance.random() < (0.7 if shop.trade.at_the_till else 0.08)
        customer = None if stranger else some_customer(chance, shop.country, customers)
        life = Life(run.account_id, chance, now, run.until)
        body = body_of(chance, shop, customer, number, now)
        life.create(
            order_id_of(run.name, number), body, generated_number(run.name, number),
            "till" if shop.trade.at_the_till else "webshop",
        )  # fmt: skip
        tell(life, shop)
        yield life


def changes_of(run: Run, batch: int) -> tuple[list[Change], Tally]:
    """All that is to be written of a batch."""
    tally = Tally(Counter())
    changes = []
    for life in lives_of(run, batch):
        change = life.made()
        tally.count(life.record, change)
        changes.append(change)
    return changes, tally
