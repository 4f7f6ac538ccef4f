"""Money that moved before there was a ledger has no postings; later money has."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kvitt.verify.money import posting_faults
from kvitt.verify.report import Report
from kvitt.verify.transactions import Read, read_transaction

UPGRADE = datetime(2026, 11, 20, 10, tzinfo=UTC)
OLD, NEW = UPGRADE - timedelta(seconds=1), UPGRADE
CAPTURE = ("T1", "t", "a2", "capture", "captured", "authorized", 100, "NOK")


def transaction(authorized_at: datetime, captured_at: datetime) -> Read:
    attempts = [
        {"id": "a1", "verb": "authorize", "amount": 100, "status": "done", "created_at": authorized_at.isoformat()},
        {"id": "a2", "verb": "capture", "amount": 100, "status": "done", "created_at": captured_at.isoformat()},
    ]
    shown = {"id": "t", "session_id": "s", "amount": 100, "currency": "NOK", "status": "CAPTURED"}
    return read_transaction(("T1", "t", 4, "s", "CAPTURED", json.dumps({"transaction": shown, "attempts": attempts})))


@pytest.mark.parametrize(
    ("authorized_at", "captured_at", "postings", "faults", "before"),
    [
        (OLD, OLD, [], [], 2),
        (OLD, NEW, [CAPTURE], [], 1),
        (OLD, NEW, [], ["posting a2"], 1),
        (NEW, NEW, [CAPTURE], ["posting a1", "ledger account authorized"], 0),
        (OLD, OLD, [(*CAPTURE[:6], 99, "NOK")], ["posting a2"], 1),
    ],
    ids=["all before", "captured after", "a posting is missing", "the authorization's is missing", "a wrong one"],
)
def test_what_moved_before_needs_no_posting_and_what_moved_after_does(
    authorized_at: datetime, captured_at: datetime, postings: Any, faults: list[str], before: int
) -> None:
    report = Report()
    found = posting_faults(transaction(authorized_at, captured_at), postings, UPGRADE, report)
    assert [fault.what for fault in found] == faults
    assert report.before_ledger == before


def test_in_a_database_as_old_as_the_ledger_nothing_is_excused() -> None:
    found = posting_faults(transaction(OLD, OLD), [], None, Report())
    assert [fault.what for fault in found] == ["posting a1", "posting a2"]
