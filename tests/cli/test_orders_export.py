"""`kvitt orders export` and the account's time zone, as people type them: processes on the tests' database."""

from __future__ import annotations

import asyncio
import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest

from kvitt.core.change import Change
from kvitt.core.ids import new_uuids
from kvitt.orders.model import ORDERS, OrderContent
from kvitt.orders.rules.completion import new_order
from kvitt.orders.rules.drafts import new_draft
from kvitt.store import connect

KVITT = str(Path(sys.executable).parent / "kvitt")

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def environ(database_url: str) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("KVITT_")}
    return {**kept, "KVITT_DATABASE_URL": database_url, "COLUMNS": "200", "NO_COLOR": "1"}


@pytest.fixture
def kvitt(environ: dict[str, str], tmp_path: Path, account_id: str) -> Run:
    """The command in an empty folder; the account exists."""

    def run(*args: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [KVITT, *args], env=environ, cwd=tmp_path, capture_output=True, text=True, timeout=90, check=False
        )

    made = run("accounts", "create", account_id, "--name", "Shop", "--time-zone", "Europe/Oslo")
    assert made.returncode == 0, made.stderr
    return run


@pytest.fixture
def made(database_url: str, account_id: str) -> Callable[..., None]:
    """Writes orders that were made at these moments, numbered from 0."""

    def make(*moments: datetime, status: str = "open") -> None:
        content = {
            "currency": "NOK",
            "items": [{"line_id": 1, "id": "a", "gross_amount": 39800, "tax_lines": []}],
            "metadata": {"padding": "x" * 500},
        }
        draft = new_draft(msgspec.convert(content, OrderContent), None, None, id="d", now=moments[0], by="c")
        record = new_order(draft, id="o", number="N", now=moments[0], by="c")[1]
        records = [
            msgspec.structs.replace(
                record,
                order=msgspec.structs.replace(record.order, id=id, order_id=f"{n}", created_at=at, status=status),
            )
            for n, (id, at) in enumerate(zip(new_uuids(len(moments)), moments, strict=True))
        ]

        async def write() -> None:
            store = await connect(database_url)
            for start in range(0, len(records), 200):
                puts = tuple(ORDERS.put(account_id, r.order.id, r) for r in records[start : start + 200])
                await store.commit(Change(puts=puts))
            await store.close()

        asyncio.run(write())

    return make


def spoil(database_url: str, account_id: str) -> None:
    """One of the account's last documents cannot be read any more."""

    async def write() -> None:
        raw = await asyncpg.connect(database_url)
        await raw.execute(
            "update orders set doc = '{' where (account_id, id) in "
            "(select account_id, id from orders where account_id = $1 order by created_at desc, id desc limit 1)",
            account_id,
        )
        await raw.close()

    asyncio.run(write())


NOON = datetime(2026, 6, 30, 12, tzinfo=UTC)
MIDNIGHT = datetime(2026, 6, 30, 22, tzinfo=UTC)
"""In Oslo."""


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def rows(text: str) -> list[dict[str, Any]]:
    return list(csv.DictReader(StringIO(text, newline="")))


def test_orders_go_to_a_file_in_the_accounts_time_zone(kvitt: Run, made: Any, account_id: str, tmp_path: Path) -> None:
    made(NOON, MIDNIGHT)
    done = kvitt("orders", "export", "--account", account_id, "--output", "orders.csv")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "2 orders in orders.csv\n")
    found = rows((tmp_path / "orders.csv").read_text(encoding="utf-8"))
    assert [row["created_at"] for row in found] == ["2026-06-30T14:00:00+02:00", "2026-07-01T00:00:00+02:00"]
    assert found[0]["gross_amount"] == "398.00"
    assert names(tmp_path) == ["orders.csv"]


def test_the_standard_output_takes_each_format(kvitt: Run, made: Any, account_id: str) -> None:
    made(NOON)
    export = ("orders", "export", "--account", account_id)
    (line,) = rows(kvitt(*export, "--format", "lines", "--time-zone", "UTC").stdout)
    assert (line["line_id"], line["created_at"]) == ("1", "2026-06-30T12:00:00+00:00")
    done = kvitt(*export, "--format", "jsonl", "--output", "-")
    assert json.loads(done.stdout)["gross_amount"] == 39800
    assert done.stderr == "1 order\n"
    comma = kvitt(*export, "--decimal", "comma", "--bom").stdout
    assert comma.startswith("\ufeffid;")
    assert ";398,00;" in comma


