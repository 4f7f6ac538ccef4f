"""Everything random and every clock of a history, from one seed.

While a history runs, the standard library's sources of chance and time answer from here: what mints ids, draws jitter
or reads a monotonic clock gets the same in every run of the seed. `datetime.now` belongs to a C type and is replaced in
the modules that call it; a test finds those that are missing.
"""

from __future__ import annotations

import os
import random
import secrets
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from types import SimpleNamespace
from typing import Any, TypeVar

import kvitt.core.clock
import kvitt.store.store

T = TypeVar("T")

BEGIN = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
"""When every history begins."""

CALLS_NOW = (kvitt.core.clock, kvitt.store.store)
"""Modules that call `datetime.now`."""


class Chance(random.Random):
    """The one source of all that is random in a history."""

    def once_in(self, rate: float) -> bool:
        return rate > 0 and self.random() < rate

    def between(self, low: float, high: float) -> float:
        return low + (high - low) * self.random()

    def below(self, n: int) -> int:
        return int(self.random() * n)

    def one_of(self, things: Sequence[T]) -> T:
        return things[int(self.random() * len(things))]


@contextmanager
def ruled_by(chance: Chance, seconds: Callable[[], float]) -> Iterator[None]:
    """`seconds`: since the history began."""

    def now(zone: tzinfo | None = None) -> datetime:
        return at(seconds())

    def drawn_uuid() -> uuid.UUID:
        return uuid.UUID(int=chance.getrandbits(128), version=4)

    began = BEGIN.timestamp()
    replaced: list[tuple[Any, str, Any]] = [
        (os, "urandom", chance.randbytes),
        (uuid, "uuid4", drawn_uuid),
        (secrets, "choice", chance.choice),
        (secrets, "token_bytes", lambda n=32: chance.randbytes(n)),
        (secrets, "token_hex", lambda n=32: chance.randbytes(n).hex()),
        (secrets, "randbits", chance.getrandbits),
        (random, "random", chance.random),
        (random, "uniform", chance.uniform),
        (random, "choice", chance.choice),
        (random, "randrange", chance.randrange),
        (random, "shuffle", chance.shuffle),
        (time, "monotonic", seconds),
        (time, "perf_counter", seconds),
        (time, "time", lambda: began + seconds()),
        (time, "time_ns", lambda: int((began + seconds()) * 1_000_000_000)),
        *((module, "datetime", SimpleNamespace(now=now)) for module in CALLS_NOW),
    ]
    kept = [(owner, name, getattr(owner, name)) for owner, name, _ in replaced]
    for owner, name, value in replaced:
        setattr(owner, name, value)
    try:
        yield
    finally:
        for owner, name, value in kept:
            setattr(owner, name, value)


def at(seconds: float) -> datetime:
    """To the millisecond, as kvitt's own clock."""
    return BEGIN + timedelta(milliseconds=int(seconds * 1000))
