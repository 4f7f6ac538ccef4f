"""One history: run a seed for so many steps, let everything settle, and say what held; find the shortest that fails."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import structlog

from .bugs import planted
from .chance import Chance, ruled_by
from .loop import VirtualLoop
from .model import Model, Violation
from .settle import set_up, settle
from .world import World

DEFAULT_STEPS = 800


@dataclass
class History:
    """`steps`: all that were made, with those of settling. `violation`: what did not hold, None when all did."""

    seed: int
    asked_steps: int
    steps: int = 0
    turns: int = 0
    seconds: float = 0.0
    digest: str = ""
    violation: Violation | None = None
    at_step: int = 0
    trace: list[tuple[Any, ...]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    reached: set[str] = field(default_factory=set)
    """Statuses of orders and drafts, and kinds of requests that were done."""


def run(seed: int, steps: int = DEFAULT_STEPS, bug: str | None = None) -> History:
    """The history of a seed: the same in every process."""
    chance = Chance(seed)
    loop = VirtualLoop(chance.random)  # type: ignore[abstract]  # sockets, signals, threads: none here
    history = History(seed, steps)
    with quiet(), planted(bug), ruled_by(chance, loop.time), running(loop):
        world = World(chance, loop)
        model = Model(world)
        try:
            set_up(world)
            model.begin()
            for _ in range(steps):
                world.step()
                model.after_step()
            settle(world, model)
        except Violation as violation:
            history.violation = violation
        history.at_step = world.steps
        history.steps, history.turns, history.seconds = world.steps, loop.turns, loop.now
        history.digest = world.digest()
        history.trace = world.trace
        history.counts = model.counts()
        history.reached = model.reached()
    return history


def run_without_trace(seed: int, steps: int = DEFAULT_STEPS, bug: str | None = None) -> History:
    """To be sent to another process: the trace would be a lot to send."""
    history = run(seed, steps, bug)
    history.trace = []
    return history


def shortest(failed: History, bug: str | None = None) -> History:
    """The same seed with the fewest steps that still fail: by halving first, then one by one."""
    low, best = 0, failed
    if failed.at_step < failed.asked_steps:
        low, best = 0, run(failed.seed, failed.at_step, bug)
        if best.violation is None:
            best = failed
    while best.asked_steps - low > 1:
        middle = (low + best.asked_steps) // 2
        tried = run(failed.seed, middle, bug)
        if tried.violation is None:
            low = middle
        else:
            best = tried
    for fewer in range(best.asked_steps - 2, max(0, best.asked_steps - 25), -1):
        tried = run(failed.seed, fewer, bug)
        if tried.violation is not None:
            best = tried
    return best


@contextmanager
def running(loop: VirtualLoop) -> Iterator[None]:
    asyncio._set_running_loop(loop)
    hook, sys.unraisablehook = sys.unraisablehook, lambda _: None
    try:
        yield
    finally:
        loop.close()
        sys.unraisablehook = hook
        asyncio._set_running_loop(None)


@contextmanager
def quiet() -> Iterator[None]:
    """Without logs: the history is the log."""
    before = logging.root.manager.disable
    configured = structlog.get_config()
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50), cache_logger_on_first_use=False)
    try:
        yield
    finally:
        logging.disable(before)
        structlog.configure(**configured)
