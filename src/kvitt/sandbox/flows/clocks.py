"""The clock of every account: the wall's, or ahead of it. It runs like the wall's and never goes back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from kvitt.core.clock import Clock
from kvitt.core.idempotency import Once
from kvitt.sandbox.rules.accounts import refuse_live
from kvitt.sandbox.rules.clock import advanced
from kvitt.store import Clocks

_NOTHING = timedelta()


class Reading(NamedTuple):
    """`now`: the account's time. `ahead`: of the wall's."""

    now: datetime
    ahead: timedelta


class AccountClocks:
    """A Clock: asked without an account it tells the wall's time, which `wall` tells."""

    def __init__(self, clocks: Clocks, wall: Clock) -> None:
        self._clocks = clocks
        self._ahead = clocks.ahead
        self._wall = wall

    def __call__(self, account_id: str | None = None, /) -> datetime:
        ahead = self._ahead.get(account_id) if account_id is not None else None
        return self._wall(account_id) if ahead is None else self._wall(account_id) + ahead

    @property
    def all_ahead(self) -> Mapping[str, timedelta]:
        """The accounts that are ahead, and how far."""
        return self._ahead

    def read(self, account_id: str) -> Reading:
        """LiveAccount for a live account."""
        refuse_live(account_id)
        return Reading(self(account_id), self._ahead.get(account_id, _NOTHING))

    async def advance(self, account_id: str, by: timedelta, once: Once | None = None) -> Reading:
        """Moves an account's time forward; two at once both count."""
        refuse_live(account_id)

        def rule(ahead: timedelta) -> tuple[timedelta, Reading]:
            new = advanced(ahead, by)
            return new, Reading(self._wall(account_id) + new, new)

        return await self._clocks.advance(account_id, rule, once)

    async def refresh(self) -> None:
        await self._clocks.refresh()
