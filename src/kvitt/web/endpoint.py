"""One operation behind one method of one path: check, decode, hand over, encode, count."""

from __future__ import annotations

from collections.abc import Mapping
from time import perf_counter
from types import AsyncGeneratorType
from typing import Any
from urllib.parse import unquote_to_bytes

import msgspec
from falcon.asgi import Request, Response

from kvitt.core.errors import Forbidden, InvalidRequest, NotFound, problem
from kvitt.core.ids import ACCOUNT_ID
from kvitt.core.reply import encode
from kvitt.web import headers as fixed_headers
from kvitt.web.access import Gate, bearer_token
from kvitt.web.bodies import read_body
from kvitt.web.decoding import BodyDecoder
from kvitt.web.headers import new_request_id
from kvitt.web.metrics import RouteStats
from kvitt.web.named import named_refusals
from kvitt.web.paths import parameter
from kvitt.web.queries import QueryDecoder
from kvitt.web.refusals import failed
from kvitt.web.routes import DATA, JSON, Answer, Authenticate, Call, Caller, Needs, Route
from kvitt.web.streaming import UntilGone

_WITH_BODY = frozenset(("POST", "PUT", "PATCH", "DELETE"))
_FORM = "application/x-www-form-urlencoded"
_NOBODY = ("", 0)


class Headers:
    """The fixed headers of one application's answers, by kind of answer."""

    def __init__(self, base_url: str) -> None:
        always = fixed_headers.always(base_url)
        self.api = dict((*fixed_headers.API, *always))
        self.page = dict((*fixed_headers.PAGE, *always))


class Endpoint:
    """A Route made ready. `names` maps the router's own field names to the route's."""

    def __init__(
        self,
        route: Route,
        names: tuple[tuple[str, str], ...],
        *,
        authenticate: Authenticate,
        base_url: str,
        headers: Headers,
        stats: RouteStats,
    ) -> None:
        self._route = route
        self._handler = route.handler
        self._names = names
        self._has_account = any(own == "aid" for _, own in names)
        self._gate = Gate(route.access, route.path) if isinstance(route.access, Needs) else None
        self._authenticate = authenticate
        self._base_url = base_url
        self._headers = headers
        self._stats = stats
        self._named = frozenset(named_refusals(route))
        self._decode_query = QueryDecoder(route.query) if route.query is not None else None
        self._decode_body = BodyDecoder(route.body, required=route.body_required) if route.body is not None else None
        self._decode_form = QueryDecoder(route.body) if route.form else None
        self._reads_body = route.method in _WITH_BODY

    async def respond(self, req: Request, resp: Response, **fields: str) -> None:
        """Falcon's responder. Never raises but on cancellation: every failure becomes an answer."""
        began = perf_counter()
        request_id = new_request_id()
        try:
            answer: msgspec.Struct | Answer = await self._answer(req, fields, request_id)
            give(resp, answer, request_id, self._headers)
            if resp.data is None and isinstance(answer, Answer) and isinstance(answer.body, AsyncGeneratorType):
                resp.stream = UntilGone(answer.body, req._receive)
        except Exception as error:  # the last line of defence
            route = self._route
            answer = failed(
                error,
                request_id=request_id,
                method=route.method,
                route=route.path,
                challenge=route.challenge,
                named=self._named,
                says=route.refusal_says,
            )
            give(resp, answer, request_id, self._headers)
        status = answer.status if isinstance(answer, Answer) else 200
        self._stats.record(status, perf_counter() - began)

    async def _answer(self, req: Request, fields: dict[str, str], request_id: str) -> msgspec.Struct | Answer:
        scope = req.scope
        params = {own: parameter(fields[field]) for field, own in self._names}
        if "" in params.values():
            raise NotFound("no such path")
        account_id = params["aid"] if self._has_account else ""
        if account_id and not ACCOUNT_ID.match(account_id):
            raise InvalidRequest("aid must be P or T and eight digits", problem("aid must be P or T and eight digits"))
        caller = await self._admit(scope["headers"], account_id, params) if self._gate is not None else None
        query = self._decode_query(req.query_string) if self._decode_query is not None else None
        raw = await read_body(req) if self._reads_body else b""
        client = scope.get("client") or _NOBODY
        return await self._handler(
            Call(
                caller=caller,
                account_id=account_id or (caller.account_id if caller is not None else ""),
                params=params,
                query=query,
                body=self._body(req, raw),
                raw=raw,
                method=req.method,
                path=scope["path"],
                query_string=scope["query_string"],
                request_id=request_id,
                remote_ip=client[0],
                base_url=self._base_url,
                headers=scope["headers"],
            )
        )

    async def _admit(self, headers: list[tuple[bytes, bytes]], account_id: str, params: Mapping[str, str]) -> Caller:
        caller = await self._authenticate(bearer_token(headers))
        if account_id and caller.account_id != account_id:
            raise Forbidden(f"the token is for account {caller.account_id}, not {account_id}")
        assert self._gate is not None  # noqa: S101  for the type checker
        self._gate.check(caller, params)
        return caller

    def _body(self, req: Request, raw: bytes) -> Any:
        if self._decode_form is not None and (req.content_type or "").partition(";")[0].strip().lower() == _FORM:
            return self._decode_form(_form_text(raw))
        return self._decode_body(raw) if self._decode_body is not None else None


def _form_text(raw: bytes) -> str:
    if not raw.isascii() or b"\0" in unquote_to_bytes(raw):
        raise InvalidRequest("the form is not percent-encoded text, or contains a NUL character")
    return raw.decode("ascii")


def give(resp: Response, answer: msgspec.Struct | Answer, request_id: str, headers: Headers) -> None:
    """Writes an answer: encoded, with the headers of its kind and then its own.

    The fixed headers go past Falcon's `set_headers`, which would lower-case eleven names that are lower case: 2 µs.
    """
    written = resp._headers
    if not isinstance(answer, Answer):
        resp.data = encode(answer)
        written.update(headers.api)
    else:
        resp.data = _bytes(answer.body)
        resp.status = answer.status
        written.update(headers.api if answer.content_type in DATA else headers.page)
        if answer.content_type != JSON:  # which has its charset
            written["content-type"] = answer.content_type
        if answer.headers:
            _refuse_split_headers(answer.headers)
            resp.set_headers(answer.headers)
    written["x-request-id"] = request_id


def _refuse_split_headers(headers: Mapping[str, str]) -> None:
    """The server writes header values as they are: a line break in one (a shop's URL, say) would begin another."""
    for name, value in headers.items():
        if not (value.isascii() and value.isprintable()):
            raise ValueError(f"the value of header {name} is not printable ASCII")


def _bytes(body: object) -> bytes | None:
    if isinstance(body, bytes):
        return body
    if isinstance(body, str):
        return body.encode()
    if isinstance(body, AsyncGeneratorType):
        return None
    return encode(body) if body is not None else b""
