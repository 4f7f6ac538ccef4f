"""Every test that docs/design/pains.md names is there."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from .test_readme import ROOT

ROWS = [line for line in (ROOT / "docs/design/pains.md").read_text().splitlines() if line.startswith("| ")][2:]


@cache
def names_in(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / "tests" / path).read_text())
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[2:60])
def test_the_tests_that_show_it_are_there(row: str) -> None:
    named = re.findall(r"`(\w+/test_\w+\.py)::(test_\w+)`", row)
    assert named
    for path, name in named:
        assert name in names_in(path), f"tests/{path} has no {name}"


def test_the_table_is_read() -> None:
    assert len(ROWS) > 20
