"""All that can go wrong, in one tree.

KvittError
├── Refusal                 the caller is told no; carries what the wire needs
│   ├── InvalidRequest      400  a body, path or query that cannot be read
│   ├── InvalidOperation    400  the state does not allow it
│   ├── AmountExceedsRemaining 400  more than what is left
│   ├── Unauthorized        401  no token, or a bad one
│   ├── Forbidden           403  a good token that may not do this
│   ├── NotFound            404
│   ├── MethodNotAllowed    405
│   ├── Conflicting         409  another operation is in the way
│   │   └── RequestUnderWay 409  the request with this key has no answer yet
│   ├── TooLarge            413
│   ├── IdempotencyKeyReused 422  the key named another request before
│   ├── TooManyRequests     429  not now; after so many seconds
│   ├── InternalError       500  something went wrong on our side; nobody raises it, it is what the rest becomes
│   └── Unavailable         503  try again; the outcome may be unknown
├── Conflict                a Change met a newer version or a taken claim; load and decide again
└── Replayed                core/idempotency.py: the request was made before; here is its answer
"""

from __future__ import annotations

import msgspec


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """One fault in a request. `path` is dotted (`order.items.0.amount`), absent when the fault is not in the body.

    `description` repeats `message`: shop plug-ins show that member to people.
    """

    message: str
    path: str | None = None
    description: str | None = None
    details: dict[str, int | str | None] | None = None


def problem(message: str, path: str | None = None, **details: int | str | None) -> Problem:
    return Problem(message=message, path=path, description=message, details=details or None)


class KvittError(Exception):
    """Root of everything kvitt raises on purpose."""


class Conflict(KvittError):
    """A Change met a newer version of a row, a row that was to be new, or a claim that is taken."""


class Refusal(KvittError):
    """The answer is no. `status` and `code` are what the wire shows, `problems` name the places.

    Each kind of no is a class of its own: the first paragraph of its docstring is what the OpenAPI document says of it.
    """

    status = 400
    code = "BAD_REQUEST"

    def __init__(self, message: str, *problems: Problem) -> None:
        super().__init__(message)
        self.message = message
        self.problems = problems


class InvalidRequest(Refusal):
    """The body, the path, the query or a header cannot be read; every fault that was found is named."""

    status = 400
    code = "INVALID_REQUEST_PARAMETER"


class InvalidOperation(Refusal):
    """The state of things does not allow it."""

    status = 400
    code = "INVALID_OPERATION"


class AmountExceedsRemaining(Refusal):
    """The amount is more than what is left."""

    status = 400
    code = "AMOUNT_EXCEEDS_REMAINING"


class Unauthorized(Refusal):
    """There is no token, or not a good one."""

    status = 401
    code = "UNAUTHORIZED"


class Forbidden(Refusal):
    """The token is good, and may not do this."""

    status = 403
    code = "FORBIDDEN"


class NotFound(Refusal):
    """There is no such thing in the account."""

    status = 404
    code = "NOT_FOUND"


class MethodNotAllowed(Refusal):
    """The path does not take this method."""

    status = 405
    code = "METHOD_NOT_ALLOWED"


class Conflicting(Refusal):
    """Another operation is in the way; load again and decide again."""

    status = 409
    code = "CONFLICT"


class RequestUnderWay(Conflicting):
    """The request with this Idempotency-Key is not answered yet.

    `retry_after`: seconds to wait.
    """

    code = "REQUEST_UNDER_WAY"

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class TooLarge(Refusal):
    """The body is too large."""

    status = 413
    code = "TOO_LARGE"


class IdempotencyKeyReused(Refusal):
    """The Idempotency-Key named another request before."""

    status = 422
    code = "IDEMPOTENCY_KEY_REUSED"


class TooManyRequests(Refusal):
    """Too many of these; wait as long as Retry-After says.

    `retry_after`: seconds to wait.
    """

    status = 429
    code = "TOO_MANY_REQUESTS"

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class InternalError(Refusal):
    """Something went wrong on our side; quote the request id."""

    status = 500
    code = "INTERNAL_ERROR"


class Unavailable(Refusal):
    """Not now; the outcome may be unknown, and the message says so. Ask again."""

    status = 503
    code = "UNAVAILABLE"
