"""Slows down guessing at one client's secret. Only wrong secrets are counted and only they are refused: whoever
has the right one always gets in, however busy somebody else is guessing."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from kvitt.accounts.refusals import TooManyWrongSecrets

FAILURES = 20
WINDOW_SECONDS = 60.0
MAX_CLIENTS = 10_000


class FailureGuard:
    """Wrong secrets by client, in this process's memory, bounded: the client that failed longest ago is forgotten."""

    def __init__(self, monotonic: Callable[[], float] = monotonic, limit: int = MAX_CLIENTS) -> None:
        self._monotonic = monotonic
        self._limit = limit
        self._failures: dict[tuple[str, str], tuple[float, int]] = {}

    def __len__(self) -> int:
        return len(self._failures)

    def failed(self, account_id: str, client_id: str) -> None:
        """Counts a wrong secret; TooManyWrongSecrets when there were too many within the window."""
        now = self._monotonic()
        key = (account_id, client_id)
        began, count = self._failures.pop(key, (now, 0))
        if now - began >= WINDOW_SECONDS:
            began, count = now, 0
        if len(self._failures) >= self._limit:
            del self._failures[next(iter(self._failures))]
        self._failures[key] = (began, count + 1)
        if count >= FAILURES:
            raise TooManyWrongSecrets("too many wrong secrets for this client", int(began + WINDOW_SECONDS - now) + 1)

    def succeeded(self, account_id: str, client_id: str) -> None:
        self._failures.pop((account_id, client_id), None)
