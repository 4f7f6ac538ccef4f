"""The commands of whoever runs kvitt: serve, migrate, demo."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Annotated

import typer

from kvitt import __version__
from kvitt.cli.common import err, out
from kvitt.config import read_config


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on [KVITT_HOST, 127.0.0.1].")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port to listen on [KVITT_PORT, 8080].")] = None,
    workers: Annotated[int | None, typer.Option(min=1, max=256, help="Server processes [KVITT_WORKERS, 1].")] = None,
) -> None:
    """Start the server: both APIs, the payment page, timers and deliveries. Brings the database up to date first."""
    from kvitt.database import database
    from kvitt.logs import set_up_logs
    from kvitt.server import serve as run
    from kvitt.upgrade import bring_up_to_date

    config = read_config()
    config = replace(config, host=host or config.host, port=port or config.port, workers=workers or config.workers)
    set_up_logs(config.log_level, config.log_format)
    with database(config, keep_running=True) as url:
        bring_up_to_date(url, err.print)
        where = "KVITT_DATABASE_URL" if config.database_url else f"embedded PostgreSQL in {config.data_dir}"

        def ready() -> None:
            err.print(f"kvitt {__version__} on {config.base_url}  (database: {where})")
            err.print(f"API reference: {config.base_url}/docs   stop with Ctrl-C")

        run(replace(config, database_url=url), ready)


def migrate() -> None:
    """Bring the database's tables up to date (`serve` does this by itself).

    After servers of an older release ran beside a newer one, run it once more: it lists the orders they made.
    """
    from kvitt.database import database
    from kvitt.upgrade import bring_up_to_date

    with database(read_config()) as url:
        before, after = bring_up_to_date(url, err.print, thoroughly=True)
    out.print(f"Already up to date: {after}" if before == after else f"Migrated from {before or 'nothing'} to {after}")


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
