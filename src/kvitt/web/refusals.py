"""From what went wrong to what the caller reads: one shape for every error, whatever its status."""

from __future__ import annotations

import traceback

import msgspec
import structlog

from kvitt.core.errors import (
    Conflict,
    Conflicting,
    Problem,
    Refusal,
    TooManyRequests,
    Unauthorized,
    Unavailable,
    problem,
)
from kvitt.web.routes import Answer

log = structlog.get_logger("kvitt.web")


class ErrorDetail(msgspec.Struct):
    """`code` is for machines, `message` for people, `errors` names the places."""

    code: str
    message: str
    errors: tuple[Problem, ...] = ()


class Error(msgspec.Struct):
    """The body of every answer that is not a success."""

    error: ErrorDetail


def refused(refusal: Refusal, challenge: str = "Bearer") -> Answer:
    headers: dict[str, str] = {}
    if isinstance(refusal, Unauthorized):
        headers["www-authenticate"] = challenge
    elif isinstance(refusal, TooManyRequests):
        headers["retry-after"] = str(max(1, refusal.retry_after))
    elif isinstance(refusal, Unavailable):
        headers["retry-after"] = "1"
    places = refusal.problems or (problem(refusal.message),)
    return Answer(Error(ErrorDetail(refusal.code, refusal.message, places)), refusal.status, headers)


def failed(error: Exception, *, request_id: str, method: str, route: str, challenge: str = "Bearer") -> Answer:
    """The answer for anything a handler raised. What nobody foresaw is logged with its trace and answered without.

    The trace is formatted here, plainly: log renderers that show local variables would show card numbers.
    """
    if isinstance(error, Refusal):
        return refused(error, challenge)
    if isinstance(error, Conflict):
        return refused(Conflicting("Another operation changed this at the same time; try again"))
    trace = "".join(traceback.format_exception(error))
    log.error("request failed", request_id=request_id, method=method, route=route, exception=trace)
    message = f"Something went wrong on our side. Quote request id {request_id} when you ask about it"
    return Answer(Error(ErrorDetail("INTERNAL_ERROR", message)), 500)
