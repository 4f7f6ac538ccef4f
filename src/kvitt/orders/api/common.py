"""What the order service's routes share."""

from __future__ import annotations

from typing import Any

from kvitt.orders.model import Origin
from kvitt.web import Call, Needs

ROOT = "/v1/accounts/{aid}/shopping"
ORDER = f"{ROOT}/orders/{{order_id}}"
READ = Needs("shopping", "read")
WRITE = Needs("shopping", "write")


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
