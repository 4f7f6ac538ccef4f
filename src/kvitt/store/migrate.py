"""Brings a database up to date: forward only, one server at a time.

For the command line: it imports Alembic, which nothing that serves requests does.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from kvitt.core.errors import KvittError

_ONE_AT_A_TIME = 0x6B76697474  # "kvitt": the key of the advisory lock, the same in all releases


class MigrationError(KvittError):
    """The database cannot be brought to what this program needs; the message says why."""


def migrate(database_url: str) -> tuple[str | None, str]:
    """Applies what is missing and answers (revision found, revision now); equal when there was nothing to do.

    Servers that start together take turns by an advisory lock; the later ones find the work done.
    Raises MigrationError when the database is newer than this program.
    """
    with _connect(database_url) as connection, _alone(connection):
        config = _config()
        head = _head(config)
        found = _found(connection, config)
        if found != head:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()
        return found, head


def current(database_url: str) -> str | None:
    """The revision a database stands at; None when nothing was ever migrated. Changes nothing."""
    with _connect(database_url) as connection:
        return _revision(connection)


def head() -> str:
    """The revision this program needs."""
    return _head(_config())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _head(config: Config) -> str:
    revision = ScriptDirectory.from_config(config).get_current_head()
    if revision is None:
        raise MigrationError("this program was installed without its migrations")
    return revision


def _found(connection: Connection, config: Config) -> str | None:
    found = _revision(connection)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise MigrationError(
            f"the database is newer than this program: it stands at {found}, this kvitt knows up to {_head(config)}. "
            "Install the kvitt that wrote it, or a newer one"
        )
    return found


def _revision(connection: Connection) -> str | None:
    revision = MigrationContext.configure(connection).get_current_revision()
    connection.rollback()
    return revision


@contextmanager
def _connect(database_url: str) -> Iterator[Connection]:
    scheme, _, rest = database_url.partition("://")
    if scheme not in ("postgresql", "postgres"):
        raise MigrationError("a database URL begins with postgresql://")
    engine = sqlalchemy.create_engine(
        f"postgresql+psycopg2://{rest}",
        poolclass=sqlalchemy.pool.NullPool,
        connect_args={"connect_timeout": 10, "application_name": "kvitt migrate"},
    )
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


@contextmanager
def _alone(connection: Connection) -> Iterator[None]:
    connection.execute(text("select pg_advisory_lock(:key)"), {"key": _ONE_AT_A_TIME})
    connection.commit()
    try:
        yield
    finally:
        connection.rollback()
        connection.execute(text("select pg_advisory_unlock(:key)"), {"key": _ONE_AT_A_TIME})
        connection.commit()
