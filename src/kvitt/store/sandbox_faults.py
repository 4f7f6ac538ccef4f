"""Fault scripts: what shall go wrong at the sandbox, by account. What is counted is counted over all processes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from kvitt.store.line import Lines

CHANGED = """
select s.account_id, s.changed_at, f.id, f.rule
from sandbox.scripts s left join sandbox.faults f on f.account_id = s.account_id
where s.changed_at > $1
order by s.changed_at, s.account_id, f.position
"""
"""The scripts that changed since, over all accounts, each whole."""

SCRIPT = """
select id, rule, seen, used from sandbox.faults where account_id = $1 order by position
"""
"""An account's script, with what was counted."""

CHANGE_SCRIPT = """
select sandbox.script_v1(in_account_id => $1, dropped => $2, ids => $3, rules => $4, chances => $5, seeds => $6,
  times => $7, most => $8)
"""
"""Drops rules and adds others."""

STRIKE = """
update sandbox.faults f set seen = seen + 1,
  used = used + case when (hashint8extended(f.seen + 1, f.seed) & 1048575) % 10000 < f.chance then 1 else 0 end
where f.account_id = $1 and f.id = $2 and (f.times is null or f.used < f.times)
returning (hashint8extended(f.seen, f.seed) & 1048575) % 10000 < f.chance
"""
"""Counts a call that a rule matched, and answers whether it is struck; no row when the rule has done its times.

The draw follows from the seed and the number of the call, so that the same calls have the same fate again.
"""

OVERLAP = timedelta(minutes=1)
"""A script may be seen later than one that changed after it: read so far back, each time."""

ALL = 10_000
"""A chance of one."""


class ScriptRule(msgspec.Struct, frozen=True):
    """`rule`: JSON. `chance`: of 10000. `times`: how often it strikes, None for ever."""

    id: str
    rule: str
    chance: int = ALL
    seed: int = 0
    times: int | None = None


class Counted(msgspec.Struct, frozen=True):
    """A rule as it stands: `seen` calls matched it, `used` of them were struck."""

    id: str
    rule: str
    seen: int
    used: int


class FaultScripts:
    """`counting`: the lines for what is counted at each call."""

    def __init__(self, lines: Lines, counting: Lines) -> None:
        self._lines = lines
        self._counting = counting
        self._seen = datetime(1970, 1, 1, tzinfo=UTC)

    async def changed(self) -> dict[str, list[tuple[str, str]]]:
        """(id, rule) of each rule of the accounts whose script changed since this was asked; all, the first time."""

        async def run(connection: Any) -> list[Any]:
            return list(await connection.fetch(CHANGED, self._seen - OVERLAP))

        scripts: dict[str, list[tuple[str, str]]] = {}
        for account_id, changed_at, id, rule in await self._lines.run(run):
            self._seen = max(self._seen, changed_at)
            script = scripts.setdefault(account_id, [])
            if id is not None:
                script.append((id, rule))
        return scripts

    async def of(self, account_id: str) -> list[Counted]:
        async def run(connection: Any) -> list[Counted]:
            return [Counted(*row) for row in await connection.fetch(SCRIPT, account_id)]

        return await self._lines.run(run)

    async def change(
        self, account_id: str, rules: Sequence[ScriptRule], most: int, drop: Sequence[str] | None = ()
    ) -> bool:
        """Drops rules by id (all of them, with None), then adds these. False when there would be more than `most`.

        May be repeated: a rule that stands there already stays as it is.
        """

        async def run(connection: Any) -> bool:
            changed: bool = await connection.fetchval(
                CHANGE_SCRIPT, account_id, None if drop is None else list(drop),
                [rule.id for rule in rules], [rule.rule for rule in rules], [rule.chance for rule in rules],
                [rule.seed for rule in rules], [rule.times for rule in rules], most,
            )  # fmt: skip
            return changed

        return await self._lines.run(run)

    async def strike(self, account_id: str, id: str) -> bool:
        """Whether a rule that matches a call strikes it. Counts both, once over all processes."""
        return bool(await self._counting.run(lambda connection: connection.fetchval(STRIKE, account_id, id)))
