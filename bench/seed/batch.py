"""Some hundred orders at once: made anew from the run's name and the batch's number, whoever makes them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from bench.seed.basket import body_of
from bench.seed.ids import generated_number, order_id_of
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
    """What the orders follow from. `orders`: how many there are in all. `size`: of a batch."""

    account_id: str
    orders: int
    seed: int = 1
    until: datetime = UNTIL
    size: int = 500

    @property
    def name(self) -> str:
        return f"{self.account_id}/{self.seed}/{self.orders}/{self.until.isoformat()}/{self.size}"

    @property
    def batches(self) -> int:
        return -(-self.orders // self.size)

    def numbers(self, batch: int) -> range:
        return range(batch * self.size, min(self.orders, (batch + 1) * self.size))

    def first_id(self, batch: int) -> str:
        """The id of a batch's first order: it is there when the batch is."""
        return order_id_of(self.name, batch * self.size)


@dataclass
class Tally:
    """What was made: `orders` by (member, value): ("status", "open"); and how many entries the log has of them."""

    orders: Counter[tuple[str, str]]
    events: int = 0

    def count(self, record: OrderRecord, change: Change) -> None:
        order = record.order
        self.orders["all", ""] += 1
        self.orders["status", order.status] += 1
        self.orders["payment_status", order.payment_status] += 1
        self.orders["lines", str(len(order.items))] += 1
        if order.store is not None:
            self.orders["store_id", order.store.id] += 1
        self.events += len(change.events)

    def add(self, other: Tally) -> None:
        self.orders.update(other.orders)
        self.events += other.events


def lives_of(run: Run, batch: int) -> Iterator[Life]:
    """The batch's orders with all that happened to them, by the time they were made."""
    chance = Random(f"{run.name}/{batch}")
    customers = max(1, run.orders // 4)
    numbers = run.numbers(batch)
    moments = sorted(_moment(chance, run, number) for number in numbers)
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


def _moment(chance: Random, run: Run, number: int) -> datetime:
    """The shops grow: later days have more orders. Evenings have more than nights."""
    days = SPAN.days * ((number + chance.random()) / run.orders) ** 0.8
    hour = chance.choices(range(24), _HOURS)[0]
    begin = (run.until - SPAN).replace(hour=0, minute=0, second=0, microsecond=0)
    second = hour * 3600 + chance.random() * 3600
    return min(begin + timedelta(days=int(days)) + timedelta(seconds=second), run.until)
