"""The short version of `python -m bench.torture.flaky`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_a_provider_that_times_out_and_loses_its_news_leaves_nothing_unknown() -> None:
    """A fifth of the calls get no answer, so that there are some in so short a time; then an outage of six seconds."""
    command = [sys.executable, "-m", "bench.torture.flaky", "--share", "20", "--silence", "3", "--away", "6"]
    result = subprocess.run(
        [*command, "--seconds", "6", "--clients", "4", "--trouble", "0", "--patience", "120", "--limit", "220"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
