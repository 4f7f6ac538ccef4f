"""Fills an account with believable orders or payments: python -m bench.seed --orders 1000000 (or --transactions)

Into the database that KVITT_DATABASE_URL names, or the data folder's own (KVITT_DATA_DIR).
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import asyncpg
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

from bench.seed.batch import UNTIL, Run
from bench.seed.run import PROCESSES, Done, NotSeeded, seed
from kvitt.config import ConfigError, read_config
from kvitt.core.errors import KvittError
from kvitt.core.ids import ACCOUNT_ID, is_test_account
from kvitt.database import database
from kvitt.store.embedded import EmbeddedError
from kvitt.upgrade import bring_up_to_date

ACCOUNT = "T10000001"


class _Rate(ProgressColumn):
    def render(self, task: object) -> Text:
        speed = getattr(task, "speed", None)
        return Text(f"{speed:,.0f}/s" if speed else "")


def show(url: str, run: Run, processes: int = PROCESSES) -> Done:
    """Seeds with a progress bar on standard error."""
    columns = (TextColumn("seeding"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("seeding", total=run.count)
        return seed(url, run, lambda more: bar.advance(task, more), processes)


def main() -> int:
    options = _options()
    table: Literal["orders", "transactions"] = "transactions" if options.transactions else "orders"
    run = Run(options.account, options.transactions or options.orders, options.seed, options.until, table=table)
    try:
        config = read_config()
        if options.data_dir is not None:
            config = replace(config, data_dir=options.data_dir, database_url=None)
        with database(config) as url:
            bring_up_to_date(url)
            done = show(url, run, options.processes)
    except (ConfigError, EmbeddedError, KvittError, NotSeeded) as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        print(f"Error: the database was lost: {error}. The same command goes on from here.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped; nothing is there by half. The same command goes on from here.", file=sys.stderr)
        return 130
    made = done.tally.made["all", ""]
    rate = f" ({made / done.written:,.0f} a second)" if made else ""
    print(f"{made:,} {table} and {done.tally.events:,} log entries in {done.written:.0f} s{rate}")
    print(f"sealed and analyzed in {done.finished:.0f} s. Account {run.account_id} has {run.count:,} {table}.")
    for member in ("status", "payment_status", "currency", "payment_product_type"):
        found = {value: count for (name, value), count in done.tally.made.items() if name == member}
        if not found:
            continue
        print(f"{member}: {', '.join(f'{value} {count:,}' for value, count in sorted(found.items()))}")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.seed", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--orders", type=count, default=20_000, help="how many [20000]")
    parser.add_argument("--transactions", type=count, help="how many, instead of orders")
    parser.add_argument(
        "--account", type=test_account, default=ACCOUNT, help=f"a test account, made if there is none [{ACCOUNT}]"
    )
    parser.add_argument("--seed", type=int, default=1, help="another one gives other orders [1]")
    parser.add_argument("--until", type=day, default=UNTIL, help="the two years end before this day [2026-11-01]")
    parser.add_argument("--processes", type=count, default=PROCESSES, help=f"at once [{PROCESSES}]")
    parser.add_argument("--data-dir", type=Path, help="a data folder of its own, whatever the environment says")
    return parser.parse_args()


def count(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 100_000_000:
        raise ValueError(text)
    return number


def test_account(text: str) -> str:
    if not (ACCOUNT_ID.match(text) and is_test_account(text)):
        raise ValueError(text)
    return text


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


if __name__ == "__main__":
    sys.exit(main())
