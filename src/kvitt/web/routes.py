"""What a feature hands to the web kit, and what its handlers get and give: Route, Needs, Call, Answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeAlias, TypeVar

import msgspec

B = TypeVar("B")

JSON = "application/json"


class Caller(msgspec.Struct, frozen=True):
    """Who a verified token speaks for. `subject` is the client's uuid, `client_id` the name it logs in with."""

    account_id: str
    subject: str
    client_id: str
    scopes: frozenset[str]


Authenticate: TypeAlias = Callable[[str], Awaitable[Caller]]
"""Bearer token in, Caller out; raises Unauthorized."""


@dataclass(frozen=True)
class Needs:
    """The scopes that open a route: `admin:<service>`, `<verb>:<service>`, and path scopes of those two.

    `also` lists further accepted verbs (or whole scopes of another service). `path` overrides the template that path
    scopes are compared with; by default it is the route's own path below the service's root.
    """

    service: str
    verb: str
    path: str = ""
    also: tuple[str, ...] = ()


class Public:
    """No token is asked for."""


PUBLIC: Final = Public()


@dataclass
class Answer:
    """An answer that is more than a struct with status 200. `body` given as bytes is sent as it is."""

    body: msgspec.Struct | bytes | str | None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = JSON


class Call(Generic[B]):
    """One request, checked and decoded.

    `account_id` is the `{aid}` of the path (already compared with the token), else the token's account, else "".
    `request_id` is also sent as `x-request-id`. `raw` is the body as it came.
    """

    __slots__ = (
        "_headers",
        "account_id",
        "base_url",
        "body",
        "caller",
        "method",
        "params",
        "path",
        "query",
        "raw",
        "remote_ip",
        "request_id",
    )

    def __init__(
        self,
        *,
        caller: Caller | None,
        account_id: str,
        params: Mapping[str, str],
        query: Any,
        body: B,
        raw: bytes,
        method: str,
        path: str,
        request_id: str,
        remote_ip: str,
        base_url: str,
        headers: list[tuple[bytes, bytes]],
    ) -> None:
        self.caller = caller
        self.account_id = account_id
        self.params = params
        self.query = query
        self.body = body
        self.raw = raw
        self.method = method
        self.path = path
        self.request_id = request_id
        self.remote_ip = remote_ip
        self.base_url = base_url
        self._headers = headers

    def header(self, name: str) -> str | None:
        """The header's value, or None. Sent several times, the values are joined with a comma."""
        wanted = name.lower().encode("latin-1")
        values = [value for key, value in self._headers if key == wanted]
        return b", ".join(values).decode("latin-1") if values else None

    def headers_with_prefix(self, prefix: str) -> dict[str, str]:
        """All headers whose name begins so, keys in lower case."""
        start = prefix.lower().encode("latin-1")
        return {k.decode("latin-1"): v.decode("latin-1") for k, v in self._headers if k.startswith(start)}


Handler: TypeAlias = Callable[[Call[Any]], Awaitable[msgspec.Struct | Answer]]


@dataclass(frozen=True)
class Route:
    """One operation: where it is, who may, what goes in and out.

    `refusals` are statuses beyond those the kit adds by itself (400, 401, 403, 413, …), for the OpenAPI document.
    `accepted`, when it is not empty, says what a 202 with the same answer means.
    With `body_required` False an empty body, `null`, `[]` and `{}` all arrive as None. `form` also takes
    `application/x-www-form-urlencoded`. `challenge` is what a 401 says in WWW-Authenticate.
    """

    method: str
    path: str
    handler: Handler
    access: Needs | Public
    summary: str
    tag: str
    body: Any = None
    body_required: bool = True
    query: type[msgspec.Struct] | None = None
    answers: Any = None
    refusals: tuple[int, ...] = ()
    accepted: str = ""
    description: str = ""
    content_type: str = JSON
    hidden: bool = False
    form: bool = False
    challenge: str = "Bearer"
