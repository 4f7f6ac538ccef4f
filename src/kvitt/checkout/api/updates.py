"""The shop updates its session; the page locks it for that."""

from __future__ import annotations

from kvitt.checkout.api.common import READ_OR_WRITE, actor_of, customer_of, toggles_of
from kvitt.checkout.flows import Checkout, UpdateOptions
from kvitt.checkout.model.session import Session
from kvitt.checkout.model.updates import SessionUpdate
from kvitt.checkout.rules.creation import STRICT_AMOUNTS
from kvitt.checkout.rules.refusals import (
    InvalidSession,
    PaymentUnderWay,
    SessionCancelled,
    SessionCompleted,
    SessionExpired,
    SessionFull,
    SessionNotLocked,
    ShopSilent,
)
from kvitt.checkout.wire import Nothing
from kvitt.checkout.wire.updates import UpdateQuery
from kvitt.checkout.wire.view import Locked
from kvitt.core.errors import NotFound
from kvitt.web import PUBLIC, Call, Route

ENDED = (SessionCompleted, SessionCancelled, SessionExpired, PaymentUnderWay, SessionFull, NotFound)


def update_routes(checkout: Checkout) -> list[Route]:
    async def update(call: Call[SessionUpdate]) -> Session:
        options = UpdateOptions(
            without_lock=call.query.update_without_lock,
            ask_again=call.query.force_shipping_address_callback,
            strict=STRICT_AMOUNTS in toggles_of(call),
        )
        sid = call.params["session_id"]
        return await checkout.update_session(call.account_id, sid, call.body, options, actor_of(call))

    async def lock(call: Call[Nothing | None]) -> Locked:
        sid = call.params["sid"]
        return Locked(await checkout.lock(sid, customer_of(call, sid, Locked)))

    return [
        Route(
            "PUT", "/v1/sessions/{session_id}", update, READ_OR_WRITE, "Update a session", "Sessions",
            body=SessionUpdate, query=UpdateQuery, answers=Session,
            refusals=(InvalidSession, SessionNotLocked, ShopSilent, *ENDED), description=_UPDATE,
        ),
        Route(
            "POST", "/v1/view/{sid}/session/lock", lock, PUBLIC, "The page locks a session for the shop",
            "Payment page", body=Nothing, body_required=False, answers=Locked, refusals=ENDED, description=_LOCK,
        ),
    ]  # fmt: skip


_UPDATE = (
    "As long as nobody paid it. The members of `order` that are there replace the session's, the others stay; "
    "`express.shipping_options` and `express.shipping_mode` likewise, and what else is in `express` is ignored. The "
    "amount has to be the sum of the items and the shipping. The page has to lock the session first, or the update "
    "says `update_without_lock=true`; the lock goes unless `remove_lock` is false. Where the session has a shipping "
    "address and a `shipping_address_callback_url`, the shop is asked for its shipping unless the update names it."
)
_LOCK = (
    "Nobody pays a locked session. The lock ends with the shop's update, or by itself at `expires_at`, two minutes "
    "later. A session that is locked already keeps its `pay_lock_id`, and its two minutes begin anew."
)
