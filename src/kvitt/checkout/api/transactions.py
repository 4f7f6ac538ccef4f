"""The routes of transactions."""

from __future__ import annotations

from typing import Any

import msgspec

from kvitt.checkout.api.common import READ, WRITE, actor_of
from kvitt.checkout.api.refused import ADJUST_REFUSED, CAPTURE_REFUSED, REFUND_REFUSED, VOID_REFUSED
from kvitt.checkout.flows import Checkout
from kvitt.checkout.model.payment import Operation
from kvitt.checkout.model.transaction import Transaction
from kvitt.checkout.rules.answers import of_adjustment, of_operation
from kvitt.checkout.wire import (
    Capture,
    IncludesQuery,
    Nothing,
    Refund,
)
from kvitt.checkout.wire.transactions import AuthorizationUpdate, TransactionUpdate
from kvitt.core.errors import NotFound, Refusal
from kvitt.web import Answer, Call, Route

_TRANSACTIONS = "Transactions"


def transaction_routes(checkout: Checkout) -> list[Route]:
    async def get(call: Call[None]) -> Transaction:
        return await checkout.get_transaction(call.account_id, call.params["id"], call.query.includes)

    async def capture(call: Call[Capture]) -> Answer:
        return await operate(call, call.body.operation())

    async def refund(call: Call[Refund]) -> Answer:
        return await operate(call, call.body.operation())

    async def void(call: Call[Nothing | None]) -> Answer:
        return await operate(call, Operation("void"))

    async def update(call: Call[TransactionUpdate]) -> Transaction:
        reference = call.body.merchant_reference_2
        return await checkout.update_transaction(call.account_id, call.params["id"], reference, actor_of(call))

    async def adjust(call: Call[AuthorizationUpdate | None]) -> Answer:
        asked = (call.body or AuthorizationUpdate()).change()
        settled = await checkout.adjust(call.account_id, call.params["id"], asked, actor_of(call))
        return Answer.of(of_adjustment(settled.record, settled.attempt))

    async def operate(call: Call[Any], operation: Operation) -> Answer:
        settled = await checkout.operate(call.account_id, call.params["id"], operation, actor_of(call))
        return Answer.of(of_operation(settled.record, settled.attempt))

    def operation(handler: Any, body: type[msgspec.Struct], summary: str, refusals: tuple[type[Refusal], ...]) -> Route:
        return Route(
            "POST", f"/v1/transactions/{{id}}/{summary.lower()}", handler, WRITE, summary, _TRANSACTIONS, body=body,
            body_required=body is not Nothing, answers=Transaction, refusals=refusals, accepted=_UNKNOWN,
            description=_OPERATION,
        )  # fmt: skip

    return [
        Route(
            "GET", "/v1/transactions/{id}", get, READ, "Retrieve a transaction", _TRANSACTIONS,
            query=IncludesQuery, answers=Transaction, refusals=(NotFound,),
        ),
        operation(capture, Capture, "Capture", CAPTURE_REFUSED),
        operation(refund, Refund, "Refund", REFUND_REFUSED),
        operation(void, Nothing, "Void", VOID_REFUSED),
        Route(
            "PUT", "/v1/transactions/{id}", update, WRITE, "Update a transaction", _TRANSACTIONS,
            body=TransactionUpdate, answers=Transaction, refusals=(NotFound,), description=_UPDATE,
        ),
        Route(
            "POST", "/v1/transactions/{id}/authorization", adjust, WRITE, "Update an authorization", _TRANSACTIONS,
            body=AuthorizationUpdate, body_required=False, answers=Transaction, refusals=ADJUST_REFUSED,
            accepted=_UNKNOWN, description=_ADJUST,
        ),
    ]  # fmt: skip


_OPERATION = (
    "Answers 202 with the header `event-request-id` when the provider has not said what happened: an event with that "
    "`request_id` stands on the transaction, and a later one names it in `correlation_request_id`. A refusal of the "
    "provider is 400 with the code PROVIDER_DECLINED. No capture and no void from `authorization_expires_at` on."
)
_UPDATE = "Sets `merchant_reference_2`, whatever became of the payment; nothing else of a transaction can be changed."
_ADJUST = (
    "With `amount`: changes how much is authorized, where the payment product can. A pre-authorization "
    "(`configuration.pre_authorization`) only grows, until `final_authorization` says the last word. Without: it holds "
    "for longer, or what is on hold is approved, where that is the shop's to say. The outcome is an AUTHORIZE event "
    "with all that is authorized then. Answers 202, as the other operations do, when the provider has not said what "
    "happened."
)
_UNKNOWN = "The provider has not said what happened; the header `event-request-id` names the request to look for"
