"""Asking the shop something while a request waits: where it ships to, what a discount code is worth.

Checkout knows no way out of the house; what goes out is signed, guarded and bounded by whoever implements this.
"""

from __future__ import annotations

from typing import Protocol

PATIENCE_SECONDS = 60
"""How long a shop may take. It is asked once; nobody asks again on its behalf."""


class ShopReply(Protocol):
    """`status` and the whole `body`, or the `fault` that stood in their place."""

    @property
    def status(self) -> int | None: ...

    @property
    def fault(self) -> str | None: ...

    @property
    def body(self) -> bytes: ...


class AsksShop(Protocol):
    async def ask(self, account_id: str, session_id: str, url: str, body: bytes) -> ShopReply:
        """Posts `body`, which is JSON. One try, no exceptions."""
        ...


class Unconnected:
    """For a house without a way out: whoever is asked gives no answer."""

    async def ask(self, account_id: str, session_id: str, url: str, body: bytes) -> ShopReply:
        return _NO_REPLY


class _NoReply:
    status: int | None = None
    fault: str | None = "connection"
    body: bytes = b""


_NO_REPLY = _NoReply()
