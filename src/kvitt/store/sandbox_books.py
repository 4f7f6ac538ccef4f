"""The sandbox provider's own durable books, as a real provider keeps its own somewhere else.

They lie in a schema and on a connection of their own, and nothing of ours is ever joined with them: what we know of a
movement, we know because we asked.

As an acquirer does, they keep sums of each payment, in the transaction that records a movement: one that the sums do
not allow stands as refused.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from time import monotonic
from typing import Any

import msgspec

from kvitt.core.errors import Unavailable
from kvitt.store.line import BY_KEY, Line, Lines, is_lost, proves_rollback, sqlstate
from kvitt.store.sandbox_faults import FaultScripts
from kvitt.store.sandbox_notices import Notices
from kvitt.store.sandbox_waits import SandboxWaits, WaitRow

_log = logging.getLogger(__name__)

MOST_TOGETHER = 128
PATIENCE = 10.0

BELIEVED_AT_ONCE = 1000
_TRY_AGAIN = ("40001", "40P01", "55P03")  # serialization failure, deadlock, waited too long for a lock

_COLUMNS = "account_id, attempt_id, payment_id, verb, amount, currency, outcome, created_at, data, final, expires_at"

RECORD = """
select account_id, attempt_id, outcome, data from sandbox.record_v1(
  account_ids => $1, attempt_ids => $2, payment_ids => $3, verbs => $4, amounts => $5, currencies => $6,
  outcomes => $7, created_ats => $8, datas => $9, finals => $10, expires_ats => $11,
  notice_account_ids => $12, notice_attempt_ids => $13, notice_numbers => $14, notice_payment_ids => $15,
  notice_due_ats => $16, notice_helds => $17)
"""
"""Writes movements whose attempts are new, and answers what became of these."""

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

BELIEVED = """
select account_id, payment_id, currency, authorized, captured, refunded, voided, expires_at
from sandbox.payments where account_id = $1 and payment_id > $2 order by payment_id limit $3
"""
"""What the books believe of an account's payments, by payment."""


class Movement(msgspec.Struct, frozen=True):
    """What the provider did for one attempt. `amount`: minor units of `currency`; `data`: JSON.

    `outcome`: only `done` moves money. `final`: a capture that voids the remainder. `expires_at`: of an authorization.
    """

    account_id: str
    attempt_id: str
    payment_id: str
    verb: str
    amount: int
    currency: str
    outcome: str
    created_at: datetime
    data: str = "{}"
    final: bool = False
    expires_at: datetime | None = None


class NoticePlan(msgspec.Struct, frozen=True):
    """News of a movement, to be sent at `due_at` in the account's time. `held`: after the next one of its payment.

    `number`: among those of its attempt; its place in the plan when it is not said.
    """

    due_at: datetime
    held: bool = False
    number: int | None = None


class Believed(msgspec.Struct, frozen=True):
    """Sums of a payment, in minor units of `currency`. `voided`: what a final capture left is in it; what merely
    expired is not: nothing can be captured from `expires_at` on."""

    account_id: str
    payment_id: str
    currency: str
    authorized: int
    captured: int
    refunded: int
    voided: int
    expires_at: datetime | None


Plans = Sequence[NoticePlan]
_Waiting = dict[tuple[str, str], tuple[Movement, Plans, list[asyncio.Future[Movement]]]]


