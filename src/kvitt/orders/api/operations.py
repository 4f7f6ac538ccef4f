"""The routes of authorizations, captures, refunds and cancellations: one set, the verb is an argument."""

from __future__ import annotations

from kvitt.orders.api import refused
from kvitt.orders.api.common import ORDER, READ, WRITE, origin
from kvitt.orders.flows import Orders
from kvitt.orders.model import Operation, OperationRequest, Verb
from kvitt.orders.wire import LISTS, OperationList
from kvitt.web import Call, Route, expected_version

_EFFECTS = {
    Verb.AUTHORIZE: "Never more than a line costs, and once per line unless the order takes several authorizations.",
    Verb.CAPTURE: "Never more of a line than is authorized and not yet captured or cancelled.",
    Verb.REFUND: "Never more of a line than was captured and not yet given back.",
    Verb.CANCEL: "Never more of a line than is authorized and not yet captured or cancelled.",
}


def operation_routes(orders: Orders) -> list[Route]:
    return [route for verb in Verb for route in _routes_of(orders, verb)]


def _routes_of(orders: Orders, verb: Verb) -> list[Route]:
    answer = LISTS[verb]

    async def create(call: Call[OperationRequest]) -> Operation:
        expected = expected_version(call)
        return await orders.register(origin(call), call.params["order_id"], verb, call.body, call.once(), expected)

    async def collection(call: Call[None]) -> OperationList:
        return answer(await orders.operations(call.account_id, call.params["order_id"], verb))

    async def details(call: Call[None]) -> Operation:
        return await orders.operation(call.account_id, call.params["order_id"], verb, call.params["operation_id"])

    article = "an" if verb is Verb.AUTHORIZE else "a"
    return [
        Route(
            "POST",
            f"{ORDER}/{verb}",
            create,
            WRITE,
            f"Register {article} {verb.noun}",
            "Operations",
            body=OperationRequest,
            answers=Operation,
            refusals=refused.REGISTERING[verb],
            versioned=True,
            description=f"{_EFFECTS[verb]} With `success` false it is recorded and changes no sum.",
        ),
        Route(
            "GET",
            f"{ORDER}/{verb}",
            collection,
            READ,
            f"List an order's {verb}",
            "Operations",
            answers=answer,
            refusals=refused.READING,
        ),
        Route(
            "GET",
            f"{ORDER}/{verb}/{{operation_id}}",
            details,
            READ,
            f"Get {article} {verb.noun}",
            "Operations",
            answers=Operation,
            refusals=refused.READING,
        ),
    ]
