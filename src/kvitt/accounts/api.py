"""Routes of accounts: tokens, clients, the published keys."""

from __future__ import annotations

import msgspec

from kvitt.accounts import rules
from kvitt.accounts.flows import Accounts
from kvitt.accounts.refusals import CannotHandOn, ClientIdTaken, TooManyClients, TooManyWrongSecrets, WrongCredentials
from kvitt.accounts.wire import (
    ClientAnswer,
    ClientList,
    ClientRequest,
    Jwk,
    Jwks,
    TokenAnswer,
    TokenRequest,
    client_answer,
)
from kvitt.core.errors import InvalidRequest, NotFound, problem
from kvitt.web import PUBLIC, Answer, Call, Needs, Route

GRANT = "client_credentials"
TAG = "Accounts"


def routes(accounts: Accounts) -> list[Route]:
    async def token(call: Call[TokenRequest]) -> TokenAnswer:
        credentials = rules.basic_credentials(call.header("authorization"))
        if credentials is None:
            raise WrongCredentials("HTTP Basic with client_id and client_secret is required")
        client = await accounts.log_in(call.account_id, *credentials)
        if call.body.grant_type != GRANT:
            raise _wrong("grant_type", f"grant_type must be {GRANT}")
        audience = rules.audience_account(call.body.audience)
        if audience is None:
            raise _wrong("audience", f"audience must be https://<any host>/v1/accounts/{call.account_id}")
        if audience != call.account_id:
            raise _wrong("audience", f"audience is account {audience}, but the path is account {call.account_id}")
        access_token, seconds = await accounts.token(call.account_id, client, call.body.audience)
        return TokenAnswer(access_token, "Bearer", seconds)

    async def jwks(call: Call[None]) -> Answer:
        keys = msgspec.convert(await accounts.keys.published(), list[Jwk])
        return Answer(Jwks(keys), headers={"cache-control": "public, max-age=300"})

    async def create_client(call: Call[ClientRequest]) -> ClientAnswer:
        body = call.body
        made = await accounts.create_client(
            call.account_id,
            body.name,
            body.scopes,
            body.client_id,
            description=body.description,
            created_by=call.caller,
            once=call.once(lambda made: client_answer(*made)),
        )
        return client_answer(*made)

    async def list_clients(call: Call[None]) -> ClientList:
        return ClientList([client_answer(client) for client in await accounts.clients(call.account_id)])

    async def get_client(call: Call[None]) -> ClientAnswer:
        return client_answer(await accounts.client(call.account_id, call.params["id"]))

    async def delete_client(call: Call[None]) -> ClientAnswer:
        return client_answer(await accounts.delete_client(call.account_id, call.params["id"], call.caller))

    base = "/v1/accounts/{aid}/auth"
    read, write = Needs("accounts", "read"), Needs("accounts", "write")
    return [
        Route(
            "POST",
            f"{base}/token",
            token,
            PUBLIC,
            "Get an access token",
            TAG,
            body=TokenRequest,
            form=True,
            answers=TokenAnswer,
            refusals=(WrongCredentials, TooManyWrongSecrets),
            challenge='Basic realm="kvitt", charset="UTF-8"',
            once=False,
            description="HTTP Basic with `client_id` and `client_secret`. The token is good for the account alone.",
        ),
        Route("GET", "/.well-known/jwks.json", jwks, PUBLIC, "The keys that tokens are signed with", TAG, answers=Jwks),
        Route(
            "POST",
            f"{base}/clients",
            create_client,
            write,
            "Create an API client",
            TAG,
            body=ClientRequest,
            answers=ClientAnswer,
            refusals=(NotFound, CannotHandOn, ClientIdTaken, TooManyClients),
            description="The secret is in this answer and nowhere else.",
        ),
        Route("GET", f"{base}/clients", list_clients, read, "List API clients", TAG, answers=ClientList),
        Route(
            "GET",
            f"{base}/clients/{{id}}",
            get_client,
            read,
            "Get an API client",
            TAG,
            answers=ClientAnswer,
            refusals=(NotFound,),
        ),
        Route(
            "DELETE",
            f"{base}/clients/{{id}}",
            delete_client,
            write,
            "Delete an API client",
            TAG,
            answers=ClientAnswer,
            refusals=(NotFound,),
            description="It gets no new tokens; those it has live out their hours.",
        ),
    ]


def _wrong(path: str, message: str) -> InvalidRequest:
    return InvalidRequest(message, problem(message, path))
