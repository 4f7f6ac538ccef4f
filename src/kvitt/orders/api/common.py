"""What the order service's routes share."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from kvitt.orders.model import OrderRecord, Origin
from kvitt.orders.rules.view import OrderView, shown
from kvitt.web import Call, Needs

ROOT = "/v1/accounts/{aid}/shopping"
ORDER = f"{ROOT}/orders/{{order_id}}"
READ = Needs("shopping", "read")
WRITE = Needs("shopping", "write")


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
