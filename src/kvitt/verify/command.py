"""The command: opens the database for reading, verifies, prints, and says with its exit code how it went."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from rich.console import Console

from kvitt.core.errors import Unavailable
from kvitt.core.ids import ACCOUNT_ID
from kvitt.store.verifying import reading
from kvitt.verify.report import Anchor, Report
from kvitt.verify.run import verify
from kvitt.verify.show import as_json, lines_of, telling

CLEAN, DIFFERENT, NOT_DONE = 0, 1, 2


class NotVerified(Exception):
    """Nothing was verified; the message says why."""


def run(
    database_url: str, account_id: str | None, anchors: Sequence[str], *, json: bool, out: Console, err: Console
) -> int:
    """0: clean. 1: there are differences. Raises NotVerified when it could not be done."""
    if account_id is not None and not ACCOUNT_ID.match(account_id):
        raise NotVerified(f"{account_id} is no account id: T or P and eight digits")
    try:
        kept = [Anchor.of(text) for text in anchors]
    except ValueError as error:
        raise NotVerified(
            "An anchor is an account, a number and a hash, as the report prints them: T…:8:9b1f…"
        ) from error
    try:
        report = asyncio.run(_verify(database_url, account_id, kept, json, err))
    except* Unavailable as errors:
        raise NotVerified(str(_first(errors))) from None
    if json:
        print(as_json(report), file=out.file)
    else:
        for line in lines_of(report):
            out.print(line, soft_wrap=True, markup=False)
    return DIFFERENT if report.total else CLEAN


async def _verify(
    database_url: str, account_id: str | None, anchors: Sequence[Anchor], quiet: bool, console: Console
) -> Report:
    async with reading(database_url, account_id) as own:
        if account_id is not None and not await own.knows(account_id):
            raise Unavailable(f"There is no account {account_id}")
        with telling(console, await own.counts(), quiet) as told:
            return await verify(own, told, anchors)


def _first(error: BaseException) -> BaseException:
    return _first(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error
