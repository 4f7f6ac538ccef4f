"""The command line. Each command is a few lines here; what it does stands in the module it names."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Annotated, TypeVar

import typer
from rich.console import Console

from kvitt import __version__
from kvitt.config import Config, ConfigError, read_config
from kvitt.core.errors import KvittError, Refusal

T = TypeVar("T")

app = typer.Typer(
    name="kvitt",
    help="Order management and checkout, self-hosted, speaking Dintero's API on the wire.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
accounts = typer.Typer(help="Accounts: T… is a test account, P… a live one.", no_args_is_help=True)
clients = typer.Typer(help="API clients: the keys a shop calls the API with.", no_args_is_help=True)
keys = typer.Typer(help="The keys that access tokens are signed with.", no_args_is_help=True)
app.add_typer(accounts, name="accounts")
app.add_typer(clients, name="clients")
app.add_typer(keys, name="keys")

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


def _version(value: bool) -> None:
    if value:
        out.print(f"kvitt {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    _: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    """Settings come from the environment: KVITT_DATABASE_URL, KVITT_DATA_DIR, KVITT_PUBLIC_URL, KVITT_PORT, …"""


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on [KVITT_HOST, 127.0.0.1].")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port to listen on [KVITT_PORT, 8080].")] = None,
    workers: Annotated[int | None, typer.Option(min=1, max=256, help="Server processes [KVITT_WORKERS, 1].")] = None,
) -> None:
    """Start the server: both APIs, the payment page, timers and deliveries. Brings the database up to date first."""
    from kvitt.database import database
    from kvitt.logs import set_up_logs
    from kvitt.server import serve as run
    from kvitt.store.migrate import migrate as bring_up_to_date

    config = read_config()
    config = replace(config, host=host or config.host, port=port or config.port, workers=workers or config.workers)
    set_up_logs(config.log_level, config.log_format)
    with database(config, keep_running=True) as url:
        bring_up_to_date(url)
        where = "KVITT_DATABASE_URL" if config.database_url else f"embedded PostgreSQL in {config.data_dir}"

        def ready() -> None:
            err.print(f"kvitt {__version__} on {config.base_url}  (database: {where})")
            err.print(f"API reference: {config.base_url}/docs   stop with Ctrl-C")

        run(replace(config, database_url=url), ready)


@app.command()
def migrate() -> None:
    """Bring the database's tables up to date (`serve` does this by itself)."""
    from kvitt.database import database
    from kvitt.store.migrate import migrate as bring_up_to_date

    with database(read_config()) as url:
        before, after = bring_up_to_date(url)
    out.print(f"Already up to date: {after}" if before == after else f"Migrated from {before or 'nothing'} to {after}")


@app.command()
def demo(
    once: Annotated[bool, typer.Option("--once", help="End after the journey; exit 1 if a step went wrong.")] = False,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port to listen on; any free one by default.")
    ] = None,
) -> None:
    """Start kvitt and watch one order go from draft to refunded, step by step, over HTTP."""
    from kvitt.demo import run_demo

    config = read_config()
    if "KVITT_DATA_DIR" not in os.environ:
        config = replace(config, data_dir=config.data_dir / "demo")
    raise typer.Exit(run_demo(config, port=port, once=once, console=out))


@accounts.command("create")
def create_account(
    account_id: Annotated[str, typer.Argument(help="T or P and eight digits, e.g. T12345678.", metavar="ACCOUNT")],
    name: Annotated[str, typer.Option(help="The shop's name, shown on the payment page.")],
    as_json: JsonFlag = False,
) -> None:
    """Create an account. A T account starts with a payment profile `default` that offers the sandbox's card."""

    async def work(config: Config) -> None:
        from kvitt.app import opened

        async with opened(config) as kvitt:
            account = await kvitt.accounts.create_account(account_id, name)
        if as_json:
            print(json.dumps({"id": account.id, "name": account.name}))
        else:
            out.print(f"Account {account.id} ({account.name}) is ready.")
            out.print(
                f"Next: kvitt clients create {account.id} --name Shop --scope admin:checkout --scope admin:shopping"
            )

    _with_database(work)


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

    _with_database(work)


@keys.command("rotate")
def rotate_keys() -> None:
    """Sign new tokens with a new key. Tokens made with the old one stay good until they expire."""

    async def work(config: Config) -> None:
        from kvitt.app import opened

        async with opened(config) as kvitt:
            kid = await kvitt.accounts.rotate_keys()
        out.print(f"New tokens are signed with key {kid}.")

    _with_database(work)


