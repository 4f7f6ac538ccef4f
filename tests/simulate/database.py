"""What PostgreSQL holds, and what may be said of it: rows with versions, claims, the log, tasks, postings, deliveries.

A commit gets its transaction id when it begins and its rows become visible when it ends, so a late commit has an early
place in the log; the feed shows only what is older than the oldest commit under way, as `store/feed.py` asks.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from kvitt.core.change import Change, Event, Posting, Put
from kvitt.core.errors import Conflict
from kvitt.store import Cursor, Entry
from kvitt.store.tables import TABLES

if TYPE_CHECKING:
    from .requests import Try

Key = tuple[str, str]
"""Account and id."""

EPOCH = 1
KEYS_ARE_KEPT = timedelta(hours=48)


class Stored(NamedTuple):
    version: int
    doc: str
    columns: tuple[Any, ...]


@dataclass
class TaskRow:
    kind: str
    due_at: datetime
    data: str
    tries: int = 0


@dataclass
class DeliveryRow:
    id: str
    subscription_id: str
    lane: str
    seq: int
    event: str
    created_at: datetime
    body: str
    status: str = "waiting"
    version: int = 1
    tries: int = 0
    attempts: str = "[]"


class Line(NamedTuple):
    """A row of the log. Compares by its place, which no two share."""

    xid: int
    seq: int
    event: Event


class Applied(NamedTuple):
    """A Change that was committed: what its rows were before. `attempt`: what was asked for by it, if anything was."""

    change: Change
    before: dict[tuple[str, str, str], Stored | None]
    by: str
    attempt: Try | None = None


@dataclass
class Database:
    now: Callable[[], datetime]
    rows: dict[tuple[str, str, str], Stored] = field(default_factory=dict)
    claims: dict[Key, tuple[str, datetime]] = field(default_factory=dict)
    tasks: dict[Key, TaskRow] = field(default_factory=dict)
    postings: dict[tuple[str, str, str], Posting] = field(default_factory=dict)
    log: dict[str, list[Line]] = field(default_factory=dict)
    deliveries: dict[Key, DeliveryRow] = field(default_factory=dict)
    cursors: dict[str, Cursor] = field(default_factory=dict)
    ahead: dict[str, timedelta] = field(default_factory=dict)
    """How far the clock of an account is ahead of the wall's."""
    heard: list[Callable[[Applied], None]] = field(default_factory=list)
    """Called with each Change that was committed, at that moment."""
    running: set[int] = field(default_factory=set)
    """Transactions that began and did not end."""
    commits: int = 0
    _xid: int = 100
    _seq: int = 0
    _found_by: dict[tuple[str, str, str, str], list[str]] = field(default_factory=dict)

    # commits

    def begin(self, events: int) -> tuple[int, int]:
        """The transaction's id, and the number before that of its first event."""
        self._xid += 1
        self.running.add(self._xid)
        first = self._seq
        self._seq += events
        return self._xid, first

    def end(self, xid: int) -> None:
        """Committed or not, it is over."""
        self.running.discard(xid)

    def apply(self, change: Change, place: tuple[int, int], by: str, attempt: Try | None = None) -> None:
        """All of it, or Conflict and nothing."""
        if self._meets(change):
            raise Conflict("a row is newer, or what must be new exists")
        before: dict[tuple[str, str, str], Stored | None] = {}
        for put in change.puts:
            key = (put.table, put.account_id, put.id)
            before[key] = self.rows.get(key)
            self.rows[key] = Stored(put.version + 1, put.doc, put.columns)
            if before[key] is None:
                self._index(put)
        for claim in change.claims:
            self.claims[claim.account_id, claim.key] = (claim.value, self.now())
        for done in change.done:
            self.tasks.pop((done.account_id, done.id), None)
        for task in change.tasks:
            self.tasks[task.account_id, task.id] = TaskRow(task.kind, task.due_at, task.data)
        for posting in change.postings:
            self.postings[posting.account_id, posting.object_id, posting.id] = posting
        xid, seq = place
        for number, event in enumerate(change.events, seq + 1):
            insort(self.log.setdefault(event.account_id, []), Line(xid, number, event))
        self.commits += 1
        if attempt is not None:
            attempt.applied += 1
            attempt.wrote |= {(put.table, put.id): put.version + 1 for put in change.puts}
        applied = Applied(change, before, by, attempt)
        for hear in self.heard:
            hear(applied)

    def _meets(self, change: Change) -> bool:
        for put in change.puts:
            found = self.rows.get((put.table, put.account_id, put.id))
            if (0 if found is None else found.version) != put.version:
                return True
        if any((claim.account_id, claim.key) in self.claims for claim in change.claims):
            return True
        return any((each.account_id, each.object_id, each.id) in self.postings for each in change.postings)

    def _index(self, put: Put) -> None:
        table = TABLES[put.table]
        for column, value in zip(table.columns, put.columns, strict=True):
            if column in table.found_by:
                self._found_by.setdefault((put.table, column, put.account_id, value), []).append(put.id)

    # reads

    def find(self, table: str, column: str, account_id: str, value: str) -> Stored | None:
        """The newest row whose column has this value."""
        if column == "id":
            return self.rows.get((table, account_id, value))
        place = list(TABLES[table].columns).index(column)
        for id in reversed(self._found_by.get((table, column, account_id, value), ())):
            row = self.rows[table, account_id, id]
            if row.columns[place] == value:
                return row
        return None

    def of_table(self, table: str, account_id: str | None = None) -> Iterable[tuple[str, str, Stored]]:
        """(account, id, row), oldest first."""
        for (of, account, id), row in self.rows.items():
            if of == table and account_id in (None, account):
                yield account, id, row

    def latest_claims(self, account_id: str, prefix: str, limit: int) -> list[str]:
        """The last of the keys that begin so, the last first."""
        found = (key for account, key in self.claims if account == account_id and key.startswith(prefix))
        return sorted(found, reverse=True)[:limit]

    # the log

    def follow(self, account_id: str, after: Cursor, limit: int, most_bytes: int = 4_000_000) -> list[Entry]:
        """Visible events after the cursor."""
        oldest = min(self.running, default=self._xid + 1)
        found: list[Entry] = []
        size = 0
        for line in self.after(account_id, after):
            if line.xid >= oldest or len(found) == limit or size >= most_bytes:
                break
            size += len(line.event.data)
            found.append(Entry(line.event, Cursor(EPOCH, line.xid, line.seq)))
        return found

    def after(self, account_id: str, cursor: Cursor) -> Iterable[Line]:
        lines = self.log.get(account_id, [])
        low, high = 0, len(lines)
        place = (cursor.xid, cursor.seq)
        while low < high:
            middle = (low + high) // 2
            if lines[middle][:2] <= place:
                low = middle + 1
            else:
                high = middle
        return lines[low:]

    def latest(self, account_id: str) -> Cursor:
        oldest = min(self.running, default=self._xid + 1)
        for line in reversed(self.log.get(account_id, [])):
            if line.xid < oldest:
                return Cursor(EPOCH, line.xid, line.seq)
        return Cursor(0, 0, 0)

    # tasks

    def now_of(self, account_id: str) -> datetime:
        return self.now() + self.ahead.get(account_id, timedelta(0))

    def due(self) -> list[Key]:
        """Oldest first."""
        now = self.now()
        ahead = self.ahead
        nothing = timedelta(0)
        found = [key for key, task in self.tasks.items() if task.due_at <= now + ahead.get(key[0], nothing)]
        found.sort(key=lambda key: self.tasks[key].due_at - ahead.get(key[0], nothing))
        return found

    def next_due(self) -> datetime | None:
        """On the wall's clock."""
        nothing = timedelta(0)
        return min((task.due_at - self.ahead.get(key[0], nothing) for key, task in self.tasks.items()), default=None)

    def forget_keys(self) -> int:
        """Idempotency-Keys, after 48 hours on the wall's clock."""
        old = self.now() - KEYS_ARE_KEPT
        gone = [key for key, (_, at) in self.claims.items() if key[1].startswith("idempotency") and at < old]
        for key in gone:
            del self.claims[key]
        return len(gone)
