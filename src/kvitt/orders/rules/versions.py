"""Whoever says which version was read is refused when it is not the latest: nobody's change is overwritten unseen."""

from __future__ import annotations

from kvitt.core.errors import problem
from kvitt.orders.rules.refusals import StaleVersion


def refuse_stale(current: int, expected: int | None) -> None:
    """`expected`: the version that the caller read; None when they do not say."""
    if expected is not None and expected != current:
        message = f"version {expected} was named, and the latest is {current}: read it again"
        raise StaleVersion(message, problem(message, "version", requested=expected, version=current))
