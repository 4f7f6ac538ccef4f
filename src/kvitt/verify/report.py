"""What was found: how much was looked at, every difference up to a limit, and each account's latest seal."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec

MOST_KEPT = 1000
"""Differences that are told one by one; beyond it they are counted only."""


class Fault(msgspec.Struct, frozen=True):
    """One thing that is not as it should be: `what` it is about, what was `expected`, what was `found`."""

    what: str
    expected: Any
    found: Any


class Difference(msgspec.Struct, frozen=True):
    """A Fault with its place. `object` names it in words: `order 3f…`, `seal 7`."""

    account_id: str
    object: str
    what: str
    expected: str
    found: str


class Tip(msgspec.Struct, frozen=True):
    """Where an account's chain ends. `unsealed`: entries behind it. `hash` in hex; "" before the first seal."""

    account_id: str
    number: int
    hash: str
    sealed: int
    unsealed: int


class Anchor(msgspec.Struct, frozen=True):
    """A seal as it was written down elsewhere: `T12345678:8:9b1f…`."""

    account_id: str
    number: int
    hash: str

    @classmethod
    def of(cls, text: str) -> Anchor:
        """Raises ValueError when the text is none."""
        account_id, number, hash = text.split(":")  # noqa: A001
        if len(bytes.fromhex(hash)) != 32:
            raise ValueError(text)
        return cls(account_id, int(number), hash.lower())


class Report(msgspec.Struct):
    """`checked` counts what was looked at. `still_open`: attempts whose outcome nobody knows yet; no difference.

    `before_ledger`: movements from before there was a ledger. `balances`: by account, currency and ledger account, in
    minor units: what came in less what went out.
    """

    checked: Counter[str] = msgspec.field(default_factory=Counter)
    differences: list[Difference] = msgspec.field(default_factory=list)
    total: int = 0
    by_kind: Counter[str] = msgspec.field(default_factory=Counter)
    still_open: int = 0
    before_ledger: int = 0
    balances: dict[tuple[str, str], Counter[str]] = msgspec.field(default_factory=dict)
    tips: list[Tip] = msgspec.field(default_factory=list)

    def add(self, account_id: str, name: str, fault: Fault) -> None:
        self.add_difference(Difference(account_id, name, fault.what, _text(fault.expected), _text(fault.found)))

    def add_difference(self, difference: Difference) -> None:
        self.total += 1
        self.by_kind[difference.object.partition(" ")[0]] += 1
        if len(self.differences) < MOST_KEPT:
            self.differences.append(difference)


def _text(value: Any) -> str:
    if value is None:
        return "nothing"
    text = value if isinstance(value, str) else str(value)
    return text if len(text) <= 300 else text[:297] + "..."
