"""The routes of an order's sessions. They are the order API's, so they take their addresses and scopes from it."""

from __future__ import annotations

from typing import Any

from kvitt.checkout.flows import Actor
from kvitt.checkout.rules.refusals import InvalidSession
from kvitt.orders.api.common import ORDER, READ, WRITE, origin
from kvitt.orders.api.refused import READING, REGISTERING
from kvitt.orders.model import Verb
from kvitt.orders.model.sessions import OrderSession
from kvitt.together.flows import Together
from kvitt.together.model import OrderSessionRequest
from kvitt.together.rules import NothingToPay, SessionTooLarge
from kvitt.together.wire import OrderSessions
from kvitt.web import Call, Route, expected_version

_SESSIONS = f"{ORDER}/sessions"
_TAG = "Sessions of orders"
_REFUSED = (*REGISTERING[Verb.AUTHORIZE], InvalidSession, NothingToPay, SessionTooLarge)


def routes(together: Together) -> list[Route]:
    async def create(call: Call[OrderSessionRequest]) -> OrderSession:
        expected, once = expected_version(call), call.once()
        order_id = call.params["order_id"]
        return await together.create_session(origin(call), order_id, call.body, _actor(call), expected, once)

    async def collection(call: Call[None]) -> OrderSessions:
        return OrderSessions(await together.sessions(call.account_id, call.params["order_id"]))

    async def details(call: Call[None]) -> OrderSession:
        return await together.session(call.account_id, call.params["order_id"], call.params["session_id"])

    return [
        Route(
            "POST",
            _SESSIONS,
            create,
            WRITE,
            "Start a session of an order",
            _TAG,
            body=OrderSessionRequest,
            answers=OrderSession,
            refusals=_REFUSED,
            versioned=True,
            description="The customer pays these lines at `url`. An item's `amount` is what is left to authorize of "
            "its line, unless less is said. The transaction's `merchant_reference` is the order's `order_id`; once it "
            "is AUTHORIZED, register the authorization. A session reserves nothing: two may be open for one line.",
        ),
        Route(
            "GET",
            _SESSIONS,
            collection,
            READ,
            "List an order's sessions",
            _TAG,
            answers=OrderSessions,
            refusals=READING,
        ),
        Route(
            "GET",
            f"{_SESSIONS}/{{session_id}}",
            details,
            READ,
            "Get a session of an order",
            _TAG,
            answers=OrderSession,
            refusals=READING,
        ),
    ]


def _actor(call: Call[Any]) -> Actor:
    by = call.caller.subject if call.caller is not None else None
    return Actor(call.request_id, by, call.headers_with_prefix("dintero-system-") or None)
