"""The routes of drafts: made, read, listed, changed, thrown away, completed."""

from __future__ import annotations

from kvitt.core.paging import token_of
from kvitt.orders.api import refused
from kvitt.orders.api.common import READ, ROOT, WRITE, origin
from kvitt.orders.flows import Orders
from kvitt.orders.model import Draft
from kvitt.orders.wire import (
    CompletedDraft,
    CompleteQuery,
    CompleteRequest,
    DraftList,
    DraftRequest,
    DraftsQuery,
    DraftUpdate,
)
from kvitt.web import Answer, Call, Route, expected_version

DRAFTS = f"{ROOT}/draft_orders"
DRAFT = f"{DRAFTS}/{{draft_id}}"
TAG = "Drafts"


def draft_routes(orders: Orders) -> list[Route]:
    async def create(call: Call[DraftRequest]) -> Draft:
        body = call.body
        return await orders.create_draft(origin(call), body.order, body.options, body.store, call.once())

    async def collection(call: Call[None]) -> Answer:
        query: DraftsQuery = call.query
        selection = query.selection()
        found = await orders.drafts(call.account_id, selection, query.limit + 1)
        shown, more = found[: query.limit], len(found) > query.limit
        token = token_of((shown[-1].created_at, shown[-1].id)) if more else None
        headers = {}
        if query.total:
            headers["total-count"] = str(await orders.count_drafts(call.account_id, selection))
        return Answer(DraftList(shown, token, token), headers=headers)

    async def get(call: Call[None]) -> Draft:
        return await orders.draft(call.account_id, call.params["draft_id"], include_events=True)

    async def update(call: Call[DraftUpdate]) -> Draft:
        body, id = call.body, call.params["draft_id"]
        expected = expected_version(call, body.version)
        return await orders.update_draft(origin(call), id, body.order, body.options, body.store, expected, call.once())

    async def delete(call: Call[None]) -> Draft:
        return await orders.delete_draft(origin(call), call.params["draft_id"], expected_version(call))

    async def complete(call: Call[CompleteRequest | None]) -> CompletedDraft:
        id, said = call.params["draft_id"], call.body.version if call.body is not None else None
        expected = expected_version(call, said)
        if call.query.dry_run:
            made, plan = await orders.preview(origin(call), id, expected)
            return CompletedDraft(made, dry_run=True, plan=plan)
        return CompletedDraft(await orders.complete(origin(call), id, call.once(CompletedDraft), expected))

    return [
        Route(
            "POST",
            DRAFTS,
            create,
            WRITE,
            "Create a draft order",
            TAG,
            body=DraftRequest,
            answers=Draft,
            refusals=refused.CREATING_DRAFT,
            description="Totals are computed from the lines. Nothing is owed until the draft is completed.",
        ),
        Route(
            "GET",
            DRAFTS,
            collection,
            READ,
            "List draft orders",
            TAG,
            query=DraftsQuery,
            answers=DraftList,
            description="Newest first, without their `events`. The next page is asked for by `starting_after`.",
        ),
        Route("GET", DRAFT, get, READ, "Get a draft order", TAG, answers=Draft, refusals=refused.READING),
        Route(
            "PUT",
            DRAFT,
            update,
            WRITE,
            "Update a draft order",
            TAG,
            body=DraftUpdate,
            answers=Draft,
            refusals=refused.UPDATING_DRAFT,
            versioned=True,
            description="As long as it is open. A `version` (or `If-Match`) that is not the draft's latest is refused "
            "with 409 and the latest.",
        ),
        Route(
            "DELETE",
            DRAFT,
            delete,
            WRITE,
            "Delete a draft order",
            TAG,
            answers=Draft,
            refusals=refused.DELETING_DRAFT,
            versioned=True,
            description="It stays readable with status `deleted`, and is changed and completed no more.",
        ),
        Route(
            "PUT",
            f"{DRAFT}/complete",
            complete,
            WRITE,
            "Complete a draft order",
            TAG,
            body=CompleteRequest,
            body_required=False,
            query=CompleteQuery,
            answers=CompletedDraft,
            refusals=refused.COMPLETING_DRAFT,
            versioned=True,
            description="The draft becomes an order (or several, with `split_draft`), adds its lines to one, or "
            "replaces one. Completed again, the same orders. With `dry_run` nothing is changed: the answer shows the "
            "orders as they would become, and a plan for their payments.",
        ),
    ]
