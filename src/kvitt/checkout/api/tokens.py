"""The routes of card tokens."""

from __future__ import annotations

import msgspec

from kvitt.checkout.api.common import WRITE, actor_of
from kvitt.checkout.flows import Checkout
from kvitt.checkout.model.token import CardToken
from kvitt.checkout.wire.tokens import TokenDeletion, TokensQuery
from kvitt.core.errors import NotFound
from kvitt.web import Answer, Call, Route

_TOKENS = "Card tokens"


def token_routes(checkout: Checkout) -> list[Route]:
    async def all_of_them(call: Call[None]) -> Answer:
        query: TokensQuery = call.query
        after = query.starting_after or query.cursor
        found = await checkout.list_card_tokens(
            call.account_id, query.filters(), query.statuses(), query.include_deleted, query.limit, after
        )
        return Answer(msgspec.json.encode(found), headers=_PRIVATE)

    async def one(call: Call[None]) -> Answer:
        return Answer(await checkout.get_card_token(call.account_id, call.params["token_id"]), headers=_PRIVATE)

    async def delete(call: Call[TokenDeletion | None]) -> CardToken:
        said = call.body or TokenDeletion()
        id = call.params["token_id"]
        return await checkout.delete_card_token(call.account_id, id, said.reason, said.requestor, actor_of(call))

    return [
        Route(
            "GET", "/v1/card-tokens", all_of_them, WRITE, "List card tokens", _TOKENS, query=TokensQuery,
            answers=list[CardToken], description=_LIST,
        ),
        Route(
            "GET", "/v1/card-tokens/{token_id}", one, WRITE, "Retrieve a card token", _TOKENS, answers=CardToken,
            refusals=(NotFound,),
        ),
        Route(
            "DELETE", "/v1/card-tokens/{token_id}", delete, WRITE, "Delete a card token", _TOKENS, body=TokenDeletion,
            body_required=False, answers=CardToken, refusals=(NotFound,), description=_DELETE,
        ),
    ]  # fmt: skip


_PRIVATE = {"cache-control": "no-store"}
_LIST = "Newest first; those that were deleted only with `include_deleted` or by their `status`."
_DELETE = "It pays no more, and stays readable with status DELETED. Deleting it again changes nothing."
