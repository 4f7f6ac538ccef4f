"""What the commands share: where they print, how they reach the database, how they fail."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Annotated, NoReturn, TypeVar

import typer
from rich.console import Console

from kvitt.config import Config, read_config

T = TypeVar("T")

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


def with_database(work: Callable[[Config], Awaitable[T]]) -> T:
    """Runs `work` on an up-to-date database, beside a running server or without one."""
    from kvitt.database import database
    from kvitt.upgrade import bring_up_to_date

    config = read_config()
    with database(config) as url:
        bring_up_to_date(url, err.print)

        async def call() -> T:
            return await work(replace(config, database_url=url))

        return asyncio.run(call())


def fail(reason: str) -> NoReturn:
    err.print(f"[red]Error:[/red] {reason}", soft_wrap=True)
    raise typer.Exit(1)
