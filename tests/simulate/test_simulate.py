"""The simulator finds what it is there to find, and finds nothing in what we ship."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from kvitt.orders.model.documents import DraftStatus, OrderStatus, PaymentStatus

from .bugs import BUGS
from .chance import CALLS_NOW
from .history import run, shortest
from .model import INVARIANTS
from .shopping import KINDS

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "design" / "invariants.md").read_text()
CLEAN = 30
"""Seeds that a test run tries; the command tries thousands."""
STEPS = 500
MOST_SEEDS = 150

CAUGHT_BY = {
    name: (int(seed), int(steps))
    for name, seed, steps in re.findall(r"^\| `([a-z-]+)` \|.*\| (\d+) \| (\d+) \|", DOCUMENT, re.MULTILINE)
}
"""By bug: the seed and the steps that the document says."""


@pytest.mark.parametrize("begin", range(1, CLEAN + 1, 10))
def test_what_we_ship_holds_in_every_history(begin: int) -> None:
    violations = {seed: run(seed, STEPS).violation for seed in range(begin, begin + 10)}
    assert not {seed: str(violation) for seed, violation in violations.items() if violation is not None}


def test_every_status_is_reached_and_every_kind_of_request_is_done() -> None:
    wanted = {
        *(f"draft {status}" for status in (*get_args(DraftStatus), "removed")),
        *(f"order {status}" for status in get_args(OrderStatus)),
        *(f"payment {status}" for status in get_args(PaymentStatus)),
        *KINDS,
    }
    reached: set[str] = set()
    for seed in range(1, CLEAN + 1):
        reached |= run(seed, STEPS).reached
        if reached >= wanted:
            break
    assert reached == wanted


@pytest.mark.parametrize("bug", sorted(BUGS))
def test_a_planted_bug_is_caught(bug: str) -> None:
    """By the seed that the document names or, since each change of kvitt makes other histories, one that follows."""
    named, steps = CAUGHT_BY[bug]
    for seed in range(named, named + MOST_SEEDS):
        if run(seed, steps, bug).violation is not None:
            assert run(seed, steps).violation is None, "the seed fails without the bug"
            return
    pytest.fail(f"no seed from {named} on catches it")


def test_the_same_seed_makes_the_same_history_in_every_process() -> None:
    def digest(hash_seed: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "tests.simulate", "--seed", "7", "--steps", "300"],
            cwd=ROOT, env=os.environ | {"PYTHONHASHSEED": hash_seed}, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout.splitlines()[-1]

    first = digest("1")
    assert first == digest("2")
    assert first == f"digest {run(7, 300).digest}", "what ran before in this process makes a difference"


def test_the_shortest_prefix_is_found_by_running_fewer_steps() -> None:
    histories = (run(seed, 400, "refunds-anything") for seed in range(1, 100))
    failed = next(history for history in histories if history.violation is not None)
    found = shortest(failed, "refunds-anything")
    assert found.violation is not None
    assert found.asked_steps < 400
    assert run(failed.seed, found.asked_steps - 1, "refunds-anything").violation is None


def test_the_command_says_what_failed_and_ends_with_one() -> None:
    command = [sys.executable, "-m", "tests.simulate", "--seeds", "9", "--steps", "400", "--bug", "nobody-asks"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert "open-attempt-is-asked" in done.stdout
    assert re.search(r"Again: python -m tests.simulate --seed \d+ --steps \d+ --bug nobody-asks", done.stdout)


def test_every_invariant_and_every_bug_is_documented() -> None:
    documented = re.findall(r"^\| `([a-z-]+)` \|", DOCUMENT, re.MULTILINE)
    assert sorted(documented) == sorted((*INVARIANTS, *BUGS))
    assert len(INVARIANTS) >= 12
    assert len(BUGS) >= 8


def test_each_invariant_is_held_by_a_check_of_its_name() -> None:
    model = Path(__file__).parent / "model"
    checked = "".join(file.read_text() for file in [*model.glob("*.py"), model.parent / "settle.py"])
    for name in INVARIANTS:
        assert len(re.findall(rf'Violation\(\s*"{name}"', checked)) >= 1, name


def test_no_clock_leaks_into_a_history() -> None:
    """Modules that are driven here and call `datetime.now` have it replaced."""
    driven = ("checkout", "core", "delivery", "ledger", "orders", "store", "worker")
    source = ROOT / "src" / "kvitt"
    found = {
        ".".join(("kvitt", *file.relative_to(source).with_suffix("").parts))
        for part in driven
        for file in (source / part).rglob("*.py")
        if re.search(r"datetime\.(now|utcnow)\(", file.read_text())
    }
    assert found <= {module.__name__ for module in CALLS_NOW}
