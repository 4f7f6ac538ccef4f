"""The routes of sessions, for the shop."""

from __future__ import annotations

from typing import Any

import msgspec

from kvitt.checkout.api.common import READ, WRITE, actor_of, toggles_of
from kvitt.checkout.api.refused import VOID_REFUSED
from kvitt.checkout.flows import Checkout
from kvitt.checkout.model.session import Session, SessionOptions
from kvitt.checkout.rules.refusals import (
    InvalidSession,
    NotCancellable,
    PaymentUnderWay,
)
from kvitt.checkout.wire import (
    CreateQuery,
    IncludesQuery,
    InlineSession,
    Nothing,
    ProfileSession,
    SessionCreated,
)
from kvitt.core.errors import NotFound
from kvitt.web import Call, Route

_SESSIONS = "Sessions"


def session_routes(checkout: Checkout) -> list[Route]:
    async def create(call: Call[ProfileSession]) -> SessionCreated:
        return await made(call, call.body)

    async def create_inline(call: Call[InlineSession]) -> SessionCreated:
        return await made(call, msgspec.structs.replace(call.body, profile_id=None))

    async def made(call: Call[Any], options: SessionOptions) -> SessionCreated:
        def answer(session: Session) -> SessionCreated:
            whole = session if call.query.include_session else None
            return SessionCreated(session.id, checkout.page_url(session.id), whole)

        return answer(await checkout.create_session(call.account_id, options, toggles_of(call), actor_of(call, answer)))

    async def get(call: Call[None]) -> Session:
        return await checkout.get_session(call.account_id, call.params["session_id"], call.query.includes)

    async def cancel(call: Call[Nothing | None]) -> Session:
        return await checkout.cancel_session(call.account_id, call.params["session_id"], actor_of(call))

    return [
        Route(
            "POST", "/v1/sessions-profile", create, WRITE, "Create a session from a payment profile", _SESSIONS,
            body=ProfileSession, query=CreateQuery, answers=SessionCreated, refusals=(InvalidSession,),
            description=_CREATE,
        ),
        Route(
            "POST", "/v1/sessions", create_inline, WRITE, "Create a session with its own configuration", _SESSIONS,
            body=InlineSession, query=CreateQuery, answers=SessionCreated, refusals=(InvalidSession,),
            description=_CREATE,
        ),
        Route(
            "GET", "/v1/sessions/{session_id}", get, READ, "Retrieve a session", _SESSIONS,
            query=IncludesQuery, answers=Session, refusals=(NotFound,),
        ),
        Route(
            "POST", "/v1/sessions/{session_id}/cancel", cancel, WRITE, "Cancel a session", _SESSIONS,
            body=Nothing, body_required=False, answers=Session,
            refusals=(NotCancellable, PaymentUnderWay, *VOID_REFUSED),
            description="Voids an authorization. A session with captured money cannot be cancelled.",
        ),
    ]  # fmt: skip


_CREATE = (
    "`Dintero-Feature-Toggles: strict-session-amounts` refuses an `order.amount` that differs from the sum of the "
    "items and the shipping. `include_session=true` answers the whole session too."
)
