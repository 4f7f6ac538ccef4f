"""The embedded PostgreSQL: starts, is shared, survives kill -9, and says clearly what is wrong."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kvitt.store.embedded import Embedded, EmbeddedError


@pytest.fixture
def data_dir() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="kvitt-embedded-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


def postmaster(database: Embedded) -> int:
    return int((database.cluster / "postmaster.pid").read_text().split("\n", 1)[0])


def answers(database: Embedded) -> bool:
    command = [str(database.programs.folder / "pg_isready"), "-h", str(database.socket_dir), "-q"]
    return subprocess.run(command, check=False).returncode == 0


def test_the_last_one_to_leave_stops_the_database(data_dir: Path) -> None:
    first, second = Embedded(data_dir), Embedded(data_dir)
    assert first.start() == second.start()
    first.leave()
    assert answers(second)
    second.leave()
    assert not answers(second)


def test_a_killed_user_is_not_counted_and_its_database_is_found_again(data_dir: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from kvitt.store.embedded import Embedded;"
        "Embedded(Path(sys.argv[1])).start(); print('up', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", script, str(data_dir)], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline().strip() == "up"
        pid = postmaster(Embedded(data_dir))
        other.kill()
    database = Embedded(data_dir)
    database.start()
    assert postmaster(database) == pid
    database.leave()
    assert not answers(database)


def test_a_database_that_is_killed_comes_back_while_it_is_used(data_dir: Path) -> None:
    database = Embedded(data_dir)
    database.start()
    database.keep_running()
    try:
        before = postmaster(database)
        os.kill(before, signal.SIGKILL)
        deadline = time.monotonic() + 30
        while not answers(database) or postmaster(database) == before:
            assert time.monotonic() < deadline
            time.sleep(0.1)
    finally:
        database.leave()


def test_a_data_folder_of_another_major_version_is_refused_with_what_to_do(data_dir: Path) -> None:
    database = Embedded(data_dir)
    database.start()
    database.leave()
    (database.cluster / "PG_VERSION").write_text("12\n")
    with pytest.raises(EmbeddedError, match="belongs to PostgreSQL 12"):
        Embedded(data_dir).start()


def test_a_long_data_path_still_gets_a_socket(data_dir: Path) -> None:
    database = Embedded(data_dir / ("x" * 60) / ("y" * 60))
    database.start()
    try:
        assert answers(database)
        assert database.socket_dir.parent == Path(tempfile.gettempdir())
    finally:
        database.leave()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root drops to another user")
def test_root_is_told_which_folder_the_database_may_not_enter(data_dir: Path) -> None:
    closed = data_dir / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(EmbeddedError, match=f"may not enter {closed}"):
        Embedded(closed / "data").start()


def test_a_folder_that_cannot_be_written_is_named() -> None:
    with pytest.raises(EmbeddedError, match="/proc/kvitt"):
        Embedded(Path("/proc/kvitt")).start()
