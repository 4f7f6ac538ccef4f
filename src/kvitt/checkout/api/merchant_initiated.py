"""The routes that need no customer, or no money: paying with a saved card, and a session to save one."""

from __future__ import annotations

from kvitt.checkout.api.common import WRITE, actor_of
from kvitt.checkout.flows import Checkout
from kvitt.checkout.model.merchant_initiated import MerchantInitiated
from kvitt.checkout.model.session import Session
from kvitt.checkout.rules.refusals import InvalidSession, NoProvider, PaymentUnderWay, ReferenceUsed
from kvitt.checkout.wire import CreateQuery, SessionCreated
from kvitt.checkout.wire.merchant_initiated import PayUnattended, SaveCard
from kvitt.core.idempotency import Replayed
from kvitt.web import Answer, Call, Route

_SESSIONS = "Sessions"


def merchant_initiated_routes(checkout: Checkout) -> list[Route]:
    async def pay(call: Call[PayUnattended]) -> Answer:
        payment = call.body.payment
        listed = call.header("dintero-feature-toggles") or ""
        toggles = frozenset(toggle.strip() for toggle in listed.split(","))
        options, actor = call.body.options(), actor_of(call)
        try:
            said = await checkout.pay_unattended(
                call.account_id, options, payment.payment_product_type, payment.operation, toggles, actor
            )
        except Replayed as known:  # what is remembered names the token by its id
            raise Replayed(await checkout.naming_token(call.account_id, known.reply)) from None
        return Answer.of(await checkout.naming_token(call.account_id, said))

    async def save_card(call: Call[SaveCard]) -> SessionCreated:
        provider = call.body.token_provider

        def answer(session: Session) -> SessionCreated:
            whole = session if call.query.include_session else None
            return SessionCreated(session.id, checkout.page_url(session.id), whole)

        return answer(
            await checkout.create_token_session(
                call.account_id,
                call.body.options(),
                provider.payment_product_type,
                provider.token_types,
                provider.token_supported_auth_methods,
                actor_of(call, answer),
            )
        )

    return [
        Route(
            "POST", "/v1/sessions/pay", pay, WRITE, "Pay with a saved card while the customer is away", _SESSIONS,
            body=PayUnattended, answers=MerchantInitiated, accepted=_UNKNOWN, description=_PAY,
            refusals=(InvalidSession, ReferenceUsed, NoProvider, PaymentUnderWay), refusal_says=_FAILED,
        ),
        Route(
            "POST", "/v1/sessions/payment-token", save_card, WRITE, "Create a session that saves a card", _SESSIONS,
            body=SaveCard, query=CreateQuery, answers=SessionCreated, refusals=(InvalidSession,), description=_SAVE,
        ),
    ]  # fmt: skip


_FAILED = {"success": False, "actions": []}
_PAY = (
    "Makes a session and pays it, in one request. A decline is answered with 200 too: `success` is false, the status "
    "is FAILED, and the last event's `error` says why and whether the card may be tried again (`retry_policy`). "
    "`Dintero-Feature-Toggles: strict-merchant-reference` refuses a reference that any session has, "
    "`strict-success-merchant-reference` one that was paid, or is being paid (409). Send an `Idempotency-Key`, or one "
    "of the toggles, where the same request may be sent twice."
)
_UNKNOWN = (
    "The provider has not said what happened: `success` is false and the status INITIATED. The transaction tells it "
    "later, and so does the callback"
)
_SAVE = (
    "The customer pays nothing on its page. Afterwards `GET /v1/transactions/{id}?includes=card.payment_token` (or "
    "`card.recurrence_token`) shows the token."
)
