"""Sends the sandbox's news to kvitt: at least once, by whichever process is first, until kvitt took them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta

import structlog

from kvitt.sandbox.flows.clocks import AccountClocks
from kvitt.store import Notice, Notices

Notified = Callable[[str, str, str], Awaitable[None]]
"""Takes account, transaction and attempt; returns when the news were taken."""

AT_ONCE = 32
LEASE = timedelta(seconds=60)
PATIENCE_SECONDS = 25.0
POLL_SECONDS = 0.25
LONGEST_WAIT = 300

log = structlog.get_logger("kvitt.sandbox")


class Messenger:
    def __init__(self, notices: Notices, clock: AccountClocks, notified: Notified) -> None:
        self._notices = notices
        self._clock = clock
        self._notified = notified

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            self._notices.waiting.clear()
            try:
                if await self._round() >= AT_ONCE:
                    continue
            except Exception as error:
                log.warning("the sandbox's news cannot be read", reason=type(error).__name__)
                await asyncio.sleep(1.0)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._notices.waiting.wait(), POLL_SECONDS)

    async def _round(self) -> int:
        due = await self._notices.take(self._clock(), AT_ONCE, LEASE, self._clock.all_ahead)
        await asyncio.gather(*(self._send(notice) for notice in due))
        return len(due)

    async def _send(self, notice: Notice) -> None:
        """What nobody took is sent again after 2, 4, 8 seconds ... 5 minutes. At worst the lease does the same."""
        account_id = notice.account_id
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._notified(account_id, notice.payment_id, notice.attempt_id)
        except Exception as error:
            log.warning("kvitt did not take a notice", attempt=notice.attempt_id, reason=repr(error))
            wait = timedelta(seconds=min(2 ** min(notice.tries, 30), LONGEST_WAIT))
            with suppress(Exception):
                await self._notices.put_off(notice, self._clock(account_id) + wait)
        else:
            with suppress(Exception):
                await self._notices.sent(notice, self._clock(account_id))
