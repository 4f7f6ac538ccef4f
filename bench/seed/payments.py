"""One session with its payment, and all requests that make and change them, decided by the checkout's own rules.

Each request is made at its own time, the provider's answer comes at once, and the timers ring as they would. Tasks are
left out of what is written: what happens next lies behind the time that is seeded, and is nobody's business.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

import msgspec

from bench.seed.batch import Run, Tally
from bench.seed.ids import short_id_of, uuid_of
from bench.seed.market import some_customer, some_shop
from bench.seed.till import Way, session_body, some_way, tell
from kvitt.checkout.model.payment import Operation, Outcome
from kvitt.checkout.model.session import SESSIONS, SessionOptions, SessionRecord
from kvitt.checkout.model.transaction import TRANSACTIONS, Card, EventError, Transaction, TransactionRecord
from kvitt.checkout.providers.products import PRODUCTS
from kvitt.checkout.rules import creation, expiry, operations, sessions
from kvitt.checkout.rules.moment import Moment
from kvitt.checkout.rules.payments import begin_payment
from kvitt.checkout.rules.refusals import AuthorizationExpired
from kvitt.checkout.rules.settle import settle
from kvitt.core.change import Change, Event, Posting, Row
from kvitt.store import Movement

_SESSION, _TRANSACTION = msgspec.json.Decoder(SessionRecord), msgspec.json.Decoder(TransactionRecord)
_NO = EventError("The bank said no", "DECLINED", ("DECLINED",), "05")


class NotYet(Exception):
    """What comes next lies behind the end of the time that is seeded."""


@dataclass
class Payment:
    """`now`: the time of the latest request. `until`: the end of time; `later` raises NotYet behind it."""

    account_id: str
    id: str
    chance: Random
    now: datetime
    until: datetime
    events: list[Event] = field(default_factory=list)
    postings: list[Posting] = field(default_factory=list)
    movements: list[Movement] = field(default_factory=list)
    session: Row[SessionRecord] | None = None
    row: Row[TransactionRecord] | None = None

    @property
    def transaction(self) -> Transaction:
        assert self.row is not None
        return self.row.doc.transaction

    def later(self, median: timedelta, spread: float = 1.0) -> None:
        """Some time passes: mostly about the median, and now and then a multiple of it."""
        self.now += median * self.chance.lognormvariate(0, spread) + timedelta(microseconds=1)
        if self.now > self.until:
            raise NotYet

    def made(self) -> Change:
        """All rows as they are in the end, and all that the log and the ledger have of it."""
        puts = []
        if self.session is not None:
            session = self.session.doc
            puts.append(SESSIONS.put(self.account_id, session.session.id, session, self.session.version - 1))
        if self.row is not None:
            puts.append(TRANSACTIONS.put(self.account_id, self.id, self.row.doc, self.row.version - 1))
        return Change(puts=tuple(puts), events=tuple(self.events), postings=tuple(self.postings))

    # -- requests ----------------------------------------------------------------------------------------------------

    def create(self, session_id: str, body: dict[str, Any]) -> None:
        """POST /v1/sessions"""
        options = msgspec.convert(body, SessionOptions)
        self._commit(creation.create(self.account_id, session_id, options, None, frozenset(), self._moment())[0])

    def pay(self, way: Way, *, declined: bool = False) -> None:
        """POST /v1/sessions/{id}/pay"""
        assert self.session is not None
        can, moment = PRODUCTS[way.product], self._moment()
        card = Card(way.brand, way.masked_pan, way.expiry_date, type="Credit") if way.brand else None
        change, *_, attempt = begin_payment(
            self.account_id, self.session, self.row, self.id, self._id(), way.product, card, can.authorization,
            moment, captures=can.captured_at_once,
        )  # fmt: skip
        self._commit(change)
        self.now += timedelta(seconds=self.chance.uniform(0.2, 40))
        self._settle(attempt.id, moment, declined=declined)

    def capture(self, amount: int, *, final: bool = False) -> None:
        self._operate(Operation("capture", amount, f"SHIP-{self.chance.randrange(10**6)}", final=final))

    def refund(self, amount: int) -> None:
        self._operate(Operation("refund", amount))

    def void(self) -> None:
        self._operate(Operation("void"))

    def give_up(self) -> None:
        """The customer leaves the page."""
        assert self.session is not None
        self._commit(sessions.abandon(self.account_id, self.session, self.row, self._moment())[0])

    def run_out(self) -> None:
        """The session's timer rings."""
        assert self.session is not None
        self._until(self.session.doc.session.expires_at)
        self._commit(sessions.expire(self.account_id, self.session, self.row, self._moment()))

    def expire(self) -> None:
        """The timer of the authorization rings a day before its end, and at the end."""
        assert self.row is not None
        ends = self.transaction.authorization_expires_at
        if ends is not None:
            self._until(ends - timedelta(days=1))
            self._commit(expiry.ring(self.account_id, self.row, None, self._moment()))
            self._until(ends)
            self._commit(expiry.ring(self.account_id, self.row, None, self._moment()))

    # -- what each of them needs -------------------------------------------------------------------------------------

    def _until(self, at: datetime) -> None:
        self.now = max(self.now, at)
        if self.now > self.until:
            raise NotYet

    def _operate(self, operation: Operation) -> None:
        assert self.row is not None
        can, moment = PRODUCTS[self.transaction.payment_product_type], self._moment()
        change, _, attempt = operations.begin(self.account_id, self.row, operation, can, self._id(), moment)
        self._commit(change)
        self._settle(attempt.id, moment)

    def _settle(self, attempt_id: str, asked: Moment, *, declined: bool = False) -> None:
        """The provider answers, and keeps it in its books."""
        assert self.row is not None
        attempt = next(each for each in self.row.doc.attempts if each.id == attempt_id)
        outcome = Outcome("refused", _NO) if declined else Outcome("done", reference=f"{attempt_id}/success")
        self.movements.append(
            Movement(
                self.account_id, attempt.id, self.id, attempt.verb, attempt.amount, self.transaction.currency,
                outcome.kind, self.now, '{"behaviour":"declined"}' if declined else "{}",
                attempt.final or attempt.captures, attempt.holds_until,
            )
        )  # fmt: skip
        moment = replace(asked, now=self.now)
        self._commit(settle(self.account_id, self.row, self.session, attempt_id, outcome, moment).change)

    def _commit(self, change: Change) -> None:
        self.events += change.events
        self.postings += change.postings
        for put in change.puts:
            if put.table == "sessions":
                self.session = Row(put.version + 1, _SESSION.decode(put.doc))
            else:
                self.row = Row(put.version + 1, _TRANSACTION.decode(put.doc))

    def _moment(self) -> Moment:
        return Moment(self.now, self._id(), tuple(self._id() for _ in range(4)), uuid_of("5eed" * 8))

    def _id(self) -> str:
        return uuid_of(f"{self.chance.getrandbits(128):032x}")


