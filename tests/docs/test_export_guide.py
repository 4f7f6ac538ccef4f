"""The guide to exports is what was typed: its commands run as they stand; its tables are the files' columns."""

from __future__ import annotations

import re
from pathlib import Path

from kvitt.orders.rules.export import LINE_COLUMNS, ORDER_COLUMNS
from tests_support import Server

from .test_readme import ROOT, run

GUIDE = (ROOT / "docs/guides/export.md").read_text()
MARK = "<!-- run by tests/docs/test_export_guide.py -->\n"


async def test_the_commands_of_the_guide_print_what_it_says(
    server: Server, account_id: str, database_url: str, tmp_path: Path
) -> None:
    blocks = re.findall(re.escape(MARK) + r"```sh\n(.*?)```", GUIDE, re.DOTALL)
    assert len(blocks) == 2
    script = "".join(blocks).replace("KVITT=http://127.0.0.1:8080\nACCOUNT=T12345678\n", "")
    begin = f"cd {tmp_path}\nexport KVITT_DATABASE_URL={database_url!r}\n"
    printed = await run(server, account_id, ["bash", "-euo", "pipefail", "-c", begin + script])
    (said,) = re.findall(r"```\n(description.*?)```", GUIDE, re.DOTALL)
    first = f"Account {account_id}: Readers, times in Europe/Oslo.\n0\n"
    assert printed.replace("\r", "") == first + said
    head, line = (tmp_path / "lines.csv").read_text().splitlines()
    assert head.split(",") == list(LINE_COLUMNS)
    assert re.search(r"T\d\d:\d\d:\d\d\+0[12]:00,", line)


def test_every_column_is_in_its_table_in_its_order() -> None:
    of_orders, of_lines = GUIDE.split("## The tables")[1].split("A row for each line")
    rows = re.findall(r"^\| (`.*?) \|", of_orders, re.MULTILINE)
    assert re.findall(r"`(\w+)`", " ".join(rows)) == list(ORDER_COLUMNS)
    rows = [of_lines.split("and\nof the line")[0], *re.findall(r"^\| (`.*?) \|", of_lines, re.MULTILINE)]
    assert re.findall(r"`(\w+)`", " ".join(rows)) == list(LINE_COLUMNS)
