"""How long `kvitt verify` takes, and how much memory: python -m bench.verify --journeys 100000

Some journeys are really played, through the flows: a draft, its order with authorization, capture and refund, a session
and its transaction with the same. Then their rows are copied with other ids. All ids of a played journey begin with the
same eight hex digits, so a copy is the same text with other eight digits in their place.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import psutil

from bench.machine import temporary_database
from kvitt.app import App, opened
from kvitt.checkout.flows import Actor
from kvitt.checkout.model.payment import CardDetails, Operation
from kvitt.checkout.model.session import SessionOptions
from kvitt.config import Config
from kvitt.core.ids import new_uuid
from kvitt.orders.model import OperationRequest, OrderContent, Origin, Verb

ACCOUNTS = ("T10000001", "T10000002")
PLAYED = 20
COPIES_AT_ONCE = 500
AMOUNT = 39800

UUID = re.compile(r"[0-9a-f]{8}(?=-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})")
SHORT = re.compile(r"(?<=T1000000\d\.)[1-9A-Za-z]{8}(?=[1-9A-Za-z]{14})")
MARK = "c0ffee{:02x}"

_TABLES = {
    "drafts": "account_id, id, version, doc, status, created_at",
    "orders": "account_id, id, version, doc, order_id, status, payment_status, created_at",
    "sessions": "account_id, id, version, doc, merchant_reference, created_at",
    "transactions": "account_id, id, version, doc, session_id, merchant_reference, status, created_at",
    "claims": "account_id, key, value",
    "log": "account_id, epoch, id, type, object_type, object_id, version, created_at, data",
    "postings": "account_id, object_id, id, kind, debit, credit, amount, currency, created_at",
    "sandbox.movements": "account_id, attempt_id, payment_id, verb, amount, currency, outcome, created_at, data",
}
_IDS = ("id", "doc", "order_id", "session_id", "key", "value", "object_id", "data", "attempt_id", "payment_id")


async def play(kvitt: App, account_id: str) -> None:
    """One journey, as two shops' programs would do it."""
    origin = Origin(
        account_id=account_id, subject=new_uuid(), client_id=new_uuid(), method="POST", path="/v1/…", body=b"{}" * 200
    )
    line = {"line_id": 1, "id": "175938", "description": "Stablestol", "gross_amount": AMOUNT,
            "tax_lines": [{"amount": 7960, "percentage": "25"}]}  # fmt: skip
    content = msgspec.convert({"currency": "NOK", "items": [line]}, OrderContent)
    draft = await kvitt.orders.create_draft(origin, content)
    (order,) = await kvitt.orders.complete(origin, draft.id)
    for verb in (Verb.AUTHORIZE, Verb.CAPTURE, Verb.REFUND):
        request = msgspec.convert({"items": [{"line_id": 1, "amount": AMOUNT}]}, OperationRequest)
        await kvitt.orders.register(origin, order.id, verb, request)
    item = {"id": "175938", "line_id": "1", "description": "Stablestol", "quantity": 1, "amount": AMOUNT, "vat": 25}
    asked = {
        "url": {"return_url": "https://shop.example/thanks"},
        "order": {"amount": AMOUNT, "currency": "NOK", "merchant_reference": order.order_id, "items": [item]},
        "profile_id": "default",
    }
    actor = Actor(new_uuid(), new_uuid())
    session = await kvitt.checkout.create_session(
        account_id, msgspec.convert(asked, SessionOptions), frozenset(), actor
    )
    card = CardDetails("4000000000000002", "12/34", "123")
    paid: Any = await kvitt.checkout.pay(session.id, "dintero_psp.creditcard", card, Actor(new_uuid()))
    for operation in (Operation("capture", AMOUNT), Operation("refund", AMOUNT)):
        await kvitt.checkout.operate(account_id, paid.transaction_id, operation, Actor(new_uuid(), new_uuid()))


