"""`python -m tests.simulate`: one history, or many."""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from functools import partial

from .bugs import BUGS
from .history import DEFAULT_STEPS, History, run, run_without_trace, shortest

_LAST_SHOWN = 25
MOST_SEEDS = 300
"""That are tried to catch a bug."""

_HELP = """\
Runs kvitt's real rules, flows, worker and delivery in a simulated world: the clock, the database, the provider, the
shops and their callers all follow from one seed, and so does what goes wrong. After each commit, and once all has
settled, a model that shares no code with kvitt says what must hold (docs/design/invariants.md).

  python -m tests.simulate --seed 42                  one history, and its digest: the same seed, the same history
  python -m tests.simulate --seed 42 --trace          what happened in it
  python -m tests.simulate --seeds 10000 --jobs 2     many histories
  python -m tests.simulate --seeds 500 --from 9000    seeds 9000 to 9499
  python -m tests.simulate --seeds 50 --bug no-outbox with a bug planted: the simulator has to find it

A step is one thing that happens: somebody outside acts, or the next timer rings and all that it wakes run. Letting
things settle afterwards takes as many steps as it takes. Exit status: 0 when all held, 1 when something did not.
"""


def main() -> int:
    options = _options()
    if options.list_bugs:
        for name, bug in BUGS.items():
            print(f"{name:<22} {bug.what}")
        return 0
    if options.catch_bugs:
        return _catch(options.first, options.steps)
    if options.seeds is None:
        return _one(options.seed, options.steps, options.bug, trace=options.trace)
    return _many(range(options.first, options.first + options.seeds), options.steps, options.bug, options.jobs)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.simulate", description=_HELP, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=1, help="the seed of one history (default 1)")
    parser.add_argument("--seeds", type=int, help="how many histories to run, one seed each")
    parser.add_argument("--from", dest="first", type=int, default=1, help="the first of --seeds (default 1)")
    parser.add_argument(
        "--steps", type=int, default=DEFAULT_STEPS, help=f"steps before all settles (default {DEFAULT_STEPS})"
    )
    parser.add_argument("--jobs", type=int, default=1, help="processes to run --seeds in (default 1)")
    parser.add_argument("--bug", choices=sorted(BUGS), metavar="NAME", help="plant a bug; see --list-bugs")
    parser.add_argument("--list-bugs", action="store_true", help="the bugs that can be planted")
    parser.add_argument(
        "--catch-bugs", action="store_true", help="plant each bug and find the first seed that shows it, as a table"
    )
    parser.add_argument("--trace", action="store_true", help="with --seed: print all that happened")
    return parser.parse_args()


def _one(seed: int, steps: int, bug: str | None, *, trace: bool) -> int:
    began = time.perf_counter()
    history = run(seed, steps, bug)
    took = time.perf_counter() - began
    if trace:
        _print_trace(history, len(history.trace))
    if history.violation is not None:
        _print_failure(history, bug)
        return 1
    print(
        f"seed {seed}: all held. {history.steps} steps ({steps} and settling), {history.turns} callbacks, "
        f"{timedelta(seconds=round(history.seconds))} of virtual time in {took:.2f} s "
        f"({history.steps / took:,.0f} steps/s)"
    )
    print(", ".join(f"{count} {name}" for name, count in history.counts.items()))
    print(f"digest {history.digest}")
    return 0


def _many(seeds: range, steps: int, bug: str | None, jobs: int) -> int:
    began = time.perf_counter()
    done = ran = 0
    failed: list[int] = []
    for history in _histories(seeds, steps, bug, jobs):
        done += 1
        ran += history.steps
        if history.violation is not None:
            failed.append(history.seed)
            _clear_line()
            print(f"seed {history.seed}: {history.violation}", flush=True)
        _progress(done, len(seeds), len(failed), ran, time.perf_counter() - began)
    _clear_line()
    took = time.perf_counter() - began
    print(
        f"{done} histories from seed {seeds.start}, {ran:,} steps in {took:.0f} s ({ran / took:,.0f} steps/s): "
        f"{len(failed)} failed"
    )
    if not failed:
        return 0
    print(f"failed: {', '.join(map(str, failed[:50]))}\nThe first of them:")
    _print_failure(run(failed[0], steps, bug), bug)
    return 1


def _catch(first: int, steps: int) -> int:
    """The table of docs/design/invariants.md: after a change of what is simulated the seeds are others."""
    missed = []
    for name, bug in BUGS.items():
        for seed in range(first, first + MOST_SEEDS):
            caught = run(seed, steps, name)
            if caught.violation is not None and run(seed, steps).violation is None:
                print(f"| `{name}` | {bug.what} | {caught.violation.invariant} | {seed} | {steps} |", flush=True)
                break
        else:
            missed.append(name)
    if missed:
        print(f"Not caught by {MOST_SEEDS} seeds: {', '.join(missed)}")
    return 1 if missed else 0


def _histories(seeds: range, steps: int, bug: str | None, jobs: int) -> Iterator[History]:
    one = partial(run_without_trace, steps=steps, bug=bug)
    if jobs == 1:
        yield from map(one, seeds)
        return
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap_unordered(one, seeds, chunksize=8)


def _print_failure(history: History, bug: str | None) -> None:
    print(f"seed {history.seed} fails at step {history.at_step}: {history.violation}")
    print("Looking for the shortest prefix that shows it ...", flush=True)
    found = shortest(history, bug)
    planted = f" --bug {bug}" if bug else ""
    print(f"{found.asked_steps} steps show it: {found.violation}\nThe last that happened:")
    _print_trace(found, _LAST_SHOWN)
    print(f"Again: python -m tests.simulate --seed {found.seed} --steps {found.asked_steps}{planted} --trace")


def _print_trace(history: History, last: int) -> None:
    for step, seconds, *what in history.trace[-last:]:
        print(f"{step:>6} {seconds:>12.3f}s  {' '.join(map(str, what))}")


def _progress(done: int, of: int, failed: int, steps: int, took: float) -> None:
    if sys.stdout.isatty() or done % 500 == 0:
        left = timedelta(seconds=round(took / done * (of - done)))
        text = f"{done}/{of} seeds, {failed} failed, {steps / took:,.0f} steps/s, {left} left"
        print(f"\r\x1b[K{text}" if sys.stdout.isatty() else text, end="" if sys.stdout.isatty() else "\n", flush=True)


def _clear_line() -> None:
    if sys.stdout.isatty():
        print("\r\x1b[K", end="")


if __name__ == "__main__":
    sys.exit(main())
