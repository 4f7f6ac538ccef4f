"""The short version of `make torture`; a process of its own, which starts and ends its database and its servers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_nothing_is_lost_or_doubled_when_server_worker_and_postgresql_are_killed_under_load() -> None:
    """Three kills, one of them PostgreSQL's; then the accounts' clocks are moved, so that nothing is waited for."""
    command = [sys.executable, "-m", "bench.torture", "--kills", "3", "--seconds", "2", "--clients", "16"]
    result = subprocess.run(
        [*command, "--hurry", "--patience", "90", "--limit", "300"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=360,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
