"""The routes of transactions."""

from __future__ import annotations

from typing import Any

import msgspec

from kvitt.checkout.api.common import READ, WRITE, actor_of
from kvitt.checkout.api.refused import CAPTURE_REFUSED, REFUND_REFUSED, VOID_REFUSED
from kvitt.checkout.flows import Checkout
from kvitt.checkout.model.payment import Operation
from kvitt.checkout.model.transaction import Transaction
from kvitt.checkout.rules.answers import of_operation
from kvitt.checkout.wire import (
    Capture,
    IncludesQuery,
    Nothing,
    Refund,
)
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
    ]  # fmt: skip


_OPERATION = (
    "Answers 202 with the header `event-request-id` when the provider has not said what happened: an event with that "
    "`request_id` stands on the transaction, and a later one names it in `correlation_request_id`. A refusal of the "
    "provider is 400 with the code PROVIDER_DECLINED. No capture and no void from `authorization_expires_at` on."
)
_UNKNOWN = "The provider has not said what happened; the header `event-request-id` names the request to look for"
