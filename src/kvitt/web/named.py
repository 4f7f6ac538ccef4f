"""Every kind of no that a route may answer: its own, and those of the kit. What it is called, means and looks like."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from kvitt.core.errors import (
    Conflicting,
    Forbidden,
    IdempotencyKeyReused,
    InternalError,
    InvalidRequest,
    MethodNotAllowed,
    NotFound,
    Refusal,
    RequestUnderWay,
    TooLarge,
    Unauthorized,
    Unavailable,
    problem,
)
from kvitt.core.reply import Error, ErrorDetail
from kvitt.web.routes import Needs, Route

NO_ROUTE = (InvalidRequest, NotFound, MethodNotAllowed)
"""What a request that comes to no route is refused by."""

_WITH_BODY = ("POST", "PUT", "PATCH", "DELETE")


def named_refusals(route: Route) -> tuple[type[Refusal], ...]:
    """Each once: those of the kit first, then the route's own in its order."""
    return tuple(dict.fromkeys((*kit_refusals(route), *route.refusals)))


def kit_refusals(route: Route) -> Iterator[type[Refusal]]:
    """What the kit, the store and the lower parts refuse any route like this one by."""
    yield InvalidRequest
    if isinstance(route.access, Needs):
        yield from (Unauthorized, Forbidden)
    if any(segment.startswith("{") and segment != "{aid}" for segment in route.path.split("/")):
        yield NotFound
    if route.keyed or (isinstance(route.access, Needs) and route.method != "GET"):
        yield Conflicting
    if route.keyed:
        yield from (RequestUnderWay, IdempotencyKeyReused)
    if route.method in _WITH_BODY:
        yield TooLarge
    yield from (InternalError, Unavailable)


def meaning(refusal: type[Refusal]) -> str:
    """The first paragraph of its docstring, on one line."""
    return " ".join((refusal.__doc__ or "").partition("\n\n")[0].split())


def example(refusal: type[Refusal]) -> dict[str, Any]:
    """A body of it. The real message says more: which line, how much, how much is left."""
    message = meaning(refusal).removesuffix(".")
    body: dict[str, Any] = msgspec.to_builtins(Error(ErrorDetail(refusal.code, message, (problem(message),))))
    return body
