"""When a provider is asked again what became of an attempt.

The intent is committed with a task 20 seconds ahead: found only if the process that asked the provider died or could
not commit the answer. No answer: asked again after 5 seconds, 15 seconds, 1, 5 and 15 minutes, then every hour, until
the provider tells; sooner when it answers anything else meanwhile (see `flows/outages.py`).

While it waits for the customer the provider tells by itself; it is asked once the customer's time is over, in case that
news was lost. What is on hold is asked about every hour.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from kvitt.checkout.model.transaction import Attempt
from kvitt.core.change import Task, TaskKey, encode_text

ASK_TASK = "checkout.ask_provider"
FIRST_ASK = timedelta(seconds=20)
WAITS = tuple(timedelta(seconds=seconds) for seconds in (5, 15, 60, 300, 900, 3600))


class AskData(Struct, frozen=True):
    transaction_id: str
    attempt_id: str


def first_ask(account_id: str, transaction_id: str, attempt: Attempt, now: datetime) -> Task:
    return _ask(account_id, transaction_id, attempt, now + FIRST_ASK)


def next_ask(account_id: str, transaction_id: str, attempt: Attempt, now: datetime) -> Task:
    """`attempt.asks`: how often it stayed unknown, 1 at the first."""
    return _ask(account_id, transaction_id, attempt, now + WAITS[min(attempt.asks, len(WAITS)) - 1])


def next_look(account_id: str, transaction_id: str, attempt: Attempt, now: datetime) -> Task:
    """`attempt` waits for the customer, or is on hold."""
    again = now + WAITS[min(attempt.asks, len(WAITS)) - 1]
    if attempt.approved:
        return _ask(account_id, transaction_id, attempt, again)
    if attempt.held or attempt.waits_until is None:
        return _ask(account_id, transaction_id, attempt, now + WAITS[-1])
    return _ask(account_id, transaction_id, attempt, max(attempt.waits_until + WAITS[0], again))


def ask_key(account_id: str, attempt: Attempt) -> TaskKey:
    """A name of its own for each ask: the one that is being run is done, the next one is another."""
    return TaskKey(account_id, f"ask:{attempt.id}:{attempt.asks}")


def _ask(account_id: str, transaction_id: str, attempt: Attempt, due_at: datetime) -> Task:
    data = encode_text(AskData(transaction_id, attempt.id))
    return Task(account_id, ask_key(account_id, attempt).id, ASK_TASK, due_at, data)
