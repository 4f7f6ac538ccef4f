"""Who is calling, and may they: the Authorization header, the account in the path, the scopes."""

from __future__ import annotations

from collections.abc import Mapping

from kvitt.core import scopes
from kvitt.core.errors import Forbidden, Unauthorized
from kvitt.web.routes import Caller, Needs

_MAX_TOKEN = 8192


def bearer_token(headers: list[tuple[bytes, bytes]]) -> str:
    """The token of the Authorization header, or Unauthorized that says what is wrong with it."""
    found = b""
    for name, value in headers:
        if name == b"authorization":
            if found:
                raise Unauthorized("more than one Authorization header")
            found = value
    if not found:
        raise Unauthorized("an Authorization header with a bearer token is required")
    scheme, _, token = found.partition(b" ")
    if scheme.lower() != b"bearer":
        raise Unauthorized("the Authorization header must be: Bearer <token>")
    token = token.strip()
    if not token or len(token) > _MAX_TOKEN or not token.isascii() or b" " in token:
        raise Unauthorized("the bearer token is malformed")
    return token.decode("ascii")


class Gate:
    """Whether a caller's scopes open one route."""

    def __init__(self, needs: Needs, path: str) -> None:
        self._accepted = scopes.accepted(needs.service, needs.verb, needs.also)
        self._segments = [s for s in (needs.path or below_root(path, needs.service)).split("/") if s]
        self.scopes = tuple(sorted(self._accepted))

    def check(self, caller: Caller, params: Mapping[str, str]) -> None:
        """Forbidden, naming the scopes that would do, unless one of the caller's scopes opens the route."""
        if not caller.scopes.isdisjoint(self._accepted):
            return
        segments = [params[s[1:-1]] if s.startswith("{") else s for s in self._segments]
        if scopes.path_scope_covers(caller.scopes, self._accepted, segments):
            return
        raise Forbidden(f"the token lacks a scope that allows this; any of: {', '.join(self.scopes)}")


def below_root(path: str, service: str) -> str:
    """The path below a service's root: `/orders/{id}` of `/v1/accounts/{aid}/shopping/orders/{id}`."""
    rest = path.removeprefix("/v1").removeprefix("/accounts/{aid}")
    under = rest.removeprefix(f"/{service}")
    return under if under.startswith("/") else rest