def payments_of(run: Run, batch: int) -> tuple[list[Change], list[Movement], Tally]:
    """All that is to be written of a batch."""
    tally, changes, movements = Tally(Counter()), [], []
    for payment in lives_of(run, batch):
        change = payment.made()
        changes.append(change)
        movements += payment.movements
        tally.events += len(change.events)
        if payment.row is None:
            continue
        tally.made["all", ""] += 1
        for member in ("status", "currency", "payment_product_type"):
            tally.made[member, getattr(payment.transaction, member)] += 1
    return changes, movements, tally


def lives_of(run: Run, batch: int) -> Iterator[Payment]:
    """The batch's payments by the time they were made, and between them sessions that nobody tried to pay."""
    chance = Random(f"{run.name}/{batch}")
    customers = max(1, run.count // 4)
    moments = sorted(run.moment(chance, number) for number in run.numbers(batch))
    for number, now in zip(run.numbers(batch), moments, strict=True):
        shop = some_shop(chance)
        customer = some_customer(chance, shop.country, customers)
        body = session_body(chance, shop, customer, number)
        id = short_id_of(run.account_id, f"{run.name}/transaction", number)
        if chance.random() < 0.12:
            left = Payment(run.account_id, id, chance, now, run.until)
            left.create(short_id_of(run.account_id, f"{run.name}/left", number), body)
            with suppress(NotYet):
                left.run_out()
            yield left
        payment = Payment(run.account_id, id, chance, now, run.until)
        payment.create(short_id_of(run.account_id, f"{run.name}/session", number), body)
        with suppress(NotYet):
            try:
                tell(payment, some_way(chance, shop.country.currency))
            except AuthorizationExpired:  # the shop came too late
                payment.expire()
        yield payment
