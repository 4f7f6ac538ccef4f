"""All checks, over one moment of the database: every order, transaction, session and posting, and every log entry."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing

import msgspec

from kvitt.core.ids import is_test_account
from kvitt.store import verifying
from kvitt.store.verifying import Reading
from kvitt.verify.beside import walk_beside
from kvitt.verify.chain import walk
from kvitt.verify.documents import read_session
from kvitt.verify.lists import order_list_faults, session_list_faults, transaction_list_faults
from kvitt.verify.merge import Key, merged
from kvitt.verify.money import movement_faults, posting_faults
from kvitt.verify.orders import order_faults
from kvitt.verify.report import Anchor, Difference, Fault, Report, Tip
from kvitt.verify.transactions import read_transaction, transaction_faults

Progress = Callable[[str, int], None]
"""Told what was gone through, and how much more of it: orders, transactions, sessions, log entries."""

TOLD_EACH = 100

WORTH_A_PROCESS = 20_000
"""Log entries: with fewer of them, starting another process takes longer than hashing."""


async def verify(own: Reading, progress: Progress, anchors: Sequence[Anchor] = ()) -> Report:
    """Goes through everything that `own` sees. `anchors`: seals as they were written down elsewhere.

    Raises Unavailable when the database is lost on the way.
    """
    report = Report()
    walk_log = walk_beside if (await own.counts())["entries"] > WORTH_A_PROCESS else walk
    for anchor in anchors:
        stored = await own.seal(anchor.account_id, anchor.number)
        if (found_hash := stored and stored.hex()) != anchor.hash:
            fault = Fault("its hash, as it was written down", anchor.hash, found_hash)
            report.add(anchor.account_id, f"seal {anchor.number}", fault)

    def found(said: Difference | Tip) -> None:
        if isinstance(said, Tip):
            report.tips.append(said)
        else:
            report.add_difference(said)

    def advanced(count: int) -> None:
        report.checked["log entries"] += count
        progress("log entries", count)

    # All at once: the database sorts for one check while another one reads.
    async with asyncio.TaskGroup() as group:
        group.create_task(walk_log(own, found, advanced))
        group.create_task(_orders(own, report, progress))
        group.create_task(_transactions(own, report, progress))
        group.create_task(_numbers(own, report))
        group.create_task(_sessions(own, report, progress))
    for what in ("orders", "transactions", "sessions"):
        progress(what, report.checked[what] % TOLD_EACH)
    report.differences.sort(key=lambda each: (each.account_id, each.object))
    return report


async def _orders(own: Reading, report: Report, progress: Progress) -> None:
    all_listed = await own.listed()
    streams = merged(
        own.rows(verifying.ORDERS),
        own.rows(verifying.ORDER_EVENTS),
        own.rows(verifying.ORDER_LIST),
        own.rows(verifying.ORDER_WORDS),
    )
    async with aclosing(streams):
        async for (account_id, id), (rows, events, listed, found_by) in streams:
            if rows:
                _count(report, progress, "orders")
                faults = list(order_faults(rows[0], events))
                if all_listed:
                    faults += order_list_faults(rows[0]["doc"], listed, found_by)
            elif events:
                faults = [Fault("the order", f"one: the log has {len(events)} entries", None)]
            else:
                faults = [Fault("the order", "one: the list has it", None)]
            for fault in faults:
                report.add(account_id, f"order {id}", fault)


async def _numbers(own: Reading, report: Report) -> None:
    """Every order's number is claimed: for the order itself, or for the draft that had reserved it."""
    streams = merged(own.rows(verifying.ORDER_NUMBERS), own.rows(verifying.NUMBER_CLAIMS))
    async with aclosing(streams):
        async for (account_id, number), (orders, claims) in streams:
            if orders and not claims:
                report.add(account_id, f"order {orders[0][2]}", Fault(f"claim on its number {number}", "one", None))
            for other in orders[1:]:
                report.add(account_id, f"order {other[2]}", Fault(f"orders with the number {number}", 1, len(orders)))


