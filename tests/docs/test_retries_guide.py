"""The guide to retries is what was typed: its commands run as they stand, in a row, against a real server."""

from __future__ import annotations

import re
from pathlib import Path

from tests_support import Server

from .test_readme import ROOT, run

MARK = "<!-- run by tests/docs/test_retries_guide.py -->\n"


async def test_the_commands_of_the_guide_print_what_it_says(server: Server, account_id: str, tmp_path: Path) -> None:
    text = (ROOT / "docs/guides/retries-and-idempotency.md").read_text()
    blocks = re.findall(re.escape(MARK) + r"```sh\n(.*?)```", text, re.DOTALL)
    assert len(blocks) == 2
    script = "".join(blocks).replace("KVITT=http://127.0.0.1:8080\nACCOUNT=T12345678\n", f"cd {tmp_path}\n")
    printed = await run(server, account_id, ["bash", "-euo", "pipefail", "-c", script])
    assert printed.split() == ["idempotent-replayed:", "true", "IDEMPOTENCY_KEY_REUSED", "202", "202", "CAPTURED"]
