"""A provider that was silent and answers again is asked soon what it still owes.

The waits between two questions grow to an hour. Once a provider that owed an answer gives any answer to the account,
its open questions are asked within half a minute instead. Each process notices by itself; what none notices is asked
on schedule.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

from kvitt.checkout.model.payment import Outcome

SOON = timedelta(seconds=30)
SECONDS_BETWEEN = 10.0
"""An account's questions are pulled forward at most this often: a provider that answers every other call is no reason
to look through the account's tasks each time."""

MOST_REMEMBERED = 10_000


class Outages:
    """Which providers owe which accounts an answer, as far as this process has seen."""

    def __init__(self) -> None:
        self._owing: set[tuple[str, str]] = set()
        self._hastened: dict[tuple[str, str], float] = {}

    def ended(self, provider: str, account_id: str, outcome: Outcome) -> bool:
        """Takes note of an answer; true when the account's open questions are worth asking soon."""
        key, now = (provider, account_id), asyncio.get_running_loop().time()
        if outcome.kind == "unknown":
            self._owing.add(key)
            return False
        last = self._hastened.get(key)
        if key not in self._owing or (last is not None and now < last + SECONDS_BETWEEN):
            return False
        if len(self._hastened) >= MOST_REMEMBERED:
            self._hastened.clear()
        self._owing.discard(key)
        self._hastened[key] = now
        return True
