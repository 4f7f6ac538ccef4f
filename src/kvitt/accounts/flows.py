"""Accounts, their clients, and the tokens those get: load, decide, commit."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta

import msgspec

from kvitt.accounts import rules, tokens
from kvitt.accounts.guard import FailureGuard
from kvitt.accounts.keyring import Keys
from kvitt.accounts.model import ACCOUNT_ROW, ACCOUNTS, CLIENTS, Account, Client, client_row
from kvitt.accounts.refusals import WrongCredentials
from kvitt.accounts.sealing import seal, unseal
from kvitt.accounts.verified import Verified
from kvitt.core.change import Change, Row
from kvitt.core.clock import Clock
from kvitt.core.errors import NotFound
from kvitt.core.idempotency import Once
from kvitt.core.ids import is_test_account, new_uuid
from kvitt.core.zones import UTC_NAME
from kvitt.store import Store
from kvitt.web import Caller

BeforeCreate = Callable[[str, str], Awaitable[object]]


class Accounts:
    """`issuer` is the `iss` of tokens: the public root.

    `before_create` gets the id and name of each new T account and makes what it begins with; it may be asked twice.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        issuer: str,
        token_seconds: int = 14400,
        before_create: BeforeCreate | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._issuer = issuer
        self._token_seconds = token_seconds
        self._before_create = before_create
        self._guard = FailureGuard()
        self.keys = Keys(store, clock, timedelta(seconds=token_seconds))
        self._verified = Verified(self.keys, clock, issuer)
        self.authenticate: Callable[[str], Awaitable[Caller]] = self._verified.caller
        """Bearer token in, Caller out; Unauthorized when it is not good."""

    async def create_account(self, account_id: str, name: str, time_zone: str = UTC_NAME) -> Account:
        """A new account; Conflicting when it exists, InvalidRequest when the id is not T or P and eight digits.

        `time_zone`: an IANA name, as Europe/Oslo.
        """

        async def decide() -> tuple[Change, Account]:
            row = await self._store.get(ACCOUNTS, account_id, ACCOUNT_ROW)
            now = self._clock()
            existing = row.doc if row is not None else None
            change = rules.new_account(existing, account_id, name, time_zone, now, new_uuid())
            return change, Account(account_id, name.strip(), now, time_zone)

        await decide()  # refuses before anything is made
        if self._before_create is not None and is_test_account(account_id):
            # First, so that a crash in between leaves no account that lacks it.
            await self._before_create(account_id, name.strip())
        return await self._store.decide(decide)

    async def account(self, account_id: str) -> Account:
        return (await self._account_row(account_id)).doc

    async def update_account(self, account_id: str, name: str | None = None, time_zone: str | None = None) -> Account:
        """The account as it is then; what is None stays. The payment page goes on showing its profile's name."""

        async def decide() -> tuple[Change, Account]:
            row = await self._account_row(account_id)
            return rules.updated_account(row, name, time_zone, self._clock(), new_uuid())

        return await self._store.decide(decide)

    async def time_zone_of(self, account_id: str) -> str:
        """The IANA name of the account's time zone."""
        return (await self.account(account_id)).time_zone

    async def create_client(
        self,
        account_id: str,
        name: str,
        scopes: Iterable[str],
        client_id: str | None = None,
        *,
        description: str | None = None,
        created_by: Caller | None = None,
        once: Once | None = None,
    ) -> tuple[Client, str]:
        """A new client and its secret, which nobody can be shown again but who sends the same request with its key.

        Unknown scopes are refused; so are scopes that `created_by` does not hold itself.
        """
        await self.account(account_id)
        secret = secrets.token_urlsafe(32)
        wanted = rules.known_scopes(scopes)
        if created_by is not None:
            rules.check_handing_on(created_by.scopes, wanted)
        uuid = new_uuid()
        client = Client(
            id=uuid,
            client_id=client_id or uuid,
            name=rules.client_name(name),
            secret_sha256=rules.hash_secret(secret),
            scopes=wanted,
            created_at=self._clock(),
            created_by=created_by.subject if created_by is not None else None,
            description=description,
        )

        async def decide() -> tuple[Change, tuple[Client, str]]:
            existing = await self._client_row(account_id, client.client_id)
            count = len(await self.clients(account_id))
            return rules.new_client(account_id, client, existing, count, new_uuid()), (client, secret)

        return await self._store.decide(decide, once=None if once is None else once.sealed(seal, unseal))

    async def clients(self, account_id: str) -> list[Client]:
        """The account's clients that were not deleted, newest first."""
        rows = await self._store.list(CLIENTS, account_id, where={"kind": "client"}, limit=10 * rules.MAX_CLIENTS)
        kept = [row.doc for row in rows if row.doc.deleted_at is None]
        return sorted(kept, key=lambda client: client.created_at, reverse=True)

    async def client(self, account_id: str, uuid: str) -> Client:
        """The client with this uuid (not its client_id)."""
        for client in await self.clients(account_id):
            if client.id == uuid:
                return client
        raise NotFound(f"client {uuid} does not exist")

    async def delete_client(self, account_id: str, uuid: str, by: Caller | None = None) -> Client:
        """The client gets no new tokens from now on; those it has live out their hours."""

        async def decide() -> tuple[Change, Client]:
            found = await self.client(account_id, uuid)
            row = await self._store.get(CLIENTS, account_id, client_row(found.client_id))
            if row is None or row.doc.deleted_at is not None:
                raise NotFound(f"client {uuid} does not exist")
            deleted = msgspec.structs.replace(
                row.doc, deleted_at=self._clock(), deleted_by=by.subject if by is not None else None
            )
            return rules.deleted_client(account_id, row, deleted, new_uuid()), deleted

        return await self._store.decide(decide)

    async def log_in(self, account_id: str, client_id: str, secret: str) -> Client:
        """The client these credentials belong to. WrongCredentials, in the same words whatever was wrong with them."""
        client = await self._client_row(account_id, client_id) if rules.CLIENT_ID.match(client_id) else None
        fits = rules.secret_fits(client, secret)
        if client is None or not fits:
            self._guard.failed(account_id, client_id)
            raise WrongCredentials("client_id or client_secret is wrong")
        self._guard.succeeded(account_id, client_id)
        return client

    async def token(self, account_id: str, client: Client, audience: str) -> tuple[str, int]:
        """An access token for a client that logged in, and its life in seconds."""
        kid, key = await self.keys.signing()
        token = tokens.sign(
            key,
            kid,
            issuer=self._issuer,
            account_id=account_id,
            client=client,
            audience=audience,
            now=self._clock(),
            seconds=self._token_seconds,
        )
        return token, self._token_seconds

    async def rotate_keys(self) -> str:
        """New tokens are signed with a new key, whose kid this answers; older tokens stay good until they end."""
        return await self.keys.rotate()

    async def _account_row(self, account_id: str) -> Row[Account]:
        row = await self._store.get(ACCOUNTS, account_id, ACCOUNT_ROW)
        if row is None:
            raise NotFound(f"account {account_id} does not exist")
        return row

    async def _client_row(self, account_id: str, client_id: str) -> Client | None:
        row = await self._store.get(CLIENTS, account_id, client_row(client_id))
        return row.doc if row is not None else None
