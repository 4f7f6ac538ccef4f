"""The next numbers of a series: 1A, 2A, 3A. One at a time per number, not per series.

A number is a claim (`serial:<suffix>:<twelve digits>`) in the Change that makes the order, so one that was not made
takes none. Those that complete at the same time in this process try different numbers: they wait for nobody, and go in
the same group to the database. Where one of them comes to nothing its number is free, and the next who asks gets it
before any higher one. Nothing else is remembered: how far a series has come is read from the end of its claims.

Another server tries the same numbers now and then. The claim decides, and the loser tries others, a few apart by
chance; what they leave out is free for those that come next.
"""

from __future__ import annotations

import asyncio
import heapq
import random
from types import TracebackType

from kvitt.core.change import Claim
from kvitt.store import Store

LOOK_BACK = 500
"""Latest numbers of a series among which free ones are looked for."""
_DIGITS = 12


def number_claim(account_id: str, number: str, value: str) -> Claim:
    """One order per number and account; `value` is the order's id, or the draft's that reserved the number."""
    return Claim(account_id, f"order_id:{number}", value)


def serial_claim(account_id: str, suffix: str, number: int, value: str = "") -> Claim:
    return Claim(account_id, f"{_prefix(suffix)}{number:0{_DIGITS}}", value)


def _prefix(suffix: str) -> str:
    return f"serial:{suffix}:"


class _Series:
    """`tried`: numbers that somebody in this process holds. `free`: lower ones that nobody has; None: not read yet."""

    def __init__(self) -> None:
        self.tried: set[int] = set()
        self.free: list[int] | None = None
        self.next = 1
        self.users = 0
        self.reading = asyncio.Lock()

    async def read(self, store: Store, account_id: str, suffix: str) -> None:
        keys = await store.latest_claims(account_id, _prefix(suffix), LOOK_BACK)
        known = {int(key[-_DIGITS:]) for key in keys}
        begin = min(known) if len(keys) == LOOK_BACK else 1
        self.next = max(known | self.tried, default=0) + 1
        self.free = [number for number in range(begin, self.next) if number not in known and number not in self.tried]

    def take(self) -> int:
        if self.free:
            number = heapq.heappop(self.free)
        else:
            number, self.next = self.next, self.next + 1
        self.tried.add(number)
        return number

    def leave(self, number: int) -> None:
        self.tried.discard(number)
        if self.free is not None:
            heapq.heappush(self.free, number)


class Serials:
    """The series that somebody in this process takes numbers of just now."""

    def __init__(self) -> None:
        self._series: dict[tuple[str, str], _Series] = {}

    def taker(self, store: Store, account_id: str) -> Taker:
        return Taker(self._series, store, account_id)


class Taker:
    """Numbers for one Change: `async with` it around all tries to commit that Change."""

    def __init__(self, series: dict[tuple[str, str], _Series], store: Store, account_id: str) -> None:
        self._all = series
        self._store = store
        self._account_id = account_id
        self._suffix = ""
        self._series: _Series | None = None
        self._held: tuple[int, ...] = ()
        self._lost = 0
        self.passed_over: tuple[int, ...] = ()
        """Numbers of the series that a shop gave to orders itself: to be marked as taken, so that nobody tries them."""

    async def numbers(self, suffix: str, count: int) -> tuple[int, ...]:
        """`count` free numbers. Asked again, those of before met a conflict: others may have them."""
        if self._series is None:
            self._suffix = suffix
            self._series = self._all.setdefault((self._account_id, suffix), _Series())
            self._series.users += 1
        series = self._series
        if self._held:
            await self._look_again(series)
        async with series.reading:
            if series.free is None:
                await series.read(self._store, self._account_id, suffix)
        apart = [series.take() for _ in range(random.randrange(8 * self._lost) if self._lost else 0)]  # noqa: S311
        self._held = tuple(series.take() for _ in range(count))
        for number in apart:
            series.leave(number)
        return self._held

    async def _look_again(self, series: _Series) -> None:
        """Whether another server was quicker, or a shop gave the number to an order itself; else something else was."""
        for number in self._held:
            if await self._claimed(serial_claim(self._account_id, self._suffix, number)):
                self._lost += 1
            elif await self._claimed(number_claim(self._account_id, f"{number}{self._suffix}", "")):
                self.passed_over += (number,)
        self._give_up(series)

    async def _claimed(self, claim: Claim) -> bool:
        return await self._store.claimed(self._account_id, claim.key) is not None

    def _give_up(self, series: _Series) -> None:
        """But for those that are passed over: nobody else is to try them meanwhile."""
        series.tried.difference_update(set(self._held) - set(self.passed_over))
        series.free = None
        self._held = ()

    async def __aenter__(self) -> Taker:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        series = self._series
        if series is None:
            return
        if kind is not None:
            self._give_up(series)
        series.tried.difference_update(self._held, self.passed_over)
        series.users -= 1
        if not series.users:
            self._all.pop((self._account_id, self._suffix), None)
