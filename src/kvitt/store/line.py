"""A line is one connection to PostgreSQL that opens when it is needed and opens again after it was lost.

asyncpg's own pool would send a reset query at each release, a third of a small query's cost; nothing here leaves state
on a connection that would need it.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from time import monotonic
from typing import Any, TypeVar

import asyncpg

from kvitt.core.errors import Unavailable

T = TypeVar("T")

CONNECT_SECONDS = 5.0
COMMAND_SECONDS = 15.0

COMMON = {
    "application_name": "kvitt",
    "timezone": "UTC",
    "jit": "off",  # by-key queries; compiling them costs more than running them
    # An open write transaction holds the feed back, over the whole cluster: none of ours may linger.
    "idle_in_transaction_session_timeout": "30s",
    "statement_timeout": "12s",
}

BY_KEY = {
    **COMMON,
    # A plan made while a table was small must not scan it when it has grown: look every row up by its key, always.
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "lock_timeout": "3s",
}


class Line:
    """One connection, used by one flight at a time. `dsn` as asyncpg reads it, `settings` are the session's."""

    def __init__(self, dsn: str, settings: dict[str, str]) -> None:
        self._dsn = dsn
        self._settings = settings
        self._connection: Any = None

    async def connection(self, deadline: float) -> Any:
        """The open connection, or a new one; keeps trying until `deadline` (monotonic seconds).

        Raises Unavailable when none can be had; nothing was sent then.
        """
        if self._connection is not None and not self._connection.is_closed():
            return self._connection
        pause = 0.05
        while True:
            try:
                self._connection = await asyncpg.connect(
                    self._dsn,
                    timeout=max(0.1, min(CONNECT_SECONDS, deadline - monotonic())),
                    command_timeout=COMMAND_SECONDS,
                    statement_cache_size=500,
                    max_cached_statement_lifetime=0,
                    server_settings=self._settings,
                )
            except (
                OSError,
                TimeoutError,
                asyncpg.PostgresError,
                asyncpg.InterfaceError,
                asyncpg.InternalClientError,
            ) as e:
                if monotonic() + pause >= deadline:
                    raise Unavailable("The database cannot be reached; nothing was written") from e
                await asyncio.sleep(pause * (0.5 + random.random()))  # noqa: S311
                pause = min(pause * 2, 1.0)
            else:
                return self._connection

    def drop(self) -> None:
        """Ends the connection at once; the next use opens another."""
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    async def close(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            try:
                await connection.close(timeout=2)
            except Exception:
                connection.terminate()


class Lines:
    """A few lines that take turns, for queries that are not grouped."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self._lines = list(lines)
        self._free = list(lines)
        self._turn = asyncio.Semaphore(len(lines))

    async def run(self, query: Callable[[Any], Awaitable[T]], patience: float = 10.0) -> T:
        """What `query(connection)` answers. When the connection is lost it runs again, so it must bear repeating.

        Raises Unavailable when no line is free within `patience`, or the query takes longer than PostgreSQL lets it.
        """
        deadline = monotonic() + patience
        try:
            async with asyncio.timeout(patience):
                await self._turn.acquire()
        except TimeoutError:
            raise Unavailable("The database is busy; try again") from None
        try:
            line = self._free.pop()
            try:
                while True:
                    connection = await line.connection(deadline)
                    try:
                        return await query(connection)
                    except BaseException as error:
                        if isinstance(error, asyncpg.QueryCanceledError):
                            raise Unavailable("The database took too long; ask for less at once") from error
                        if proves_rollback(error):
                            raise
                        line.drop()
                        if not is_lost(error):
                            raise
                        if monotonic() >= deadline:
                            raise Unavailable("The database does not answer") from error
            finally:
                self._free.append(line)
        finally:
            self._turn.release()

    async def close(self) -> None:
        for line in self._lines:
            await line.close()


def is_lost(error: BaseException) -> bool:
    """Whether the connection failed, rather than the program."""
    return isinstance(
        error, OSError | TimeoutError | asyncpg.PostgresError | asyncpg.InterfaceError | asyncpg.InternalClientError
    )


def proves_rollback(error: BaseException) -> bool:
    """Whether after this error the statement certainly changed nothing.

    An ERROR that the server itself reported aborts its transaction. A value that the driver cannot encode was never
    sent. All else proves nothing: FATAL may come after the commit, and a dead connection, a time-out or a confused
    driver (InternalClientError, seen when a backend is killed) may hide a success.
    """
    if isinstance(error, asyncpg.PostgresError):
        severity = getattr(error, "severity_en", None) or getattr(error, "severity", None)
        return severity == "ERROR" or (severity is None and isinstance(error, asyncpg.DataError))
    return False


def sqlstate(error: BaseException) -> str:
    return str(getattr(error, "sqlstate", None) or "")
