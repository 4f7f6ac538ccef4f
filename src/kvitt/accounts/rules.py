"""Decisions about accounts, clients, secrets and audiences. Pure: what is new comes in as an argument."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import msgspec

from kvitt.accounts.model import (
    ACCOUNT_ROW,
    ACCOUNTS,
    CLIENTS,
    INSTALLATION,
    KEY_RING_ROW,
    KEY_RINGS,
    Account,
    Client,
    KeyRing,
    SigningKey,
    client_row,
)
from kvitt.accounts.refusals import CannotHandOn, ClientIdTaken, TooManyClients
from kvitt.core import scopes
from kvitt.core.change import Change, Event, Row, encode_text
from kvitt.core.errors import Conflicting, InvalidRequest, problem
from kvitt.core.ids import ACCOUNT_ID
from kvitt.core.zones import zone

CLIENT_ID = re.compile(r"[A-Za-z0-9._~@-]{1,100}\Z", re.ASCII)
"""No colon: it ends the client_id in HTTP Basic."""

MAX_CLIENTS = 500
MAX_NAME = 200
KEY_GRACE = timedelta(minutes=10)
"""A process may sign with a key a little after another process retired it."""

_AUDIENCE = re.compile(r"/v1/accounts/([PT]\d{8})/?\Z", re.ASCII)
_NOBODY = "0" * 64


def new_account(
    existing: Account | None, account_id: str, name: str, time_zone: str, now: datetime, event_id: str
) -> Change:
    if not ACCOUNT_ID.match(account_id):
        raise InvalidRequest("an account id is T (test) or P (live) and eight digits, for example T12345678")
    if existing is not None:
        raise Conflicting(f"account {account_id} exists already")
    account = Account(account_id, _name(name), now, zone(time_zone).key)
    event = Event(account_id, event_id, "account.created", "account", account_id, 1, now, encode_text(account))
    return Change(puts=(ACCOUNTS.put(account_id, ACCOUNT_ROW, account),), events=(event,))


def updated_account(
    row: Row[Account], name: str | None, time_zone: str | None, now: datetime, event_id: str
) -> tuple[Change, Account]:
    """What is None stays. Nothing is written when nothing changes."""
    before = row.doc
    account = msgspec.structs.replace(
        before,
        name=_name(name) if name is not None else before.name,
        time_zone=zone(time_zone).key if time_zone is not None else before.time_zone,
    )
    if account == before:
        return Change(), before
    data = encode_text(account)
    event = Event(account.id, event_id, "account.updated", "account", account.id, row.version + 1, now, data)
    return Change(puts=(ACCOUNTS.put(account.id, ACCOUNT_ROW, account, row.version),), events=(event,)), account


def new_client(account_id: str, client: Client, existing: Client | None, count: int, event_id: str) -> Change:
    """The Change that makes a client. A client_id is never used twice, not even after its client was deleted."""
    if not CLIENT_ID.match(client.client_id):
        words = "client_id must be 1 to 100 letters, digits or any of . _ ~ @ -"
        raise InvalidRequest(words, problem(words, "client_id"))
    if existing is not None:
        raise ClientIdTaken(f"client_id {client.client_id} is taken")
    if count >= MAX_CLIENTS:
        raise TooManyClients(f"an account has at most {MAX_CLIENTS} clients; delete some first")
    return Change(
        puts=(CLIENTS.put(account_id, client_row(client.client_id), client),),
        events=(_client_event("client.created", account_id, client, 1, client.created_at, event_id),),
    )


def deleted_client(account_id: str, row: Row[Client], deleted: Client, event_id: str) -> Change:
    now = deleted.deleted_at or deleted.created_at
    return Change(
        puts=(CLIENTS.put(account_id, client_row(deleted.client_id), deleted, row.version),),
        events=(_client_event("client.deleted", account_id, deleted, row.version + 1, now, event_id),),
    )


def _client_event(kind: str, account_id: str, client: Client, version: int, now: datetime, event_id: str) -> Event:
    data = {"id": client.id, "client_id": client.client_id, "name": client.name, "scopes": client.scopes}
    return Event(account_id, event_id, kind, "client", client.id, version, now, encode_text(data))


def client_name(name: str) -> str:
    return _name(name)


def _name(name: str) -> str:
    stripped = name.strip()
    if not stripped or len(stripped) > MAX_NAME or "\0" in stripped:
        words = f"name must be 1 to {MAX_NAME} characters"
        raise InvalidRequest(words, problem(words, "name"))
    return stripped


def known_scopes(wanted: Iterable[str]) -> tuple[str, ...]:
    """The scopes in today's spelling, sorted; InvalidRequest that lists the known ones when one means nothing."""
    normalized = sorted({scopes.normalize(scope) for scope in wanted})
    unknown = [scope for scope in normalized if not scopes.is_known(scope)]
    if unknown:
        known = ", ".join(sorted(scopes.FAMILIES))
        words = (
            f"unknown scope {', '.join(unknown)}; known are {known}, "
            "and these followed by a path (read:shopping:/orders/ANY/events)"
        )
        raise InvalidRequest(words, problem(words, "scopes"))
    return tuple(normalized)


def check_handing_on(held: Collection[str], wanted: Iterable[str]) -> None:
    """Nobody makes keys that open more than their own."""
    beyond = [scope for scope in wanted if not scopes.holds(held, scope)]
    if beyond:
        raise CannotHandOn(f"the token does not hold {', '.join(beyond)} and cannot hand it on")


def hash_secret(secret: str) -> str:
    """SHA-256 in hex. Enough, because secrets are 256 random bits: there is nothing to guess from."""
    return hashlib.sha256(secret.encode()).hexdigest()


def secret_fits(client: Client | None, secret: str) -> bool:
    """Whether the secret opens this client. The same work for no client, a deleted one and a wrong secret."""
    usable = client is not None and client.deleted_at is None
    expected = client.secret_sha256 if client is not None and usable else _NOBODY
    return hmac.compare_digest(expected, hash_secret(secret)) and usable


def basic_credentials(header: str | None) -> tuple[str, str] | None:
    """client_id and client_secret of an HTTP Basic header, or None when it is not one."""
    scheme, _, encoded = (header or "").strip().partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode()
    except ValueError:
        return None
    client_id, colon, secret = text.partition(":")
    return (client_id, secret) if colon else None


def audience_account(audience: str) -> str | None:
    """The account an audience names: `https://<any host>/v1/accounts/{id}`, whatever its host and userinfo."""
    if not audience.isprintable():  # urlsplit would drop line breaks
        return None
    try:
        parts = urlsplit(audience)
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
        return None
    found = _AUDIENCE.match(parts.path)
    return found.group(1) if found else None


def ring_with(ring: KeyRing | None, new: SigningKey, token_life: timedelta) -> KeyRing:
    """The ring with a new key in front. Keys whose last tokens are dead fall out."""
    now = new.created_at
    kept = []
    for key in ring.keys if ring is not None else ():
        retired = key if key.retired_at is not None else SigningKey(key.kid, key.x, key.d, key.created_at, now)
        if retired.retired_at is not None and retired.retired_at + token_life + KEY_GRACE > now:
            kept.append(retired)
    return KeyRing((new, *kept))


def ring_change(ring: KeyRing, version: int) -> Change:
    return Change(puts=(KEY_RINGS.put(INSTALLATION, KEY_RING_ROW, ring, version),))
