"""docs/guides/events.md is what was typed, and its table is what the code can emit."""

from __future__ import annotations

import ast
import asyncio
import json
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

import kvitt
from kvitt.orders.model import Verb
from tests_support import Server

ROOT = Path(__file__).parent.parent.parent
GUIDE = (ROOT / "docs" / "guides" / "events.md").read_text()
MARK = "<!-- run by tests/docs/test_events.py -->\n"
PAGES, STREAM, LISTEN = re.findall(re.escape(MARK) + r"```sh\n(.*?)```", GUIDE, re.DOTALL)
(PROGRAM,) = re.findall(re.escape(MARK) + r"```python\n(.*?)```", GUIDE, re.DOTALL)

EVENT = re.compile(r"[a-z]+\.(?:[a-z]+_)*(?:[a-z]+ed|dead|expiring|on_hold)")
"""Event types are past tense, but for one that warns and one that goes on; paths of members (`order.items`) and kinds
of tasks are not."""


def emitted() -> set[str]:
    """Every event type that stands in the code, with the verbs of orders put into theirs."""
    found: set[str] = set()
    for feature in ("accounts", "orders", "checkout", "delivery"):
        for path in (Path(kvitt.__file__).parent / feature).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.JoinedStr):
                    parts = [part.value if isinstance(part, ast.Constant) else None for part in node.values]
                    texts = ["".join(part or verb.noun for part in parts) for verb in Verb]
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    texts = [node.value]
                else:
                    continue
                found |= {text for text in texts if EVENT.fullmatch(text)}
    return found


def documented() -> set[str]:
    return set(re.findall(r"^\| `([a-z]+\.[a-z_]+)` \|", GUIDE, re.MULTILINE))


def test_the_table_of_events_is_what_the_code_can_emit() -> None:
    assert len(documented()) > 15
    assert documented() == emitted()


@pytest.fixture
async def environ(server: Server, account_id: str, tmp_path: Path) -> dict[str, str]:
    await server.app.accounts.create_account(account_id, "Readers")
    client, secret = await server.app.accounts.create_client(account_id, "Readers", ["read:hooks"])
    kept = {key: value for key, value in os.environ.items() if not key.startswith("KVITT_")}
    return {
        **kept,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "CLIENT": f"{client.client_id}:{secret}",
        "KVITT": server.url,
        "ACCOUNT": account_id,
    }


@asynccontextmanager
async def running(environ: dict[str, str], script: str, folder: Path) -> AsyncIterator[asyncio.StreamReader]:
    """What a script prints, for as long as it runs; then it is stopped, whether it would end or not."""
    process = await asyncio.create_subprocess_exec(
        "bash", "-euo", "pipefail", "-c", script, env=environ, cwd=folder, start_new_session=True,
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        async with asyncio.timeout(30):
            yield process.stdout
    finally:
        with suppress(ProcessLookupError):  # it ended by itself
            os.killpg(process.pid, 9)
        await process.communicate()


def here(script: str) -> str:
    return script.replace("KVITT=http://127.0.0.1:8080\nACCOUNT=T12345678\n", "")


async def test_the_page_in_curl_looks_as_the_guide_says(environ: dict[str, str], tmp_path: Path) -> None:
    async with running(environ, here(PAGES), tmp_path) as out:
        page = json.loads(await out.read())
    (shown,) = re.findall(r"```json\n(.*?)```", GUIDE, re.DOTALL)
    example = json.loads(shown)
    assert page.keys() == example.keys()
    assert page["events"][0].keys() == example["events"][0].keys()
    assert page["events"][0]["type"] == example["events"][0]["type"]
    assert page["events"][0]["object"].keys() == example["events"][0]["object"].keys()


async def test_the_loop_in_python_reads_on_from_where_it_was(
    server: Server, environ: dict[str, str], account_id: str, tmp_path: Path
) -> None:
    token = here(PAGES).partition("\n\n")[0]
    (tmp_path / "loop.py").write_text(PROGRAM)
    script = f"{token}\nexport TOKEN\npython loop.py"
    cursor = tmp_path / "cursor.txt"
    async with running(environ, script, tmp_path) as out:
        assert [(await out.readline()).split()[0] for _ in range(2)] == [b"account.created", b"client.created"]
        kept = None  # the two may come in one page or in two: until the cursor moves no more
        while not cursor.exists() or cursor.read_text() != kept:
            kept = cursor.read_text() if cursor.exists() else None
            await asyncio.sleep(0.5)
    await server.app.accounts.create_client(account_id, "More", ["read:hooks"])
    async with running(environ, script, tmp_path) as out:
        assert (await out.readline()).split()[0] == b"client.created"
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(out.readline(), 1.5)


async def test_the_stream_in_curl_prints_what_the_guide_says(environ: dict[str, str], tmp_path: Path) -> None:
    token = here(PAGES).partition("\n\n")[0]
    async with running(environ, f"{token}\n{STREAM}", tmp_path) as out:
        lines = [(await out.readline()).decode().rstrip() for _ in range(6)]
    assert lines[:3] == ["retry: 1000", "id: 0-0-0", ""]
    assert lines[4] == "event: account.created"
    assert lines[5].startswith('data: {"id":"')


async def test_listen_posts_what_happens(
    server: Server, environ: dict[str, str], account_id: str, tmp_path: Path
) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    receiver = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = receiver.sockets[0].getsockname()[1]
    script = LISTEN.replace("localhost:3000", f"127.0.0.1:{port}").rstrip() + f" --url {server.url}"
    async with running(environ, script, tmp_path) as out:
        while account_id not in server.store.followed:
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.2)
        await server.app.accounts.create_client(account_id, "More", ["read:hooks"])
        line = (await out.readline()).decode()
    receiver.close()
    assert re.fullmatch(r"\d\d:\d\d:\d\d  client\.created +\S+  204  \d+ ms\n", line)
