"""All batches of a run, in some processes at once, each batch whole or not at all; then sealed and analyzed.

Seeding the same again goes on where it was stopped: a batch whose first document is there is there whole. An account
with other orders (transactions) is refused, unless all that is to be seeded is there: then they came later.
"""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import signal
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass

import asyncpg

from bench.seed.batch import Run, Tally, changes_of
from bench.seed.payments import payments_of
from bench.seed.write import connect, write
from kvitt.app import opened
from kvitt.config import Config
from kvitt.core.errors import NotFound

PROCESSES = 2
TABLES = {
    "orders": "orders, order_list, order_words, drafts, claims, log",
    "transactions": "transactions, transaction_list, transaction_words, sessions, session_list, session_words, log, "
    "postings, sandbox.movements, sandbox.payments",
}

Progress = Callable[[int], None]
"""Told how many more there are."""


class NotSeeded(Exception):
    """Nothing was done; the message says why."""


@dataclass
class Done:
    """`tally`: what was made now. `seconds`: of writing, and of sealing and analyzing them."""

    tally: Tally
    written: float = 0.0
    finished: float = 0.0


async def prepare(database_url: str, run: Run) -> list[int]:
    """Makes the account if there is none. The batches that are still to be made; NotSeeded for others' orders."""
    async with opened(Config(database_url=database_url)) as kvitt:
        try:
            await kvitt.accounts.account(run.account_id)
        except NotFound:
            await kvitt.accounts.create_account(run.account_id, "Torget AS")
    connection = await asyncpg.connect(database_url)
    try:
        firsts = {run.first_id(batch): batch for batch in range(run.batches)}
        rows = await connection.fetch(
            f"select id from {run.table} where account_id = $1 and id = any($2)", run.account_id, list(firsts)
        )
        there = {firsts[row["id"]] for row in rows}
        count = await connection.fetchval(f"select count(*) from {run.table} where account_id = $1", run.account_id)
    finally:
        await connection.close()
    if len(there) < run.batches and count != sum(len(run.numbers(batch)) for batch in there):
        raise NotSeeded(
            f"Account {run.account_id} has {run.table} already that are not of this seed and size. Seed another "
            f"account (--account T…), or the same again (the same --{run.table}, --seed and --until)."
        )
    return [batch for batch in range(run.batches) if batch not in there]


def seed(database_url: str, run: Run, progress: Progress, processes: int = PROCESSES) -> Done:
    """Ctrl-C stops after the batches that are under way. Raises NotSeeded."""
    missing = asyncio.run(prepare(database_url, run))
    progress(run.count - sum(len(run.numbers(batch)) for batch in missing))
    done = Done(Tally(Counter()))
    began = time.monotonic()
    if missing:
        done.tally = _make(database_url, run, missing, progress, min(processes, len(missing)))
    done.written = time.monotonic() - began
    began = time.monotonic()
    asyncio.run(finish(database_url, run, changed=bool(missing)))
    done.finished = time.monotonic() - began
    return done


def _make(database_url: str, run: Run, batches: list[int], progress: Progress, processes: int) -> Tally:
    tally = Tally(Counter())
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context, _begin, (database_url,)) as pool:
        running: set[Future[Tally]] = set()
        try:
            for batch in batches:  # a few at a time, so that stopping means to stop
                running.add(pool.submit(_make_batch, run, batch))
                if len(running) > 2 * processes:
                    running = _collect(running, tally, progress)
            while running:
                running = _collect(running, tally, progress)
        except KeyboardInterrupt:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    return tally


def _collect(running: set[Future[Tally]], tally: Tally, progress: Progress) -> set[Future[Tally]]:
    done, rest = wait(running, return_when=FIRST_COMPLETED)
    for future in done:
        made = future.result()
        tally.add(made)
        progress(made.made["all", ""])
    return rest


async def finish(database_url: str, run: Run, *, changed: bool) -> None:
    """What the planner has to know, and the chain over the log, as the service makes it. Sealing is last: an account
    that is sealed was finished before, and `changed` says that there is more of it now."""
    async with opened(Config(database_url=database_url)) as kvitt:
        sealed, more = await kvitt.store.seal(run.account_id)
        if not (changed or sealed or more):
            return
        connection = await asyncpg.connect(database_url, server_settings={"maintenance_work_mem": "256MB"})
        try:
            await connection.execute(f"vacuum (analyze) {TABLES[run.table]}", timeout=3600)
        finally:
            await connection.close()
        while more:
            sealed, more = await kvitt.store.seal(run.account_id)
            if more and not sealed:
                await asyncio.sleep(0.1)  # somebody else's transaction still runs


# -- in the processes ------------------------------------------------------------------------------------------------

_writer: tuple[asyncio.Runner, object] | None = None


def _begin(database_url: str) -> None:
    """Ctrl-C is for the parent to understand."""
    global _writer
    gc.set_threshold(100_000, 50, 1000)  # a batch makes no cycles, and is gone when the next begins
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    runner = asyncio.Runner()
    _writer = runner, runner.run(connect(database_url))


def _make_batch(run: Run, batch: int) -> Tally:
    assert _writer is not None
    runner, connection = _writer
    if run.table == "transactions":
        changes, movements, tally = payments_of(run, batch)
    else:
        (changes, tally), movements = changes_of(run, batch), []
    runner.run(write(connection, changes, movements))
    return tally
