"""Tokens that were verified once, remembered by their SHA-256: verifying costs 130 µs, remembering under one."""

from __future__ import annotations

import hashlib

from kvitt.accounts import tokens
from kvitt.accounts.keyring import Keys
from kvitt.core.clock import Clock
from kvitt.core.errors import Unauthorized
from kvitt.web import Caller

MAX_REMEMBERED = 10_000


class Verified:
    """From a bearer token to its caller. Bounded: the oldest goes first. Emptied when the signing keys change."""

    def __init__(self, keys: Keys, clock: Clock, issuer: str, limit: int = MAX_REMEMBERED) -> None:
        self._keys = keys
        self._clock = clock
        self._issuer = issuer
        self._limit = limit
        self._generation = keys.generation
        self._callers: dict[bytes, tuple[Caller, float]] = {}

    def __len__(self) -> int:
        return len(self._callers)

    async def caller(self, token: str) -> Caller:
        """The caller, or Unauthorized that says why not."""
        if self._generation != self._keys.generation:
            self._callers.clear()
            self._generation = self._keys.generation
        digest = hashlib.sha256(token.encode()).digest()
        known = self._callers.get(digest)
        now = self._clock()
        if known is not None:
            caller, ends = known
            if now.timestamp() < ends:
                return caller
            del self._callers[digest]
            raise Unauthorized("the bearer token has expired")
        key = await self._keys.known(tokens.key_id(token))
        if key is None:
            raise Unauthorized("the bearer token is signed with an unknown key")
        caller, ends = tokens.verify(token, key, issuer=self._issuer, now=now)
        if len(self._callers) >= self._limit:
            del self._callers[next(iter(self._callers))]
        self._callers[digest] = (caller, ends)
        return caller
