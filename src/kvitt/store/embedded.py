"""kvitt's own PostgreSQL: the programs come with a wheel, the data lies in one folder, nothing listens on a port.

    <data_dir>/postgresql/   the cluster (its PG_VERSION is the folder's memory of its major version)
    <data_dir>/run/          the Unix socket, mode 0700: whoever cannot enter it cannot connect
    <data_dir>/postgresql.log
    <data_dir>/users.lock    every process that uses the database holds it shared; the kernel drops it when one dies

Whoever leaves last stops the database. A process killed with -9 leaves the database running; the next one finds it,
and because its lock died with it, it is not counted any more. `start.lock` makes starting and stopping take turns.

Under root PostgreSQL runs as a user of its own (`programs.py`); where that user cannot reach the data folder, the error
says which folder stands in the way.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO
from urllib.parse import quote

from kvitt.store.programs import MAJOR_VERSION, EmbeddedError, Programs

__all__ = ["Embedded", "EmbeddedError"]

_SOCKET_PATH_LIMIT = 100  # sockaddr_un holds 108 bytes on Linux, 104 on macOS

_SETTINGS = """\
# Written by kvitt at each start: change the environment or use your own PostgreSQL (KVITT_DATABASE_URL) instead.
listen_addresses = ''
unix_socket_directories = '{socket_dir}'
unix_socket_permissions = 0700
max_connections = 100
shared_buffers = 256MB
max_wal_size = 2GB
min_wal_size = 256MB
wal_buffers = 16MB
checkpoint_timeout = 15min
random_page_cost = 1.1
jit = off
idle_in_transaction_session_timeout = '60s'
log_min_messages = warning
log_line_prefix = '%m [%p] '
"""


class Embedded:
    """The embedded PostgreSQL of one data folder, as seen by one process that uses it."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir.absolute()
        self.cluster = self.data_dir / "postgresql"
        self.log = self.data_dir / "postgresql.log"
        self.programs = Programs(self.data_dir)
        self._users: IO[str] | None = None
        self._left = threading.Event()

    @property
    def socket_dir(self) -> Path:
        path = self.data_dir / "run"
        if len(str(path)) + len("/.s.PGSQL.5432") <= _SOCKET_PATH_LIMIT:
            return path
        digest = hashlib.sha256(str(self.data_dir).encode()).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"kvitt-{digest}"

    @property
    def url(self) -> str:
        return f"postgresql://kvitt@/kvitt?host={quote(str(self.socket_dir))}"

    def start(self) -> str:
        """Makes the cluster if there is none, starts it unless it runs, counts this process in; answers the URL."""
        self._make_folders()
        with self._turn():
            users = (self.data_dir / "users.lock").open("a")
            try:
                fcntl.flock(users, fcntl.LOCK_SH)
                self._check_version()
                if not (self.cluster / "PG_VERSION").exists():
                    self._init()
                self._write_settings()
                self._ensure_running()
            except BaseException:
                users.close()
                raise
            self._users = users
        return self.url

    def leave(self) -> None:
        """Counts this process out; stops the database when nobody else uses it."""
        self._left.set()
        if self._users is None:
            return
        with self._turn():
            fcntl.flock(self._users, fcntl.LOCK_UN)
            try:
                fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pass  # somebody else still uses it
            else:
                self.programs.run(
                    "pg_ctl", "-D", str(self.cluster), "-m", "fast", "-w", "-t", "60", "stop", check=False
                )
            finally:
                self._users.close()
                self._users = None

    def keep_running(self) -> None:
        """Starts the database again when it dies (killed, out of memory) while this process uses it."""
        threading.Thread(target=self._watch, name="kvitt-embedded-postgresql", daemon=True).start()

    def _watch(self) -> None:
        while not self._left.wait(1.0):
            if not self._process_alive():
                with suppress(EmbeddedError), self._turn():
                    if not self._left.is_set():
                        self._ensure_running()

    # -- starting ----------------------------------------------------------------------------------------------------

    def _make_folders(self) -> None:
        try:
            self.data_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise EmbeddedError(
                f"The data folder {self.data_dir} cannot be made ({error.strerror}). Set KVITT_DATA_DIR to a folder "
                "that you can write to, or KVITT_DATABASE_URL to a PostgreSQL of your own."
            ) from error
        if not os.access(self.data_dir, os.W_OK):
            raise EmbeddedError(f"The data folder {self.data_dir} is not yours to write to. Set KVITT_DATA_DIR.")
        self.programs.check_reach(self.data_dir)
        for folder in (self.cluster, self.socket_dir):
            self._make_private(folder)
        self.log.touch(mode=0o600)
        self.programs.own(self.log)

    def _make_private(self, folder: Path) -> None:
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        stat = folder.lstat()
        ours = {os.geteuid(), self.programs.user.pw_uid if self.programs.user else os.geteuid()}
        if folder.is_symlink() or stat.st_uid not in ours or stat.st_mode & 0o077:
            raise EmbeddedError(f"{folder} is not a private folder of kvitt; remove it or set KVITT_DATA_DIR.")
        self.programs.own(folder)

    def _check_version(self) -> None:
        version_file = self.cluster / "PG_VERSION"
        if version_file.exists() and (found := version_file.read_text().strip()) != MAJOR_VERSION:
            raise EmbeddedError(
                f"{self.cluster} belongs to PostgreSQL {found}; this kvitt brings {MAJOR_VERSION}. Start it once more "
                "with the kvitt that made it, save the data with pg_dump, and load it into a new data folder."
            )

    def _init(self) -> None:
        self.programs.run(
            "initdb", "-D", str(self.cluster), "-U", "kvitt", "--auth=trust", "--encoding=UTF8",
            "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C",
        )  # fmt: skip
        with (self.cluster / "postgresql.conf").open("a") as file:
            file.write("\ninclude_if_exists 'kvitt.conf'\n")

    def _write_settings(self) -> None:
        path = self.cluster / "kvitt.conf"
        path.write_text(_SETTINGS.format(socket_dir=str(self.socket_dir).replace("'", "''")))
        self.programs.own(path)

    def _ensure_running(self) -> None:
        deadline = time.monotonic() + 60
        while not self._answers():
            if not self._process_alive():
                result = self.programs.run(
                    "pg_ctl", "-D", str(self.cluster), "-l", str(self.log), "-w", "-t", "60", "start", check=False
                )
                if result.returncode == 0:
                    continue
            if time.monotonic() > deadline:
                raise EmbeddedError(f"PostgreSQL does not start. The end of {self.log}:\n{self._log_tail()}")
            time.sleep(0.2)  # after a crash its children may hold the shared memory for a moment
        self._ensure_database()

    def _ensure_database(self) -> None:
        result = self.programs.run("createdb", "-h", str(self.socket_dir), "-U", "kvitt", "kvitt", check=False)
        if result.returncode != 0 and "already exists" not in result.stderr:
            raise EmbeddedError(f"The database cannot be made: {result.stderr.strip()}")

    def _answers(self) -> bool:
        args = ("-h", str(self.socket_dir), "-d", "postgres", "-U", "kvitt", "-q", "-t", "5")
        return self.programs.run("pg_isready", *args, check=False).returncode == 0

    def _process_alive(self) -> bool:
        try:
            pid = int((self.cluster / "postmaster.pid").read_text().split("\n", 1)[0])
            os.kill(pid, 0)
        except (FileNotFoundError, ValueError, ProcessLookupError):
            return False
        except PermissionError:
            return True
        return True

    def _log_tail(self) -> str:
        with suppress(OSError):
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-12:])
        return "(no log)"

    @contextmanager
    def _turn(self) -> Iterator[None]:
        with (self.data_dir / "start.lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
