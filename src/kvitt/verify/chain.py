"""The hash chain over each account's log, walked with Python's own sha256: the database that made it is not asked.

The definition stands in the migration `0006_seals.sql`, and is written here a second time.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing, suppress
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from struct import Struct
from typing import Any

from msgspec import structs

from kvitt.store.verifying import LOG, SEALS, Reading
from kvitt.verify.report import Difference, Tip

_length = Struct(">i").pack
_version_and_time = Struct(">iq").pack
_SINCE = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

Place = tuple[int, int, int]
"""Epoch, transaction id and sequence: where an entry stands in its account's log."""

OR_THE_SEAL = ", or the seal"
"""Until the next seal tells which of the two it was."""

Found = Callable[[Difference | Tip], None]


def entry_hash(
    id: str, type: str, object_type: str, object_id: str, version: int, created_at: datetime, data: str
) -> bytes:
    """The sha256 of one entry: texts with their length before them, the data last."""
    parts: list[bytes] = []
    for text in (id, type, object_type, object_id):
        encoded = text.encode()
        parts += (_length(len(encoded)), encoded)
    parts += (_version_and_time(version, (created_at - _SINCE) // _MICROSECOND), data.encode())
    return sha256(b"".join(parts)).digest()


class _Walk:
    """One account's chain, seal by seal. What is wrong with a seal is said when the next one shows what it was."""

    def __init__(self, account_id: str, found: Found) -> None:
        self.account_id = account_id
        self.number = 0
        self.sealed = 0
        self.unsealed = 0
        self.place: Place = (0, 0, 0)
        self._found = found
        self._stored: bytes | None = sha256(account_id.encode()).digest()
        self._computed: bytes | None = self._stored
        self._doubt: Difference | None = None

    def seal(self, number: int, place: Place, entries: int, stored: bytes, hashes: Sequence[bytes]) -> None:
        """The next seal, and the entry hashes of the stretch that it covers."""
        where = f"log entries after {_text(self.place)} up to {_text(place)}"
        gap = number != self.number + 1
        if gap:
            last = number - 1
            missing = f"seal {last}" if last == self.number + 1 else f"seals {self.number + 1} to {last}"
            self._say(missing, "the hash chain", "one seal for each number", f"nothing: {where} cannot be checked")
            self._computed = self._stored = None
        joined = b"".join(hashes)
        by_stored = _next(self._stored, joined)
        good = gap or stored == by_stored
        if not good and self._doubt is not None and stored == _next(self._computed, joined):
            # With the hash that the seal before ought to have this one is right: it was the seal that was changed.
            self._doubt = _of_seal(self._doubt)
            good = True
        elif good and not gap and self._doubt is not None:
            self._doubt = structs.replace(self._doubt, what=self._doubt.what.removesuffix(OR_THE_SEAL))
        self._settle()
        if entries != len(hashes) and not gap:
            self._say(f"seal {number}", f"number of {where}", entries, len(hashes))
        elif not good:
            what = f"hash of the {len(hashes)} {where}: an entry was changed{OR_THE_SEAL}"
            computed = by_stored.hex() if by_stored else "nothing"
            self._doubt = Difference(self.account_id, f"seal {number}", what, stored.hex(), computed)
        self._stored, self._computed = stored, by_stored
        self.number, self.place = number, place
        self.sealed += len(hashes)

    def end(self) -> None:
        self._settle()
        last = self._stored.hex() if self.number and self._stored else ""
        self._found(Tip(self.account_id, self.number, last, self.sealed, self.unsealed))

    def _settle(self) -> None:
        if self._doubt is not None:
            self._found(self._doubt)
            self._doubt = None

    def _say(self, seal: str, what: str, expected: object, found: object) -> None:
        self._found(Difference(self.account_id, seal, what, str(expected), str(found)))


def _next(previous: bytes | None, joined: bytes) -> bytes | None:
    return None if previous is None else sha256(previous + joined).digest()


def _of_seal(doubt: Difference) -> Difference:
    what = "its hash: the seal was changed, the entries are as they were"
    return Difference(doubt.account_id, doubt.object, what, doubt.found, doubt.expected)


def _text(place: Place) -> str:
    return "({}, {}, {})".format(*place)


async def walk(reading: Reading, found: Found, advanced: Callable[[int], None]) -> None:
    """Walks all chains. `found` gets every Difference, and every account's Tip; `advanced` how many entries more."""
    seals = _Seals(reading.rows(SEALS))
    await seals.next()
    chain: _Walk | None = None
    hashes: list[bytes] = []
    seal = None
    async with aclosing(reading.rows(LOG)) as batches:
        async for rows in batches:
            for row in rows:
                if chain is None or row[0] != chain.account_id:
                    if chain is not None:
                        await _finish(chain, seals, hashes)
                    await _without_entries(seals, row[0], found)
                    chain, hashes = _Walk(row[0], found), []
                    seal = seals.of(chain.account_id)
                while seal is not None and (row[1], row[2], row[3]) > seal[1]:
                    chain.seal(*seal, hashes)
                    hashes = []
                    await seals.next()
                    seal = seals.of(chain.account_id)
                if seal is None:
                    chain.unsealed += 1
                else:
                    hashes.append(entry_hash(*row[4:]))
            advanced(len(rows))
    if chain is not None:
        await _finish(chain, seals, hashes)
    await _without_entries(seals, None, found)
    await seals.close()


async def _finish(chain: _Walk, seals: _Seals, hashes: list[bytes]) -> None:
    while (seal := seals.of(chain.account_id)) is not None:
        chain.seal(*seal, hashes)
        hashes = []
        await seals.next()
    chain.end()


async def _without_entries(seals: _Seals, before: str | None, found: Found) -> None:
    """Seals of accounts whose log is empty now."""
    while (account_id := seals.account_id) is not None and (before is None or account_id < before):
        await _finish(_Walk(account_id, found), seals, [])


class _Seals:
    """The seals of all accounts in order; one is looked at."""

    def __init__(self, batches: AsyncGenerator[Sequence[Any], None]) -> None:
        self._batches = batches
        self._rows: Sequence[Any] = ()
        self._at = -1

    @property
    def account_id(self) -> str | None:
        return None if self._at >= len(self._rows) else str(self._rows[self._at][0])

    def of(self, account_id: str) -> tuple[int, Place, int, bytes] | None:
        """The seal that is looked at, when it is this account's: number, place, entries, hash."""
        if self._at >= len(self._rows):
            return None
        row = self._rows[self._at]
        return (row[1], (row[2], row[3], row[4]), row[5], row[6]) if row[0] == account_id else None

    async def next(self) -> None:
        self._at += 1
        if self._at >= len(self._rows):
            self._at, self._rows = 0, ()
            with suppress(StopAsyncIteration):
                self._rows = await anext(self._batches)

    async def close(self) -> None:
        await self._batches.aclose()
