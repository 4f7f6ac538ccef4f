"""One transaction, driven by the rules alone: its clock is moved by hand, and its timers ring when they are told to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import msgspec

from kvitt.checkout.model.authorization import AuthorizationChange
from kvitt.checkout.model.payment import Capabilities, Operation, Outcome
from kvitt.checkout.model.session import SessionOptions, SessionRecord
from kvitt.checkout.model.transaction import EventError, Transaction, TransactionRecord
from kvitt.checkout.rules import authorizations, creation, expiry, operations
from kvitt.checkout.rules.moment import Moment
from kvitt.checkout.rules.payments import begin_payment
from kvitt.checkout.rules.settle import settle
from kvitt.core.change import Change, Event, Posting, Row, Task

ACCOUNT = "T12345678"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DONE = Outcome("done")
REFUSED = Outcome("refused", EventError("No"))
UNKNOWN = Outcome("unknown")
_ids = (f"id-{number}" for number in count())


def options(
    amount: int, currency: str = "NOK", callback_url: str | None = None, **configuration: Any
) -> SessionOptions:
    body = {
        "url": {"return_url": "https://a.example/", "callback_url": callback_url},
        "order": {"amount": amount, "currency": currency, "merchant_reference": "A"},
        "configuration": configuration,
    }
    return msgspec.convert(body, SessionOptions)


@dataclass
class Till:
    """Paid as soon as it is made, unless `paid` is another outcome. `log`, `postings`, `tasks`: what was committed."""

    amount: int
    can: Capabilities = field(default_factory=Capabilities)
    options: SessionOptions | None = None
    paid: Outcome = DONE
    product: str = "dintero_psp.creditcard"
    now: datetime = NOW
    log: list[Event] = field(default_factory=list)
    postings: list[Posting] = field(default_factory=list)
    tasks: dict[str, Task] = field(default_factory=dict)
    row: Row[TransactionRecord] = field(init=False)
    session: Row[SessionRecord] = field(init=False)

    def __post_init__(self) -> None:
        asked = self.options or options(self.amount)
        _, session = creation.create(ACCOUNT, f"{ACCOUNT}.s", asked, None, frozenset(), self.moment())
        change, self.session, self.row, attempt = begin_payment(
            ACCOUNT, Row(1, SessionRecord(session)), None, f"{ACCOUNT}.t", "a0", self.product, None,
            self.can.authorization, self.moment(),
        )  # fmt: skip
        self.commit(change)
        self.settle(attempt.id, self.paid)

    def moment(self) -> Moment:
        return Moment(self.now, next(_ids), tuple(next(_ids) for _ in range(4)))

    def commit(self, change: Change) -> None:
        self.log += change.events
        self.postings += change.postings
        for key in change.done:
            self.tasks.pop(key.id, None)
        self.tasks |= {task.id: task for task in change.tasks}
        for put in change.puts:
            if put.table == "transactions":
                self.row = Row(put.version + 1, msgspec.json.decode(put.doc, type=TransactionRecord))

    def begin(self, verb: Any, amount: int | None = None, *, final: bool = False) -> str:
        operation = Operation(verb, amount, final=final)
        change, _, attempt = operations.begin(ACCOUNT, self.row, operation, self.can, next(_ids), self.moment())
        self.commit(change)
        return attempt.id

    def begin_adjusting(self, amount: int | None = None, *, final: bool = False, items: Any = None) -> str:
        asked = AuthorizationChange(amount, final, items=items)
        change, _, attempt = authorizations.begin_adjusting(
            ACCOUNT, self.row, asked, self.can, next(_ids), self.moment()
        )
        self.commit(change)
        return attempt.id

    def adjust(self, amount: int | None = None, *, final: bool = False, items: Any = None) -> None:
        self.settle(self.begin_adjusting(amount, final=final, items=items), DONE)

    def settle(self, attempt_id: str, outcome: Outcome) -> None:
        self.commit(settle(ACCOUNT, self.row, self.session, attempt_id, outcome, self.moment()).change)

    def do(self, verb: Any, amount: int | None = None, *, final: bool = False) -> None:
        self.settle(self.begin(verb, amount, final=final), DONE)

    def timers(self) -> list[Task]:
        """Of the authorization: there is one at most."""
        return [task for task in self.tasks.values() if task.kind == expiry.AUTHORIZATION_TASK]

    def wait(self, **delta: float) -> None:
        """Time passes, and the worker does what falls due."""
        self.sleep(**delta)
        while due := [task for task in self.timers() if task.due_at <= self.now]:
            del self.tasks[due[0].id]
            self.commit(expiry.ring(ACCOUNT, self.row, None, self.moment()))

    def sleep(self, **delta: float) -> None:
        """Time passes, and no worker is there."""
        self.now += timedelta(**delta)

    @property
    def transaction(self) -> Transaction:
        return self.row.doc.transaction

    @property
    def told(self) -> list[str]:
        return [event.type.removeprefix("transaction.") for event in self.log if event.object_type == "transaction"]

    @property
    def balances(self) -> dict[str, int]:
        """By ledger account: what arrived less what left."""
        sums: Counter[str] = Counter()
        for moved in self.postings:
            sums[moved.debit] += moved.amount
            sums[moved.credit] -= moved.amount
        return dict(sums)
