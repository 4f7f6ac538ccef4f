"""The secret that an account's outgoing requests are signed with: one at a time, renewed or removed at will."""

from __future__ import annotations

from kvitt.accounts.sealing import seal, unseal
from kvitt.core.change import Change
from kvitt.core.clock import Clock
from kvitt.core.errors import NotFound
from kvitt.core.idempotency import Once
from kvitt.delivery.model.request import SIGNATURE_ID, SIGNATURES, SignatureSecret
from kvitt.delivery.rules.signature import sign
from kvitt.store import Store

HEADER = "Dintero-Signature"


class Signatures:
    """Renewing forgets the secret before: whatever goes out next, a repetition too, is signed with the new one."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def create(self, account_id: str, secret: str, once: Once | None = None) -> SignatureSecret:
        async def decide() -> tuple[Change, SignatureSecret]:
            found = await self._store.get(SIGNATURES, account_id, SIGNATURE_ID)
            doc = SignatureSecret(secret, self._clock())
            put = SIGNATURES.put(account_id, SIGNATURE_ID, doc, found.version if found else 0)
            return Change(puts=(put,)), doc

        return await self._store.decide(decide, once=None if once is None else once.sealed(seal, unseal))

    async def get(self, account_id: str) -> SignatureSecret:
        """Raises NotFound when requests go unsigned."""
        found = await self._store.get(SIGNATURES, account_id, SIGNATURE_ID)
        if found is None or found.doc.secret is None:
            raise NotFound("The account has no signature secret")
        return found.doc

    async def header(self, account_id: str, method: str, url: str) -> dict[str, str]:
        """What a request to this URL, as `normalised` writes it, is signed with; nothing while the account has no
        secret. Read anew each time: a shop that renewed its secret expects the new one with the very next request."""
        found = await self._store.get(SIGNATURES, account_id, SIGNATURE_ID)
        if found is None or found.doc.secret is None:
            return {}
        return {HEADER: sign(found.doc.secret, account_id, method, url, int(self._clock().timestamp()))}

    async def remove(self, account_id: str) -> SignatureSecret:
        """Requests go unsigned from now on; answers what was removed. Raises NotFound when there was none."""

        async def decide() -> tuple[Change, SignatureSecret]:
            found = await self._store.get(SIGNATURES, account_id, SIGNATURE_ID)
            if found is None or found.doc.secret is None:
                raise NotFound("The account has no signature secret")
            gone = SignatureSecret(None, self._clock())
            return Change(puts=(SIGNATURES.put(account_id, SIGNATURE_ID, gone, found.version),)), found.doc

        return await self._store.decide(decide)
