"""The guide to the sandbox is what was typed: its commands run as they stand; its tables are what the code has."""

from __future__ import annotations

import re
from typing import get_args

from kvitt.checkout.providers.amounts import BY_AMOUNT, FIRST
from kvitt.checkout.providers.declines import DECLINES
from kvitt.checkout.providers.faults import FaultName, NoticeName
from tests_support import Server

from .test_readme import ROOT, run

GUIDE = (ROOT / "docs/guides/sandbox.md").read_text()
MARK = "<!-- run by tests/docs/test_sandbox_guide.py -->\n"


async def test_the_commands_of_the_guide_print_what_it_says(server: Server, account_id: str) -> None:
    blocks = re.findall(re.escape(MARK) + r"```sh\n(.*?)```", GUIDE, re.DOTALL)
    assert len(blocks) == 5
    script = "".join(blocks).replace("KVITT=http://127.0.0.1:8080\nACCOUNT=T12345678\n", "")
    printed = await run(server, account_id, ["bash", "-euo", "pipefail", "-c", script])
    said = re.findall(r" # (\w+)$", "".join(blocks), re.MULTILINE)
    assert printed.split() == said
    assert said == [
        "silent_after", "202", "PT1H10M", "CAPTURED", "open", "P1DT1H10M", "expired",
        "paying", "paid", "P1DT1H20M", "open", "declined", "transaction",
    ]  # fmt: skip


def test_every_fault_notice_and_error_is_in_the_guide() -> None:
    rows = re.findall(r"^\| `([a-z_]+)` \|", GUIDE, re.MULTILINE)
    for name in (*get_args(FaultName), *get_args(NoticeName)):
        assert name in rows, name
    listed = re.search(r"`error` is one of (.*?)\.\n", GUIDE, re.DOTALL)
    assert listed is not None
    assert re.findall(r"`(\w+)`", listed.group(1)) == list(DECLINES)


def test_the_table_of_amounts_is_what_the_sandbox_does() -> None:
    told: set[tuple[str, int]] = set()
    for first, rest, verb in re.findall(r"^\| (\d{7})((?:, \d\d)*|(?: to \d{7})) \| (\w+) \|", GUIDE, re.MULTILINE):
        start = int(first)
        numbers = range(start, int(rest[4:]) + 1) if rest.startswith(" to ") else [
            start, *(start - start % 100 + int(each) for each in re.findall(r"\d\d", rest)),
        ]  # fmt: skip
        told |= {(verb, number) for number in numbers}
    assert told == set(BY_AMOUNT)
    assert min(number for _, number in told) == FIRST + 1
