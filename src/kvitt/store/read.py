"""Reads by key. Those that wait while a line is busy go together in its next round trip; alone, one goes at once."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Sequence
from functools import cache
from time import monotonic
from typing import Any

from kvitt.core.errors import Unavailable
from kvitt.store.line import Line, is_lost, proves_rollback
from kvitt.store.tables import TABLES

_log = logging.getLogger(__name__)

MOST_TOGETHER = 256
PATIENCE = 10.0

Lookup = tuple[str, str]
"""Table and column."""
Where = tuple[str, str]
"""Account and value."""
Found = tuple[Any, ...]
"""(version, doc) of a document, (value,) of a claim."""


class Reads:
    def __init__(self, lines: Sequence[Line]) -> None:
        self._lines = list(lines)
        self._free = list(lines)
        self._waiting: dict[Lookup, dict[Where, list[asyncio.Future[Found | None]]]] = {}
        self._flights: set[asyncio.Task[None]] = set()
        self._armed = False

    async def find(self, lookup: Lookup, account_id: str, value: str) -> Found | None:
        """The newest row of the account whose column has this value. Raises Unavailable after ten seconds."""
        if not can_exist(account_id) or not can_exist(value):
            return None
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Found | None] = loop.create_future()
        self._waiting.setdefault(lookup, {}).setdefault((account_id, value), []).append(answer)
        if self._free and not self._armed:
            self._armed = True
            loop.call_soon(self._start)
        return await answer

    async def close(self) -> None:
        """Whoever still waits gets Unavailable."""
        waiting, self._waiting = self._waiting, {}
        for wanted in waiting.values():
            for answer in itertools.chain.from_iterable(wanted.values()):
                if not answer.done():
                    answer.set_exception(Unavailable("The server is stopping"))
        flights = set(self._flights)
        for flight in flights:
            flight.cancel()
        if flights:
            await asyncio.wait(flights)
        for line in self._lines:
            await line.close()

    def _start(self) -> None:
        self._armed = False
        while self._free and self._waiting:
            lookup = next(iter(self._waiting))  # the one that has waited longest
            wanted = self._waiting.pop(lookup)
            if len(wanted) > MOST_TOGETHER:
                keys = list(wanted)
                self._waiting[lookup] = {key: wanted[key] for key in keys[MOST_TOGETHER:]}
                wanted = {key: wanted[key] for key in keys[:MOST_TOGETHER]}
            flight = asyncio.get_running_loop().create_task(self._fly(self._free.pop(), lookup, wanted))
            self._flights.add(flight)
            flight.add_done_callback(self._flights.discard)

    async def _fly(self, line: Line, lookup: Lookup, wanted: dict[Where, list[asyncio.Future[Found | None]]]) -> None:
        found: dict[Where, Found] | None = None  # None: not known. It must never pass for "not there"
        try:
            found = await _fetch(line, lookup, list(wanted))
        except Exception as error:
            _log.warning("reading %s by %s failed: %s", *lookup, type(error).__name__)
        finally:
            for key, answers in wanted.items():
                for answer in answers:
                    if answer.done():  # its caller went away
                        continue
                    if found is None:
                        answer.set_exception(Unavailable("The database does not answer"))
                    else:
                        answer.set_result(found.get(key))
            self._free.append(line)
            self._start()


async def _fetch(line: Line, lookup: Lookup, wanted: list[Where]) -> dict[Where, Found]:
    one, many = _statements(lookup)
    deadline = monotonic() + PATIENCE
    while True:
        connection = await line.connection(deadline)
        try:
            if len(wanted) == 1:
                row = await connection.fetchrow(one, *wanted[0])
                return {} if row is None else {wanted[0]: tuple(row)}
            rows = await connection.fetch(many, range(len(wanted)), *zip(*wanted, strict=True))
            return {wanted[row[0]]: tuple(row)[1:] for row in rows}
        except BaseException as error:
            if proves_rollback(error):
                raise
            line.drop()
            if not is_lost(error) or monotonic() >= deadline:
                raise


@cache
def _statements(lookup: Lookup) -> tuple[str, str]:
    """One row by its key, and the rows of many keys at once (numbered by their place)."""
    table, column = lookup
    if table == "claims":
        select, order = "t.value", ""
    elif table in TABLES and column == "id":
        select, order = "t.version, t.doc", ""
    elif table in TABLES and column in TABLES[table].found_by:
        select, order = "t.version, t.doc", f"order by {TABLES[table].newest_first} limit 1"
    else:
        raise ValueError(f"{table} has no index on {column}")
    one = f"select {select} from {table} t where t.account_id = $1 and t.{column} = $2 {order}"  # noqa: S608
    many = (
        f"select u.n, x.* from unnest($1::int[], $2::text[], $3::text[]) as u(n, a, v) cross join lateral "  # noqa: S608
        f"(select {select} from {table} t where t.account_id = u.a and t.{column} = u.v {order}) x"
    )
    return one, many


def check_lookup(table: str, column: str) -> Lookup:
    """Raises ValueError unless rows of the table can be found by the column."""
    _statements((table, column))
    return (table, column)


def can_exist(value: str) -> bool:
    """PostgreSQL holds no NUL and no half a surrogate pair; asking for one would fail the others in its round trip."""
    if "\0" in value:
        return False
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
