"""Lists, searches, creation and export with very many orders: python -m bench.lists --orders 1000000

The orders lie in a data folder of their own, and are seeded when they are not there: with a million of them that takes
some minutes and some 15 GB, once.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path

import asyncpg
import psutil
from rich.console import Console
from rich.progress import Progress

from bench.lists import show
from bench.lists.client import Clients
from bench.lists.creating import FEW, Cost, Place, measure_creation
from bench.lists.exporting import Export, export_by_command, export_over_http
from bench.lists.filters import Filter, filters_of
from bench.lists.pages import Cell, measure_gets, measure_mixed, measure_pages, some_ids
from bench.lists.scene import keys_of, settle
from bench.machine import Keys, Server, fetch_token, free_port, temporary_database
from bench.seed.__main__ import ACCOUNT
from bench.seed.__main__ import show as seed_with_progress
from bench.seed.batch import Run
from kvitt.store.embedded import Embedded
from kvitt.upgrade import bring_up_to_date

PARTS = ("pages", "gets", "creation", "export")
NEW_ACCOUNT = "T10000009"


@dataclass
class Report:
    orders: int
    clients: int
    cells: list[Cell] = field(default_factory=list)
    mixed: tuple[float, float] = (0.0, 0.0)
    gets: tuple[float, float] = (0.0, 0.0)
    costs: list[Cost] = field(default_factory=list)
    exports: list[Export] = field(default_factory=list)


def main() -> int:
    options = _options()
    folder = options.data_dir or Path(tempfile.gettempdir()) / f"kvitt-seed-{options.orders}"
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    database = Embedded(folder)
    database.start()
    try:
        bring_up_to_date(database.url)
        seed_with_progress(database.url, Run(ACCOUNT, options.orders))
        report = _measure(database.url, options)
    finally:
        database.leave()
    print(json.dumps(asdict(report), indent=1) if options.json else "\n".join(show.lines_of(report)))
    return 0


def _measure(url: str, options: argparse.Namespace) -> Report:
    report = Report(options.orders, options.clients)
    with ExitStack() as stack:
        server = stack.enter_context(Server(url, free_port()))
        keys = asyncio.run(keys_of(url, ACCOUNT))
        keys.token = fetch_token(server.url, keys)
        clients = Clients(server.port, keys.token, options.clients)
        settle(server)
        if "gets" in options.parts:
            report.gets = measure_gets(clients, ACCOUNT, asyncio.run(_ids(url)))
        if "pages" in options.parts:
            chosen = [each for each in asyncio.run(_filters(url)) if options.only in each.name]
            with Progress(console=Console(stderr=True)) as bar:
                task = bar.add_task("pages", total=sum(12 if each.matches else 6 for each in chosen))
                report.cells = measure_pages(clients, ACCOUNT, chosen, options.times, lambda n: bar.advance(task, n))
            report.mixed = measure_mixed(clients, report.cells, 20 * options.times)
        if "creation" in options.parts:
            report.costs = _creation(stack, url, server, keys, options)
        if "export" in options.parts:
            report.exports = _exports(url, server, keys)
    return report


def _creation(stack: ExitStack, url: str, server: Server, keys: Keys, options: argparse.Namespace) -> list[Cost]:
    """In a small database, in a new account beside the large one, and in that itself."""
    small = stack.enter_context(temporary_database())
    seed_with_progress(small.url, Run(ACCOUNT, FEW))
    other = stack.enter_context(Server(small.url, free_port()))
    places = []
    for name, at, of, account_id in (
        (f"a database with {FEW:,} orders", other, small.url, ACCOUNT),
        (f"a new account beside {options.orders:,}", server, url, NEW_ACCOUNT),
        (f"the account with {options.orders:,}", server, url, ACCOUNT),
    ):
        own = keys if of == url and account_id == ACCOUNT else asyncio.run(keys_of(of, account_id))
        own.token = fetch_token(at.url, own)
        clients = Clients(at.port, own.token, options.clients)
        places.append(Place(name, account_id, clients))
    return measure_creation(places, options.rounds, options.each)


def _exports(url: str, server: Server, keys: Keys) -> list[Export]:
    assert server.process is not None
    process, base = psutil.Process(server.process.pid), f"{server.url}/v1/accounts/{ACCOUNT}/shopping"
    return [
        export_over_http(process, f"{base}/orders.csv", keys.token, "GET …/orders.csv"),
        export_over_http(process, f"{base}/orders.jsonl", keys.token, "GET …/orders.jsonl"),
        export_by_command(url, ACCOUNT, "kvitt orders export"),
        export_by_command(url, ACCOUNT, "kvitt orders export --format jsonl", "--format", "jsonl"),
    ]


async def _filters(url: str) -> list[Filter]:
    connection = await asyncpg.connect(url)
    try:
        return await filters_of(connection, ACCOUNT)
    finally:
        await connection.close()


async def _ids(url: str) -> list[str]:
    connection = await asyncpg.connect(url)
    try:
        return await some_ids(connection, ACCOUNT, 10_000)
    finally:
        await connection.close()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.lists", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--orders", type=int, default=1_000_000, help="in the account [1000000]")
    parser.add_argument("--clients", type=int, default=8, help="at once [8]")
    parser.add_argument("--times", type=int, default=64, help="requests of each filter, sort and place [64]")
    parser.add_argument("--rounds", type=int, default=20, help="of creation [20]")
    parser.add_argument("--each", type=int, default=100, help="orders made in a round [100]")
    parser.add_argument("--data-dir", type=Path, help="where the orders lie [kvitt-seed-N in the temporary folder]")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS), help="only these")
    parser.add_argument("--only", default="", help="only filters whose name holds this")
    parser.add_argument("--json", action="store_true", help="print all figures as JSON")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