@app.command()
def pay(
    session_url: Annotated[str, typer.Argument(metavar="SESSION_URL", help="The `url` a session was created with.")],
    card: Annotated[str, typer.Option(help="Card number; see docs/guides/test-cards.md.")] = "4000000000000002",
    expiry: Annotated[str, typer.Option(help="MM/YY.")] = "12/30",
    cvc: Annotated[str, typer.Option(help="Three digits.")] = "123",
) -> None:
    """Act as the customer: pay a session over HTTP as the page does. Prints the transaction id as its last word."""
    import httpx

    from kvitt.customer import Card, NotPaid
    from kvitt.customer import pay as pay_session

    try:
        paid = asyncio.run(pay_session(session_url, Card(card.replace(" ", ""), expiry, cvc)))
    except (NotPaid, ValueError) as error:
        _fail(str(error))
    except httpx.HTTPError as error:
        _fail(f"The server at {session_url} does not answer: {error or type(error).__name__}")
    err.print(f"Paid. The shop's page: {paid.redirect_url}", soft_wrap=True)
    print(f"transaction {paid.transaction_id}")


@app.command()
def listen(
    forward_to: Annotated[str, typer.Option(help="Where to post the events, e.g. http://localhost:3000/hook.")],
    account: Annotated[str, typer.Option(envvar="KVITT_ACCOUNT", help="The account whose events these are.")],
    client_id: Annotated[str, typer.Option(envvar="KVITT_CLIENT_ID", help="A client that holds read:hooks.")],
    client_secret: Annotated[str, typer.Option(envvar="KVITT_CLIENT_SECRET", help="Better not typed here.")],
    url: Annotated[str, typer.Option(help="The kvitt server.")] = "http://127.0.0.1:8080",
    types: Annotated[
        list[str] | None, typer.Option("--type", help="Only these, e.g. order.created or order.*. Repeat for more.")
    ] = None,
    after: Annotated[str | None, typer.Option(help="Go on behind this cursor; by default with what is new.")] = None,
    from_start: Annotated[bool, typer.Option("--from-start", help="Begin with the account's first event.")] = False,
) -> None:
    """Post the account's events to a receiver on your machine as they happen. See docs/guides/events.md."""
    from kvitt.listen import CannotListen, Listener

    if after and from_start:
        _fail("--after and --from-start exclude each other.")
    listener = Listener(
        url.rstrip("/"), account, client_id, client_secret, forward_to, tuple(types or ()),
        None if from_start else after or "latest",
        tell=lambda line: print(line, flush=True),
        warn=lambda line: err.print(line, soft_wrap=True, markup=False),
    )  # fmt: skip
    err.print(f"Events of {account} go to {forward_to}   stop with Ctrl-C", soft_wrap=True, markup=False)
    try:
        asyncio.run(listener.run())
    except KeyboardInterrupt:
        if listener.after not in (None, "latest"):
            err.print(f"Stopped. To go on from here: --after {listener.after}", soft_wrap=True)
    except CannotListen as error:
        _fail(str(error))


@app.command()
def verify(
    account: Annotated[str | None, typer.Option(help="Only this account, e.g. T12345678.")] = None,
    anchor: Annotated[
        list[str] | None, typer.Option(help="A seal as an earlier report printed it: it must be the same. Repeatable.")
    ] = None,
    database_url: Annotated[str | None, typer.Option(help="Another database [KVITT_DATABASE_URL].")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Re-derive every amount and status, walk the log's hash chain, compare; read-only. Exit 1 on any difference.

    Runs beside a server too. Exit 2 when nothing could be verified. See docs/guides/verify.md.
    """
    from kvitt.database import database
    from kvitt.store.embedded import EmbeddedError
    from kvitt.verify.command import NOT_DONE, NotVerified, run

    try:
        config = read_config()
        with database(replace(config, database_url=database_url or config.database_url)) as url:
            code = run(url, account, anchor or (), json=as_json, out=out, err=err)
    except (ConfigError, EmbeddedError, NotVerified) as error:
        err.print(f"[red]Error:[/red] {error}", soft_wrap=True)
        raise typer.Exit(NOT_DONE) from error
    raise typer.Exit(code)


def _with_database(work: Callable[[Config], Awaitable[T]]) -> T:
    """Runs `work` on an up-to-date database, beside a running server or without one."""
    from kvitt.database import database
    from kvitt.store.migrate import migrate as bring_up_to_date

    config = read_config()
    with database(config) as url:
        bring_up_to_date(url)

        async def call() -> T:
            return await work(replace(config, database_url=url))

        return asyncio.run(call())


def _fail(reason: str) -> None:
    err.print(f"[red]Error:[/red] {reason}", soft_wrap=True)
    raise typer.Exit(1)


def main() -> None:
    """The entry point: what is refused is one clear line and exit 1, never a trace."""
    from kvitt.server import ServeError
    from kvitt.store.embedded import EmbeddedError

    try:
        app()
    except Refusal as refusal:
        places = [f"  {p.path or ''} {p.message}".rstrip() for p in refusal.problems]
        err.print("\n".join([f"[red]Error:[/red] {refusal.message}", *places]), soft_wrap=True)
        sys.exit(1)
    except (ConfigError, EmbeddedError, ServeError, KvittError) as error:
        err.print(f"[red]Error:[/red] {error}", soft_wrap=True)
        sys.exit(1)