def test_days_are_whole_days_of_the_time_zone(kvitt: Run, made: Any, account_id: str) -> None:
    made(NOON, MIDNIGHT)
    export = ("orders", "export", "--account", account_id)
    assert [row["order_id"] for row in rows(kvitt(*export, "--to", "2026-06-30").stdout)] == ["0"]
    assert [row["order_id"] for row in rows(kvitt(*export, "--from", "2026-07-01").stdout)] == ["1"]
    day = ("--from", "2026-06-30", "--to", "2026-06-30", "--time-zone", "UTC")
    assert len(rows(kvitt(*export, *day).stdout)) == 2


def test_filters_are_those_of_the_list_and_one_that_means_nothing_exports_nothing(
    kvitt: Run, made: Any, account_id: str
) -> None:
    made(NOON)
    made(MIDNIGHT, status="closed")
    export = ("orders", "export", "--account", account_id)
    assert [row["status"] for row in rows(kvitt(*export, "--status", "closed").stdout)] == ["closed"]
    found = rows(kvitt(*export, "--filter", "status=open", "--filter", "amount.gte=1").stdout)
    assert [row["status"] for row in found] == ["open"]
    refused = kvitt(*export, "--filter", "stauts=open")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("Error: stauts is no parameter")


def test_an_export_that_fails_leaves_what_was_there(
    kvitt: Run, made: Any, account_id: str, tmp_path: Path, database_url: str
) -> None:
    made(*[NOON] * 300)
    spoil(database_url, account_id)
    (tmp_path / "orders.jsonl").write_text("yesterday's")
    failed = kvitt("orders", "export", "--account", account_id, "--format", "jsonl", "-o", "orders.jsonl", "--force")
    assert failed.returncode == 1
    assert names(tmp_path) == ["orders.jsonl"]
    assert (tmp_path / "orders.jsonl").read_text() == "yesterday's"


def test_a_full_disk_is_told_of_and_the_output_is_not_called_whole(
    kvitt: Run, made: Any, account_id: str, environ: dict[str, str]
) -> None:
    made(*[NOON] * 300)
    command = f"{KVITT} orders export --account {account_id} --format jsonl > /dev/full"
    done = subprocess.run(["sh", "-c", command], env=environ, capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 1
    assert "No space left on device; what was written is not the whole file" in done.stderr


def test_a_killed_export_leaves_no_half_file_under_the_name(
    kvitt: Run, made: Any, account_id: str, tmp_path: Path, environ: dict[str, str]
) -> None:
    made(*[NOON] * 5000)
    export = ("orders", "export", "--account", account_id, "--format", "jsonl", "--output", "orders.jsonl")
    with subprocess.Popen([KVITT, *export], env=environ, cwd=tmp_path, stderr=subprocess.DEVNULL) as process:
        part = tmp_path / "orders.jsonl.part"
        deadline = time.monotonic() + 60
        while not (part.exists() and part.stat().st_size):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
    assert names(tmp_path) == ["orders.jsonl.part"]
    assert "orders.jsonl.part exists" in kvitt(*export).stderr
    assert kvitt(*export, "--force").returncode == 0
    assert names(tmp_path) == ["orders.jsonl"]
    assert len((tmp_path / "orders.jsonl").read_text().splitlines()) == 5000


def test_a_reader_that_has_seen_enough_ends_it_quietly(
    made: Any, kvitt: Run, account_id: str, environ: dict[str, str]
) -> None:
    made(*[NOON] * 2000)
    command = f"{KVITT} orders export --account {account_id} --format jsonl | head -c 1"
    done = subprocess.run(["sh", "-c", command], env=environ, capture_output=True, text=True, timeout=90, check=False)
    assert (done.stdout, done.stderr) == ("{", "")


def test_an_account_that_does_not_exist_is_named(kvitt: Run, tmp_path: Path) -> None:
    refused = kvitt("orders", "export", "--account", "T00000000", "--output", "orders.csv")
    assert (refused.returncode, refused.stderr) == (1, "Error: account T00000000 does not exist\n")
    assert names(tmp_path) == []


def test_an_accounts_name_and_time_zone_are_changed(kvitt: Run, account_id: str) -> None:
    changed = kvitt("accounts", "update", account_id, "--time-zone", "America/New_York", "--json")
    assert json.loads(changed.stdout) == {"id": account_id, "name": "Shop", "time_zone": "America/New_York"}
    renamed = kvitt("accounts", "update", account_id, "--name", "Stol & Bord")
    assert renamed.stdout == f"Account {account_id}: Stol & Bord, times in America/New_York.\n"
    refused = kvitt("accounts", "update", account_id, "--time-zone", "Oslo")
    assert (refused.returncode, "'Oslo' is no time zone" in refused.stderr) == (1, True)
    assert kvitt("accounts", "update", account_id).stderr == "Error: Nothing to change: say --name or --time-zone.\n"
