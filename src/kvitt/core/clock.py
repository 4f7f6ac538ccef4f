"""The time, as an argument: a clock is anything that answers an aware UTC datetime when called.

A test account may have a time of its own, ahead of the wall's, so that a shop can see next week's timers today. What
happens to an account's sessions, transactions, orders and deliveries is asked of `clock(account_id)`; tokens, keys and
signatures, which others compare with their own watches, of `clock()`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    def __call__(self, account_id: str | None = None, /) -> datetime:
        """Now, for an account, or on the wall."""
        ...


def system_clock(_account_id: str | None = None, /) -> datetime:
    """Now, in UTC, to the millisecond (what the wire shows)."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)
