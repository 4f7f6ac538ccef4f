"""The sandbox's surroundings, put together: `SandboxHouse` is the door that the composition root comes through."""

from __future__ import annotations

import asyncio

import structlog

from kvitt.checkout.providers.sandbox import Sandbox
from kvitt.core.clock import Clock
from kvitt.sandbox.flows.approvals import Approvals
from kvitt.sandbox.flows.clocks import AccountClocks
from kvitt.sandbox.flows.messenger import Messenger, Notified
from kvitt.sandbox.flows.scripts import Scripts
from kvitt.store import SandboxBooks, Store

FOLLOW_SECONDS = 0.5
"""How soon a process learns of a clock or a script that another one changed."""

log = structlog.get_logger("kvitt.sandbox")

__all__ = ["AccountClocks", "Approvals", "SandboxHouse", "Scripts", "open_sandbox"]


class SandboxHouse:
    """`clock`: everybody's. `provider`: the sandbox, struck by what `scripts` say. `approvals`: its bank pages and
    apps, which are at `base_url`, as the payment page is."""

    def __init__(self, store: Store, books: SandboxBooks, clock: Clock, base_url: str) -> None:
        self.clock = AccountClocks(store.clocks, clock)
        self.scripts = Scripts(store, books.faults)
        self.provider = Sandbox(books, self.clock, self.scripts, base_url)
        self.approvals = Approvals(self.provider.waits, base_url.rstrip("/"))
        self._books = books
        self._running: list[asyncio.Task[None]] = []

    async def refresh(self) -> None:
        """Learns what other processes changed."""
        await self.clock.refresh()
        await self.scripts.refresh()

    def start(self, notified: Notified | None) -> None:
        """Follows other processes; and tells kvitt the sandbox's news, when there is somebody to tell them to."""
        self._running.append(asyncio.create_task(self._follow()))
        if notified is not None:
            messenger = Messenger(self._books.notices, self.clock, notified)
            self._running.append(asyncio.create_task(messenger.run()))

    async def close(self) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(FOLLOW_SECONDS)
            try:
                await self.refresh()
            except Exception as error:  # the database is away: what is known stays true
                log.warning("clocks and fault scripts cannot be read", reason=type(error).__name__)


async def open_sandbox(store: Store, books: SandboxBooks, clock: Clock, base_url: str) -> SandboxHouse:
    """Knows all clocks and scripts from the start."""
    house = SandboxHouse(store, books, clock, base_url)
    await house.refresh()
    return house
