"""The store: all that a feature may ask of the database, and nothing that names it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any, TypeVar

import msgspec

from kvitt.core.change import Change, Event, Kind, Row
from kvitt.core.errors import Unavailable
from kvitt.core.idempotency import Once
from kvitt.store.callbacks import Callbacks
from kvitt.store.clocks import NOTHING, Clocks
from kvitt.store.commit import Committer
from kvitt.store.decide import Turns, decide_and_commit
from kvitt.store.deliveries import Deliveries
from kvitt.store.feed import Cursor, Entry, read_feed, read_latest, read_on
from kvitt.store.hasten import hasten
from kvitt.store.line import BY_KEY, COMMON, Line, Lines
from kvitt.store.listing import LISTING, Selection, count_rows, list_rows
from kvitt.store.once import once_only, replay
from kvitt.store.prune import prune_deliveries, prune_groups, prune_keys
from kvitt.store.read import Reads, check_lookup
from kvitt.store.seals import seal, unsealed
from kvitt.store.series import latest_claims
from kvitt.store.tasks import DueTask, next_at, put_off, take

D = TypeVar("D", bound=msgspec.Struct)
T = TypeVar("T")

_list = list  # inside the class the name is a method

SOON = timedelta(milliseconds=50)


class Store:
    """Made by `connect`. Holds a few connections, that open again by themselves after the database was away."""

    def __init__(
        self, committer: Callable[[Callable[[Change], None]], Committer], reads: Reads, lines: Lines, lists: Lines
    ) -> None:
        self.tasks_waiting = asyncio.Event()
        """Set when this process committed a task that is due now; whoever takes tasks clears it."""
        self.followed: set[str] = set()
        """Accounts whose feed somebody follows: whoever does puts them here, and takes them out again."""
        self.news = asyncio.Event()
        """Set when this process committed an event of such an account; whoever reads the feed clears it first."""
        self.unsealed: set[str] = set()
        """Accounts whose events this process committed: whoever seals them takes them out."""
        self.deliveries = Deliveries(lines, self.tasks_waiting)
        """What webhooks owe."""
        self.callbacks = Callbacks(lines, self.tasks_waiting)
        """What became of callbacks."""
        self.clocks = Clocks(lines, self.claimed, self.tasks_waiting)
        """How far test accounts are ahead of the wall's time."""
        self._committer = committer(self._committed)
        self._reads = reads
        self._lines = lines
        self._lists = lists
        self._turns = Turns()
        self._decoders: dict[type[Any], msgspec.json.Decoder[Any]] = {}

    async def get(self, kind: Kind[D], account_id: str, id: str) -> Row[D] | None:
        """The document with this id. Sees every Change that this process was told is committed."""
        return self._row(kind, await self._reads.find((kind.table, "id"), account_id, id))

    async def find(self, kind: Kind[D], account_id: str, column: str, value: str) -> Row[D] | None:
        """The newest document whose indexed column has this value. ValueError when the column has no index."""
        return self._row(kind, await self._reads.find(check_lookup(kind.table, column), account_id, value))

    async def list(
        self, kind: Kind[D], account_id: str, *, where: Mapping[str, str] | None = None, limit: int = 100
    ) -> list[Row[D]]:
        """Documents of the account, newest first, whose list's columns equal what `where` says."""
        among = {column: [value] for column, value in (where or {}).items()}
        return await self.page(kind, account_id, Selection(among=among), limit)

    async def page(
        self, kind: Kind[D], account_id: str, selection: Selection, limit: int, size: int | None = None
    ) -> _list[Row[D]]:
        """At most `limit` documents of the account that `selection` chooses, in its order.

        `size`: ends with the document with which they have so many characters, for whoever decodes large ones.
        """
        rows = await list_rows(self._lists, kind.table, account_id, selection, limit)
        decode = self._decoder(kind).decode
        found: _list[Row[D]] = []
        for version, doc in rows:
            found.append(Row(version, decode(doc), len(doc)))
            if size is not None and (size := size - len(doc)) <= 0:
                break
        return found

    async def count(self, kind: Kind[Any], account_id: str, selection: Selection) -> int:
        """How many documents `selection` chooses in all, wherever its page begins. Costs a look at each of them."""
        return await count_rows(self._lists, kind.table, account_id, selection)

    async def claimed(self, account_id: str, key: str) -> str | None:
        """Whose a claim is (its value), None when it is free."""
        found = await self._reads.find(("claims", "key"), account_id, key)
        return None if found is None else found[0]

    async def latest_claims(self, account_id: str, prefix: str, limit: int) -> _list[str]:
        """The keys of claims that begin so, the last in the order of their bytes first."""
        return await latest_claims(self._lines, account_id, prefix, limit)

    async def commit(self, change: Change) -> None:
        """Returns when the Change is durable, all of it.

        Raises Conflict when a row is newer than the Put says, or what must be new exists: nothing was written.
        Raises Unavailable after about 30 seconds without the database; the message says whether something was written
        or the outcome is unknown. Raises ValueError for a Change that can never be stored: one that names a key twice,
        or holds what PostgreSQL cannot. A caller that is cancelled knows nothing of the outcome.
        """
        await self._committer.commit(change)

    async def decide(
        self,
        decide: Callable[[], Awaitable[tuple[Change, T]]],
        *,
        on: tuple[str, str] | None = None,
        once: Once | None = None,
    ) -> T:
        """Load, rule, commit: calls `decide`, commits its Change and answers what it answered with it.

        On Conflict it calls `decide` again, thirty times at most, and then raises Conflicting. An empty Change is not
        committed. `on` = (account_id, object_id) lets this process decide about an object one at a time, in the order
        of arrival, so that a crowd on one object does not burn its tries; between processes versions decide.
        `decide` must not call a provider.

        `once`: the request's key, committed in the same Change. When it was used before nothing is done: raises
        Replayed with the answer, RequestUnderWay while there is none, IdempotencyKeyReused for another request.
        """
        commit: Callable[[Change], Awaitable[None]] = self.commit
        if once is not None:
            decide, commit = once_only(decide, commit, self.claimed, once)
        if on is None:
            return await decide_and_commit(decide, commit)
        async with self._turns.of(on):
            return await decide_and_commit(decide, commit)

    async def replay(self, once: Once) -> None:
        """Raises as `decide` does when the key was used; returns when it was not."""
        await replay(self.claimed, once)

    async def take_tasks(self, limit: int, lease: timedelta, kinds: Sequence[str] | None = None) -> _list[DueTask]:
        """At most `limit` due tasks, oldest first, for this taker alone until `lease` has passed.

        A task that is not `done` by then falls due again. `kinds`: only these.
        """
        return await take(self._lines, limit, lease, kinds, ahead=self.clocks.time_to_look())

    async def put_off(self, tasks: Sequence[DueTask], due_at: datetime) -> None:
        """Tasks that were taken and not done become due at another time; their tries stay counted."""
        await put_off(self._lines, tasks, due_at)

    async def hasten_tasks(self, account_id: str, kind: str, now: datetime, within: timedelta) -> None:
        """The account's tasks of a kind that are further off than `within` become due within it, spread out."""
        await hasten(self._lines, account_id, kind, now, within)

    async def next_task_at(self) -> datetime | None:
        """When the next task falls due (in the past when one is due); leased ones count with the end of their lease."""
        return await next_at(self._lines)

    async def feed(self, account_id: str, after: Cursor | None, limit: int) -> tuple[_list[Event], Cursor]:
        """Events of the account after a cursor, oldest first, and the cursor to go on from. Never skips one."""
        return await read_feed(self._lines, account_id, after, limit)

    async def follow(
        self, positions: Mapping[str, Cursor], limit: int, most_bytes: int = 4_000_000
    ) -> dict[str, _list[Entry]]:
        """The feeds of several accounts, each after its own cursor; accounts without news are not in the answer.

        At least one event of each that has any, at most `limit`, and no more once their data has `most_bytes`.
        """
        return await read_on(self._lines, positions, limit, most_bytes)

    async def latest(self, account_id: str) -> Cursor:
        """Where the account's feed ends now: nothing that `feed` shows today comes after it."""
        return await read_latest(self._lines, account_id)

    async def seal(self, account_id: str) -> tuple[int, bool]:
        """Makes the next seal in the hash chain over the account's log: at most 1,000 entries.

        Answers how many it covers (0: no seal was made) and whether entries are left, which may be too young.
        """
        return await seal(self._lines, account_id)

    async def find_unsealed(self) -> _list[str]:
        """Accounts whose log goes on behind their last seal."""
        return await unsealed(self._lines)

    async def prune(self, now: datetime) -> int:
        """Forgets settled groups that nobody can be in doubt about any more, Idempotency-Keys after 48 hours, and
        webhooks' settled deliveries after 30 days.

        Answers how many rows. Run it hourly.
        """
        groups, keys = await prune_groups(self._lines, now), await prune_keys(self._lines, now)
        return groups + keys + await prune_deliveries(self._lines, now)

    async def healthy(self) -> bool:
        """Whether the database answers within two seconds."""
        try:
            async with asyncio.timeout(2.5):
                await self._lines.run(lambda connection: connection.fetchval("select 1"), patience=2.0)
        except (Unavailable, TimeoutError):
            return False
        return True

    async def close(self) -> None:
        """Lets what waits land, then closes the connections."""
        await self._committer.close()
        await self._reads.close()
        await self._lines.close()
        await self._lists.close()

    def _row(self, kind: Kind[D], found: tuple[Any, ...] | None) -> Row[D] | None:
        if found is None:
            return None
        return Row(found[0], self._decoder(kind).decode(found[1]), len(found[1]))

    def _decoder(self, kind: Kind[D]) -> msgspec.json.Decoder[D]:
        decoder = self._decoders.get(kind.type)
        if decoder is None:
            decoder = self._decoders[kind.type] = msgspec.json.Decoder(kind.type)
        return decoder

    def _committed(self, change: Change) -> None:
        if change.tasks and not self.tasks_waiting.is_set():
            soon, ahead = datetime.now(UTC) + SOON, self.clocks.ahead
            if any(task.due_at - ahead.get(task.account_id, NOTHING) <= soon for task in change.tasks):
                self.tasks_waiting.set()
        if self.followed and any(event.account_id in self.followed for event in change.events):
            self.news.set()
        for event in change.events:
            self.unsealed.add(event.account_id)


async def connect(database_url: str, *, writers: int = 2, readers: int = 1) -> Store:
    """A Store on a migrated database. Raises Unavailable when it cannot be reached, or was never migrated."""
    lines = [Line(database_url, BY_KEY) for _ in range(writers)]
    reads = [Line(database_url, BY_KEY) for _ in range(readers)]
    others = [Line(database_url, COMMON) for _ in range(2)]
    lists = [Line(database_url, LISTING) for _ in range(3)]
    try:
        await _open([*lines, *reads, *others, *lists])
    except BaseException:
        for line in (*lines, *reads, *others, *lists):
            line.drop()
        raise
    return Store(lambda committed: Committer(lines, committed), Reads(reads), Lines(others), Lines(lists))


async def _open(lines: _list[Line]) -> None:
    deadline = monotonic() + 5
    try:
        connections = [await line.connection(deadline) for line in lines]
    except Unavailable as error:
        raise Unavailable(f"The database cannot be reached: {error.__cause__}") from error
    if not await connections[0].fetchval("select to_regclass('order_list') is not null"):
        raise Unavailable("The database is not up to date: run kvitt migrate")
