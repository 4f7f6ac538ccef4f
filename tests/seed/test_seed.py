"""The seeded orders: the same every time, clean to `kvitt verify`, and what the service itself would have made."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest
from rich.console import Console

from kvitt.checkout.model.session import SESSIONS
from kvitt.checkout.model.transaction import TRANSACTIONS
from kvitt.core.change import Change, encode_text
from kvitt.orders.flows import Orders
from kvitt.orders.model import ORDERS, OperationRequest, Origin, Verb
from kvitt.orders.model.events import ServiceEventRequest
from kvitt.orders.model.updates import CancelRequest, CommentRequest, OrderUpdate
from kvitt.orders.queries import draft_row
from kvitt.orders.rules.history import Entry
from kvitt.orders.wire import DraftRequest
from kvitt.store import Selection, Store
from kvitt.verify import command

sys.path.append(str(Path(__file__).parents[2]))
from bench.seed.batch import Run, changes_of, lives_of
from bench.seed.payments import payments_of
from bench.seed.run import NotSeeded, prepare, seed
from bench.seed.write import connect, write

ROOT = Path(__file__).parents[2]
FIXED = "T10000001"
"""The account of lives that are the same in every test run: what happens in them follows from the account too."""
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


@asynccontextmanager
async def writer(database_url: str) -> AsyncIterator[Any]:
    connection = await connect(database_url)
    try:
        yield connection
    finally:
        await connection.close()


@pytest.fixture
def run(account_id: str) -> Run:
    return Run(account_id, 300, size=100)


def verified(database_url: str, account_id: str) -> tuple[int, str]:
    out, err = Console(file=StringIO(), width=200), Console(file=StringIO(), width=200)
    code = command.run(database_url, account_id, (), json=False, out=out, err=err)
    return code, out.file.getvalue()  # type: ignore[attr-defined]


def test_the_same_seed_makes_the_same_orders_and_another_makes_others(run: Run) -> None:
    made, tally = changes_of(run, 1)
    again, counted = changes_of(run, 1)
    assert made == again
    assert tally == counted
    assert len(made) == 100
    others, _ = changes_of(replace(run, seed=2), 1)
    assert not {change.puts[-1].id for change in made} & {change.puts[-1].id for change in others}
    assert changes_of(run, 2)[0][0] != made[0]


async def test_seeded_orders_are_clean_and_as_many_as_the_generator_says(
    database_url: str, store: Store, run: Run
) -> None:
    told: list[int] = []
    done = await asyncio.to_thread(seed, database_url, run, told.append, 1)
    code, report = await asyncio.to_thread(verified, database_url, run.account_id)
    assert code == 0, report
    assert "checked     300 orders" in report
    assert sum(told) == 300
    counts = done.tally.made
    assert counts["all", ""] == 300 == await store.count(ORDERS, run.account_id, Selection())
    for column in ("status", "payment_status", "store_id"):
        values = {value: count for (member, value), count in counts.items() if member == column}
        assert len(values) > 1
        for value, count in values.items():
            found = await store.count(ORDERS, run.account_id, Selection(among={column: [value]}))
            assert found == count, (column, value)


async def test_every_seeded_order_is_found_in_the_list_as_the_service_would_list_it(
    database_url: str, store: Store, run: Run
) -> None:
    """Written by COPY, and once more by commit: nothing changes."""
    await prepare(database_url, run)
    changes, _ = changes_of(run, 0)
    rows = "select l::text, w::text from order_list l join order_words w using (account_id, id) where account_id = $1"
    async with writer(database_url) as connection:
        await write(connection, changes)
        seeded = await connection.fetch(rows, run.account_id)
        assert len(seeded) == 100
        for change in changes:
            put = change.puts[-1]
            put = msgspec.structs.replace(put, version=put.version + 1)
            await store.commit(msgspec.structs.replace(change, puts=(put,), claims=(), events=()))
        assert sorted(await connection.fetch(rows, run.account_id)) == sorted(seeded)


@pytest.fixture
def payments(account_id: str) -> Run:
    return Run(account_id, 600, size=200, table="transactions")


async def test_seeded_payments_are_clean_and_as_many_as_the_generator_says(
    database_url: str, store: Store, payments: Run
) -> None:
    done = await asyncio.to_thread(seed, database_url, payments, lambda _: None, 1)
    code, report = await asyncio.to_thread(verified, database_url, payments.account_id)
    assert code == 0, report
    assert "600 transactions" in report
    counts = done.tally.made
    assert counts["all", ""] == 600 == await store.count(TRANSACTIONS, payments.account_id, Selection())
    assert await store.count(SESSIONS, payments.account_id, Selection()) > 600  # some were never paid
    for member in ("status", "currency", "payment_product_type"):
        values = {value: count for (name, value), count in counts.items() if name == member}
        assert len(values) > 3
        for value, count in values.items():
            labels = () if member == "status" else ((f"{member}:{value}",),)
            among = {"status": [value]} if member == "status" else {}
            found = await store.count(TRANSACTIONS, payments.account_id, Selection(among=among, labels=labels))
            assert found == count, (member, value)
    assert await prepare(database_url, payments) == []


async def test_every_seeded_payment_is_found_in_the_lists_as_the_service_would_list_it(
    database_url: str, store: Store, payments: Run
) -> None:
    """Written by COPY, and once more by commit: nothing changes."""
    await prepare(database_url, payments)
    changes, movements, _ = payments_of(payments, 0)
    async with writer(database_url) as connection:
        await write(connection, changes, movements)
        rows = [await _listed(connection, payments.account_id, noun) for noun in ("transaction", "session")]
        assert len(rows[0]) == 200
        for change in changes:
            puts = tuple(msgspec.structs.replace(put, version=put.version + 1) for put in change.puts)
            await store.commit(Change(puts=puts))
        assert rows == [await _listed(connection, payments.account_id, noun) for noun in ("transaction", "session")]


async def _listed(connection: Any, account_id: str, noun: str) -> list[Any]:
    lists = f"{noun}_list l join {noun}_words w using (account_id, id)"
    query = f"select l::text, w::text from {lists} where account_id = $1 order by id"  # noqa: S608  our own tables
    found: list[Any] = await connection.fetch(query, account_id)
    return found


def test_the_same_seed_makes_the_same_payments(payments: Run) -> None:
    assert payments_of(payments, 1) == payments_of(payments, 1)


async def test_seeding_goes_on_where_it_was_stopped_and_refuses_an_account_with_other_orders(
    database_url: str, store: Store, run: Run
) -> None:
    await prepare(database_url, run)
    async with writer(database_url) as connection:
        await write(connection, changes_of(run, 1)[0])
        with pytest.raises(asyncpg.UniqueViolationError):
            await write(connection, changes_of(run, 1)[0])
    assert await prepare(database_url, run) == [0, 2]
    with pytest.raises(NotSeeded, match="has orders already"):
        await prepare(database_url, replace(run, count=200))
    done = await asyncio.to_thread(seed, database_url, run, lambda _: None, 2)
    assert done.tally.made["all", ""] == 200
    assert await store.count(ORDERS, run.account_id, Selection()) == 300
    assert await prepare(database_url, run) == []


@pytest.mark.slow
async def test_ctrl_c_leaves_whole_batches(database_url: str, account_id: str) -> None:
    command = [sys.executable, "-m", "bench.seed", "--orders", "50000", "--account", account_id]
    environ = {**os.environ, "KVITT_DATABASE_URL": database_url}
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=ROOT,
        env=environ,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # tests in the background ignore it
    )
    count = "select count(*) from orders where account_id = $1"
    async with writer(database_url) as connection:
        try:
            while await connection.fetchval(count, account_id) == 0:
                assert process.returncode is None
                await asyncio.sleep(0.05)
            os.killpg(process.pid, signal.SIGINT)  # as a terminal does: every process of it hears it
            async with asyncio.timeout(60):
                _, told = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
        made = await connection.fetchval(count, account_id)
    assert process.returncode == 130, told.decode()
    assert b"nothing is there by half" in told
    assert made % 500 == 0 < made < 50_000
    assert (await asyncio.to_thread(verified, database_url, account_id))[0] == 0


# -- made as the service makes them ----------------------------------------------------------------------------------


class Player:
    """Sends what the log says was asked for to the flows, at the same times."""

    def __init__(self, store: Store, account_id: str) -> None:
        self.account_id = account_id
        self.now: datetime | None = None
        self.orders = Orders(store, lambda _account=None: self.now)  # type: ignore[arg-type]
        self.known: dict[str, str] = {}

    async def play(self, events: Any) -> str:
        """Answers the id of the order."""
        self.known, id = {FIXED: self.account_id}, ""
        for event in events:
            entry = msgspec.json.decode(event.data, type=Entry)
            self.now = event.created_at
            origin = Origin(
                account_id=self.account_id, subject=entry.created_by, client_id=entry.client_id,
                method=entry.request.method, path=self._mapped(entry.request.path),
                body=self._mapped(entry.request.body).encode(),
            )  # fmt: skip
            id = await self._ask(origin, id, event, entry)
        return id

    async def _ask(self, origin: Origin, id: str, event: Any, entry: Entry) -> str:  # noqa: C901
        def body(type: Any) -> Any:
            return msgspec.json.decode(origin.body or b"{}", type=type)

        match origin.path.partition("/shopping")[2].split("/")[1:]:
            case ["orders"]:
                asked = body(DraftRequest)
                made = await self.orders.create(origin, asked.order, asked.options, asked.store)
                self.known |= {event.object_id: made.order.id, entry.order_id or "": made.order.order_id}
                return made.order.id
            case ["draft_orders"]:
                asked = body(DraftRequest)
                draft = await self.orders.create_draft(origin, asked.order, asked.options, asked.store)
                self.known[event.object_id] = draft.id
            case ["draft_orders", draft_id, "complete"] if event.object_type == "draft":
                await self.orders.complete(origin, draft_id)
            case ["draft_orders", _, "complete"]:
                pass  # the order's entry of the same request
            case ["orders", _, "cancel"]:
                await self.orders.cancel(origin, id, body(CancelRequest))
            case ["orders", _, "close"]:
                await self.orders.close(origin, id)
            case ["orders", _, "open"]:
                await self.orders.open(origin, id)
            case ["orders", _, "comments"]:
                await self.orders.comment(origin, id, body(CommentRequest))
            case ["orders", _, "events"]:
                await self.orders.report(origin, id, body(ServiceEventRequest))
            case ["orders", _]:
                await self.orders.update_order(origin, id, body(OrderUpdate), body(dict[str, Any]))
            case ["orders", _, verb]:
                done = await self.orders.register(origin, id, Verb(verb), body(OperationRequest))
                assert entry.operation is not None
                self.known[entry.operation.id] = done.id
        return id

    def _mapped(self, text: str) -> str:
        for old, new in self.known.items():
            text = text.replace(old, new)
        return text


def masked(document: Any, account_id: str, number: str) -> str:
    """Ids by the order in which they come up; the account and the order's number by their names."""
    text = (
        encode_text(document)
        .replace(account_id, "account")
        .replace(f'"{number}"', '"number"')
        .replace(f'\\"{number}\\"', '\\"number\\"')
    )
    seen: dict[str, str] = {}
    return UUID.sub(lambda found: seen.setdefault(found[0], f"id {len(seen)}"), text)


async def test_every_seeded_order_is_one_that_the_service_would_have_made(store: Store, run: Run) -> None:
    player = Player(store, run.account_id)
    longer = Run(FIXED, 1200, size=100)  # always the same lives, and old enough for all to have happened
    types: set[str] = set()
    for life in (life for batch in (5, 8) for life in lives_of(longer, batch)):
        id = await player.play(life.events)
        played, seeded = await player.orders.record(run.account_id, id), life.record
        ours, theirs = (FIXED, seeded.order.order_id), (run.account_id, played.order.order_id)
        assert masked(played, *theirs) == masked(seeded, *ours)
        drafts = [(await draft_row(store, run.account_id, id)).doc for id in played.draft_ids]
        assert [masked(draft, *theirs) for draft in drafts] == [masked(draft, *ours) for draft in life.drafts]
        types |= {event.type for event in life.events}
    assert types == {
        "order.created", "order.authorization_added", "order.capture_added", "order.refund_added",
        "order.cancellation_added", "order.cancelled", "order.closed", "order.opened", "order.comment_added",
        "order.updated", "order.event_added", "order.lines_added", "draft.created", "draft.completed",
    }  # fmt: skip
