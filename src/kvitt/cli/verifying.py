"""`kvitt verify`."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from kvitt.cli.common import JsonFlag, err, out
from kvitt.config import ConfigError, read_config


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
