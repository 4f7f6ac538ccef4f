"""The routes of lists. They answer bare arrays, the newest first; the next page begins behind the last one's id."""

from __future__ import annotations

import msgspec

from kvitt.checkout.api.common import READ
from kvitt.checkout.flows import Checkout
from kvitt.checkout.model.session import Session
from kvitt.checkout.model.transaction import Transaction
from kvitt.checkout.wire.lists import SessionsQuery, TransactionsQuery
from kvitt.web import Answer, Call, Route


def list_routes(checkout: Checkout) -> list[Route]:
    async def transactions(call: Call[None]) -> Answer:
        query: TransactionsQuery = call.query
        found = await checkout.list_transactions(
            call.account_id, query.selection(), query.limit, query.starting_after, query.includes
        )
        return Answer(msgspec.json.encode(found))

    async def sessions(call: Call[None]) -> Answer:
        query: SessionsQuery = call.query
        found = await checkout.list_sessions(call.account_id, query.selection(), query.limit, query.starting_after)
        return Answer(msgspec.json.encode(found))

    return [
        Route(
            "GET", "/v1/transactions", transactions, READ, "List transactions", "Transactions",
            query=TransactionsQuery, answers=list[Transaction], description=_PAGES,
        ),
        Route(
            "GET", "/v1/sessions", sessions, READ, "List sessions", "Sessions",
            query=SessionsQuery, answers=list[Session], description=_PAGES,
        ),
    ]  # fmt: skip


_PAGES = (
    "An array, the newest first. The next page is asked for with the id of its last object as `starting_after`; a page "
    "of very large objects may have fewer than `limit`, and the last page is empty."
)
