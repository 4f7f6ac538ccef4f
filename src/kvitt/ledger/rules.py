"""Postings of the movements that happen to a transaction, and their balances."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from kvitt.core.change import Posting
from kvitt.ledger.model import SIDES, Kind


def posting(
    account_id: str, transaction_id: str, id: str, kind: Kind, amount: int, currency: str, now: datetime
) -> Posting:
    """The movement of `amount` (positive, minor units) that `id`, its cause, makes."""
    debit, credit = SIDES[kind]
    return Posting(account_id, transaction_id, id, kind, debit, credit, amount, currency, now)


def balances(postings: Iterable[Posting]) -> dict[tuple[str, str], int]:
    """By (currency, ledger account): what arrived less what left."""
    sums: dict[tuple[str, str], int] = {}
    for moved in postings:
        for account, amount in ((moved.debit, moved.amount), (moved.credit, -moved.amount)):
            key = (moved.currency, account)
            sums[key] = sums.get(key, 0) + amount
    return sums
