"""The routes of drafts."""

from __future__ import annotations

from kvitt.orders.api.common import READ, ROOT, WRITE, origin
from kvitt.orders.flows import Orders
from kvitt.orders.model import Draft
from kvitt.orders.wire import CompletedDraft, CompleteRequest, DraftRequest
from kvitt.web import Call, Route

_DRAFTS = f"{ROOT}/draft_orders"


def draft_routes(orders: Orders) -> list[Route]:
    async def create(call: Call[DraftRequest]) -> Draft:
        body = call.body
        return await orders.create_draft(origin(call), body.order, body.options, body.store, call.once())

    async def get(call: Call[None]) -> Draft:
        return await orders.draft(call.account_id, call.params["draft_id"])

    async def complete(call: Call[CompleteRequest | None]) -> CompletedDraft:
        once = call.once(CompletedDraft)
        return CompletedDraft(await orders.complete(origin(call), call.params["draft_id"], once))

    return [
        Route(
            "POST",
            _DRAFTS,
            create,
            WRITE,
            "Create a draft order",
            "Drafts",
            body=DraftRequest,
            answers=Draft,
            refusals=(409,),
            description="Totals are computed from the lines. Nothing is owed until the draft is completed.",
        ),
        Route(
            "GET", f"{_DRAFTS}/{{draft_id}}", get, READ, "Get a draft order", "Drafts", answers=Draft, refusals=(404,)
        ),
        Route(
            "PUT",
            f"{_DRAFTS}/{{draft_id}}/complete",
            complete,
            WRITE,
            "Complete a draft order",
            "Drafts",
            body=CompleteRequest,
            body_required=False,
            answers=CompletedDraft,
            refusals=(404, 409),
            description="The draft becomes an order, or adds its lines to one. Completed again, the same order.",
        ),
    ]
