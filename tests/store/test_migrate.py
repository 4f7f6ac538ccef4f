"""A database is brought up to date once, whoever starts, and one that is newer is left alone."""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import asyncpg
import pytest

from kvitt.core.errors import Unavailable
from kvitt.store import connect
from kvitt.store.migrate import MigrationError, current, head, migrate

_names = itertools.count()


@pytest.fixture
async def empty_url(database_url: str, raw: asyncpg.Connection) -> AsyncIterator[str]:
    """A database of its own, without anything in it."""
    name = f"empty_{await raw.fetchval('select pg_backend_pid()')}_{next(_names)}"
    await raw.execute(f"create database {name}")
    yield urlsplit(database_url)._replace(path=f"/{name}").geturl()
    await raw.execute(f"drop database {name} with (force)")


async def test_an_empty_database_is_brought_up_to_date_and_then_left_alone(empty_url):
    assert current(empty_url) is None
    assert migrate(empty_url) == (None, head())
    assert migrate(empty_url) == (head(), head())
    assert current(empty_url) == head()
    store = await connect(empty_url)
    assert await store.healthy()
    await store.close()


async def test_two_that_start_at_once_take_turns(empty_url):
    code = "import sys; from kvitt.store.migrate import migrate; print(*migrate(sys.argv[1]))"
    processes = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", code, empty_url, stdout=asyncio.subprocess.PIPE)
        for _ in range(3)
    ]
    said = [(await process.communicate())[0].decode() for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert sorted(said) == [f"{head()} {head()}\n"] * 2 + [f"None {head()}\n"]


async def test_a_database_that_is_newer_than_the_program_is_refused_and_not_touched(empty_url):
    migrate(empty_url)
    connection = await asyncpg.connect(empty_url)
    await connection.execute("update alembic_version set version_num = '9999'")
    with pytest.raises(MigrationError, match="newer than this program: it stands at 9999"):
        migrate(empty_url)
    assert current(empty_url) == "9999"
    await connection.close()


async def test_a_store_on_a_database_that_was_never_migrated_says_what_to_do(empty_url):
    with pytest.raises(Unavailable, match="kvitt migrate"):
        await connect(empty_url)


async def test_a_migration_that_fails_leaves_nothing_behind(empty_url):
    connection = await asyncpg.connect(empty_url)
    await connection.execute("create table transactions (in_the_way int)")
    with pytest.raises(Exception, match="transactions"):
        migrate(empty_url)
    assert await connection.fetch("select tablename from pg_tables where schemaname = 'public'") == [("transactions",)]
    await connection.execute("drop table transactions")
    assert migrate(empty_url) == (None, head())
    await connection.close()


async def test_a_database_that_cannot_be_reached_is_named_with_the_reason(database_url):
    nowhere = urlsplit(database_url)._replace(path="/no_such_database").geturl()
    with pytest.raises(Unavailable, match="no_such_database"):
        await connect(nowhere)
