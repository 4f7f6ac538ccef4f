"""All of it together: the servers, the database between them, the provider, the shops and those who call.

A step is one thing that happens: somebody outside begins an action (a request, a kill, an outage, time passes), or the
next timer rings (an answer of the database, the provider or a shop arrives, a poll, a time-out) and everybody whom it
wakes runs until nobody can go on.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from contextvars import Context
from datetime import datetime, timedelta
from typing import Any

import msgspec

from kvitt.core.errors import Unavailable
from kvitt.core.reply import Reply

from .callers import Callers
from .chance import Chance, at
from .clerks import SHOPPING
from .database import Applied, Database
from .faults import Faults
from .loop import Owner, VirtualLoop
from .provider import Movement, Provider
from .readers import Reader
from .receivers import Arrival, Receivers
from .requests import Try
from .server import Server

ACCOUNTS = ("T10000001", "T10000002")
SERVERS = 2
ACTING = 0.24
"""How many of the steps are actions from outside."""
_WEIGHTS = {
    "create_session": 6, "pay": 10, "update_session": 4, "visit": 1, "abandon": 1, "cancel_session": 1.5,
    "capture": 14, "refund": 10, "void": 3, **SHOPPING,
}  # fmt: skip


class World:
    """Made and run inside `ruled_by`."""

    def __init__(self, chance: Chance, loop: VirtualLoop) -> None:
        self.chance = chance
        self.loop = loop
        self.accounts = ACCOUNTS
        self.faults = Faults.drawn(chance)
        self.database = Database(self.wall)
        self.provider = Provider(self)
        self.receivers = Receivers(self)
        self.callers = Callers(self)
        self.readers = {account_id: Reader(self, account_id) for account_id in self.accounts}
        self.steps = 0
        self.flying = 0
        """Messages that are under way."""
        self.settling = False
        self.crashes = 0
        self.unforeseen: list[BaseException] = []
        """What escaped from a flow and is no refusal."""
        self.trace: list[tuple[Any, ...]] = []
        self.sessions: list[tuple[str, str]] = []
        self.transactions: list[tuple[str, str]] = []
        self.orders: list[tuple[str, str]] = []
        self.drafts: list[tuple[str, str]] = []
        self.moves: list[Callable[[Movement], None]] = []
        self.comes: list[Callable[[Arrival], None]] = []
        self.answers: list[Callable[[Try, Reply | None], None]] = []
        self.database.heard.append(self._remember)
        self._known = {
            "sessions": self.sessions, "transactions": self.transactions, "orders": self.orders, "drafts": self.drafts,
        }  # fmt: skip
        self._away: dict[str, float] = {}
        self._context = Context()
        self._documents: dict[tuple[str, str, str], tuple[int, Any]] = {}
        # A third of the histories are mostly about payments, a third mostly about orders: either goes deeper alone.
        seldom = chance.one_of((frozenset(), SHOPPING.keys(), _WEIGHTS.keys() - SHOPPING.keys()))
        weights = {
            name: weight * chance.between(0.2, 2.0) * (0.1 if name in seldom else 1.0)
            for name, weight in _WEIGHTS.items()
        }
        self._actions = [name for name, weight in weights.items() for _ in range(int(weight * 4) + 1)]
        self._born = 0
        self.servers: list[Server | None] = [self._server() for _ in range(SERVERS)]

    # time

    def wall(self) -> datetime:
        return at(self.loop.now)

    def clock(self, account_id: str | None = None, /) -> datetime:
        """What kvitt's parts get for a clock."""
        ahead = self.database.ahead.get(account_id) if account_id is not None else None
        return self.wall() if ahead is None else self.wall() + ahead

    def later(self, seconds: float, what: Callable[..., object], *arguments: Any) -> None:
        """In the world, which goes on when a process dies."""
        self.flying += 1
        self.loop.call_later(seconds, self._land, what, arguments, context=self._context)

    def _land(self, what: Callable[..., object], arguments: tuple[Any, ...]) -> None:
        self.flying -= 1
        what(*arguments)

    # what happens

    def step(self) -> None:
        """Somebody acts, or time goes on."""
        self.steps += 1
        if not (self.chance.random() < ACTING and self._act()):
            self.loop.tick()

    def _act(self) -> bool:
        chance, faults = self.chance, self.faults
        if chance.once_in(faults.killed / ACTING):
            self._kill(chance.below(SERVERS), "by its operator")
        elif chance.once_in(faults.away / ACTING):
            who = chance.one_of(("provider", "database", *(f"{account.lower()}.test" for account in self.accounts)))
            seconds = chance.between(0.1, 3) if who == "database" else chance.between(5, 1800)
            self._away[who] = self.loop.now + seconds
            self.note("away", who, round(seconds))
        elif chance.once_in(faults.passing / ACTING) and (self.idle() or chance.once_in(0.3)):
            seconds = chance.one_of((20.0, 70.0, 150.0, 150.0, 600.0, 4000.0, 30_000.0))
            self.loop.now += seconds
            self.note("time passes", seconds)
        elif chance.once_in(faults.ahead / ACTING):
            account_id, hours = chance.one_of(self.accounts), chance.one_of((1, 25, 24 * 7))
            before = self.database.ahead.get(account_id, timedelta(0))
            self.database.ahead[account_id] = before + timedelta(hours=hours)
            self.note("clock ahead", account_id, hours)
        else:
            return self.callers.act()
        return True

    def drawn_action(self) -> str:
        return self.chance.one_of(self._actions)

    def crash_point(self, owner: Owner, where: str) -> None:
        """A place where a process may die."""
        if owner.alive and self.chance.once_in(self.faults.crash):
            for place, server in enumerate(self.servers):
                if server is not None and server.owner is owner:
                    self._kill(place, where)

    def _kill(self, place: int, where: str) -> None:
        server = self.servers[place]
        if server is None:
            return
        self.note("dies", server.owner.name, where)
        self.crashes += 1
        server.kill()
        self.servers[place] = None
        self.later(self.chance.between(0.5, 20.0), self._start, place)

    def _start(self, place: int) -> None:
        if self.servers[place] is None:
            self.servers[place] = self._server()

    def _server(self) -> Server:
        self._born += 1
        server = Server(self, f"server-{self._born}")
        self.note("starts", server.owner.name)
        return server

    def any_server(self) -> Server | None:
        alive = [server for server in self.servers if server is not None]
        return self.chance.one_of(alive) if alive else None

    def is_away(self, who: str) -> bool:
        return self._away.get(who, 0.0) > self.loop.now

    def be_kind(self) -> None:
        """From now on nothing goes wrong, and who is away comes back."""
        self.settling = True
        self.faults = Faults.none()
        self._away.clear()
        self.note("settling")

    def all_up(self) -> bool:
        return None not in self.servers

    def idle(self) -> bool:
        """Nothing is under way and nothing is due: only time can bring something."""
        if self.flying or not self.all_up() or self.database.due():
            return False
        return not any(server is not None and server.busy for server in self.servers)

    # the way to the database

    def latency(self) -> float:
        if self.chance.once_in(self.faults.slow_trip):
            return self.chance.between(0.02, 1.5)
        return self.chance.between(0.0005, 0.008)

    def check_database(self) -> None:
        if self._away and self.is_away("database"):
            raise Unavailable("The database does not answer")

    async def trip(self) -> None:
        """There and back."""
        self.check_database()
        there = self.loop.create_future()
        self.later(self.latency(), _arrive, there)
        await there

    async def glance(self) -> None:
        """A look that takes no time."""
        self.check_database()
        await asyncio.sleep(0)

    async def errand(self, owner: Owner, work: Callable[[], object]) -> object:
        """Something is done there: once, also when nobody hears of it."""
        self.check_database()
        done: asyncio.Future[object] = self.loop.create_future()

        def there() -> None:
            self.crash_point(owner, "before a statement")
            if owner.alive or self.chance.once_in(0.5):
                result = work()
                self.crash_point(owner, "after a statement")
                self.later(self.latency(), _arrive, done, result)

        self.later(self.latency(), there)
        return await done

    # what others look at

    def note(self, *what: Any) -> None:
        self.trace.append((self.steps, self.loop.now, *what))

    def moved(self, movement: Movement) -> None:
        for hear in self.moves:
            hear(movement)

    def arrived(self, arrival: Arrival) -> None:
        for hear in self.comes:
            hear(arrival)

    def answered(self, attempt: Try, answer: Reply | None) -> None:
        for hear in self.answers:
            hear(attempt, answer)

    def document(self, table: str, account_id: str, id: str) -> Any:
        """A stored document as plain JSON."""
        key = (table, account_id, id)
        row = self.database.rows[key]
        known = self._documents.get(key)
        if known is None or known[0] != row.version:
            known = self._documents[key] = (row.version, msgspec.json.decode(row.doc))
        return known[1]

    def digest(self) -> str:
        """Of everything that happened and everything that stands."""
        digest = hashlib.sha256(repr(self.trace).encode())
        digest.update(repr(sorted(self.database.rows.items())).encode())
        digest.update(repr(self.database.log).encode())
        digest.update(repr(sorted(self.database.deliveries.items())).encode())
        digest.update(repr((self.loop.turns, self.loop.now)).encode())
        return digest.hexdigest()[:16]

    def run_until(self, done: Callable[[], bool], most: int) -> bool:
        """Ticks until it is so; whether it became so."""
        for _ in range(most):
            if done():
                return True
            self.steps += 1
            self.loop.tick()
        return done()

    def begin(self, first: Awaitable[Any]) -> asyncio.Task[Any]:
        return self._context.run(self.loop.create_task, first)  # type: ignore[arg-type]

    def _remember(self, applied: Applied) -> None:
        for put in applied.change.puts:
            if put.version == 0 and put.table in self._known:
                self._known[put.table].append((put.account_id, put.id))


def _arrive(there: asyncio.Future[Any], result: object = None) -> None:
    if not there.done():
        there.set_result(result)
