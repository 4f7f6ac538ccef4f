"""What a feature hands to the web kit, and what its handlers get and give: Route, Needs, Call, Answer."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeAlias, TypeVar

import msgspec

from kvitt.core.errors import InvalidRequest, Refusal, problem
from kvitt.core.idempotency import Once, once
from kvitt.core.ids import account_of
from kvitt.core.reply import Reply, reply

B = TypeVar("B")

JSON = "application/json"
EVENT_STREAM = "text/event-stream"
CSV = "text/csv; charset=utf-8; header=present"
JSON_LINES = "application/x-ndjson"
DATA = frozenset((JSON, EVENT_STREAM, CSV, JSON_LINES))
"""What programs read: it is answered with the headers of the API, and all else with those of a page."""


class Caller(msgspec.Struct, frozen=True):
    """Who a verified token speaks for. `subject` is the client's uuid, `client_id` the name it logs in with.

    `ends`: when the token expires, in epoch seconds; None for one that does not.
    """

    account_id: str
    subject: str
    client_id: str
    scopes: frozenset[str]
    ends: int | None = None


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
    """An answer that is more than a struct with status 200. `body` given as bytes is sent as it is.

    An async generator is sent chunk by chunk until it ends or its reader goes away. HEAD never starts it.
    """

    body: msgspec.Struct | bytes | str | AsyncGenerator[bytes, None] | None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = JSON

    @classmethod
    def of(cls, reply: Reply) -> Answer:
        return cls(bytes(reply.body), reply.status, reply.headers)


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
        "query_string",
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
        query_string: bytes = b"",
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
        self.query_string = query_string
        self.request_id = request_id
        self.remote_ip = remote_ip
        self.base_url = base_url
        self._headers = headers

    def header(self, name: str) -> str | None:
        """The header's value, or None. Sent several times, the values are joined with a comma."""
        wanted = name.lower().encode("latin-1")
        values = [value for key, value in self._headers if key == wanted]
        return b", ".join(values).decode("latin-1") if values else None

    @property
    def wants_stream(self) -> bool:
        """Whether the caller asks for server-sent events."""
        kinds = (self.header("accept") or "").lower().split(",")
        return any(kind.partition(";")[0].strip() == EVENT_STREAM for kind in kinds)

    def headers_with_prefix(self, prefix: str) -> dict[str, str]:
        """All headers whose name begins so, keys in lower case."""
        start = prefix.lower().encode("latin-1")
        return {k.decode("latin-1"): v.decode("latin-1") for k, v in self._headers if k.startswith(start)}

    def once(
        self,
        answer: Callable[[Any], msgspec.Struct | Answer] | None = None,
        *,
        within: str = "",
        recognised: Callable[[], bytes] | None = None,
    ) -> Once | None:
        """The caller's Idempotency-Key, to be handed to the flow that does something; None when there is none.

        `answer` makes the handler's answer from what the flow answers; by default they are the same. Keys are the
        account's, whichever client uses them. `within`: an id that lets its holder in without a token, and names the
        account; keys are kept apart from the account's own then. `recognised`: what to know the request by instead
        of its body, where not even a hash of the body may be kept.
        """
        found = [value for name, value in self._headers if name == b"idempotency-key"]
        if not found:
            return None
        request = (
            self.method.encode(),
            self.path.encode("utf-8", "surrogateescape"),
            self.query_string,
            self.account_id.encode(),
            self.caller.subject.encode() if self.caller is not None else b"",
            recognised() if recognised is not None else self.raw,
        )
        key = _idempotency_key(found)
        account_id = (account_of(within) or "") if within else self.account_id
        return once(account_id, key, request, _replying(answer), within)


def _idempotency_key(values: list[bytes]) -> str:
    key = values[0].decode("latin-1")
    if len(values) > 1 or not (1 <= len(key) <= 255 and key.isascii() and key.isprintable()):
        message = "Idempotency-Key must be one value of 1 to 255 printable ASCII characters"
        raise InvalidRequest(message, problem(message))
    return key


def _replying(answer: Callable[[Any], msgspec.Struct | Answer] | None) -> Callable[[Any], Reply]:
    if answer is None:
        return reply

    def made(result: Any) -> Reply:
        given = answer(result)
        return reply(given.body, given.status, given.headers) if isinstance(given, Answer) else reply(given)

    return made


Handler: TypeAlias = Callable[[Call[Any]], Awaitable[msgspec.Struct | Answer]]


@dataclass(frozen=True)
class Route:
    """One operation: where it is, who may, what goes in and out.

    `refusals`: every kind of no that the handler may raise, beyond those of the kit (web/named.py). The OpenAPI
    document names them, and tests hold the handler to them.
    `refusal_says`: what stands beside `error` in the body of every refusal.
    `accepted`, when it is not empty, says what a 202 with the same answer means.
    With `body_required` False an empty body, `null`, `[]` and `{}` all arrive as None. `form` also takes
    `application/x-www-form-urlencoded`. `challenge` is what a 401 says in WWW-Authenticate. With `once` a POST or PUT
    takes an Idempotency-Key: its handler gives `call.once()` to the flow. With `streams` the same path answers
    `Accept: text/event-stream` with server-sent events; the handler looks at `call.wants_stream`.
    With `empty` it answers 204 without a body. With `versioned` its handler looks at If-Match.
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
    refusals: tuple[type[Refusal], ...] = ()
    refusal_says: Mapping[str, Any] = field(default_factory=dict)
    accepted: str = ""
    description: str = ""
    content_type: str = JSON
    hidden: bool = False
    form: bool = False
    challenge: str = "Bearer"
    once: bool = True
    streams: bool = False
    empty: bool = False
    versioned: bool = False

    @property
    def keyed(self) -> bool:
        """Whether callers may name their request with an Idempotency-Key."""
        return self.once and self.method in ("POST", "PUT")
