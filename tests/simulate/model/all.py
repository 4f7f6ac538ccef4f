"""The model: listens to everything that becomes true, and is asked at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from kvitt.core.reply import Reply

from ..database import Applied
from .answers import Answers
from .keys import Keys
from .log import Log
from .money import Money
from .orders import OrderBook
from .shops import Shops
from .violation import Violation

if TYPE_CHECKING:
    from ..requests import Try
    from ..world import World


class Model:
    def __init__(self, world: World) -> None:
        self.log = Log()
        self.money = Money(world)
        self.orders = OrderBook()
        self.answers = Answers(self.orders)
        self.keys = Keys(world)
        self.shops = Shops(world)
        self._world = world
        self._documents: dict[tuple[str, str, str], Any] = {}
        """As they stand, by table, account and id."""
        self._found: Violation | None = None
        """By somebody else's task, which is no place to raise it."""
        world.database.heard.append(self._committed)
        world.moves.append(self.money.moved)
        world.answers.append(self._answered)

    def begin(self) -> None:
        """After the world was set up."""
        self.shops.begin()

    def after_step(self) -> None:
        if self._found is not None:
            raise self._found
        if self._world.unforeseen:
            error = self._world.unforeseen[0]
            raise Violation("nothing-unforeseen", f"a flow ended with {error!r}") from error

    def callers_are_done(self) -> None:
        """Every caller who would retry has an answer."""
        self.keys.check()

    def settled(self) -> None:
        """Faults are off, time went far on, nothing is under way: now all of it must be true."""
        self.after_step()
        for error in self._world.loop.died():
            raise Violation("nothing-unforeseen", f"a task of a living process died of {error!r}") from error
        self.money.settled()
        self.log.settled(self._world)
        self.shops.settled()
        self.keys.check()
        if self._world.database.tasks:
            key, task = next(iter(self._world.database.tasks.items()))
            raise Violation("nothing-is-left", f"the task {key[1]} ({task.kind}, taken {task.tries} times) never ends")

    def reached(self) -> set[str]:
        """Statuses that something had, and kinds of requests that were done."""
        return {*self.orders.reached, *self.answers.accepted}

    def counts(self) -> dict[str, int]:
        """What the history was made of, so that a calm one can be told from one that tried something."""
        return {
            "transactions": len(self._world.transactions),
            "orders": len(self._world.orders),
            "commits": self._world.database.commits,
            "crashes": self._world.crashes,
            "movements": len(self._world.provider.books),
            "deliveries": len(self._world.receivers.arrivals),
        }

    def _answered(self, attempt: Try, answer: Reply | None) -> None:
        try:
            self.answers.answered(attempt, answer)
        except Violation as violation:
            self._found = self._found or violation

    def _committed(self, applied: Applied) -> None:
        change = applied.change
        self.log.committed(change)
        self.keys.committed(change)
        written: dict[tuple[str, str, str], tuple[Any, Any]] = {}
        for put in change.puts:
            key = (put.table, put.account_id, put.id)
            before = self._documents.get(key)
            after = self._documents[key] = msgspec.json.decode(put.doc)
            written[key] = (before, after)
            if put.table == "transactions":
                self.money.transaction(put.account_id, before, after, change)
            elif put.table == "sessions":
                self.money.session(before, after, change)
        self.orders.committed(applied, written)
        self.answers.committed(applied)
        self.money.committed(change)
