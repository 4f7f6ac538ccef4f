"""What the order service's routes share."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from kvitt.core.errors import InvalidRequest, problem
from kvitt.orders.model import OrderRecord, Origin
from kvitt.orders.rules.view import OrderView, shown
from kvitt.web import Call, Needs

ROOT = "/v1/accounts/{aid}/shopping"
ORDER = f"{ROOT}/orders/{{order_id}}"
READ = Needs("shopping", "read")
WRITE = Needs("shopping", "write")

_IF_MATCH = re.compile(r'(?:W/)?"([1-9][0-9]{0,8})"|([1-9][0-9]{0,8})', re.ASCII)


def expected_version(call: Call[Any], said: int | None = None) -> int | None:
    """The version that the caller read: `version` of the body (`said`), or `If-Match: "3"`; None when not told."""
    header = call.header("if-match")
    if header is None or header == "*":
        return said
    match = _IF_MATCH.fullmatch(header)
    if match is None:
        message = f'If-Match must be a version, as in If-Match: "3", not {header[:50]!r}'
        raise InvalidRequest(message, problem(message))
    version = int(match.group(1) or match.group(2))
    if said is not None and said != version:
        message = f"version says {said}, and If-Match {version}: say one of them"
        raise InvalidRequest(message, problem(message, "version"))
    return version


def answer_of(call: Call[Any]) -> Callable[[OrderRecord], OrderView]:
    """How an order is answered to this call, whose query is an OrderQuery."""
    return partial(shown, include_events=call.query.include_events)


def origin(call: Call[Any]) -> Origin:
    caller = call.caller
    assert caller is not None  # noqa: S101  every route here needs a token
    return Origin(
        account_id=call.account_id,
        subject=caller.subject,
        client_id=caller.client_id,
        method=call.method,
        path=call.path,
        body=call.raw,
    )
