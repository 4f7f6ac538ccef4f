"""Every no of the sandbox that has a name of its own."""

from __future__ import annotations

from kvitt.core.errors import Forbidden, InvalidOperation, InvalidRequest


class LiveAccount(Forbidden):
    """A live account's clock is the wall's and its providers are real: only test accounts (T…) have a sandbox."""


class InvalidAdvance(InvalidRequest):
    """No ISO 8601 duration, nothing, or further ahead than a clock may be."""


class InvalidRule(InvalidRequest):
    """A rule that contradicts itself; every fault with its path."""


class ScriptFull(InvalidOperation):
    """The fault script has as many rules as it may."""
