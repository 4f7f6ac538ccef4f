"""Each import contract is seen to fail on a deliberate violation; one that cannot fail holds nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LINT = str(Path(sys.executable).parent / "lint-imports")

VIOLATIONS = [
    ("Imports fall one way", "core/clock.py", "import kvitt.store"),
    ("Imports fall one way", "orders/flows/__init__.py", "import kvitt.checkout.flows"),
    ("Imports fall one way", "web/routes.py", "import kvitt.store"),
    ("Inside orders, a request falls", "orders/flows/__init__.py", "import kvitt.orders.api"),
    ("Inside checkout, a request falls", "checkout/model/session.py", "import kvitt.checkout.rules"),
    ("Inside delivery, a request falls", "delivery/rules/schedule.py", "import kvitt.delivery.flows"),
    ("Inside together, a request falls", "together/rules.py", "import kvitt.together.flows"),
    ("Imports fall one way", "checkout/flows/__init__.py", "import kvitt.together.flows"),
    ("Rules and models know the core alone", "together/rules.py", "import kvitt.store"),
    ("Rules and models know the core alone", "delivery/rules/schedule.py", "import kvitt.store"),
    ("Rules and models know the core alone", "core/ids.py", "import asyncio"),
    ("Only the store names the database", "delivery/flows/callbacks.py", "import asyncpg"),
    ("Falcon stays behind the web kit", "hosted/pages.py", "import falcon"),
]


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [LINT, "--config", str(ROOT / "pyproject.toml"), "--no-cache"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "NO_COLOR": "1", "COLUMNS": "300"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "src" / "kvitt", tmp_path / "kvitt", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


@pytest.mark.parametrize(("contract", "place", "line"), VIOLATIONS)
def test_a_contract_breaks_on_a_deliberate_violation(copy: Path, contract: str, place: str, line: str) -> None:
    path = copy / "kvitt" / place
    if not path.exists():  # a module that has grown into a package
        path = path.with_suffix("") / "__init__.py"
    path.write_text(path.read_text().replace("from __future__ import annotations\n", "", 1) + f"\n{line}\n")
    linted = lint(copy)
    assert linted.returncode == 1, linted.stdout
    broken = [text for text in linted.stdout.splitlines() if text.rstrip().endswith("BROKEN")]
    assert any(text.startswith(contract) for text in broken), linted.stdout


def test_every_contract_has_a_violation_here() -> None:
    import tomllib

    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    for contract in contracts:
        assert any(contract["name"].startswith(name) for name, _, _ in VIOLATIONS), contract["name"]


def test_the_code_as_it_stands_breaks_none(copy: Path) -> None:
    linted = lint(copy)
    assert linted.returncode == 0, linted.stdout
