"""The guide to orders is what was typed: its commands run as they stand, in a row, and answer what it shows.

What is shown may leave members out, and has "…" where a text or a list goes on. Ids, order numbers and times are others
each time: they are compared by their form, and one that comes up again has to be the same one again.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests_support import Server

from .test_readme import ROOT, run

GUIDE = (ROOT / "docs/guides/orders.md").read_text()
MARK = "<!-- run by tests/docs/test_orders_guide.py -->\n"
STEPS = re.findall(re.escape(MARK) + r"```sh\n(.*?)```\n\n(?:```(?:json|)\n(.*?)```)?", GUIDE, re.DOTALL)
BETWEEN = "----- next step -----"
ID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z"
NUMBER = r"[2-9A-HJ-NP-Z]{9}"
OTHERS = re.compile(rf"{ID}|{TIME}|\b(?=[A-Z]*\d){NUMBER}\b")
"""A number in the guide has a digit, so that no word is taken for one."""


class Names(dict[str, str]):
    """What stands in the guide for what came."""

    def check(self, shown: str, came: str, where: str) -> None:
        if re.fullmatch(TIME, shown) is None:
            assert self.setdefault(shown, came) == came, f"{where}: another {shown} than before"
            assert list(self.values()).count(came) == 1, f"{where}: {came} has two names in the guide"


def compare(shown: Any, came: Any, names: Names, where: str = "the answer") -> None:
    if isinstance(shown, dict):
        assert isinstance(came, dict), f"{where} is {came!r}"
        for name, value in shown.items():
            assert name in came, f"{where} has no {name}: {came}"
            compare(value, came[name], names, f"{where}.{name}")
    elif isinstance(shown, list):
        assert isinstance(came, list), f"{where} is {came!r}"
        more = shown[-1:] == ["…"]
        assert len(came) > len(shown[:-1]) if more else len(came) == len(shown), f"{where} has {len(came)}: {came}"
        for index, value in enumerate(shown[:-1] if more else shown):
            compare(value, came[index], names, f"{where}[{index}]")
    elif isinstance(shown, str):
        compare_text(shown, str(came), names, where)
    else:
        assert (type(shown), shown) == (type(came), came), f"{where} is {came!r}, shown is {shown!r}"


def compare_text(shown: str, came: str, names: Names, where: str) -> None:
    """Texts that are the same but for the ids, numbers and times in them; "…" stands for more."""
    found = OTHERS.findall(shown)
    kinds = [next(kind for kind in (ID, TIME, NUMBER) if re.fullmatch(kind, one)) for one in found]
    fixed = [re.escape(part).replace("…", ".*") for part in OTHERS.split(shown)]
    pattern = fixed[0] + "".join(f"({kind}){part}" for kind, part in zip(kinds, fixed[1:], strict=True))
    match = re.fullmatch(pattern, came, re.DOTALL)
    assert match, f"{where} is {came!r}, shown is {shown!r}"
    for one, real in zip(found, match.groups(), strict=True):
        names.check(one, real, where)


def values(text: str) -> Iterator[Any]:
    """One JSON value after another, each ending its line; a line that is none is a text: {"text": the line}."""
    decoder, text = json.JSONDecoder(), text.strip()
    while text:
        line, _, rest = text.partition("\n")
        value: Any = {"text": line.rstrip()}
        with suppress(ValueError):
            found, end = decoder.raw_decode(text)
            over, _, behind = text[end:].partition("\n")
            if not over.strip():
                value, rest = found, behind
        yield value
        text = rest.lstrip()


async def test_the_commands_of_the_guide_answer_what_it_shows(
    server: Server, database_url: str, account_id: str, tmp_path: Path
) -> None:
    assert len(STEPS) == GUIDE.count(MARK + "```sh") > 15
    commands = "".join(f"echo; echo '{BETWEEN}'\n{command}" for command, _ in STEPS)
    here = f"cd {tmp_path}; export KVITT_DATABASE_URL='{database_url}'\n"
    script = commands.replace("KVITT=http://127.0.0.1:8080\nACCOUNT=T12345678\n", here)
    printed = await run(server, account_id, ["bash", "-euo", "pipefail", "-c", script])
    answers = printed.split(f"\n{BETWEEN}\n")[1:]
    names = Names()
    for (command, shown), came in zip(STEPS, answers, strict=True):
        expected, real = list(values(shown.replace("http://127.0.0.1:8080", server.url))), list(values(came))
        assert len(real) == len(expected), f"{command}\nprinted\n{came}"
        compare(expected, real, names, command.strip())


async def test_the_program_of_the_guide_prints_what_it_shows(server: Server, account_id: str) -> None:
    (program,) = re.findall(re.escape(MARK) + r"```python\n(.*?)```", GUIDE, re.DOTALL)
    shown = GUIDE.partition(program)[2].split("```")[2]
    printed = await run(server, account_id, [sys.executable, "-c", program])
    compare_text(shown.strip(), printed.strip(), Names(), "what is printed")


def test_every_section_is_in_the_table_of_contents() -> None:
    headings = re.findall(r"^## (.*)$", GUIDE, re.MULTILINE)
    anchors = [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]
    assert re.findall(r"\]\(#([^)]+)\)", GUIDE.partition("\n## ")[0]) != []
    assert set(re.findall(r"\]\(#([^)]+)\)", GUIDE)) == set(anchors)


def test_what_is_shown_is_really_compared() -> None:
    for shown, came in (
        ({"a": 1}, {"b": 1}),
        ([1, 2], [1]),
        ([1, "…"], []),
        (1, True),
        (list(values("1K")), list(values("1 K"))),
        (list(values("7\nK")), list(values("7K"))),
        ("order 7KQ4M2XTB", "order 1"),
        (["7KQ4M2XTB", "7KQ4M2XTB"], ["B6TQ2HN9R", "XW4P7C3ZK"]),
        (["7KQ4M2XTB", "B6TQ2HN9R"], ["XW4P7C3ZK", "XW4P7C3ZK"]),
    ):
        try:
            compare(shown, came, Names())
        except AssertionError:
            continue
        raise AssertionError(f"{shown} is not {came}")
