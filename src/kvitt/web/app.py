"""Routes in, ASGI application out. The one place where Falcon is put together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any, TypeAlias

import falcon
import falcon.asgi
from falcon.asgi import Request, Response
from prometheus_client import CollectorRegistry
from prometheus_client.registry import Collector

from kvitt.core.errors import InvalidRequest, MethodNotAllowed, NotFound, Refusal
from kvitt.web import ops, reference
from kvitt.web.endpoint import Endpoint, Headers, give
from kvitt.web.headers import new_request_id
from kvitt.web.metrics import RequestMetrics, new_registry
from kvitt.web.openapi import Info
from kvitt.web.paths import check, routable
from kvitt.web.refusals import failed, refused
from kvitt.web.routes import Answer, Authenticate, Route

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Asgi: TypeAlias = Callable[[Any, Any, Any], Awaitable[None]]

Ready: TypeAlias = Callable[[], Awaitable[bool]]


async def _always_ready() -> bool:
    return True


def build_app(
    routes: Sequence[Route],
    *,
    authenticate: Authenticate,
    base_url: str,
    ready: Ready = _always_ready,
    info: Info | None = None,
    registry: CollectorRegistry | None = None,
    figures: Sequence[Collector] = (),
) -> Asgi:
    """The application: these routes, and `/openapi.json`, `/docs`, `/healthz`, `/readyz` and `/metrics`.

    `ready` answers whether the database can be reached. `registry` is where the request figures go; without one the
    application has its own, with the process's figures. `figures` are shown too. Two routes with one method and path
    are refused.
    """
    metrics = RequestMetrics()
    if registry is None:
        registry = new_registry(metrics)
    else:
        registry.register(metrics)
    for collector in figures:
        registry.register(collector)
    everything = [*routes, *ops.routes(ready, registry), *reference.routes(routes, info or Info(), base_url)]
    headers = Headers(base_url)
    app = falcon.asgi.App()
    app.req_options.strip_url_path_trailing_slash = False
    for path, methods in _by_path(everything).items():
        resource = _Resource(methods, headers)
        for method, (route, names) in methods.items():
            endpoint = Endpoint(
                route,
                names,
                authenticate=authenticate,
                base_url=base_url,
                headers=headers,
                stats=metrics.route(method, route.path),
            )
            setattr(resource, f"on_{method.lower()}", endpoint.respond)
            if method == "GET":
                setattr(resource, "on_head", endpoint.respond)  # noqa: B010  Falcon drops the body
        app.add_route(path, resource)
    strays = metrics.route("", "")

    async def on_error(req: Request, resp: Response, error: Exception, params: dict[str, Any]) -> None:
        request_id = new_request_id()
        answer = _stray(error, req.method, request_id)
        strays.record(answer.status, 0.0)
        give(resp, answer, request_id, headers)

    for kind in (Exception, falcon.HTTPError, falcon.HTTPStatus):
        app.add_error_handler(kind, on_error)
    return _FrontDoor(app, headers)


Methods: TypeAlias = dict[str, tuple[Route, tuple[tuple[str, str], ...]]]


def _by_path(routes: Sequence[Route]) -> dict[str, Methods]:
    """Routes by path. Fields are renamed by position, so that two features may call one segment by two names."""
    paths: dict[str, Methods] = {}
    for route in routes:
        segments = route.path.split("/")
        names: list[tuple[str, str]] = []
        for place, segment in enumerate(segments):
            if segment.startswith("{") and segment.endswith("}"):
                names.append((f"p{place}", segment[1:-1]))
                segments[place] = f"{{p{place}}}"
        methods = paths.setdefault("/".join(segments), {})
        if route.method in methods:
            raise ValueError(f"two routes for {route.method} {route.path}")
        methods[route.method] = (route, tuple(names))
    return paths


class _Resource:
    """One path. Its responders are set as attributes; it answers preflight requests itself."""

    def __init__(self, methods: Methods, headers: Headers) -> None:
        self._headers = headers
        names = sorted({*methods, "OPTIONS"} | ({"HEAD"} if "GET" in methods else set()))
        self._preflight = Answer(None, 204, {"allow": ", ".join(names), "access-control-max-age": "600"})

    async def on_options(self, req: Request, resp: Response, **params: str) -> None:
        give(resp, self._preflight, new_request_id(), self._headers)


def _stray(error: Exception, method: str, request_id: str) -> Answer:
    """An answer for what Falcon refuses before any of our responders runs."""
    if isinstance(error, falcon.HTTPMethodNotAllowed):
        answer = refused(MethodNotAllowed(f"{method} is not allowed here"))
        answer.headers = {"allow": (error.headers or {}).get("Allow", "")}  # type: ignore[union-attr]
        return answer
    if isinstance(error, falcon.HTTPNotFound):
        return refused(NotFound("no such path"))
    if method not in falcon.HTTP_METHODS:
        return refused(MethodNotAllowed(f"{method} is not a method that is known here"))
    if isinstance(error, falcon.HTTPError):
        return refused(InvalidRequest(error.title or "the request cannot be read"))
    return failed(error, request_id=request_id, method=method, route="")


_SPOKEN = frozenset(("1.0", "1.1", "2", "3"))


class _FrontDoor:
    """Refuses versions nobody speaks, and paths and queries that cannot be read, before anything tries to."""

    def __init__(self, app: Asgi, headers: Headers) -> None:
        self._app = app
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope.get("http_version", "1.1") not in _SPOKEN:
            await self._refuse(InvalidRequest(f"HTTP/{scope['http_version']} is not spoken here"), send)
            return
        raw_path: bytes = scope.get("raw_path") or scope["path"].encode()
        query: bytes = scope["query_string"]
        if b"%" in raw_path or b"%" in query or not (raw_path.isascii() and query.isascii()):
            try:
                check(raw_path, query)
            except Refusal as refusal:
                await self._refuse(refusal, send)
                return
            scope = {**scope, "path": routable(raw_path)}
        await self._app(scope, receive, send)

    async def _refuse(self, refusal: Refusal, send: Send) -> None:
        resp = Response()
        give(resp, refused(refusal), new_request_id(), self._headers)
        data = resp.data or b""
        headers = [(name.encode(), value.encode()) for name, value in resp.headers.items()]
        headers.append((b"content-length", str(len(data)).encode()))
        await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
        await send({"type": "http.response.body", "body": data})
