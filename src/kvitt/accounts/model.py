"""The nouns: an account, an API client of it, and the keys that sign tokens. All live in `settings` rows."""

from __future__ import annotations

from datetime import datetime

import msgspec

from kvitt.core.change import Kind
from kvitt.core.zones import UTC_NAME

INSTALLATION = "-"
"""The account_id of rows that belong to the installation and to no account."""


class Account(msgspec.Struct, frozen=True):
    """A shop (or a partner). `id` is T (test) or P (live) and eight digits. `time_zone`: IANA name, for its exports."""

    id: str
    name: str
    created_at: datetime
    time_zone: str = UTC_NAME


class Client(msgspec.Struct, frozen=True, omit_defaults=True):
    """Keys to an account. `client_id` is what it logs in with, `id` its uuid; the secret is kept as its SHA-256."""

    id: str
    client_id: str
    name: str
    secret_sha256: str
    scopes: tuple[str, ...]
    created_at: datetime
    created_by: str | None = None
    description: str | None = None
    deleted_at: datetime | None = None
    deleted_by: str | None = None


class SigningKey(msgspec.Struct, frozen=True, omit_defaults=True):
    """An Ed25519 key: `x` public, `d` private, base64url as in a JWK. A retired key signs nothing new."""

    kid: str
    x: str
    d: str
    created_at: datetime
    retired_at: datetime | None = None


class KeyRing(msgspec.Struct, frozen=True):
    """The newest key first: that one signs. One row, so that processes starting together agree on it."""

    keys: tuple[SigningKey, ...]


ACCOUNTS = Kind("settings", Account, lambda doc: ("account",))
CLIENTS = Kind("settings", Client, lambda doc: ("client",))
KEY_RINGS = Kind("settings", KeyRing, lambda doc: ("signing_keys",))

ACCOUNT_ROW = "account:"
KEY_RING_ROW = "signing_keys:"


def client_row(client_id: str) -> str:
    return f"client:{client_id}"
