"""What the customer calls: view, pay, give up. The id of the session lets them in."""

from __future__ import annotations

from kvitt.checkout.api.common import customer_of
from kvitt.checkout.api.refused import PAY_REFUSED
from kvitt.checkout.flows import Checkout
from kvitt.checkout.model.view import PayAnswer, View
from kvitt.checkout.rules.answers import of_payment
from kvitt.checkout.rules.preconditions import HEADER
from kvitt.checkout.rules.refusals import (
    PaymentUnderWay,
    SessionCompleted,
)
from kvitt.checkout.wire import (
    Abandoned,
    Nothing,
    Pay,
    recognised,
)
from kvitt.core.errors import NotFound
from kvitt.web import PUBLIC, Answer, Call, Route

_CUSTOMER = "Payment page"


def customer_routes(checkout: Checkout) -> list[Route]:
    async def view(call: Call[None]) -> Answer:
        return Answer(await checkout.view(call.params["sid"]), headers={"cache-control": "no-store"})

    async def pay(call: Call[Pay]) -> Answer:
        body, sid = call.body, call.params["session_id"]
        customer = customer_of(call, sid, recognised=lambda: recognised(body))
        unmodified = call.header(HEADER)
        payment = await checkout.pay(
            sid, body.payment_product_type, body.card, customer, body.payer(), unmodified, body.checkboxes
        )
        return Answer.of(of_payment(payment))

    async def cancel_payment(call: Call[Nothing | None]) -> Answer:
        sid = call.params["sid"]
        return Answer(await checkout.cancel_payment(sid, customer_of(call, sid)), headers={"cache-control": "no-store"})

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
            body=Pay, answers=PayAnswer, refusals=PAY_REFUSED, description=_PAY,
        ),
        Route(
            "POST", "/v1/view/{sid}/session/payment/cancel", cancel_payment, PUBLIC,
            "The customer gives up a payment that waits for them", _CUSTOMER, body=Nothing, body_required=False,
            answers=View, refusals=(NotFound,), description=_CANCEL,
        ),
        Route(
            "POST", "/v1/view/{sid}/session/abandon", abandon, PUBLIC, "The customer gives up", _CUSTOMER,
            body=Nothing, body_required=False, answers=Abandoned,
            refusals=(NotFound, SessionCompleted, PaymentUnderWay),
        ),
    ]  # fmt: skip


_CANCEL = (
    "Where `waiting` stands in the session, its payment ends and never goes through; the session is open for another "
    "try. Had the customer said yes already, the session is paid. Nothing happens when nothing waits."
)
_PAY = (
    "The session's id is all the customer needs. A declined payment is 400 with the code Rejected, and the session "
    "stays open for another try; when the outcome is not known yet, `poll_url` tells it later. Where the customer has "
    "to say yes at their bank or in an app, `approval_url` (and `redirect_url`) is where they go on. "
    "`If-Unmodified-Since` (the `version` or `updated_at` of the session's view) refuses to pay what was not seen: 412."
)
