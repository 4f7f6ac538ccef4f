"""The processes of a bench: a database in a folder of its own, `kvitt serve`, the sink; and what they use."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

import psutil

from kvitt.app import opened
from kvitt.config import Config
from kvitt.store.embedded import Embedded
from kvitt.store.migrate import migrate

SCOPES = ["admin:checkout", "admin:shopping"]


@contextmanager
def temporary_database() -> Iterator[Embedded]:
    """A migrated PostgreSQL of the wheel, stopped and removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="kvitt-bench-"))
    folder.chmod(0o755)  # the database's own user passes through when this runs as root
    database = Embedded(folder)
    try:
        database.start()
        migrate(database.url)
        yield database
    finally:
        database.leave()
        shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


class Server:
    """`kvitt serve` as a process of its own; `start` returns when it is ready."""

    def __init__(self, database_url: str, port: int) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self._environ = {**os.environ, "KVITT_DATABASE_URL": database_url, "KVITT_LOG_LEVEL": "error"}
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> int:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "kvitt", "serve", "--port", str(self.port)],
            env=self._environ,
            stderr=subprocess.DEVNULL if not os.environ.get("BENCH_VERBOSE") else None,
        )
        deadline = time.monotonic() + 30
        while True:
            try:
                with urllib.request.urlopen(f"{self.url}/openapi.json", timeout=5):
                    return self.process.pid
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError("kvitt serve does not start; BENCH_VERBOSE=1 shows what it says") from None
                time.sleep(0.05)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill()

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class Sink:
    """The callback sink as a process of its own."""

    def __enter__(self) -> Sink:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bench.sink"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.url = f"http://127.0.0.1:{self.process.stdout.readline().strip()}"
        return self

    def seen(self) -> list[str]:
        """Transaction ids that came, as often as they came."""
        with urllib.request.urlopen(f"{self.url}/seen", timeout=30) as answer:
            text = answer.read().decode()
        return text.split("\n") if text else []

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(10)
        assert self.process.stdout is not None
        self.process.stdout.close()


@dataclass
class Keys:
    account_id: str
    client_id: str
    client_secret: str
    token: str = ""


def make_shops(database_url: str, account_ids: list[str]) -> list[Keys]:
    """New accounts, each with a client that may do the journey."""

    async def work() -> list[Keys]:
        async with opened(Config(database_url=database_url)) as kvitt:
            shops = []
            for account_id in account_ids:
                await kvitt.accounts.create_account(account_id, "Bench")
                client, secret = await kvitt.accounts.create_client(account_id, "Bench", SCOPES)
                shops.append(Keys(account_id, client.client_id, secret))
            return shops

    return asyncio.run(work())


def fetch_token(server_url: str, keys: Keys) -> str:
    import base64
    import json

    body = {"grant_type": "client_credentials", "audience": f"https://bench.example/v1/accounts/{keys.account_id}"}
    basic = base64.b64encode(f"{keys.client_id}:{keys.client_secret}".encode()).decode()
    request = urllib.request.Request(
        f"{server_url}/v1/accounts/{keys.account_id}/auth/token",
        data=json.dumps(body).encode(),
        headers={"Authorization": f"Basic {basic}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return str(json.load(answer)["access_token"])


@dataclass
class Usage:
    """CPU seconds and memory (MB) of a process and its children. PostgreSQL's processes share memory: PSS adds up."""

    pid: int
    started: float = field(init=False)
    peak_mb: float = 0.0

    def __post_init__(self) -> None:
        self.process = psutil.Process(self.pid)
        self.started = self.cpu()

    def cpu(self) -> float:
        """CPU seconds so far, those of children that ended included."""
        times = self.process.cpu_times()
        total: float = times.user + times.system + times.children_user + times.children_system
        for child in self.process.children(recursive=True):
            try:
                own = child.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += own.user + own.system
        return total

    def start(self) -> None:
        self.started = self.cpu()

    def spent(self) -> float:
        return self.cpu() - self.started

    def look(self) -> None:
        """Notes the memory it holds now. Reading PSS costs the kernel something: not while measuring."""
        total = 0
        for process in [self.process, *self.process.children(recursive=True)]:
            try:
                total += process.memory_full_info().pss
            except (psutil.NoSuchProcess, AttributeError):
                continue
        self.peak_mb = max(self.peak_mb, total / 1e6)


def postmaster(database: Embedded) -> int:
    return int((database.cluster / "postmaster.pid").read_text().split("\n", 1)[0])
