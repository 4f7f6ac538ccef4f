"""How far test accounts are ahead of the wall's time, as all processes agree on it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any, TypeVar

from kvitt.core.change import Change
from kvitt.core.errors import Conflict, Conflicting, Unavailable
from kvitt.core.idempotency import Once
from kvitt.store.line import Lines, sqlstate
from kvitt.store.once import Claimed, Commit, Decide, once_only

T = TypeVar("T")

MOVED = "select account_id, ahead, moved_at from clocks where moved_at > $1"
"""The clocks that were moved since, over all accounts."""

AHEAD = "select ahead from clocks where account_id = $1"
"""How far one account is ahead."""

ADVANCE = """
select clocks_advance_v1(in_account_id => $1, old => $2, new => $3, claim_keys => $4, claim_values => $5)
"""
"""Moves a clock that stands where it was read."""

OVERLAP = timedelta(minutes=1)
"""A clock may be seen later than one that was moved after it: read so far back, each time."""

TRIES = 30
FEW = 100
LOOK_SECONDS = 0.2
NOTHING = timedelta()


class Clocks:
    """`ahead`: what this process knows, by account; accounts that have the wall's time are not in it.

    `due` is set when a clock moved: tasks may be due now.
    """

    def __init__(self, lines: Lines, claimed: Claimed, due: asyncio.Event) -> None:
        self.ahead: dict[str, timedelta] = {}
        self._lines = lines
        self._claimed = claimed
        self._due = due
        self._turn = asyncio.Lock()
        self._look_at = 0.0
        self._seen = datetime(1970, 1, 1, tzinfo=UTC)

    async def refresh(self) -> None:
        """Learns what other processes moved."""

        async def run(connection: Any) -> list[Any]:
            return list(await connection.fetch(MOVED, self._seen - OVERLAP))

        for account_id, ahead, moved_at in await self._lines.run(run):
            self._seen = max(self._seen, moved_at)
            self._learn(account_id, ahead)

    async def advance(
        self, account_id: str, rule: Callable[[timedelta], tuple[timedelta, T]], once: Once | None = None
    ) -> T:
        """Moves the account's clock to what `rule` makes of how far it is ahead, and answers what that answers with it.

        This process knows it then. Two at once both count. Raises what `rule` raises; `once` as in `Store.decide`.
        """
        old: timedelta | None = None
        new = NOTHING

        async def decide() -> tuple[Change, T]:
            nonlocal old, new
            old = await self._lines.run(lambda connection: connection.fetchval(AHEAD, account_id))
            new, answer = rule(old or NOTHING)
            return Change(), answer

        async def commit(change: Change) -> None:
            await self._move(account_id, old, new, [claim.key for claim in change.claims],
                             [claim.value for claim in change.claims])  # fmt: skip

        begin: Decide[T] = decide
        end: Commit = commit
        if once is not None:
            begin, end = once_only(decide, commit, self._claimed, once)
        async with self._turn:
            for _ in range(TRIES):
                change, answer = await begin()
                try:
                    await end(change)
                except Conflict:
                    await asyncio.sleep(random.random() * 0.02)  # noqa: S311
                else:
                    self._learn(account_id, new)
                    return answer
        raise Conflicting("The clock is being moved by others; try again")

    async def _move(
        self, account_id: str, old: timedelta | None, new: timedelta, keys: list[str], values: list[str]
    ) -> None:
        sent = False

        async def run(connection: Any) -> None:
            nonlocal sent
            if sent:  # a second time it might move twice as far
                raise Unavailable("The database went away: ask where the clock stands")
            sent = True
            await connection.execute(ADVANCE, account_id, old, new, keys, values)

        try:
            await self._lines.run(run)
        except Exception as error:
            if sqlstate(error) == "KV001":
                raise Conflict from error
            raise

    def time_to_look(self) -> bool:
        """Whether what is due in the accounts that are ahead should be looked for now: where they are many, seldom."""
        if len(self.ahead) <= FEW:
            return bool(self.ahead)
        now = monotonic()
        if now < self._look_at:
            return False
        self._look_at = now + LOOK_SECONDS
        return True

    def _learn(self, account_id: str, ahead: timedelta) -> None:
        if ahead > self.ahead.get(account_id, NOTHING):
            self.ahead[account_id] = ahead
            self._due.set()
