"""The guide to checkout is what was typed: its commands run as they stand, in a row, and answer what it shows."""

from __future__ import annotations

import re
from pathlib import Path

from kvitt.core.errors import Refusal
from tests_support import Server, free_port

from .shown import Guide, in_folder

GUIDE = Guide("checkout")


async def test_the_commands_of_the_guide_answer_what_it_shows(server: Server, account_id: str, tmp_path: Path) -> None:
    assert len(GUIDE.steps) > 20
    shop, port = GUIDE.programs[0], str(free_port())
    (tmp_path / "shop.py").write_text(shop.replace("3000", port))
    begin = f"{in_folder(tmp_path)}trap 'kill $(jobs -p)' EXIT\n"
    changes = {
        "127.0.0.1:3000": f"127.0.0.1:{port}",
        "127.0.0.1/3000": f"127.0.0.1/{port}",
    }
    await GUIDE.compare_commands(server, account_id, begin, changes)


async def test_the_program_of_the_guide_prints_what_it_shows(server: Server, account_id: str) -> None:
    _, program = GUIDE.programs
    await GUIDE.compare_program(server, account_id, program)


def test_every_section_is_in_the_table_of_contents() -> None:
    GUIDE.check_contents()


def test_the_table_of_errors_names_statuses_and_codes_that_there_are() -> None:
    table = GUIDE.text.partition("\n## Errors\n")[2].partition("\n## ")[0]
    told = {
        (int(status), code)
        for status, codes in re.findall(r"^\| (\d+) \| (`[^|]*) \|", table, re.MULTILINE)
        for code in re.findall(r"`(\w+)`", codes)
    }
    assert len(told) > 15
    assert told <= {(refusal.status, refusal.code) for refusal in every_refusal(Refusal)}


def every_refusal(kind: type[Refusal]) -> list[type[Refusal]]:
    return [kind, *(found for each in kind.__subclasses__() for found in every_refusal(each))]
