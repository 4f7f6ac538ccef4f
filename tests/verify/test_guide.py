"""docs/guides/verify.md is what was typed: its commands run as they stand, in a row."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from pathlib import Path
from typing import Any

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "verify.md"
MARK = "<!-- run by tests/verify/test_guide.py -->\n"


async def test_the_commands_of_the_guide_verify_and_keep_an_anchor(
    shop: Any, database_url: str, account_id: str, tmp_path: Path
) -> None:
    await shop.order()
    await shop.seal()
    blocks = re.findall(re.escape(MARK) + r"```sh\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert len(blocks) == 3
    # All accounts would be those of all tests, some of which were spoiled on purpose.
    script = "".join(blocks).replace("kvitt verify\n", "").replace("T12345678", account_id)
    kept = {key: value for key, value in os.environ.items() if not key.startswith("KVITT_")}
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    process = await asyncio.create_subprocess_exec(
        "bash", "-euo", "pipefail", "-c", script, cwd=tmp_path, stdout=asyncio.subprocess.PIPE,
        env={**kept, "PATH": path, "KVITT_DATABASE_URL": database_url},
    )  # fmt: skip
    async with asyncio.timeout(120):
        out, _ = await process.communicate()
    assert process.returncode == 0
    assert out.decode().count("No differences.") == 2
    assert re.fullmatch(account_id + r":1:[0-9a-f]{64}\n", (tmp_path / "anchors.txt").read_text())
