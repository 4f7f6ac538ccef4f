"""A transaction, re-derived twice: from the events that it shows, and from the attempts that were made of it.

Both must come to the same amounts and the same status. What the log says must fit, and whoever is not yet answered by
the provider must have a task that asks again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from kvitt.verify.documents import Attempt, Transaction, TransactionEvent, read_record
from kvitt.verify.documents import read_transaction as read_shown
from kvitt.verify.orders import unequal
from kvitt.verify.report import Fault

EXPIRED = "authorization_expired"
"""The reason that a VOID event gives when the authorization ran out: no attempt stands behind it."""

_AMOUNTS = ("authorized", "captured", "refunded", "voided")

_UNATTENDED = ("unscheduled_purchase", "recurring_purchase")
"""A shop that pays with a saved card tries once: refused is over."""

_ENDED = {"SESSION_EXPIRED": "FAILED", "CANCELLED": "DECLINED"}


class Money(msgspec.Struct, frozen=True):
    """Minor units. `voided`: all that was given free. `released`: of it, by a final capture. `expired`: of it, by time.

    `capturing`, `refunding`: asked for, and not known yet.
    """

    authorized: int
    captured: int
    refunded: int
    voided: int
    released: int = 0
    expired: int = 0
    capturing: int = 0
    refunding: int = 0

    @property
    def told(self) -> tuple[int, int, int, int]:
        return (self.authorized, self.captured, self.refunded, self.voided)


class Read(msgspec.Struct, frozen=True):
    """A transaction's row, read. `text`: the transaction as the log would hold it."""

    account_id: str
    id: str
    version: int
    session_id: str
    status: str
    transaction: Transaction
    attempts: tuple[Attempt, ...]
    text: bytes
    money: Money

    @property
    def captured_at_once(self) -> bool:
        """Paid with a method that reserves nothing: its one event is a CAPTURE."""
        return any(attempt.captures and attempt.status == "done" for attempt in self.attempts)

    @property
    def open_attempts(self) -> list[Attempt]:
        return [attempt for attempt in self.attempts if attempt.status in ("open", "unknown")]


def read_transaction(row: Any) -> Read:
    """`row`: account_id, id, version, session_id, status, doc. Raises msgspec.DecodeError."""
    account_id, id, version, session_id, status, doc = row
    document = read_record(doc)
    transaction = read_shown(document.transaction)
    money = _by_attempts(document.attempts, _has_expired(transaction.events))
    return Read(
        account_id, id, version, session_id, status, transaction, document.attempts, bytes(document.transaction), money
    )


def transaction_faults(known: Read, entries: Sequence[Any]) -> Iterator[Fault]:
    """`entries`: account_id, object_id, version, type, data (at the row's own version), in the order of versions."""
    transaction, money = known.transaction, known.money
    yield from unequal(
        ("id in the document", known.id, transaction.id),
        ("session in the document", known.session_id, transaction.session_id),
        ("column status", transaction.status, known.status),
    )
    told = _by_events(transaction.events, known.captured_at_once)
    for name, by_attempts, by_events in zip(_AMOUNTS, money.told, told, strict=True):
        yield from unequal((f"{name}: attempts against events", by_attempts, by_events))
    yield from _ceilings(transaction, money, known.attempts)
    yield from unequal(("status", _status(transaction, money, known.attempts), transaction.status))
    numbers = [event.id for event in transaction.events]
    yield from unequal(("numbers of its events", [str(n + 1) for n in range(len(numbers))], numbers))
    if transaction.events:
        last = transaction.events[-1].transaction_status
        yield from unequal(("status in its last event", transaction.status, last))
    yield from _log(known, entries)


def _has_expired(events: Sequence[TransactionEvent]) -> bool:
    return any(_expiry(event) for event in events)


def _expiry(event: TransactionEvent) -> bool:
    return event.event == "VOID" and event.success and (event.metadata or {}).get("reason") == EXPIRED


def _by_attempts(attempts: Sequence[Attempt], has_expired: bool) -> Money:
    """A final capture releases all that is left, and so does time."""
    done, waiting = Counter[str](), Counter[str]()
    for attempt in attempts:
        if attempt.status == "done":
            done[attempt.verb] += attempt.amount
            done["capture"] += attempt.amount if attempt.captures else 0
        elif attempt.status != "refused":
            waiting[attempt.verb] += attempt.amount
    authorized = _authorized(attempts)
    left = authorized - done["capture"] - done["void"]
    final = any(attempt.final and attempt.verb == "capture" and attempt.status == "done" for attempt in attempts)
    released = left if final else 0
    expired = left if has_expired and not final else 0
    voided = done["void"] + released + expired
    return Money(
        authorized, done["capture"], done["refund"], voided, released, expired,
        waiting["capture"], waiting["refund"],
    )  # fmt: skip


def _authorized(attempts: Sequence[Attempt]) -> int:
    """Each change says anew how much is authorized; two are never under way at once."""
    last = [
        attempt.amount for attempt in attempts if attempt.verb in ("authorize", "adjust") and attempt.status == "done"
    ]
    return last[-1] if last else 0