async def fill(database_url: str, journeys: int) -> None:
    """`journeys` of them, half in each account, with a chain over both logs."""
    connection = await asyncpg.connect(database_url)
    async with opened(Config(database_url=database_url)) as kvitt:
        for account_id in ACCOUNTS:
            await kvitt.accounts.create_account(account_id, "Stol & Bord AS")
            await connection.execute("delete from log")
        for number in range(PLAYED):
            await play(kvitt, ACCOUNTS[number % 2])
            await _keep(connection, number)
        copies = journeys // PLAYED
        for number in range(PLAYED):
            for start in range(0, copies, COPIES_AT_ONCE):
                await _copy(connection, number, start, min(copies, start + COPIES_AT_ONCE))
        await connection.execute("analyze")
        began = time.monotonic()
        for account_id in ACCOUNTS:
            more = True
            while more:
                _, more = await kvitt.store.seal(account_id)
        print(f"sealed in {time.monotonic() - began:.1f} s", flush=True)
    await connection.close()


async def _keep(connection: Any, number: int) -> None:
    """Moves what was just written out of the tables into templates, with the mark in every id."""
    mark = MARK.format(number)
    for table, columns in _TABLES.items():
        rows = await connection.fetch(f"select {columns} from {table} order by {'seq' if table == 'log' else '1, 2'}")
        name = f"template_{table.rpartition('.')[2]}_{number}"
        await connection.execute(f"create unlogged table {name} as select {columns} from {table} limit 0")
        marked = [
            [
                SHORT.sub(mark, UUID.sub(mark, value)) if key in _IDS and isinstance(value, str) else value
                for key, value in row.items()
            ]
            for row in rows
        ]
        places = ", ".join(f"${n + 1}" for n in range(len(columns.split(","))))
        await connection.executemany(f"insert into {name} values ({places})", marked)
        await connection.execute(f"delete from {table}")
    await connection.execute("delete from tasks; delete from sandbox.payments; delete from sandbox.notices")


async def _copy(connection: Any, number: int, start: int, end: int) -> None:
    """Copies of one template: the mark becomes the copy's own eight digits."""
    mark = MARK.format(number)
    async with connection.transaction():
        for table, columns in _TABLES.items():
            names = [name.strip() for name in columns.split(",")]
            chosen = ", ".join(f"replace({name}, '{mark}', c.digits)" if name in _IDS else name for name in names)
            template = f"template_{table.rpartition('.')[2]}_{number}"
            digits = f"lpad(to_hex(n * {PLAYED} + {number}), 8, '1')"
            await connection.execute(
                f"insert into {table} ({columns}) select {chosen} "
                f"from (select {digits} as digits from generate_series($1::int, $2) n) c cross join {template} t",
                start, end - 1,
            )  # fmt: skip


def measure(database_url: str, *options: str) -> tuple[float, float, float, Any]:
    """Seconds, peak megabytes of all its processes, seconds of their CPU, and the report."""
    began, peak, cpu = time.monotonic(), 0.0, 0.0
    process = subprocess.Popen(
        [str(Path(sys.executable).parent / "kvitt"), "verify", "--json", *options],
        env={**os.environ, "KVITT_DATABASE_URL": database_url}, stdout=subprocess.PIPE,
    )  # fmt: skip
    own = psutil.Process(process.pid)
    while process.poll() is None:
        try:
            family = [own, *own.children(recursive=True)]
            peak = max(peak, sum(each.memory_info().rss for each in family) / 1e6)
            cpu = max(cpu, sum(sum(each.cpu_times()[:2]) for each in family))
        except psutil.NoSuchProcess:
            pass
        time.sleep(0.05)
    assert process.stdout is not None
    return time.monotonic() - began, peak, cpu, json.loads(process.stdout.read())


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.verify", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--journeys", type=int, default=5000)
    options = parser.parse_args()
    with temporary_database() as database:
        began = time.monotonic()
        asyncio.run(fill(database.url, options.journeys))
        print(f"filled in {time.monotonic() - began:.1f} s", flush=True)
        seconds, peak, cpu, report = measure(database.url)
    counted = ", ".join(f"{count:,} {what}" for what, count in report["checked"].items())
    print(f"{options.journeys:,} journeys in {seconds:.1f} s ({cpu:.1f} s of CPU), peak {peak:.0f} MB; {counted}")
    print("clean" if report["clean"] else json.dumps(report["differences"][:10], indent=1))
    return 0 if report["clean"] else 1


if __name__ == "__main__":
    sys.exit(main())
