"""The signing keys of the installation: made on first use, kept in memory, read again when there is a reason to."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

from joserfc.jwk import OKPKey

from kvitt.accounts import rules, tokens
from kvitt.accounts.model import INSTALLATION, KEY_RING_ROW, KEY_RINGS, KeyRing
from kvitt.core.change import Change
from kvitt.core.clock import Clock
from kvitt.store import Store

FRESH_SECONDS = 60.0
"""How long a process signs with what it read: after a rotation elsewhere it changes over within this time."""

UNKNOWN_KID_SECONDS = 1.0
"""Tokens naming a key nobody knows cause at most one read in this time."""


class Keys:
    """`generation` counts how often the set of keys changed under us."""

    def __init__(self, store: Store, clock: Clock, token_life: timedelta) -> None:
        self._store = store
        self._clock = clock
        self._token_life = token_life
        self._ring: KeyRing | None = None
        self._keys: dict[str, OKPKey] = {}
        self._read_at = float("-inf")
        self._lock = asyncio.Lock()
        self.generation = 0

    async def signing(self) -> tuple[str, OKPKey]:
        """The key that signs new tokens, with its kid."""
        ring = await self._read(FRESH_SECONDS)
        kid = ring.keys[0].kid
        return kid, self._keys[kid]

    async def known(self, kid: str) -> OKPKey | None:
        """The key of this kid. One that is not in memory is looked for in the store, but not at every garbage kid."""
        if kid not in self._keys:
            await self._read(UNKNOWN_KID_SECONDS)
        return self._keys.get(kid)

    async def published(self) -> list[dict[str, str | list[str]]]:
        """The public keys, newest first."""
        return [tokens.public_jwk(key) for key in (await self._read(FRESH_SECONDS)).keys]

    async def rotate(self) -> str:
        """A new key signs from now on; older ones stay until the tokens they signed are dead. Answers its kid."""
        ring = await self._store.decide(self._add_key)
        self._take(ring)
        return ring.keys[0].kid

    async def refresh(self) -> None:
        await self._read(0.0)

    async def _read(self, max_age: float) -> KeyRing:
        if self._ring is not None and time.monotonic() - self._read_at < max_age:
            return self._ring
        async with self._lock:
            if self._ring is not None and time.monotonic() - self._read_at < max_age:
                return self._ring
            row = await self._store.get(KEY_RINGS, INSTALLATION, KEY_RING_ROW)
            ring = row.doc if row is not None else await self._store.decide(self._first_key)
            self._take(ring)
            return ring

    def _take(self, ring: KeyRing) -> None:
        self._read_at = time.monotonic()
        if ring != self._ring:
            self._ring = ring
            self._keys = {key.kid: tokens.private_key(key) for key in ring.keys}
            self.generation += 1

    async def _first_key(self) -> tuple[Change, KeyRing]:
        row = await self._store.get(KEY_RINGS, INSTALLATION, KEY_RING_ROW)
        if row is not None:
            return Change(), row.doc
        ring = KeyRing((tokens.generate_key(self._clock()),))
        return rules.ring_change(ring, 0), ring

    async def _add_key(self) -> tuple[Change, KeyRing]:
        row = await self._store.get(KEY_RINGS, INSTALLATION, KEY_RING_ROW)
        new = tokens.generate_key(self._clock())
        ring = rules.ring_with(row.doc if row is not None else None, new, self._token_life)
        return rules.ring_change(ring, row.version if row is not None else 0), ring
