"""The house that burns: `kvitt serve` as a server and as a worker, over the PostgreSQL that they start by themselves.

All lies in one data folder, as for anybody who runs kvitt without a PostgreSQL of their own.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import aiohttp
import psutil

from bench.machine import free_port
from kvitt.store.embedded import Embedded

START_SECONDS = 90.0
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def _die_with_the_harness() -> None:
    """In the child: the kernel ends it when we are gone, however we went."""
    if hasattr(_libc, "prctl"):
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class Process:
    """`kvitt serve`; its log goes to `<name>.log` in the data folder."""

    def __init__(self, name: str, folder: Path, public_url: str, port: int, **settings: str) -> None:
        self.name = name
        self.url = f"http://127.0.0.1:{port}"
        self.starts = 0
        self._log = folder / f"{name}.log"
        self._command = [sys.executable, "-m", "kvitt", "serve", "--port", str(port)]
        environ = {key: value for key, value in os.environ.items() if not key.startswith("KVITT_")}
        self._environ = environ | {
            "KVITT_DATA_DIR": str(folder),
            "KVITT_PUBLIC_URL": public_url,
            "KVITT_LOG_LEVEL": "warning",
            **settings,
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.starts += 1
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                env=self._environ,
                stdout=log,
                stderr=log,
                preexec_fn=_die_with_the_harness,  # safe: this program has one thread
            )

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stop(self) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self.kill()

    async def ready(self, http: aiohttp.ClientSession) -> None:
        """Until it answers /readyz. One that gave up because the database died under its start is started again, as
        a service manager would do it."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            with suppress(aiohttp.ClientError, TimeoutError):
                async with http.get(f"{self.url}/readyz", timeout=aiohttp.ClientTimeout(total=4)) as answer:
                    if answer.status == 200:
                        return
            if self._process is not None and self._process.poll() is not None:
                await asyncio.sleep(0.5)
                self.start()
            await asyncio.sleep(0.05)
        raise RuntimeError(f"the {self.name} is not ready after {START_SECONDS:.0f} s; see {self._log}")


class House:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = Embedded(folder)
        port = free_port()
        public_url = f"http://127.0.0.1:{port}"
        self.server = Process("server", folder, public_url, port, KVITT_RUN_WORKER="0")
        self.worker = Process("worker", folder, public_url, free_port(), KVITT_RUN_WORKER="1")

    def postmaster(self) -> psutil.Process | None:
        """PostgreSQL's first process; None when it is not there."""
        try:
            pid = int((self.database.cluster / "postmaster.pid").read_text().split("\n", 1)[0])
            process = psutil.Process(pid)
            return process if "postgres" in process.name() else None
        except (OSError, ValueError, psutil.Error):
            return None

    async def ready(self, http: aiohttp.ClientSession, gone: psutil.Process | None = None) -> None:
        """Until both answer. `gone`: a PostgreSQL that was killed; another must run then."""
        deadline = time.monotonic() + START_SECONDS
        while gone is not None and self.postmaster() in (None, gone):
            if time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL does not come back; see {self.database.log}")
            await asyncio.sleep(0.05)
        await asyncio.gather(self.server.ready(http), self.worker.ready(http))

    def stop(self) -> None:
        """Ends everything; PostgreSQL is stopped by whoever leaves last, and by us when nobody could."""
        for process in (self.server, self.worker):
            process.stop()
        if self.postmaster() is not None:
            self.database.start()
            self.database.leave()
