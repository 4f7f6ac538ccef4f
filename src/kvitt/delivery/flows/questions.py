"""Asking a shop while a customer waits: one request, whose whole answer matters.

Signed and guarded as all that goes out. No try is repeated, and none is held back because others failed: somebody is
waiting for it. The connections are not those of callbacks and webhooks, so that a shop that takes its minute for each
answer delays nobody else's news.
"""

from __future__ import annotations

from collections import Counter

from kvitt.core.clock import Clock
from kvitt.delivery.client import OutgoingClient
from kvitt.delivery.flows.signature import Signatures
from kvitt.delivery.model.request import Answer
from kvitt.delivery.rules.signature import normalised
from kvitt.store import Store

MOST_BYTES = 1024 * 1024
"""Of an answer: what a shop may send of a session itself."""
MOST_AT_ONCE = 32
"""Of one account: whoever has a session's address can make its shop be asked, and the answer may take a minute."""
MOST_ABOUT_ONE = 4
"""Of one session: one customer alone keeps no other customer of the shop from being answered."""


class Questions:
    """`client`: its timeout is how long a shop may take. Closed by whoever made it."""

    def __init__(self, store: Store, clock: Clock, client: OutgoingClient) -> None:
        self._signatures = Signatures(store, clock)
        self._client = client
        self._waiting: Counter[str] = Counter()

    async def ask(self, account_id: str, session_id: str, url: str, body: bytes) -> Answer:
        """Posts `body`, which is JSON."""
        if self._waiting[account_id] >= MOST_AT_ONCE or self._waiting[session_id] >= MOST_ABOUT_ONE:
            return Answer(fault="busy")
        self._waiting.update((account_id, session_id))
        try:
            return await self._asked(account_id, url, body)
        finally:
            for waiting in (account_id, session_id):
                self._waiting[waiting] -= 1
                if not self._waiting[waiting]:
                    del self._waiting[waiting]

    async def _asked(self, account_id: str, url: str, body: bytes) -> Answer:
        try:
            target = normalised(url)
        except ValueError:
            return Answer(fault="url")
        signed = await self._signatures.header(account_id, "POST", target)
        headers = {"Content-Type": "application/json", **signed}
        return await self._client.ask(account_id, target, headers, body, most=MOST_BYTES)
