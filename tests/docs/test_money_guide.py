"""The guide to money is what was typed: its Python runs as it stands, and prints what it says."""

from __future__ import annotations

import doctest
import inspect
import json
import re
from typing import Any

from kvitt.core import shares, tax

from .test_readme import ROOT

GUIDE = (ROOT / "docs/guides/money.md").read_text()


def test_the_examples_of_the_guide_print_what_it_says() -> None:
    blocks = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
    assert len(blocks) == 11
    told: list[str] = []
    test = doctest.DocTestParser().get_doctest("".join(blocks), {}, "money.md", "money.md", 0)
    result = doctest.DocTestRunner().run(test, out=told.append)
    assert result.failed == 0, "".join(told)
    assert result.attempted > 30


def test_the_line_on_the_wire_adds_up() -> None:
    (block,) = re.findall(r"```json\n(.*?)```", GUIDE, re.DOTALL)
    line: dict[str, Any] = json.loads(block)
    (discount,), (taxed,) = line["discount_lines"], line["tax_lines"]
    assert line["gross_amount"] - discount["amount"] == line["net_amount"] == taxed["amount"] + taxed["tax_basis"]
    assert f"({line['gross_amount']}, {discount['amount']}, {line['net_amount']}, {taxed['amount']}, " in GUIDE


def test_every_function_of_tax_and_shares_is_in_the_guide() -> None:
    for module in (tax, shares):
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ == module.__name__ and not name.startswith("_"):
                assert f"import {name}" in GUIDE or f", {name}" in GUIDE, name
