"""Seals the logs: about once a second those of the accounts whose events this process committed.

At the start and each hour it looks for what others left behind, in a crash for instance. Sealing is never in anybody's
way: when it fails, what was to be sealed stays marked and is sealed later.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

import structlog

from kvitt.store import Store
from kvitt.store.seals import MOST

log = structlog.get_logger("kvitt.worker")

PAUSE = 1.0
AFTER_A_FAILURE = 5.0
LOOK_SECONDS = 3600.0


class Sealer:
    """One loop; safe to run many of, since two that meet at an account cannot fork its chain."""

    def __init__(self, store: Store, pause: float = PAUSE) -> None:
        self._store = store
        self._pause = pause
        self._work: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._work = asyncio.create_task(self._run())

    async def close(self) -> None:
        if self._work is not None:
            self._work.cancel()
            with suppress(asyncio.CancelledError):
                await self._work

    async def seal_once(self) -> None:
        """Seals all there is of the accounts that are marked. One with entries that cannot be sealed yet, because an
        older transaction still runs, stays marked; so does all that is left when this raises."""
        marked = self._store.unsealed
        for account_id in sorted(marked):
            marked.discard(account_id)  # before it is sealed: what is committed meanwhile marks it again
            sealed, more = MOST, True
            try:
                while sealed == MOST:  # not until nothing is left: that would chase the writers, entry by entry
                    sealed, more = await self._store.seal(account_id)
            finally:
                if more:
                    marked.add(account_id)

    async def _run(self) -> None:
        look_at = 0.0
        now = asyncio.get_running_loop().time
        while True:
            try:
                if now() >= look_at:
                    self._store.unsealed.update(await self._store.find_unsealed())
                    look_at = now() + LOOK_SECONDS
                await self.seal_once()
                pause = self._pause
            except Exception as error:
                log.warning("the log could not be sealed; it will be later", error=repr(error))
                pause = AFTER_A_FAILURE
            await asyncio.sleep(pause)
