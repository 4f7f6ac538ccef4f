"""Sends a group and finds out, whatever happens, which of its Changes were committed.

Every group inserts its id into `groups` in its own transaction. When the connection dies around the commit, inserting
the same id on a new connection decides: it waits for the old backend if that still runs; where the id was free, the old
group can never commit any more and is sent again; where it was taken, the group committed and its row says whom
it refused. A version alone could not tell "mine" from "another writer's".
"""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from collections.abc import Sequence
from time import monotonic
from typing import Any
from uuid import UUID

from kvitt.core.change import Change
from kvitt.core.errors import Conflict, Unavailable
from kvitt.store.group import goes_alone, group
from kvitt.store.line import Line, is_lost, proves_rollback, sqlstate
from kvitt.store.single import MOST_PUTS, single

FENCE = "insert into groups (gid, refused) values ($1, '{-1}') on conflict do nothing returning 1"
"""Claims the group's id, so that the old group can never commit; no row when it has committed."""

REFUSED = "select refused from groups where gid = $1"
"""What a committed group refused; {-1} when the id is our own fence, whose answer was lost too."""

_MEETS = "KV001"
_MET = "a row is newer, or what must be new exists"
_WAITED_TOO_LONG = ("55P03", "57014")  # for a lock, or in all: somebody holds a row
_TRY_AGAIN = ("40001", "40P01")  # serialization failure, deadlock
_RECONNECT = ("25006", "53")  # read-only after a fail-over; out of disk, memory or connections

Outcome = Exception | None


async def outcomes(line: Line, changes: Sequence[Change], deadline: float) -> list[Outcome]:
    """Commits the Changes and answers for each: None (committed) or why not. Never raises but when cancelled.

    Conflict: a newer version, or what must be new exists. Unavailable: the message says whether the outcome is
    unknown. ValueError: PostgreSQL cannot store this Change, nor ever will.
    """
    while True:
        gid = new_gid()
        try:
            refused = await _send(line, gid, changes, deadline)
        except Unavailable as error:
            return _all(changes, error.message)
        except Exception as error:
            state = sqlstate(error)
            if state.startswith(_RECONNECT):
                line.drop()
            elif len(changes) > 1 and state not in _TRY_AGAIN:
                # One of them is poison, and an error does not say which. Halving finds it; the innocent land.
                half = len(changes) // 2
                first = await outcomes(line, changes[:half], deadline)
                return first + await outcomes(line, changes[half:], deadline)
            elif state not in _TRY_AGAIN and state not in _WAITED_TOO_LONG:
                # Not the driver's message: it may quote the value.
                return [ValueError(f"PostgreSQL cannot store this Change ({type(error).__name__} {state})")]
        else:
            if refused is not None:
                return [Conflict(_MET) if n in refused else None for n in range(len(changes))]
        if monotonic() >= deadline:
            return _all(changes, "The database is busy; nothing was written")
        await asyncio.sleep(0.01 + random.random() * 0.05)  # noqa: S311


async def _send(line: Line, gid: UUID, changes: Sequence[Change], deadline: float) -> set[int] | None:
    """The numbers of the refused; None when it is certain that nothing was committed and the group may go again.

    Raises what proves a rollback as it came, and Unavailable.
    """
    alone = len(changes) == 1 and (len(changes[0].puts) <= MOST_PUTS or goes_alone(changes[0]))
    statement, arguments = single(gid, changes[0]) if alone else group(gid, changes)
    connection = await line.connection(deadline)
    try:
        refused: list[int] | None = await connection.fetchval(statement, *arguments)
    except asyncio.CancelledError:
        line.drop()
        raise
    except Exception as error:
        if proves_rollback(error):
            if sqlstate(error) == _MEETS:
                return {0}
            raise
        line.drop()
        verdict = await settle(line, gid, deadline)
        if verdict is None and not is_lost(error):
            raise  # not the connection's fault: sending the same again would end the same
        return verdict
    return set(refused or ())  # a Change that goes alone answers nothing


async def settle(line: Line, gid: UUID, deadline: float) -> set[int] | None:
    """Whom a group in doubt refused when it committed; None when it did not and never will.

    Tries until `deadline`, but for five seconds at least, then raises Unavailable.
    """
    deadline = max(deadline, monotonic() + 5)
    while True:
        try:
            connection: Any = await line.connection(deadline)
            if await connection.fetchval(FENCE, gid):
                return None
            refused = set(await connection.fetchval(REFUSED, gid))
        except asyncio.CancelledError:
            line.drop()
            raise
        except Unavailable:
            raise Unavailable("The outcome is unknown: the database went away while it wrote") from None
        except Exception:
            line.drop()
            if monotonic() >= deadline:
                raise Unavailable("The outcome is unknown: the database went away while it wrote") from None
            await asyncio.sleep(0.05 + random.random() * 0.1)  # noqa: S311
        else:
            return None if -1 in refused else refused


def _all(changes: Sequence[Change], message: str) -> list[Outcome]:
    return [Unavailable(message) for _ in changes]


def new_gid() -> UUID:
    """Random, but beginning with the time, so that the newest stand together in the index."""
    return UUID(int=((time.time_ns() // 1_000_000) << 80) | secrets.randbits(80))
