"""The routes of checkout: sessions, transactions and profiles for the shop; view, pay and give up for the customer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from kvitt.checkout.flows import Actor, Checkout
from kvitt.checkout.model.payment import Operation
from kvitt.checkout.model.profile import Profile
from kvitt.checkout.model.session import Session, SessionOptions
from kvitt.checkout.model.transaction import Transaction
from kvitt.checkout.model.view import PayAnswer, View
from kvitt.checkout.rules.answers import of_operation, of_payment
from kvitt.checkout.rules.refusals import (
    AuthorizationExpired,
    InvalidCard,
    InvalidSession,
    NoProvider,
    NotCancellable,
    NotCapturable,
    NotRefundable,
    NotVoidable,
    OnlyInFull,
    OperationUnderWay,
    PaymentDeclined,
    PaymentUnderWay,
    ProductNotOffered,
    ProviderDeclined,
    SessionCancelled,
    SessionCompleted,
    SessionExpired,
    SessionLocked,
    TooManyTries,
)
from kvitt.checkout.wire import (
    Abandoned,
    Capture,
    CreateQuery,
    IncludesQuery,
    InlineSession,
    Nothing,
    Pay,
    ProfileSession,
    Refund,
    SessionCreated,
    recognised,
)
from kvitt.core.errors import AmountExceedsRemaining, NotFound, Refusal
from kvitt.web import PUBLIC, Answer, Call, Needs, Route

_WRITE = Needs("checkout", "write")
_READ = Needs("checkout", "read")
_PROFILES = Needs("checkout", "read", also=("write",))
_OPERATION_REFUSED = (ProviderDeclined, OperationUnderWay, NoProvider, NotFound)
_CAPTURE_REFUSED = (NotCapturable, AmountExceedsRemaining, OnlyInFull, AuthorizationExpired, *_OPERATION_REFUSED)
_REFUND_REFUSED = (NotRefundable, AmountExceedsRemaining, OnlyInFull, *_OPERATION_REFUSED)
_VOID_REFUSED = (NotVoidable, AuthorizationExpired, *_OPERATION_REFUSED)
_PAY_REFUSED = (
    PaymentDeclined, InvalidCard, ProductNotOffered, NoProvider, SessionCompleted, SessionCancelled, SessionExpired,
    TooManyTries, PaymentUnderWay, SessionLocked, NotFound,
)  # fmt: skip
_SESSIONS, _TRANSACTIONS, _CUSTOMER, _ADMIN = "Sessions", "Transactions", "Payment page", "Payment profiles"


def actor_of(call: Call[Any], answer: Callable[[Any], msgspec.Struct] | None = None) -> Actor:
    """The shop that calls, with the headers that name the calling system. `answer`: made from the flow's own."""
    by = call.caller.subject if call.caller is not None else None
    return Actor(call.request_id, by, call.headers_with_prefix("dintero-system-") or None, call.once(answer))


def customer_of(
    call: Call[Any],
    session_id: str,
    answer: Callable[[Any], msgspec.Struct] | None = None,
    recognised: Callable[[], bytes] | None = None,
) -> Actor:
    """The customer. Their browser names no system; their keys are their session's own, and never in the shop's way."""
    return Actor(call.request_id, once=call.once(answer, within=session_id, recognised=recognised))


def routes(checkout: Checkout) -> list[Route]:
    return [
        *session_routes(checkout),
        *transaction_routes(checkout),
        *profile_routes(checkout),
        *customer_routes(checkout),
    ]


def session_routes(checkout: Checkout) -> list[Route]:
    async def create(call: Call[ProfileSession]) -> SessionCreated:
        return await made(call, call.body)

    async def create_inline(call: Call[InlineSession]) -> SessionCreated:
        return await made(call, msgspec.structs.replace(call.body, profile_id=None))

    async def made(call: Call[Any], options: SessionOptions) -> SessionCreated:
        listed = call.header("dintero-feature-toggles") or ""
        toggles = frozenset(toggle.strip() for toggle in listed.split(","))

        def answer(session: Session) -> SessionCreated:
            whole = session if call.query.include_session else None
            return SessionCreated(session.id, checkout.page_url(session.id), whole)

        return answer(await checkout.create_session(call.account_id, options, toggles, actor_of(call, answer)))

    async def get(call: Call[None]) -> Session:
        return await checkout.get_session(call.account_id, call.params["session_id"], call.query.includes)

    async def cancel(call: Call[Nothing | None]) -> Session:
        return await checkout.cancel_session(call.account_id, call.params["session_id"], actor_of(call))

    return [
        Route(
            "POST", "/v1/sessions-profile", create, _WRITE, "Create a session from a payment profile", _SESSIONS,
            body=ProfileSession, query=CreateQuery, answers=SessionCreated, refusals=(InvalidSession,),
            description=_CREATE,
        ),
        Route(
            "POST", "/v1/sessions", create_inline, _WRITE, "Create a session with its own configuration", _SESSIONS,
            body=InlineSession, query=CreateQuery, answers=SessionCreated, refusals=(InvalidSession,),
            description=_CREATE,
        ),
        Route(
            "GET", "/v1/sessions/{session_id}", get, _READ, "Retrieve a session", _SESSIONS,
            query=IncludesQuery, answers=Session, refusals=(NotFound,),
        ),
        Route(
            "POST", "/v1/sessions/{session_id}/cancel", cancel, _WRITE, "Cancel a session", _SESSIONS,
            body=Nothing, body_required=False, answers=Session,
            refusals=(NotCancellable, PaymentUnderWay, *_VOID_REFUSED),
            description="Voids an authorization. A session with captured money cannot be cancelled.",
        ),
    ]  # fmt: skip