class SandboxBooks:
    """Opens its connections at the first use; `close` ends them.

    `faults`: the scripts that say what shall go wrong; `notices`: the news that are to be sent; `waits`: what waits for
    the customer.
    """

    def __init__(self, database_url: str) -> None:
        self._line = Line(database_url, BY_KEY | {"application_name": "kvitt sandbox"})
        self._lines = Lines([Line(database_url, BY_KEY | {"application_name": "kvitt sandbox"})])
        # What is counted of a fault need not survive a crash of PostgreSQL: no call waits for the disk because of it.
        counting = BY_KEY | {"application_name": "kvitt sandbox", "synchronous_commit": "off"}
        self._counting = Lines([Line(database_url, counting)])
        self.faults = FaultScripts(self._lines, self._counting)
        self.notices = Notices(self._lines)
        self.waits = SandboxWaits(self._lines)
        self._waiting: _Waiting = {}
        self._flight: asyncio.Task[None] | None = None

    async def record(self, movement: Movement, notices: Plans = ()) -> Movement:
        """Writes the movement unless its attempt is known, and answers what the books hold: the first one wins.

        What the payment's sums do not allow stands as refused. `notices` are owed with it, or not at all.

        Raises Unavailable when the books do not answer; the movement may or may not stand then. Asking again is safe.
        """
        answer: asyncio.Future[Movement] = asyncio.get_running_loop().create_future()
        key = (movement.account_id, movement.attempt_id)
        self._waiting.setdefault(key, (movement, notices, []))[2].append(answer)
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

    async def untold(self, account_id: str, attempt_id: str) -> bool:
        """Whether news of the attempt are still to be sent."""
        return await self.notices.untold(account_id, attempt_id)

    async def wait(self, wait: WaitRow, notices: Plans) -> WaitRow:
        """Writes that an attempt waits, and the news that are owed; answers what stands: the first one wins."""
        stands = await self.waits.open(wait, notices)
        self.notices.waiting.set()
        return stands

    async def waiting(self, account_id: str, attempt_id: str) -> WaitRow | None:
        return await self.waits.get(account_id, attempt_id)

    async def hold(self, account_id: str, attempt_id: str, at: datetime, notice: NoticePlan) -> None:
        """A review begins, unless it began before or all is over."""
        await self.waits.hold(account_id, attempt_id, at, notice)
        self.notices.waiting.set()

    async def believed(self, account_id: str) -> AsyncIterator[Believed]:
        """The sums of all payments of an account, in the order of their ids. Read page by page."""
        after = ""
        while True:
            page = await self._believed(account_id, after)
            for payment in page:
                yield payment
            if len(page) < BELIEVED_AT_ONCE:
                return
            after = page[-1].payment_id

    async def _believed(self, account_id: str, after: str) -> list[Believed]:
        async def run(connection: Any) -> list[Believed]:
            return [Believed(*row) for row in await connection.fetch(BELIEVED, account_id, after, BELIEVED_AT_ONCE)]

        return await self._lines.run(run)

    async def close(self) -> None:
        if self._flight is not None:
            await asyncio.wait([self._flight], timeout=PATIENCE)
        await self._line.close()
        await self._lines.close()
        await self._counting.close()

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
            books = await self._write([(movement, notices) for movement, notices, _ in batch.values()])
        except Exception as error:
            failure = error
        if failure is not None and proves_rollback(failure) and len(batch) > 1:
            for key, waiting in batch.items():  # one of them cannot be stored; the others can
                await self._record({key: waiting})
            return
        if failure is None and any(notices for _, notices, _ in batch.values()):
            self.notices.waiting.set()
        for key, (_, _, answers) in batch.items():
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

    async def _write(self, batch: list[tuple[Movement, Plans]]) -> dict[tuple[str, str], Movement]:
        """Repeats itself on a new connection when one is lost: an attempt that was written then counts as known."""
        deadline = monotonic() + PATIENCE
        columns = list(zip(*[msgspec.structs.astuple(movement) for movement, _ in batch], strict=True))
        notices = _columns_of(batch)
        while True:
            connection = await self._line.connection(deadline)
            try:
                rows = await connection.fetch(RECORD, *columns, *notices)
                new = {(row[0], row[1]): row for row in rows}
                books: dict[tuple[str, str], Movement] = {}
                known = []
                for movement, _ in batch:
                    key = (movement.account_id, movement.attempt_id)
                    if key in new:
                        books[key] = _as_it_stands(movement, new[key][2], new[key][3])
                    else:
                        known.append(key)
                return books | await _known(connection, known) if known else books
            except BaseException as error:
                if sqlstate(error) in _TRY_AGAIN and monotonic() < deadline:
                    await asyncio.sleep(random.random() * 0.05)  # noqa: S311
                    continue
                if proves_rollback(error):
                    raise
                self._line.drop()
                if not is_lost(error) or monotonic() >= deadline:
                    raise


def _as_it_stands(movement: Movement, outcome: str, data: str) -> Movement:
    if outcome == movement.outcome:
        return movement
    return msgspec.structs.replace(movement, outcome=outcome, data=data)


def _columns_of(batch: list[tuple[Movement, Plans]]) -> list[list[Any]]:
    """The notices, as columns."""
    columns: list[list[Any]] = [[], [], [], [], [], []]
    for movement, notices in batch:
        for number, plan in enumerate(notices):
            place = number if plan.number is None else plan.number
            row = (movement.account_id, movement.attempt_id, place, movement.payment_id, plan.due_at, plan.held)
            for column, value in zip(columns, row, strict=True):
                column.append(value)
    return columns


async def _known(connection: Any, keys: list[tuple[str, str]]) -> dict[tuple[str, str], Movement]:
    rows = await connection.fetch(KNOWN, *zip(*keys, strict=True))
    return {(row[0], row[1]): Movement(*row) for row in rows}
