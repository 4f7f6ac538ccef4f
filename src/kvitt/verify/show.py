"""What `kvitt verify` prints: progress while it works, then the report, for people or as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from kvitt.verify.report import Report
from kvitt.verify.run import Progress as Told

MOST_SHOWN = 100
"""Differences that people are shown."""

MOST_TIPS = 20
"""Accounts whose seals and balances people are shown; with --account it is one anyway."""


@contextmanager
def telling(console: Console, counts: dict[str, int], quiet: bool) -> Iterator[Told]:
    """A bar on a terminal; elsewhere a line for each tenth of the work, or nothing."""
    total = max(1, sum(counts.values()))
    if quiet:
        yield lambda _what, _count: None
    elif console.is_terminal:
        columns = (TextColumn("verifying"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
        with Progress(*columns, console=console, transient=True) as bar:
            task = bar.add_task("", total=total)
            yield lambda _what, count: bar.advance(task, count)
    else:
        yield _Lines(console, total).told


class _Lines:
    def __init__(self, console: Console, total: int) -> None:
        self._console = console
        self._total = total
        self._done = 0

    def told(self, _what: str, count: int) -> None:
        before, self._done = self._done, self._done + count
        if (tenth := self._done * 10 // self._total) > before * 10 // self._total:
            self._console.print(f"verifying: {min(tenth * 10, 100)}%")


def as_json(report: Report) -> str:
    """`differences` holds the first thousand, `total` counts them all."""
    shown: dict[str, Any] = {
        "clean": report.total == 0,
        "checked": report.checked,
        "still_open": report.still_open,
        "before_ledger": report.before_ledger,
        "total": report.total,
        "differences": msgspec.to_builtins(report.differences),
        "balances": [
            {"account_id": account_id, "currency": currency, **balances}
            for (account_id, currency), balances in sorted(report.balances.items())
        ],
        "seals": msgspec.to_builtins(report.tips),
    }
    return json.dumps(shown)


def lines_of(report: Report) -> Iterator[str]:
    """The report for people, line by line."""
    for each in report.differences[:MOST_SHOWN]:
        yield f"{each.account_id}  {each.object}"
        yield f"    {each.what}"
        yield f"        expected  {each.expected}"
        yield f"        found     {each.found}"
    if report.total > MOST_SHOWN:
        yield f"… and {report.total - min(MOST_SHOWN, len(report.differences))} more differences (--json lists more)"
    names = ("orders", "transactions", "sessions", "postings", "movements", "log entries")
    yield "checked     " + ", ".join(f"{report.checked[name]:,} {name}" for name in names)
    unsealed = sum(tip.unsealed for tip in report.tips)
    if unsealed:
        yield f"not sealed  {unsealed:,} log entries are younger than the last seal"
    if report.still_open:
        yield f"still open  {report.still_open:,} attempts: the provider has not said yet what became of them"
    if report.before_ledger:
        yield f"no postings {report.before_ledger:,} movements are older than the ledger"
    yield from _balances(report)
    yield from _seals(report)
    if report.total:
        kinds = ", ".join(f"{count:,} in {kind}s" for kind, count in sorted(report.by_kind.items()))
        yield f"{report.total:,} difference{'s' * (report.total > 1)}: {kinds}"
    else:
        yield "No differences."


def _balances(report: Report) -> Iterator[str]:
    shown = [(key, sums) for key, sums in sorted(report.balances.items()) if any(sums.values())]
    for (account_id, currency), sums in shown[:MOST_TIPS]:
        places = ", ".join(f"{place} {sums[place]:,}" for place in ("customer", "authorized", "captured"))
        yield f"ledger      {account_id} {currency}: {places} (minor units)"
    if len(shown) > MOST_TIPS:
        yield f"ledger      … and {len(shown) - MOST_TIPS:,} more (--json lists them all)"


def _seals(report: Report) -> Iterator[str]:
    sealed = sorted((tip for tip in report.tips if tip.number), key=lambda tip: tip.account_id)
    for tip in sealed[:MOST_TIPS]:
        yield f"seal        {tip.account_id}:{tip.number}:{tip.hash} ({tip.sealed:,} entries)"
    if len(sealed) > MOST_TIPS:
        yield f"seal        … and {len(sealed) - MOST_TIPS:,} more (--json lists them all)"
