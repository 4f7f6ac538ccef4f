"""From what went wrong to what the caller reads: one shape for every error, whatever its status."""

from __future__ import annotations

import traceback
from collections.abc import Collection, Mapping
from typing import Any

import structlog

from kvitt.core.errors import (
    Conflict,
    Conflicting,
    InternalError,
    Refusal,
    RequestUnderWay,
    TooManyRequests,
    Unauthorized,
    Unavailable,
)
from kvitt.core.idempotency import Replayed
from kvitt.core.reply import encode, refusal_body
from kvitt.web.routes import Answer

log = structlog.get_logger("kvitt.web")


def refused(refusal: Refusal, challenge: str = "Bearer", says: Mapping[str, Any] | None = None) -> Answer:
    """`says`: members beside `error`."""
    headers: dict[str, str] = {}
    if isinstance(refusal, Unauthorized):
        headers["www-authenticate"] = challenge
    elif isinstance(refusal, TooManyRequests | RequestUnderWay):
        headers["retry-after"] = str(max(1, refusal.retry_after))
    elif isinstance(refusal, Unavailable):
        headers["retry-after"] = "1"
    body = refusal_body(refusal)
    return Answer(encode({"error": body.error, **says}) if says else body, refusal.status, headers)


def failed(
    error: Exception,
    *,
    request_id: str,
    method: str,
    route: str,
    challenge: str = "Bearer",
    named: Collection[type[Refusal]] | None = None,
    says: Mapping[str, Any] | None = None,
) -> Answer:
    """The answer for anything a handler raised. What nobody foresaw is logged with its trace and answered without.

    `named`: what the OpenAPI document says the route may refuse by; None where there is no route. `says`: what stands
    beside the error.

    The trace is formatted here, plainly: log renderers that show local variables would show card numbers.
    """
    if isinstance(error, Conflict):
        error = Conflicting("Another operation changed this at the same time; try again")
    if isinstance(error, Refusal):
        if named is not None and type(error) not in named:
            unnamed(error, method, route)
        return refused(error, challenge, says)
    if isinstance(error, Replayed):
        again = Answer.of(error.reply)
        again.headers = {**again.headers, "idempotent-replayed": "true"}
        return again
    trace = "".join(traceback.format_exception(error))
    log.error("request failed", request_id=request_id, method=method, route=route, exception=trace)
    message = f"Something went wrong on our side. Quote request id {request_id} when you ask about it"
    return refused(InternalError(message), says=says)


def unnamed(refusal: Refusal, method: str, route: str) -> None:
    """A refusal that the document of the route does not name. The caller is told no all the same; tests fail by it."""
    log.debug("a refusal that is not in the document", method=method, route=route, refusal=type(refusal).__name__)
