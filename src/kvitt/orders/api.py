"""The routes of the order service: /v1/accounts/{aid}/shopping/..."""

from __future__ import annotations

from typing import Any

from kvitt.orders.flows import Orders
from kvitt.orders.model import Draft, Operation, OperationRequest, Order, Origin, Verb
from kvitt.orders.wire import LISTS, CompletedDraft, CompleteRequest, DraftRequest, OperationList
from kvitt.web import Call, Needs, Route

_ROOT = "/v1/accounts/{aid}/shopping"
_DRAFTS = _ROOT + "/draft_orders"
_ORDER = _ROOT + "/orders/{order_id}"
_READ = Needs("shopping", "read")
_WRITE = Needs("shopping", "write")

_EFFECTS = {
    Verb.AUTHORIZE: "Never more than a line costs, and once per line unless the order takes several authorizations.",
    Verb.CAPTURE: "Never more of a line than is authorized and not yet captured or cancelled.",
    Verb.REFUND: "Never more of a line than was captured and not yet given back.",
    Verb.CANCEL: "Never more of a line than is authorized and not yet captured or cancelled.",
}


def routes(orders: Orders) -> list[Route]:
    return [*_draft_routes(orders), _order_route(orders)] + [
        route for verb in Verb for route in _operation_routes(orders, verb)
    ]


def _draft_routes(orders: Orders) -> list[Route]:
    async def create(call: Call[DraftRequest]) -> Draft:
        body = call.body
        return await orders.create_draft(_origin(call), body.order, body.options, body.store, call.once())

    async def get(call: Call[None]) -> Draft:
        return await orders.draft(call.account_id, call.params["draft_id"])

    async def complete(call: Call[CompleteRequest | None]) -> CompletedDraft:
        once = call.once(CompletedDraft)
        return CompletedDraft(await orders.complete(_origin(call), call.params["draft_id"], once))

    return [
        Route(
            "POST",
            _DRAFTS,
            create,
            _WRITE,
            "Create a draft order",
            "Drafts",
            body=DraftRequest,
            answers=Draft,
            refusals=(409,),
            description="Totals are computed from the lines. Nothing is owed until the draft is completed.",
        ),
        Route(
            "GET", f"{_DRAFTS}/{{draft_id}}", get, _READ, "Get a draft order", "Drafts", answers=Draft, refusals=(404,)
        ),
        Route(
            "PUT",
            f"{_DRAFTS}/{{draft_id}}/complete",
            complete,
            _WRITE,
            "Complete a draft order",
            "Drafts",
            body=CompleteRequest,
            body_required=False,
            answers=CompletedDraft,
            refusals=(404, 409),
            description="The draft becomes an order, or adds its lines to one. Completed again, the same order.",
        ),
    ]


def _order_route(orders: Orders) -> Route:
    async def get(call: Call[None]) -> Order:
        return await orders.order(call.account_id, call.params["order_id"])

    return Route(
        "GET",
        _ORDER,
        get,
        _READ,
        "Get an order",
        "Orders",
        answers=Order,
        refusals=(404,),
        description="By its `order_id` or its `id`, with all that was registered on it.",
    )


def _operation_routes(orders: Orders, verb: Verb) -> list[Route]:
    answer = LISTS[verb]

    async def create(call: Call[OperationRequest]) -> Operation:
        return await orders.register(_origin(call), call.params["order_id"], verb, call.body, call.once())

    async def collection(call: Call[None]) -> OperationList:
        return answer(await orders.operations(call.account_id, call.params["order_id"], verb))

    async def details(call: Call[None]) -> Operation:
        return await orders.operation(call.account_id, call.params["order_id"], verb, call.params["operation_id"])

    article = "an" if verb is Verb.AUTHORIZE else "a"
    return [
        Route(
            "POST",
            f"{_ORDER}/{verb}",
            create,
            _WRITE,
            f"Register {article} {verb.noun}",
            "Operations",
            body=OperationRequest,
            answers=Operation,
            refusals=(404, 409),
            description=f"{_EFFECTS[verb]} With `success` false it is recorded and changes no sum.",
        ),
        Route(
            "GET",
            f"{_ORDER}/{verb}",
            collection,
            _READ,
            f"List an order's {verb}",
            "Operations",
            answers=answer,
            refusals=(404,),
        ),
        Route(
            "GET",
            f"{_ORDER}/{verb}/{{operation_id}}",
            details,
            _READ,
            f"Get {article} {verb.noun}",
            "Operations",
            answers=Operation,
            refusals=(404,),
        ),
    ]


def _origin(call: Call[Any]) -> Origin:
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
