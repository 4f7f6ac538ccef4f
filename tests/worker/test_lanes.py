from __future__ import annotations

import time
from datetime import UTC, datetime

from kvitt.store import DueTask
from kvitt.worker.lanes import Lane, Lanes, Limits

LIMITS = Limits(running=8, running_per_lane=4, held=32)


class Row:
    """The lanes, and what they started."""

    def __init__(self) -> None:
        self.started: list[Lane] = []
        self.lanes = Lanes(LIMITS, lambda _, lane: self.started.append(lane))

    def hold(self, name: str, count: int) -> int:
        """How many of these were taken in hand."""
        task = DueTask("T1", "a", "test", datetime.now(UTC), "{}", 1)
        return sum(self.lanes.hold(task, name, time.monotonic() + 60) is None for _ in range(count))

    def running(self, name: str) -> int:
        return sum(lane.running for lane in {id(lane): lane for lane in self.started}.values() if lane.name == name)


def test_a_lane_of_which_nobody_knows_how_fast_it_is_holds_what_it_can_run() -> None:
    assert Row().hold("new", 100) == LIMITS.running_per_lane


def test_a_lane_that_is_fast_holds_what_it_gets_through_in_five_seconds_also_after_it_was_empty() -> None:
    row = Row()
    row.hold("fast", 1)
    row.lanes.ended(row.started[0], 0.1)
    assert row.lanes.held == 0
    assert row.hold("fast", 1000) == LIMITS.running_per_lane * 50


def test_a_lane_that_is_slow_holds_what_it_can_run() -> None:
    row = Row()
    row.hold("slow", 1)
    row.lanes.ended(row.started[0], 10.0)
    assert row.hold("slow", 100) == LIMITS.running_per_lane


def test_a_lane_that_turns_out_slow_lets_go_of_what_it_cannot_get_through_soon() -> None:
    """One slow task among many fast ones: the others come again in seconds, not when their lease ends."""
    row = Row()
    row.hold("fast", 1)
    assert row.lanes.ended(row.started[0], 0.01) == []
    held = row.hold("fast", 100)
    lane = row.started[-1]
    let_go = row.lanes.ended(lane, 10.0)  # as long as a pause of the machine
    assert let_go
    assert row.lanes.held == held - 1 - len(let_go)
    assert lane.room(LIMITS) >= 0
    assert lane.crowd_wait(1) < 10


def test_the_last_places_are_for_lanes_of_which_nothing_runs() -> None:
    row = Row()
    for name in ("a", "b"):
        row.hold(name, 4)
    assert (row.running("a"), row.running("b")) == (4, 2)
    row.hold("c", 4)
    row.hold("d", 4)
    row.hold("e", 4)
    assert [row.running(name) for name in "cde"] == [1, 1, 0]  # eight run: that is all


def test_one_that_finds_no_room_comes_again_soon_while_the_speed_is_unknown_and_later_when_it_is_slow() -> None:
    unknown, slow = Lane("a"), Lane("b", seconds=10.0)
    assert [unknown.crowd_wait(tries) for tries in (1, 2, 20)] == [0.2, 0.4, 6.4]
    assert [slow.crowd_wait(tries) for tries in (1, 2, 20)] == [20, 40, 300]
