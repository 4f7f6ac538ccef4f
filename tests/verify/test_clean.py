"""What was done by the rules verifies clean, through the real command, and the report says how much that was."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kvitt.core.change import Change, Event
from kvitt.core.errors import Unavailable
from kvitt.core.ids import new_uuid
from kvitt.store.verifying import Reading, reading
from kvitt.verify.beside import walk_beside
from kvitt.verify.run import WORTH_A_PROCESS

KVITT = str(Path(sys.executable).parent / "kvitt")
SILENT_CAPTURE = "4100000000000019"


async def test_every_kind_of_journey_verifies_clean(journeys: None, shop: Any, verify_command: Any) -> None:
    await shop.seal()
    verified = await verify_command("--json")
    assert verified.code == 0, verified.out + verified.err
    report = verified.report
    assert report["clean"]
    assert report["differences"] == []
    assert report["checked"]["orders"] == 6
    assert report["checked"]["transactions"] == 14
    assert report["checked"]["postings"] > 25
    assert (report["still_open"], report["before_ledger"]) == (0, 0)
    (balances,) = report["balances"]
    assert balances["customer"] + balances["authorized"] + balances["captured"] == 0
    (tip,) = report["seals"]
    assert tip["sealed"] == report["checked"]["log entries"]
    assert (tip["account_id"], tip["unsealed"], len(tip["hash"])) == (shop.account_id, 0, 64)


async def test_what_is_under_way_is_counted_and_is_no_difference(shop: Any, verify_command: Any) -> None:
    late = await shop.paid(SILENT_CAPTURE)
    await shop.operate(late, "capture", 39800)
    verified = await verify_command()
    assert verified.code == 0, verified.out + verified.err
    assert "still open  1 attempts" in verified.out
    assert "not sealed" in verified.out


async def test_the_report_names_the_latest_seal_so_that_it_can_be_written_down(
    shop: Any, verify_command: Any, raw: Any
) -> None:
    await shop.order()
    await shop.seal()
    latest = await raw.fetchval("select hash from seals where account_id = $1 order by number desc", shop.account_id)
    verified = await verify_command()
    assert f"seal        {shop.account_id}:1:{latest.hex()} (3 entries)" in verified.out
    assert verified.out.endswith("No differences.\n")
    assert "verifying: 100%" in verified.err


async def test_it_runs_beside_writers_and_writes_nothing(shop: Any, verify_command: Any, raw: Any) -> None:
    await shop.order()
    async with raw.transaction():
        await raw.execute("select pg_current_xact_id()")  # an older writer that is still at work
        assert (await verify_command()).code == 0
    assert await raw.fetchval("select count(*) from seals where account_id = $1", shop.account_id) == 0


async def test_all_accounts_are_gone_through_without_naming_one(shop: Any, database_url: str, account_id: str) -> None:
    await shop.order()
    environ = {**os.environ, "KVITT_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nowhere"}
    done = await asyncio.to_thread(
        subprocess.run, [KVITT, "verify", "--json", "--database-url", database_url],
        env=environ, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    report = json.loads(done.stdout)
    assert account_id in {tip["account_id"] for tip in report["seals"]}
    assert account_id not in {each["account_id"] for each in report["differences"]}


async def test_nothing_verified_is_exit_2(verify_command: Any, account_id: str) -> None:
    for account, reason in ((account_id, f"There is no account {account_id}"), ("shop", "shop is no account id")):
        verified = await verify_command(account=account)
        assert (verified.code, verified.out) == (2, "")
        assert reason in verified.err
    verified = await verify_command("--database-url", "postgresql://nobody@127.0.0.1:1/nowhere")
    assert (verified.code, verified.out) == (2, "")
    assert "The database cannot be read" in verified.err
    for options in (("--no-such-option",), ("--anchor", "T1:x:y")):
        assert (await verify_command(*options)).code == 2


async def test_an_entry_of_another_feature_is_sealed_and_needs_no_object(shop: Any, verify_command: Any) -> None:
    event = Event(shop.account_id, "e1", "profile.changed", "profile", "p", 1, shop.clock(), "no JSON, says nobody")
    await shop.store.commit(Change(events=(event,)))
    await shop.seal()
    assert (await verify_command()).code == 0


async def test_a_long_log_is_walked_in_a_process_of_its_own(
    shop: Any, verify: Any, raw: Any, database_url: str
) -> None:
    for _ in range(21):
        events = tuple(
            Event(shop.account_id, new_uuid(), "t.made", "t", "o", 1, shop.clock(), f'"{n}"') for n in range(1000)
        )
        await shop.store.commit(Change(events=events))
    await shop.seal()
    verified = await verify("--json")
    assert verified.code == 0, verified.out
    assert verified.report["seals"][0]["sealed"] == 21_000 > WORTH_A_PROCESS
    await raw.execute("update log set type = 'x' where account_id = $1 and data = '\"999\"'", shop.account_id)
    verified = await verify("--json")
    assert {f"seal {n}" for n in range(1, 21)} <= verified.objects


async def test_a_death_of_that_process_is_no_clean_report(database_url: str, account_id: str) -> None:
    async with reading(database_url, account_id) as own:
        lost = Reading("postgresql://nobody@127.0.0.1:1/nowhere", account_id, own.snapshot, None)
        with pytest.raises(Unavailable):
            await walk_beside(lost, lambda _found: None, lambda _count: None)


async def test_an_order_that_was_removed_is_clean(shop: Any, verify: Any) -> None:
    await shop.order(options={"order_time_to_live": 1})
    await shop.later(minutes=1)
    assert await shop.ring("orders.removal", shop.orders.task_handlers())
    verified = await verify("--json")
    assert verified.code == 0, verified.out