async def _transactions(own: Reading, report: Report, progress: Progress) -> None:
    since, all_listed = await own.ledger_since(), await own.listed()
    waiting: dict[Key, str] = {}
    streams = merged(
        own.rows(verifying.TRANSACTIONS),
        own.rows(verifying.TRANSACTION_EVENTS),
        own.rows(verifying.POSTINGS),
        own.rows(verifying.MOVEMENTS),
        own.rows(verifying.TRANSACTION_LIST),
        own.rows(verifying.TRANSACTION_WORDS),
    )
    async with aclosing(streams):
        async for (account_id, id), (rows, entries, postings, movements, listed, found_by) in streams:
            name = f"transaction {id}"
            report.checked["postings"] += len(postings)
            report.checked["movements"] += len(movements)
            if not rows:
                heard = f"there are {len(entries)} log entries, {len(postings)} postings, {len(movements)} movements"
                heard = heard if entries or postings or movements else "the list has it"
                report.add(account_id, name, Fault("the transaction", f"one: {heard}", None))
                continue
            _count(report, progress, "transactions")
            try:
                known = read_transaction(rows[0])
            except msgspec.DecodeError as error:
                report.add(account_id, name, Fault("the document", "a transaction", f"what cannot be read: {error}"))
                continue
            faults = [*transaction_faults(known, entries), *posting_faults(known, postings, since, report)]
            if is_test_account(account_id):
                faults += movement_faults(known, movements)
            if all_listed:
                faults += transaction_list_faults(rows[0]["doc"], listed, found_by)
            for fault in faults:
                report.add(account_id, name, fault)
            for attempt in known.open_attempts:
                report.still_open += 1
                waiting[account_id, f"ask:{attempt.id}:{attempt.asks}"] = f"{name}, attempt {attempt.id}"
            if len(waiting) >= 1000:
                await _asked(own, report, waiting)
    await _asked(own, report, waiting)


async def _asked(own: Reading, report: Report, waiting: dict[Key, str]) -> None:
    """Whoever is not answered yet has a task that asks again."""
    there = await own.tasks(list(waiting)) if waiting else set()
    for (account_id, task_id), name in waiting.items():
        if (account_id, task_id) not in there:
            transaction, _, attempt = name.partition(", ")
            report.add(account_id, transaction, Fault(f"task of the open {attempt}", task_id, None))
    waiting.clear()


async def _sessions(own: Reading, report: Report, progress: Progress) -> None:
    """A session names its transaction, and the transaction its session; neither has two."""
    all_listed = await own.listed()
    streams = merged(
        own.rows(verifying.SESSIONS),
        own.rows(verifying.SESSION_TRANSACTIONS),
        own.rows(verifying.SESSION_LIST),
        own.rows(verifying.SESSION_WORDS),
    )
    async with aclosing(streams):
        async for (account_id, id), (rows, transactions, listed, found_by) in streams:
            theirs = [row[2] for row in transactions]
            if not rows:
                for transaction_id in theirs:
                    report.add(account_id, f"transaction {transaction_id}", Fault("its session", id, None))
                if listed or found_by:
                    report.add(account_id, f"session {id}", Fault("the session", "one: the list has it", None))
                continue
            _count(report, progress, "sessions")
            try:
                named = read_session(rows[0][2]).session.transaction_id
            except msgspec.DecodeError as error:
                report.add(account_id, f"session {id}", Fault("the document", "a session", f"unreadable: {error}"))
                continue
            if theirs != ([] if named is None else [named]):
                report.add(account_id, f"session {id}", Fault("its transaction", ", ".join(theirs) or None, named))
            if all_listed:
                for fault in session_list_faults(rows[0][2], listed, found_by):
                    report.add(account_id, f"session {id}", fault)


def _count(report: Report, progress: Progress, what: str) -> None:
    report.checked[what] += 1
    if report.checked[what] % TOLD_EACH == 0:
        progress(what, TOLD_EACH)
