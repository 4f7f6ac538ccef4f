"""Fairness between receivers: many tasks for one must not keep the others waiting.

Tasks in hand stand in lanes, each with its own few places to run. The slower a lane's tasks turn out to be, the fewer
of them are held; as long as nobody knows, as few as of a slow one. A place that becomes free goes to the other lanes
first, and the last places are for lanes of which nothing runs: receivers that hang leave room for the next.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from kvitt.store import DueTask

LONGEST_CROWD_WAIT = 300.0
MOST_REMEMBERED = 1000
"""Lanes that are empty."""
_UNKNOWN_WAIT = 0.1


@dataclass(frozen=True)
class Limits:
    """How much a worker does at once, and its times in seconds.

    A held task starts within the first half of its `lease` and is cut off in the second, so that no two workers run it
    at once: a handler has a little less than half a lease. `gather` is how long to collect what comes due together.
    The last quarter of `running` is for lanes of which nothing runs.
    """

    running: int = 64
    running_per_lane: int = 16
    held: int = 256
    lease: float = 60.0
    poll: float = 0.25
    gather: float = 0.015
    grace: float = 15.0


@dataclass
class Lane:
    """`waiting`: tasks, and when (monotonic) it is too late to start each, since another worker may take it soon."""

    name: str
    waiting: deque[tuple[DueTask, float]] = field(default_factory=deque)
    running: int = 0
    seconds: float | None = None
    """How long its tasks take, the latest counting most; None until one has ended."""

    def room(self, limits: Limits) -> int:
        """How many more to hold: what the lane gets through in about five seconds. Negative when there are too many."""
        most = limits.running_per_lane
        if self.seconds is not None:
            most = max(most, int(most * 5 / max(self.seconds, 0.001)))
        return most - self.running - len(self.waiting)

    def crowd_wait(self, tries: int) -> float:
        """Seconds until one for which there is no room comes again: twice as long each time, beginning with what two
        of the lane's tasks take. While that is not known, some seconds at most."""
        if self.seconds is None:
            return float(_UNKNOWN_WAIT * 2 ** min(tries, 6))
        return float(min(max(self.seconds, 0.1) * 2 ** min(tries, 12), LONGEST_CROWD_WAIT))

    def ended(self, seconds: float) -> None:
        """One of its tasks has run for so long."""
        self.running -= 1
        self.seconds = seconds if self.seconds is None else self.seconds + 0.3 * (seconds - self.seconds)


class Lanes:
    """The tasks in hand. `start(task, lane)` is called for each when its turn comes."""

    def __init__(self, limits: Limits, start: Callable[[DueTask, Lane], None]) -> None:
        self.held = 0
        self.running = 0
        self._limits = limits
        self._start = start
        self._lanes: dict[str, Lane] = {}
        self._seconds: dict[str, float] = {}  # of lanes that ran lately

    def hold(self, task: DueTask, name: str, start_before: float) -> Lane | None:
        """Takes the task in hand and starts it when it can; answers its lane instead when that is full."""
        lane = self._lanes.get(name)
        if lane is None:
            lane = self._lanes[name] = Lane(name, seconds=self._seconds.pop(name, None))
        if lane.room(self._limits) <= 0:
            return lane
        lane.waiting.append((task, start_before))
        self.held += 1
        self._advance(lane)
        return None

    def ended(self, lane: Lane, seconds: float) -> list[DueTask]:
        """A task of the lane ended after so many seconds: its place goes on. Answers what is let go of, since the lane
        turned out slow: it must not wait for its lease to end, for that may have been one slow task among many."""
        lane.ended(seconds)
        self.running -= 1
        self.held -= 1
        let_go = []
        while lane.waiting and lane.room(self._limits) < 0:
            let_go.append(lane.waiting.pop()[0])
            self.held -= 1
        if self.held > self.running:
            self._lanes[lane.name] = self._lanes.pop(lane.name)  # to the end of the row
            for other in list(self._lanes.values()):
                self._advance(other)
                if self.running >= self._limits.running:
                    break
        if not lane.waiting and not lane.running:
            self._forget(lane)
        return let_go

    def clear(self) -> list[DueTask]:
        """Lets go of what was not started, and answers it."""
        unstarted = [task for lane in self._lanes.values() for task, _ in lane.waiting]
        for lane in self._lanes.values():
            lane.waiting.clear()
        self.held -= len(unstarted)
        return unstarted

    def _forget(self, lane: Lane) -> None:
        self._lanes.pop(lane.name, None)
        if lane.seconds is not None:
            self._seconds[lane.name] = lane.seconds
            if len(self._seconds) > MOST_REMEMBERED:
                del self._seconds[next(iter(self._seconds))]

    def _has_place(self, lane: Lane) -> bool:
        limits = self._limits
        if self.running >= limits.running * 3 // 4:
            return self.running < limits.running and not lane.running
        return lane.running < limits.running_per_lane

    def _advance(self, lane: Lane) -> None:
        while lane.waiting and self._has_place(lane):
            task, start_before = lane.waiting.popleft()
            if time.monotonic() >= start_before:
                self.held -= 1
                continue
            lane.running += 1
            self.running += 1
            self._start(task, lane)
