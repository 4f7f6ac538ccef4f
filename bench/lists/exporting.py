"""The export of all orders: how long it takes, and the most memory of the server and of whoever asks."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.lists.client import Failed

KVITT = str(Path(sys.executable).parent / "kvitt")


@dataclass
class Export:
    """`server` and `client`: the most memory (RSS, MB) while it ran; the server's before it. `size` in bytes."""

    name: str
    seconds: float = 0.0
    size: int = 0
    lines: int = 0
    server: float = 0.0
    server_before: float = 0.0
    client: float = 0.0


def export_over_http(server: psutil.Process, url: str, token: str, name: str) -> Export:
    """Read by curl in a process of its own, which does nothing with it."""
    result = Export(name, server_before=server.memory_info().rss / 1e6)
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "orders"
        command = [
            "curl",
            "--silent",
            "--show-error",
            "--fail",
            "--output",
            str(target),
            "-H",
            f"Authorization: Bearer {token}",
            url,
        ]
        _run(command, result, server, target)
    return result


def export_by_command(database_url: str, account_id: str, name: str, *options: str) -> Export:
    """`kvitt orders export`, which reads the database itself."""
    result = Export(name)
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "orders"
        command = [KVITT, "orders", "export", "--account", account_id, "--output", str(target), *options]
        _run(command, result, None, target, KVITT_DATABASE_URL=database_url)
    return result


def _run(command: list[str], result: Export, server: psutil.Process | None, target: Path, **environ: str) -> None:
    began = time.monotonic()
    process = subprocess.Popen(command, env={**os.environ, **environ}, stderr=subprocess.PIPE)
    with _watching(process.pid) as client, _watching(server.pid if server is not None else None) as beside:
        _, told = process.communicate()
    if process.returncode != 0:
        raise Failed(f"{' '.join(command[:3])} …: {told.decode()}")
    result.seconds, result.size = time.monotonic() - began, target.stat().st_size
    result.client, result.server = client[0], beside[0]
    with target.open("rb") as file:
        result.lines = sum(1 for _ in file)


@contextmanager
def _watching(pid: int | None) -> Iterator[list[float]]:
    """The most memory that a process and its children had meanwhile, looked at twenty times a second."""
    most, over = [0.0], threading.Event()

    def look() -> None:
        while pid is not None and not over.wait(0.05):
            try:
                own = psutil.Process(pid)
                family = [own, *own.children(recursive=True)]
                most[0] = max(most[0], sum(each.memory_info().rss for each in family) / 1e6)
            except psutil.NoSuchProcess:
                continue

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield most
    finally:
        over.set()
        thread.join()
