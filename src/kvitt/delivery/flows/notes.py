"""What became of callbacks, written down: at once where it matters, otherwise a little later and many at a time.

Nearly every callback is taken at the first try. A commit for each, only to say so, would cost as much as the callback;
so the note waits a quarter of a second for others. A crash may lose such a note, never a callback. Dead letters and
failed tries are written before their task goes on.
"""

from __future__ import annotations

import asyncio

import structlog
from msgspec.structs import replace

from kvitt.store import CallbackNote, Store

log = structlog.get_logger("kvitt.delivery")

GATHER_SECONDS = 0.25
MOST_AT_ONCE = 500
MOST_KEPT = 20_000
"""While the database is away; then the oldest are let go."""


class Notes:
    """Made inside the event loop. `close` writes what is left."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: dict[tuple[str, str], CallbackNote] = {}
        self._work: asyncio.Task[None] | None = None

    def later(self, note: CallbackNote) -> None:
        """Written within moments."""
        self._keep(note)
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._write_on())

    async def now(self, note: CallbackNote) -> None:
        """Durable when this returns, with what was to be written of the same callback later."""
        kept = self._kept.pop((note.account_id, note.id), None)
        await self._record([note if kept is None else _both(kept, note)])

    async def close(self) -> None:
        if self._work is not None:
            self._work.cancel()
            await asyncio.gather(self._work, return_exceptions=True)
        try:
            while self._kept:
                await self._write()
        except Exception as error:
            log.warning("notes of callbacks are lost", count=len(self._kept), reason=repr(error))

    async def _write_on(self) -> None:
        while self._kept:
            await asyncio.sleep(GATHER_SECONDS)
            try:
                await self._write()
            except Exception as error:
                log.warning("notes of callbacks cannot be written; again soon", reason=repr(error))
                await asyncio.sleep(1.0)

    async def _write(self) -> None:
        notes = [self._kept.pop(key) for key in list(self._kept)[:MOST_AT_ONCE]]
        if not notes:
            return
        try:
            await self._record(notes)
        except BaseException:  # cancelled too: `close` writes them then
            for note in notes:
                self._keep(note)
            raise

    async def _record(self, notes: list[CallbackNote]) -> None:
        """One that cannot be stored is let go, and keeps nobody else's waiting."""
        try:
            await self._store.callbacks.record(notes)
        except ValueError as error:
            if len(notes) == 1:
                log.error("a callback cannot be written down", account_id=notes[0].account_id, reason=str(error))
                return
            for note in notes:
                await self._record([note])

    def _keep(self, note: CallbackNote) -> None:
        key = (note.account_id, note.id)
        before = self._kept.pop(key, None)
        self._kept[key] = note if before is None else _both(before, note)
        if len(self._kept) > MOST_KEPT:
            del self._kept[next(iter(self._kept))]


def _both(first: CallbackNote, second: CallbackNote) -> CallbackNote:
    attempts = [each for each in (first.attempts[1:-1], second.attempts[1:-1]) if each]
    return replace(second, created_at=first.created_at, attempts=f"[{','.join(attempts)}]")
