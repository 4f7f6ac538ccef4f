from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_nothing_is_lost_when_the_server_is_killed_under_load() -> None:
    """Two kills here; `make kill` does ten. A process of its own: it starts a database and servers and ends them."""
    result = subprocess.run(
        [sys.executable, "-m", "bench.kill9", "--kills", "2", "--seconds", "2", "--clients", "8"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
