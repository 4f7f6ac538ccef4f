"""A guide is what was typed: its commands run as they stand, in a row, and answer what it shows.

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

BETWEEN = "----- next step -----"
SHORT_ID = r"[TP]\d{8}\.[1-9A-HJ-NP-Za-km-z]{22}"
ID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z"
NUMBER = r"[2-9A-HJ-NP-Z]{9}"
KINDS = (SHORT_ID, ID, TIME, NUMBER)
OTHERS = re.compile(rf"{SHORT_ID}|{ID}|{TIME}|\b(?=[A-Z]*\d){NUMBER}\b")
"""A number in a guide has a digit, so that no word is taken for one."""


class Guide:
    """A page of docs/guides, and what a test of it runs: the blocks that a comment names the test before."""

    def __init__(self, name: str) -> None:
        self.text = (ROOT / f"docs/guides/{name}.md").read_text()
        self._mark = f"<!-- run by tests/docs/test_{name.replace('-', '_')}_guide.py -->\n"
        mark = re.escape(self._mark)
        steps = mark + r"```sh\n(.*?)```\n\n(?:```(?:json|)\n(.*?)```)?"
        self.steps: list[tuple[str, str]] = re.findall(steps, self.text, re.DOTALL)
        self.programs = self.files("python")

    def files(self, language: str) -> list[str]:
        """What is not a command: programs, and pages."""
        return re.findall(re.escape(self._mark) + rf"```{language}\n(.*?)```", self.text, re.DOTALL)

    async def compare_commands(self, server: Server, account_id: str, begin: str, changes: dict[str, str]) -> None:
        """Runs the commands, after `begin`. `changes`: what stands in them, and what is run in its place."""
        assert len(self.steps) == self.text.count(self._mark + "```sh")
        script = "".join(f"echo; echo '{BETWEEN}'\n{command}" for command, _ in self.steps)
        for one, other in {"KVITT=http://127.0.0.1:8080\nACCOUNT=T12345678\n": begin, **changes}.items():
            assert one in script, f"no command has {one!r}"
            script = script.replace(one, other)
        printed = await run(server, account_id, ["bash", "-euo", "pipefail", "-c", script])
        answers = printed.split(f"\n{BETWEEN}\n")[1:]
        names = Names()
        for (command, shown), came in zip(self.steps, answers, strict=True):
            expected, real = list(values(shown.replace("http://127.0.0.1:8080", server.url))), list(values(came))
            assert len(real) == len(expected), f"{command}\nprinted\n{came}"
            compare(expected, real, names, command.strip())

    async def compare_program(self, server: Server, account_id: str, program: str) -> None:
        """Runs one of the programs; what it prints stands in the block after it."""
        shown = self.text.partition(program)[2].split("```")[2]
        printed = await run(server, account_id, [sys.executable, "-c", program])
        compare_text(shown.strip(), printed.strip(), Names(), "what is printed")

    def check_contents(self) -> None:
        """Every section is in the table of contents, and every link inside the page leads to one."""
        headings = re.findall(r"^## (.*)$", self.text, re.MULTILINE)
        anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
        assert set(re.findall(r"\]\(#([^)]+)\)", self.text.partition("\n## ")[0])) == anchors
        assert set(re.findall(r"\]\(#([^)]+)\)", self.text)) == anchors


def in_folder(folder: Path) -> str:
    """The command that goes to where a guide's files are written."""
    return f"cd '{folder}'\n"


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
    kinds = [next(kind for kind in KINDS if re.fullmatch(kind, one)) for one in found]
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