def transaction_routes(checkout: Checkout) -> list[Route]:
    async def get(call: Call[None]) -> Transaction:
        return await checkout.get_transaction(call.account_id, call.params["id"], call.query.includes)

    async def capture(call: Call[Capture]) -> Answer:
        return await operate(call, call.body.operation())

    async def refund(call: Call[Refund]) -> Answer:
        return await operate(call, call.body.operation())

    async def void(call: Call[Nothing | None]) -> Answer:
        return await operate(call, Operation("void"))

    async def operate(call: Call[Any], operation: Operation) -> Answer:
        settled = await checkout.operate(call.account_id, call.params["id"], operation, actor_of(call))
        return Answer.of(of_operation(settled.record, settled.attempt))

    def operation(handler: Any, body: type[msgspec.Struct], summary: str, refusals: tuple[type[Refusal], ...]) -> Route:
        return Route(
            "POST", f"/v1/transactions/{{id}}/{summary.lower()}", handler, _WRITE, summary, _TRANSACTIONS, body=body,
            body_required=body is not Nothing, answers=Transaction, refusals=refusals, accepted=_UNKNOWN,
            description=_OPERATION,
        )  # fmt: skip

    return [
        Route(
            "GET", "/v1/transactions/{id}", get, _READ, "Retrieve a transaction", _TRANSACTIONS,
            query=IncludesQuery, answers=Transaction, refusals=(NotFound,),
        ),
        operation(capture, Capture, "Capture", _CAPTURE_REFUSED),
        operation(refund, Refund, "Refund", _REFUND_REFUSED),
        operation(void, Nothing, "Void", _VOID_REFUSED),
    ]  # fmt: skip


def profile_routes(checkout: Checkout) -> list[Route]:
    async def all_of_them(call: Call[None]) -> Answer:
        return Answer(msgspec.json.encode(await checkout.list_profiles(call.account_id)))

    async def one(call: Call[None]) -> Profile:
        return await checkout.get_profile(call.account_id, call.params["profile_id"])

    return [
        Route(
            "GET", "/v1/admin/session/profiles", all_of_them, _PROFILES, "List payment profiles", _ADMIN,
            answers=list[Profile],
        ),
        Route(
            "GET", "/v1/admin/session/profiles/{profile_id}", one, _PROFILES, "Retrieve a payment profile", _ADMIN,
            answers=Profile, refusals=(NotFound,),
        ),
    ]  # fmt: skip


def customer_routes(checkout: Checkout) -> list[Route]:
    async def view(call: Call[None]) -> Answer:
        return Answer(await checkout.view(call.params["sid"]), headers={"cache-control": "no-store"})

    async def pay(call: Call[Pay]) -> Answer:
        body, sid = call.body, call.params["session_id"]
        customer = customer_of(call, sid, recognised=lambda: recognised(body))
        return Answer.of(of_payment(await checkout.pay(sid, body.payment_product_type, body.card, customer)))

    async def abandon(call: Call[Nothing | None]) -> Abandoned:
        sid = call.params["sid"]
        return Abandoned(await checkout.abandon(sid, customer_of(call, sid, Abandoned)))

    return [
        Route(
            "GET", "/v1/view/{sid}/session", view, PUBLIC, "What the customer sees of a session", _CUSTOMER,
            answers=View, refusals=(NotFound,),
        ),
        Route(
            "POST", "/v1/sessions/{session_id}/pay", pay, PUBLIC, "Pay a session", _CUSTOMER,
            body=Pay, answers=PayAnswer, refusals=_PAY_REFUSED, description=_PAY,
        ),
        Route(
            "POST", "/v1/view/{sid}/session/abandon", abandon, PUBLIC, "The customer gives up", _CUSTOMER,
            body=Nothing, body_required=False, answers=Abandoned,
            refusals=(NotFound, SessionCompleted, PaymentUnderWay),
        ),
    ]  # fmt: skip


_CREATE = (
    "`Dintero-Feature-Toggles: strict-session-amounts` refuses an `order.amount` that differs from the sum of the "
    "items and the shipping. `include_session=true` answers the whole session too."
)
_OPERATION = (
    "Answers 202 with the header `event-request-id` when the provider has not said what happened: an event with that "
    "`request_id` stands on the transaction, and a later one names it in `correlation_request_id`. A refusal of the "
    "provider is 400 with the code PROVIDER_DECLINED. No capture and no void from `authorization_expires_at` on."
)
_UNKNOWN = "The provider has not said what happened; the header `event-request-id` names the request to look for"
_PAY = (
    "The session's id is all the customer needs. A declined payment is 400 with the code Rejected, and the session "
    "stays open for another try; when the outcome is not known yet, `poll_url` tells it later."
)
