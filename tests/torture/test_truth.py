"""The harness's own eye: it must see what it is there to see."""

from __future__ import annotations

import copy
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).parents[2]))
from bench.truth import Life, World, faults, owed_callbacks

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
TRANSACTION = {
    "transaction": {
        "id": "T1",
        "status": "CAPTURED",
        "events": [
            {"id": "1", "event": "INITIALIZE", "success": True, "transaction_status": "INITIATED"},
            {"id": "2", "event": "AUTHORIZE", "success": True, "transaction_status": "AUTHORIZED", "amount": 39800},
            {"id": "3", "event": "CAPTURE", "success": True, "transaction_status": "CAPTURED", "amount": 39800},
        ],
    },
    "attempts": [
        {"verb": "authorize", "status": "done", "amount": 39800, "created_at": "2026-11-20T09:00:00Z"},
        {"verb": "capture", "status": "done", "amount": 39800, "created_at": "2026-11-20T09:00:01Z"},
    ],
}
ORDER = {
    "order": {
        "order_id": "A1",
        "payment_status": "paid",
        "gross_amount": 39800,
        "items": [{}],
        "captures": [{"amount": 39800, "success": True}],
    }
}
LIFE = Life(
    "T12345678",
    {"draft_id": "D1", "order_id": "A1", "session_id": "S1", "transaction_id": "T1"},
    ["draft", "complete", "session", "pay", "capture", "order capture"],
)


@pytest.fixture
def world() -> World:
    docs = copy.deepcopy((TRANSACTION, ORDER))
    moved = {("T1", "authorize"): 39800, ("T1", "capture"): 39800}
    return World(
        drafts={"D1": {}},
        orders={"O1": docs[1]},
        sessions={"S1": {}},
        transactions={"T1": docs[0]},
        versions={("transaction", "T1"): 3},
        log=[("transaction", "T1", 3)],
        moved=moved,
        callbacks_waiting=0,
    )


def test_a_whole_world_has_no_faults(world: World) -> None:
    assert faults(world, [LIFE], settled=True, now=NOW) == []
    assert owed_callbacks(world) == {"T1"}


def lose_the_draft(world: World) -> None:
    world.drafts.clear()


def lose_the_session(world: World) -> None:
    world.sessions.clear()


def lose_the_captures_event(world: World) -> None:
    transaction: dict[str, Any] = world.transactions["T1"]["transaction"]
    transaction["events"].pop()
    transaction["status"] = "AUTHORIZED"


def capture_twice_at_the_provider(world: World) -> None:
    world.moved["T1", "capture"] = 79600


def forget_the_movement(world: World) -> None:
    world.moved["T1", "capture"] = 0


def set_a_status_by_hand(world: World) -> None:
    world.transactions["T1"]["transaction"]["status"] = "REFUNDED"


def leave_an_attempt_open(world: World) -> None:
    attempt = {"verb": "refund", "status": "open", "amount": 39800, "created_at": "2026-11-20T09:00:00Z"}
    world.transactions["T1"]["attempts"].append(attempt)


def lose_the_orders_capture(world: World) -> None:
    world.orders["O1"]["order"]["captures"] = []


def write_the_log_without_the_row(world: World) -> None:
    world.log.append(("transaction", "T1", 4))


@pytest.mark.parametrize(
    "spoil",
    [
        lose_the_draft, lose_the_session, lose_the_captures_event, capture_twice_at_the_provider, forget_the_movement,
        set_a_status_by_hand, leave_an_attempt_open, lose_the_orders_capture, write_the_log_without_the_row,
    ],
)  # fmt: skip
def test_each_planted_fault_is_seen(world: World, spoil: Any) -> None:
    spoil(world)
    assert faults(world, [LIFE], settled=False, now=NOW)
