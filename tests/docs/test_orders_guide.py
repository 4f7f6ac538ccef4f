"""The guide to orders is what was typed: its commands run as they stand, in a row, and answer what it shows."""

from __future__ import annotations

from pathlib import Path

from tests_support import Server

from .shown import Guide, in_folder

GUIDE = Guide("orders")


async def test_the_commands_of_the_guide_answer_what_it_shows(
    server: Server, database_url: str, account_id: str, tmp_path: Path
) -> None:
    assert len(GUIDE.steps) > 15
    begin = f"{in_folder(tmp_path)}export KVITT_DATABASE_URL='{database_url}'\n"
    await GUIDE.compare_commands(server, account_id, begin, {})


async def test_the_program_of_the_guide_prints_what_it_shows(server: Server, account_id: str) -> None:
    (program,) = GUIDE.programs
    await GUIDE.compare_program(server, account_id, program)


def test_every_section_is_in_the_table_of_contents() -> None:
    GUIDE.check_contents()
