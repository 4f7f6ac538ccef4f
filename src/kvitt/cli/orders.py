"""`kvitt orders`."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import typer

from kvitt.cli.common import err, fail, with_database
from kvitt.config import Config

orders = typer.Typer(help="Orders: take them along as a file.", no_args_is_help=True)

DAY = "%Y-%m-%d"


class Kind(StrEnum):
    CSV = "csv"
    LINES = "lines"
    JSONL = "jsonl"


class Decimals(StrEnum):
    POINT = "point"
    COMMA = "comma"


@orders.callback()
def _group() -> None:
    """Orders: take them along as a file."""


@orders.command("export")
def export(
    account: Annotated[str, typer.Option(envvar="KVITT_ACCOUNT", help="The account whose orders these are.")],
    kind: Annotated[
        Kind, typer.Option("--format", help="csv: a row an order; lines: a row an order line; jsonl: as GET answers.")
    ] = Kind.CSV,
    output: Annotated[str, typer.Option("--output", "-o", metavar="FILE", help="- is the standard output.")] = "-",
    force: Annotated[bool, typer.Option("--force", help="Replace FILE when it exists.")] = False,
    first: Annotated[
        datetime | None, typer.Option("--from", formats=[DAY], help="Made on this day or later, in the time zone.")
    ] = None,
    last: Annotated[
        datetime | None, typer.Option("--to", formats=[DAY], help="Made on this day or before, in the time zone.")
    ] = None,
    status: Annotated[list[str] | None, typer.Option(help="open, closed or cancelled. Repeat for more.")] = None,
    filters: Annotated[
        list[str] | None,
        typer.Option("--filter", metavar="NAME=VALUE", help="Any parameter of GET …/orders.csv. Repeat for more."),
    ] = None,
    time_zone: Annotated[str | None, typer.Option(help="Instead of the account's, e.g. Europe/Oslo.")] = None,
    decimal: Annotated[
        Decimals | None, typer.Option(help="comma: 398,00, and semicolons between the cells of a table.")
    ] = None,
    bom: Annotated[bool, typer.Option("--bom", help="Begin a table with the mark by which Excel knows UTF-8.")] = False,
) -> None:
    """Write orders to a file, the oldest first. See docs/guides/export.md."""
    from kvitt.core.zones import zone
    from kvitt.exporting import STDOUT, NotExported, asked, days, write, writing
    from kvitt.orders.wire.export import JsonLinesQuery, TableQuery

    pairs = [("status", text) for text in status or ()]
    for given in filters or ():
        name, equals, value = given.partition("=")
        if not equals:
            fail(f"--filter {given}: it must be NAME=VALUE, e.g. payment_status=paid")
        pairs.append((name, value))
    if kind is Kind.LINES:
        pairs.append(("rows", "lines"))
    if decimal is not None:
        pairs.append(("decimal", decimal))
    if bom:
        pairs.append(("bom", "true"))

    async def work(config: Config) -> None:
        from kvitt.app import opened

        async with opened(config) as kvitt:
            place = zone(time_zone or await kvitt.accounts.time_zone_of(account))
            parameters = [*pairs, *days(first and first.date(), last and last.date(), place)]
            if kind is Kind.JSONL:
                query = asked(JsonLinesQuery, parameters)
                form = query.format()
            else:
                table = query = asked(TableQuery, parameters)
                form = table.table(place)
            selection = query.selection()
            with writing(output, force=force) as file:
                total = await kvitt.orders.count_orders(account, selection)
                written = await write(kvitt.orders.export(account, selection, form, query.limit), file, total, err)
        where = "" if output == STDOUT else f" in {output}"
        err.print(f"{written:,} {'order' if written == 1 else 'orders'}{where}", markup=False, soft_wrap=True)

    try:
        with_database(work)
    except NotExported as error:
        fail(str(error))
