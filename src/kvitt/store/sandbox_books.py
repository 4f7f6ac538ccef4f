"""The sandbox provider's own durable books, as a real provider keeps its own somewhere else.

They lie in a schema and on a connection of their own, and nothing of ours is ever joined with them: what we know of a
movement, we know because we asked.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime
from time import monotonic
from typing import Any

import msgspec

from kvitt.core.errors import Unavailable
from kvitt.store.line import BY_KEY, Line, Lines, is_lost, proves_rollback

_log = logging.getLogger(__name__)

MOST_TOGETHER = 128
PATIENCE = 10.0

_COLUMNS = "account_id, attempt_id, payment_id, verb, amount, currency, outcome, created_at, data"

RECORD = f"""
insert into sandbox.movements ({_COLUMNS})
select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[],
  $8::timestamptz[], $9::text[])
on conflict do nothing
returning account_id, attempt_id
"""  # noqa: S608
"""Writes movements whose attempts are new, and answers which these were."""

KNOWN = f"""
select {", ".join(f"m.{column}" for column in _COLUMNS.split(", "))}
from unnest($1::text[], $2::text[]) as u(a, i)
cross join lateral (select * from sandbox.movements t where t.account_id = u.a and t.attempt_id = u.i) m
"""  # noqa: S608
"""What the books hold for these attempts."""

OF_PAYMENT = f"""
select {_COLUMNS} from sandbox.movements where account_id = $1 and payment_id = $2 order by created_at, attempt_id
"""  # noqa: S608
"""All movements of one payment, oldest first."""


class Movement(msgspec.Struct, frozen=True):
    """What the provider did for one attempt. `amount`: minor units of `currency`; `data`: JSON."""

    account_id: str
    attempt_id: str
    payment_id: str
    verb: str
    amount: int
    currency: str
    outcome: str
    created_at: datetime
    data: str = "{}"


_Waiting = dict[tuple[str, str], tuple[Movement, list[asyncio.Future[Movement]]]]


class SandboxBooks:
    """Opens its connections at the first use; `close` ends them."""

    def __init__(self, database_url: str) -> None:
        self._line = Line(database_url, BY_KEY | {"application_name": "kvitt sandbox"})
        self._lines = Lines([Line(database_url, BY_KEY | {"application_name": "kvitt sandbox"})])
        self._waiting: _Waiting = {}
        self._flight: asyncio.Task[None] | None = None

    async def record(self, movement: Movement) -> Movement:
        """Writes the movement unless its attempt is known, and answers what the books hold: the first one wins.

        Raises Unavailable when the books do not answer; the movement may or may not stand then. Asking again is safe.
        """
        answer: asyncio.Future[Movement] = asyncio.get_running_loop().create_future()
        key = (movement.account_id, movement.attempt_id)
        self._waiting.setdefault(key, (movement, []))[1].append(answer)
        if self._flight is None:
            self._flight = asyncio.get_running_loop().create_task(self._fly())
        return await answer

    async def get(self, account_id: str, attempt_id: str) -> Movement | None:
        """The movement of one attempt, None when the books know none."""
        found = await self._lines.run(lambda connection: _known(connection, [(account_id, attempt_id)]))
        return found.get((account_id, attempt_id))

    async def of_payment(self, account_id: str, payment_id: str) -> list[Movement]:
        """All movements of a payment, oldest first."""

        async def run(connection: Any) -> list[Movement]:
            return [Movement(*row) for row in await connection.fetch(OF_PAYMENT, account_id, payment_id)]

        return await self._lines.run(run)

    async def close(self) -> None:
        if self._flight is not None:
            await asyncio.wait([self._flight], timeout=PATIENCE)
        await self._line.close()
        await self._lines.close()

    async def _fly(self) -> None:
        try:
            while self._waiting:
                keys = list(self._waiting)[:MOST_TOGETHER]
                batch = {key: self._waiting.pop(key) for key in keys}
                await self._record(batch)
        finally:
            self._flight = None

    async def _record(self, batch: _Waiting) -> None:
        failure: Exception | None = None
        books: dict[tuple[str, str], Movement] = {}
        try:
            books = await self._write([movement for movement, _ in batch.values()])
        except Exception as error:
            failure = error
        if failure is not None and proves_rollback(failure) and len(batch) > 1:
            for key, waiting in batch.items():  # one of them cannot be stored; the others can
                await self._record({key: waiting})
            return
        for key, (_, answers) in batch.items():
            for answer in answers:
                if answer.done():
                    continue
                if failure is None:
                    answer.set_result(books[key])
                elif proves_rollback(failure):
                    answer.set_exception(ValueError("the books cannot hold this movement"))
                else:
                    _log.warning("recording a movement failed: %s", type(failure).__name__)
                    answer.set_exception(Unavailable("The sandbox does not answer"))

    async def _write(self, movements: list[Movement]) -> dict[tuple[str, str], Movement]:
        """Repeats itself on a new connection when one is lost: an attempt that was written then counts as known."""
        deadline = monotonic() + PATIENCE
        columns = list(zip(*[msgspec.structs.astuple(movement) for movement in movements], strict=True))
        while True:
            connection = await self._line.connection(deadline)
            try:
                new = {tuple(row) for row in await connection.fetch(RECORD, *columns)}
                books = {(m.account_id, m.attempt_id): m for m in movements if (m.account_id, m.attempt_id) in new}
                known = [(m.account_id, m.attempt_id) for m in movements if (m.account_id, m.attempt_id) not in new]
                return books | await _known(connection, known) if known else books
            except BaseException as error:
                if proves_rollback(error):
                    raise
                self._line.drop()
                if not is_lost(error) or monotonic() >= deadline:
                    raise


async def _known(connection: Any, keys: list[tuple[str, str]]) -> dict[tuple[str, str], Movement]:
    rows = await connection.fetch(KNOWN, *zip(*keys, strict=True))
    return {(row[0], row[1]): Movement(*row) for row in rows}
