"""Lists of transactions with very many of them: python -m bench.transactions --transactions 1000000

Every filter, the first page and one behind half of what matches, at some clients. The transactions lie in a data folder
of their own, and are seeded when they are not there: with a million of them that takes some minutes, once.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

import asyncpg
import msgspec
from rich.console import Console
from rich.progress import Progress

from bench.lists.client import Clients
from bench.lists.pages import Cell, measure_mixed, measure_pages
from bench.lists.scene import keys_of, settle
from bench.lists.show import pages_of
from bench.machine import Server, fetch_token, free_port
from bench.seed.__main__ import ACCOUNT
from bench.seed.__main__ import show as seed_with_progress
from bench.seed.batch import Run
from bench.transactions.filters import Filter, filters_of
from kvitt.core.paging import NEWEST_FIRST
from kvitt.store.embedded import Embedded
from kvitt.upgrade import bring_up_to_date

_decode = msgspec.json.Decoder(tuple[msgspec.Raw, ...]).decode


def main() -> int:
    options = _options()
    folder = options.data_dir or Path(tempfile.gettempdir()) / f"kvitt-seed-transactions-{options.transactions}"
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    database = Embedded(folder)
    database.start()
    try:
        bring_up_to_date(database.url)
        seed_with_progress(database.url, Run(ACCOUNT, options.transactions, table="transactions"))
        cells, mixed = _measure(database.url, options)
    finally:
        database.leave()
    print(f"{options.transactions:,} transactions, {options.clients} clients")
    if options.json:
        print(json.dumps([asdict(cell) for cell in cells], indent=1))
    else:
        print("\n".join(pages_of(cells, mixed, "transactions")))
    return 0


def _measure(url: str, options: argparse.Namespace) -> tuple[list[Cell], tuple[float, float]]:
    with Server(url, free_port()) as server:
        keys = asyncio.run(keys_of(url, ACCOUNT))
        clients = Clients(server.port, fetch_token(server.url, keys), options.clients)
        settle(server)
        chosen = [each for each in asyncio.run(_filters(url)) if options.only in each.name]
        with Progress(console=Console(stderr=True)) as bar:
            task = bar.add_task("pages", total=sum(2 if each.matches else 1 for each in chosen))
            cells = measure_pages(
                clients, ACCOUNT, chosen, options.times, lambda n: bar.advance(task, n), sorts=[NEWEST_FIRST],
                count=lambda body: len(_decode(body)),
            )  # fmt: skip
        return cells, measure_mixed(clients, cells, 20 * options.times)


async def _filters(url: str) -> list[Filter]:
    connection = await asyncpg.connect(url)
    try:
        return await filters_of(connection, ACCOUNT)
    finally:
        await connection.close()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench.transactions", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--transactions", type=int, default=1_000_000, help="in the account [1000000]")
    parser.add_argument("--clients", type=int, default=8, help="at once [8]")
    parser.add_argument("--times", type=int, default=64, help="requests of each filter and place [64]")
    parser.add_argument(
        "--data-dir", type=Path, help="where they lie [kvitt-seed-transactions-N in the temporary folder]"
    )
    parser.add_argument("--only", default="", help="only filters whose name holds this")
    parser.add_argument("--json", action="store_true", help="print all figures as JSON")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
