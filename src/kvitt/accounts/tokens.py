"""Access tokens: JWTs signed with Ed25519 (`alg` EdDSA), and what makes one good.

Nothing here waits or stores: keys come in, tokens and callers go out.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

import msgspec
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from joserfc.jws import JWSRegistry

from kvitt.accounts.model import Client, SigningKey
from kvitt.accounts.rules import audience_account
from kvitt.core.errors import Unauthorized
from kvitt.web import Caller

ALGORITHM = "EdDSA"
CLOCK_SKEW = timedelta(seconds=60)
"""How far in the future `iat` may lie: the servers of one installation keep good time."""


class _Registry(JWSRegistry):
    """EdDSA and nothing else, whatever a token's header asks for.

    The library warns that RFC 9864 renames EdDSA to Ed25519 once the curve is fixed; verifiers in the wild know the
    old name only, so the name stays and the warning goes.
    """

    def get_alg(self, name: str) -> Any:
        if name != ALGORITHM:
            raise Unauthorized("the token is not signed with EdDSA")
        return self.algorithms[ALGORITHM]


_REGISTRY = _Registry(algorithms=[ALGORITHM])


class Claims(msgspec.Struct, frozen=True):
    """What a token says. `azp` is the client_id, `sub` the client's uuid, `scope` words with spaces between."""

    iss: str
    sub: str
    aud: str
    scope: str
    iat: int
    exp: int
    jti: str
    azp: str
    account_id: str


def generate_key(now: datetime) -> SigningKey:
    """A new key; its `kid` is its thumbprint (RFC 7638)."""
    key = OKPKey.generate_key("Ed25519")
    parts = key.as_dict(private=True)
    return SigningKey(kid=key.thumbprint(), x=str(parts["x"]), d=str(parts["d"]), created_at=now)


def private_key(key: SigningKey) -> OKPKey:
    return OKPKey.import_key({**public_jwk(key), "d": key.d})


def public_jwk(key: SigningKey) -> dict[str, str | list[str]]:
    """What the JWKS shows of it."""
    return {"kty": "OKP", "crv": "Ed25519", "x": key.x, "kid": key.kid, "use": "sig", "alg": ALGORITHM}


def sign(
    key: OKPKey, kid: str, *, issuer: str, account_id: str, client: Client, audience: str, now: datetime, seconds: int
) -> str:
    issued = int(now.timestamp())
    claims = Claims(
        iss=issuer,
        sub=client.id,
        aud=audience,
        scope=" ".join(client.scopes),
        iat=issued,
        exp=issued + seconds,
        jti=str(uuid.uuid4()),
        azp=client.client_id,
        account_id=account_id,
    )
    return jwt.encode({"alg": ALGORITHM, "kid": kid}, msgspec.to_builtins(claims), key, registry=_REGISTRY)


def key_id(token: str) -> str:
    """The `kid` a token says it was signed with, read before anything is verified."""
    try:
        kid = jws.extract_compact(token.encode(), registry=_REGISTRY).headers().get("kid")
    except (JoseError, ValueError, TypeError, RecursionError):
        raise Unauthorized("the bearer token is malformed") from None
    if not isinstance(kid, str) or not kid:
        raise Unauthorized("the bearer token names no key")
    return kid


def verify(token: str, key: OKPKey, *, issuer: str, now: datetime) -> tuple[Caller, int]:
    """The caller a token speaks for, and when it ends (epoch seconds); Unauthorized when it is not good."""
    try:
        claims = msgspec.convert(jwt.decode(token, key, registry=_REGISTRY).claims, Claims)
    except (JoseError, ValueError, TypeError, RecursionError):
        raise Unauthorized("the bearer token is not valid") from None
    if claims.iss != issuer:
        raise Unauthorized("the bearer token was issued by somebody else")
    if audience_account(claims.aud) != claims.account_id:
        raise Unauthorized("the bearer token is for another audience")
    if claims.iat > (now + CLOCK_SKEW).timestamp():
        raise Unauthorized("the bearer token is from the future")
    if claims.exp <= now.timestamp():
        raise Unauthorized("the bearer token has expired")
    caller = Caller(claims.account_id, claims.sub, claims.azp, frozenset(claims.scope.split()), claims.exp)
    return caller, claims.exp