def _by_events(events: Sequence[TransactionEvent], captured_at_once: bool) -> tuple[int, int, int, int]:
    """What is captured at once was authorized in the same moment, and no event says so."""
    sums = Counter[str]()
    for event in events:
        if event.success and event.event == "AUTHORIZE":
            sums["AUTHORIZE"] = event.amount or 0  # the latest says all that is authorized
        elif event.success:
            sums[event.event] += event.amount or 0
    authorized = sums["CAPTURE"] if captured_at_once else sums["AUTHORIZE"]
    return (authorized, sums["CAPTURE"], sums["REFUND"], sums["VOID"])


def _ceilings(transaction: Transaction, money: Money, attempts: Sequence[Attempt]) -> Iterator[Fault]:
    paid = [attempt.id for attempt in attempts if attempt.verb == "authorize" and attempt.status == "done"]
    if len(paid) > 1:
        yield Fault("authorizations of one session", "one at most", ", ".join(paid))
    if money.authorized and money.authorized != transaction.amount:
        yield Fault("amount", money.authorized, transaction.amount)
    if min(money.told) < 0 or money.released < 0 or money.expired < 0:
        yield Fault("amounts", "none below zero", msgspec.structs.asdict(money))
    if (taken := money.captured + money.capturing + money.voided) > money.authorized:
        yield Fault("captured, being captured and voided", f"at most {money.authorized}", taken)
    if (given := money.refunded + money.refunding) > money.captured:
        yield Fault("refunded and being refunded", f"at most {money.captured}", given)


def _status(transaction: Transaction, money: Money, attempts: Sequence[Attempt]) -> str:
    authorized, captured, refunded, voided = money.told
    if not any(attempt.verb == "authorize" and attempt.status == "done" for attempt in attempts):
        tried_once = transaction.payment_operation in _UNATTENDED
        if tried_once and any(attempt.status == "refused" for attempt in attempts):
            return "FAILED"
        return _unpaid(transaction.events, attempts)
    if not authorized:
        given_up = any(attempt.verb == "void" and attempt.status == "done" for attempt in attempts)
        return "AUTHORIZATION_VOIDED" if given_up else "AUTHORIZED"
    if captured == 0:
        return "AUTHORIZED" if voided == 0 else "AUTHORIZATION_VOIDED"
    if captured + voided < authorized:
        return "PARTIALLY_CAPTURED" if refunded == 0 else "PARTIALLY_CAPTURED_REFUNDED"
    if refunded == 0:
        return "CAPTURED"
    return "PARTIALLY_REFUNDED" if refunded < captured else "REFUNDED"


def _unpaid(events: Sequence[TransactionEvent], attempts: Sequence[Attempt]) -> str:
    """Nothing was authorized: each refused try is an event, and one more ended it all."""
    if any(event.event == "VOID" and event.success for event in events):
        return "AUTHORIZATION_VOIDED"
    held = [attempt.status for attempt in attempts if attempt.held]
    if held:
        return "FAILED" if held == ["refused"] else "ON_HOLD"
    failures = [event for event in events if event.event == "AUTHORIZE" and not event.success]
    refused = sum(attempt.verb == "authorize" and attempt.status == "refused" for attempt in attempts)
    if len(failures) <= refused:
        return "INITIATED"
    reason = failures[-1].error
    return _ENDED.get((reason and reason.code) or "", "INITIATED")


def _log(known: Read, entries: Sequence[Any]) -> Iterator[Fault]:
    """Entries of transactions hold the whole document. At the row's own version it is the same, byte for byte."""
    types: Counter[str] = Counter()
    before = 0
    for _, _, version, type, data in entries:
        types[type] += 1
        if version == before or not 1 <= version <= known.version:
            yield Fault(f"log entry of version {version}", f"one, at most version {known.version}", type)
        if data is not None and data.encode() != known.text:
            yield _not_the_same(known.text, data)
        before = version
    for type, expected in _told(known).items():
        yield from unequal((f"log entries {type}", expected, types[type]))


def _not_the_same(text: bytes, data: str) -> Fault:
    """The document and the log's entry of its version: which members differ."""
    try:
        ours, theirs = msgspec.json.decode(text), msgspec.json.decode(data)
        names = [name for name in {**ours, **theirs} if ours.get(name) != theirs.get(name)]
    except (msgspec.DecodeError, AttributeError, TypeError):
        return Fault("the document", "as in the log's last entry", f"the entry cannot be read: {data}")
    return Fault("the document", "as in the log's last entry", f"other in {', '.join(names) or 'its spelling'}")


def _kind(event: TransactionEvent) -> str:
    if not event.success:
        return "failed"
    return "expired" if _expiry(event) else "ON_HOLD" if event.transaction_status == "ON_HOLD" else event.event


def _told(known: Read) -> dict[str, int]:
    events = Counter[str]()
    for event in known.transaction.events:
        if event.event in ("AUTHORIZE", "CAPTURE", "REFUND", "VOID"):
            events[_kind(event)] += 1
    adjusted = sum(attempt.verb == "adjust" and attempt.status == "done" for attempt in known.attempts)
    return {
        "transaction.authorized": events["AUTHORIZE"] - adjusted,
        "transaction.authorization_updated": adjusted,
        "transaction.on_hold": events["ON_HOLD"],
        "transaction.captured": events["CAPTURE"],
        "transaction.refunded": events["REFUND"],
        "transaction.voided": events["VOID"] - (1 if known.money.released else 0),
        "transaction.authorization_expired": events["expired"],
        "transaction.failed": events["failed"],
    }
