"""The guide to webhooks is what was typed: its receiver and its commands run as they stand, against a real server."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from pathlib import Path

from kvitt.delivery.rules.notices import DELIVERED_EVENTS, PING
from tests_support import Server, free_port

from .test_readme import ROOT

GUIDE = (ROOT / "docs/guides/webhooks.md").read_text()
MARK = re.escape("<!-- run by tests/docs/test_webhooks_guide.py -->\n")


def test_the_table_of_events_is_what_is_delivered() -> None:
    assert re.findall(r"^\| `([a-z_]+)` \|", GUIDE, re.MULTILINE) == [*DELIVERED_EVENTS, PING]


async def test_the_commands_of_the_guide_print_what_it_says(server: Server, account_id: str, tmp_path: Path) -> None:
    await server.app.accounts.create_account(account_id, "Readers")
    client, secret = await server.app.accounts.create_client(account_id, "Readers", ["admin:hooks", "admin:checkout"])
    port = str(free_port())
    blocks = re.findall(MARK + r"```sh\n(.*?)```", GUIDE, re.DOTALL)
    (receiver,) = re.findall(MARK + r"```python\n(.*?)```", GUIDE, re.DOTALL)
    (tmp_path / "receiver.py").write_text(receiver.replace("3000", port))
    start = (
        f"python receiver.py > heard & trap 'kill %1' EXIT\nuntil (: < /dev/tcp/127.0.0.1/{port}); do sleep 0.1; done\n"
    )
    script = "".join([blocks[0], start, *blocks[1:], "sleep 1; cat heard"]).replace("3000", port)
    script = script.replace("KVITT=http://127.0.0.1:8080\nACCOUNT=T12345678\n", "")
    environ = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "CLIENT": f"{client.client_id}:{secret}",
        "KVITT": server.url,
        "ACCOUNT": account_id,
    }
    process = await asyncio.create_subprocess_exec(
        "bash", "-euo", "pipefail", "-c", script, env=environ, cwd=tmp_path, stdout=asyncio.subprocess.PIPE
    )
    printed = (await asyncio.wait_for(process.communicate(), 60))[0].decode().splitlines()
    assert process.returncode == 0
    shown = [
        line
        for block in re.findall(r"```\n((?:delivered|\[\]|\{').*?)```", GUIDE, re.DOTALL)
        for line in block.split("\n")
    ]
    expected = [line for line in shown if line]
    assert len(expected) == 7
    assert printed[:7] == expected
    assert printed[7:] == ["ping genuine"] * 4  # made, asked for, replayed, and after the rotation
