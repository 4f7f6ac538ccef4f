"""Where the money went: the ledger's postings and the provider's books, against what a transaction's attempts did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from kvitt.verify.report import Fault, Report
from kvitt.verify.transactions import Read

SIDES = {
    "authorize": ("authorized", "customer"),
    "capture": ("captured", "authorized"),
    "refund": ("customer", "captured"),
    "void": ("customer", "authorized"),
    "release": ("customer", "authorized"),
    "expire": ("customer", "authorized"),
    "raise": ("authorized", "customer"),
    "lower": ("customer", "authorized"),
}
"""By kind of posting: where the money arrives (debit), and where it leaves (credit)."""

_NOT_DONE = ("refused", "lost", "fenced")


def posting_faults(known: Read, postings: Sequence[Any], since: datetime | None, report: Report) -> Iterator[Fault]:
    """`postings`: account_id, object_id, id, kind, debit, credit, amount, currency.

    `since`: an attempt from before it need not have a posting; if it has one, that is right too.
    """
    balances = report.balances.setdefault((known.account_id, known.transaction.currency), Counter())
    own: Counter[str] = Counter()
    found = {posting[2]: tuple(posting[3:]) for posting in postings}
    old = False
    for id, kind, amount, at in _owed(known):
        expected = (kind, *SIDES[kind], amount, known.transaction.currency)
        posting = found.pop(id, None)
        if posting is None and since is not None and at < since:
            old = True
            report.before_ledger += 1
        elif posting != expected:
            yield Fault(f"posting {id}", _words(expected), posting and _words(posting))
    for id, posting in found.items():
        yield Fault(f"posting {id}", None, _words(posting))
    for posting in postings:
        own[posting[4]] += posting[6]
        own[posting[5]] -= posting[6]
    for place in ("authorized", "captured"):
        if own[place] < 0 and not old:
            yield Fault(f"ledger account {place}", "not below zero", own[place])
    for place, amount in own.items():
        balances[place] += amount


def _owed(known: Read) -> Iterator[tuple[str, str, int, datetime]]:
    """Id, kind, amount and age of each posting that there must be. Nothing moves by an amount of nothing."""
    authorized_at, authorized = None, 0
    for attempt in known.attempts:
        if attempt.status != "done":
            continue
        authorized_at = authorized_at or attempt.created_at
        if attempt.verb == "adjust":
            difference, authorized = attempt.amount - authorized, attempt.amount
            if difference:
                kind = "raise" if difference > 0 else "lower"
                yield attempt.id, kind, abs(difference), attempt.created_at
            continue
        if attempt.verb == "authorize":
            authorized = attempt.amount
        if attempt.amount:
            yield attempt.id, attempt.verb, attempt.amount, attempt.created_at
            if attempt.captures:
                yield f"{attempt.id}:capture", "capture", attempt.amount, attempt.created_at
        if attempt.final and attempt.verb == "capture" and known.money.released:
            yield f"{attempt.id}:release", "release", known.money.released, attempt.created_at
    if known.money.expired and authorized_at is not None:
        yield "expiry", "expire", known.money.expired, authorized_at


def _words(posting: tuple[Any, ...]) -> str:
    kind, debit, credit, amount, currency = posting
    return f"{kind} {amount} {currency}, {credit} to {debit}"


def movement_faults(known: Read, movements: Sequence[Any]) -> Iterator[Fault]:
    """`movements`: account_id, payment_id, attempt_id, verb, amount, currency, outcome, of the sandbox's books.

    An attempt whose outcome we do not know yet may stand there or not.
    """
    attempts = {attempt.id: attempt for attempt in known.attempts}
    believed = {movement[2]: movement for movement in movements}
    for id, movement in believed.items():
        if id not in attempts:
            yield Fault(f"movement {id} in the sandbox's books", None, _line(movement))
    for id, attempt in attempts.items():
        seen = believed.get(id)
        wanted = (attempt.verb, attempt.amount, known.transaction.currency)
        ours = "{} {} {}".format(*wanted)
        if seen is not None and tuple(seen[3:6]) != wanted:
            yield Fault(f"movement {id} in the sandbox's books", ours, _line(seen))
        elif attempt.status == "done" and (seen is None or seen[6] != "done"):
            yield Fault(f"movement {id} in the sandbox's books", f"{ours}: done", seen and _line(seen))
        elif attempt.status == "refused" and seen is not None and seen[6] not in _NOT_DONE:
            yield Fault(f"movement {id} in the sandbox's books", f"{ours}: not done", _line(seen))


def _line(movement: Any) -> str:
    return f"{movement[3]} {movement[4]} {movement[5]}: {movement[6]}"
