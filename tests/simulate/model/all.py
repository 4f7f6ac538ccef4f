"""The model: listens to everything that becomes true, and is asked at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from ..database import Applied
from .keys import Keys
from .log import Log
from .money import Money
from .orders import OrderBook
from .shops import Shops
from .violation import Violation

if TYPE_CHECKING:
    from ..world import World


class Model:
    def __init__(self, world: World) -> None:
        self.log = Log()
        self.money = Money(world)
        self.orders = OrderBook()
        self.keys = Keys(world)
        self.shops = Shops(world)
        self._world = world
        self._documents: dict[tuple[str, str, str], Any] = {}
        world.database.heard.append(self._committed)
        world.moves.append(self.money.moved)

    def begin(self) -> None:
        """After the world was set up."""
        self.shops.begin()

    def after_step(self) -> None:
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
        self.orders.settled()
        self.log.settled(self._world)
        self.shops.settled()
        self.keys.check()
        if self._world.database.tasks:
            key, task = next(iter(self._world.database.tasks.items()))
            raise Violation("nothing-is-left", f"the task {key[1]} ({task.kind}, taken {task.tries} times) never ends")

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

    def _committed(self, applied: Applied) -> None:
        change = applied.change
        self.log.committed(change)
        for put in change.puts:
            key = (put.table, put.account_id, put.id)
            before = self._documents.get(key)
            after = self._documents[key] = msgspec.json.decode(put.doc)
            if put.table == "transactions":
                self.money.transaction(put.account_id, before, after, change)
            elif put.table == "sessions":
                self.money.session(before, after, change)
            elif put.table == "orders":
                self.orders.order(put.account_id, before, after, put.version + 1, change)
            elif put.table == "drafts":
                self.orders.draft(before, after, put.version + 1, change)
        self.money.committed(change)
