"""The command line. Each command is a few lines here; what it does stands in the module it names."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from kvitt import __version__
from kvitt.cli.accounts import accounts, clients, keys
from kvitt.cli.common import err, out
from kvitt.cli.developing import listen, pay
from kvitt.cli.orders import orders
from kvitt.cli.page_scripts import page_scripts
from kvitt.cli.serving import demo, migrate, serve
from kvitt.cli.verifying import verify
from kvitt.config import ConfigError
from kvitt.core.errors import KvittError, Refusal

app = typer.Typer(
    name="kvitt",
    help="Order management and checkout, self-hosted, speaking Dintero's API on the wire.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (serve, migrate, demo, pay, listen, verify, page_scripts):
    app.command()(command)
app.add_typer(accounts, name="accounts")
app.add_typer(clients, name="clients")
app.add_typer(keys, name="keys")
app.add_typer(orders, name="orders")


def _version(value: bool) -> None:
    if value:
        out.print(f"kvitt {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    _: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    """Settings come from the environment: KVITT_DATABASE_URL, KVITT_DATA_DIR, KVITT_PUBLIC_URL, KVITT_PORT, …"""


def main() -> None:
    """The entry point: what is refused is one clear line and exit 1, never a trace."""
    from kvitt.server import ServeError
    from kvitt.store.embedded import EmbeddedError

    try:
        app()
    except Refusal as refusal:
        told = [p for p in refusal.problems if p.path or p.message != refusal.message]
        places = [f"  {p.path or ''} {p.message}".rstrip() for p in told]
        err.print("\n".join([f"[red]Error:[/red] {refusal.message}", *places]), soft_wrap=True)
        sys.exit(1)
    except (ConfigError, EmbeddedError, ServeError, KvittError) as error:
        err.print(f"[red]Error:[/red] {error}", soft_wrap=True)
        sys.exit(1)
