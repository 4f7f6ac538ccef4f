"""Requests and answers of the token, client and key endpoints."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from kvitt.accounts.model import Client

Name = Annotated[str, Meta(min_length=1, max_length=200)]


class TokenRequest(msgspec.Struct, frozen=True):
    """`audience` is the URL of the account, on any host: `https://api.example.com/v1/accounts/T12345678`."""

    audience: Annotated[str, Meta(max_length=500, examples=["https://api.example.com/v1/accounts/T12345678"])]
    grant_type: Annotated[str, Meta(max_length=50, examples=["client_credentials"])]


class TokenAnswer(msgspec.Struct):
    """`expires_in` is in seconds."""

    access_token: str
    token_type: str
    expires_in: int


class ClientRequest(msgspec.Struct, frozen=True):
    """A client to make. Without `client_id` its uuid serves. `scopes` may not exceed those of the token used."""

    name: Name
    description: Annotated[str, Meta(max_length=1000)] | None = None
    client_id: Annotated[str, Meta(max_length=100)] | None = None
    scopes: Annotated[list[Annotated[str, Meta(max_length=200)]], Meta(max_length=100)] = []


class ClientAnswer(msgspec.Struct, omit_defaults=True):
    """A client. `client_secret` is there once, in the answer that made it."""

    id: str
    client_id: str
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    description: str | None = None
    created_by: str | None = None
    deleted_at: datetime | None = None
    deleted_by: str | None = None
    client_secret: str | None = None


class ClientList(msgspec.Struct):
    clients: list[ClientAnswer]


class Jwk(msgspec.Struct):
    """A public signing key (RFC 7517, RFC 8037)."""

    kty: str
    crv: str
    x: str
    kid: str
    use: str
    alg: str


class Jwks(msgspec.Struct):
    keys: list[Jwk]


def client_answer(client: Client, secret: str | None = None) -> ClientAnswer:
    return ClientAnswer(
        id=client.id,
        client_id=client.client_id,
        name=client.name,
        scopes=client.scopes,
        created_at=client.created_at,
        description=client.description,
        created_by=client.created_by,
        deleted_at=client.deleted_at,
        deleted_by=client.deleted_by,
        client_secret=secret,
    )
