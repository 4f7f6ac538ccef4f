"""The README is what was typed: its journeys run as they stand, against a real server."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests_support import Server

ROOT = Path(__file__).parent.parent.parent
MARK = "<!-- run by tests/docs/test_readme.py -->\n"


def blocks(language: str) -> list[str]:
    text = (ROOT / "README.md").read_text()
    return re.findall(re.escape(MARK) + rf"```{language}\n(.*?)```", text, re.DOTALL)


async def run(server: Server, account_id: str, command: list[str]) -> str:
    import asyncio

    await server.app.accounts.create_account(account_id, "Readers")
    client, secret = await server.app.accounts.create_client(
        account_id, "Readers", ["admin:checkout", "admin:shopping"]
    )
    environ = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "CLIENT": f"{client.client_id}:{secret}",
        "KVITT": server.url,
        "ACCOUNT": account_id,
    }
    process = await asyncio.create_subprocess_exec(
        *command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(), 120)
    finally:
        if process.returncode is None:
            process.terminate()
    assert process.returncode == 0, err.decode()
    return out.decode()


async def test_the_journey_in_curl_prints_what_the_readme_says(server: Server, account_id: str) -> None:
    (script,) = blocks("sh")
    script = script.replace("KVITT=http://127.0.0.1:8080\nACCOUNT=T12345678\n", "")
    printed = await run(server, account_id, ["bash", "-euo", "pipefail", "-c", script])
    assert printed.split() == ["AUTHORIZED", "CAPTURED", "paid", "REFUNDED", "refunded"]


async def test_the_journey_in_python_ends_refunded(server: Server, account_id: str) -> None:
    (program,) = blocks("python")
    printed = await run(server, account_id, [sys.executable, "-c", program])
    assert printed.split()[-1] == "refunded"


@pytest.mark.parametrize("name", [*sorted(p.name for p in ROOT.glob("*.md")), "docs"])
def test_links_between_documents_lead_somewhere(name: str) -> None:
    pages = sorted((ROOT / "docs").rglob("*.md")) if name == "docs" else [ROOT / name]
    for page in pages:
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
