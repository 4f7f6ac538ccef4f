"""`kvitt accounts`, `kvitt clients`, `kvitt keys`."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from kvitt.cli.common import JsonFlag, err, fail, out, with_database
from kvitt.config import Config

accounts = typer.Typer(help="Accounts: T… is a test account, P… a live one.", no_args_is_help=True)
clients = typer.Typer(help="API clients: the keys a shop calls the API with.", no_args_is_help=True)
keys = typer.Typer(help="The keys that access tokens are signed with.", no_args_is_help=True)

_ZONE = "Where its days begin and end, for exports: an IANA name, e.g. Europe/Oslo."


@accounts.command("create")
def create_account(
    account_id: Annotated[str, typer.Argument(help="T or P and eight digits, e.g. T12345678.", metavar="ACCOUNT")],
    name: Annotated[str, typer.Option(help="The shop's name, shown on the payment page.")],
    time_zone: Annotated[str, typer.Option(help=_ZONE)] = "UTC",
    as_json: JsonFlag = False,
) -> None:
    """Create an account. A T account starts with a payment profile `default` that offers what a Nordic shop would."""

    async def work(config: Config) -> None:
        from kvitt.app import opened

        async with opened(config) as kvitt:
            account = await kvitt.accounts.create_account(account_id, name, time_zone)
        if as_json:
            print(json.dumps({"id": account.id, "name": account.name, "time_zone": account.time_zone}))
        else:
            out.print(f"Account {account.id} ({account.name}) is ready.")
            out.print(
                f"Next: kvitt clients create {account.id} --name Shop --scope admin:checkout --scope admin:shopping"
            )

    with_database(work)


@accounts.command("update")
def update_account(
    account_id: Annotated[str, typer.Argument(help="The account to change.", metavar="ACCOUNT")],
    name: Annotated[str | None, typer.Option(help="The shop's name; the payment page keeps its profile's.")] = None,
    time_zone: Annotated[str | None, typer.Option(help=_ZONE)] = None,
    as_json: JsonFlag = False,
) -> None:
    """Change an account's name or time zone. What is not given stays."""
    if name is None and time_zone is None:
        fail("Nothing to change: say --name or --time-zone.")

    async def work(config: Config) -> None:
        from kvitt.app import opened

        async with opened(config) as kvitt:
            account = await kvitt.accounts.update_account(account_id, name, time_zone)
        if as_json:
            print(json.dumps({"id": account.id, "name": account.name, "time_zone": account.time_zone}))
        else:
            out.print(f"Account {account.id}: {account.name}, times in {account.time_zone}.", markup=False)

    with_database(work)


@clients.command("create")
def create_client(
    account_id: Annotated[str, typer.Argument(help="The account the keys are for.", metavar="ACCOUNT")],
    name: Annotated[str, typer.Option(help="What the keys are for.")],
    scope: Annotated[list[str], typer.Option(help="What they may do, e.g. admin:checkout. Repeat for more.")],
    as_json: JsonFlag = False,
) -> None:
    """Create an API client and print its client_id and client_secret. The secret is shown this once."""

    async def work(config: Config) -> None:
        from kvitt.app import opened

        async with opened(config) as kvitt:
            client, secret = await kvitt.accounts.create_client(account_id, name, scope)
        if as_json:
            print(json.dumps({"client_id": client.client_id, "client_secret": secret, "scopes": sorted(client.scopes)}))
        else:
            out.print(f"client_id      {client.client_id}")
            out.print(f"client_secret  {secret}")
            err.print("The secret cannot be shown again: only its hash is stored.")

    with_database(work)


@keys.command("rotate")
def rotate_keys() -> None:
    """Sign new tokens with a new key. Tokens made with the old one stay good until they expire."""

    async def work(config: Config) -> None:
        from kvitt.app import opened

        async with opened(config) as kvitt:
            kid = await kvitt.accounts.rotate_keys()
        out.print(f"New tokens are signed with key {kid}.")

    with_database(work)
