"""The money of checkout: transactions and their attempts against the provider's books and the postings."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from kvitt.core.change import Change

from ..provider import Movement
from .log import told
from .violation import Violation

if TYPE_CHECKING:
    from ..world import World

_AFTER: dict[str, set[str]] = {
    "INITIATED": {"AUTHORIZED", "DECLINED", "FAILED", "AUTHORIZATION_VOIDED"},
    "AUTHORIZED": {"PARTIALLY_CAPTURED", "CAPTURED", "AUTHORIZATION_VOIDED"},
    "PARTIALLY_CAPTURED": {"CAPTURED", "PARTIALLY_CAPTURED_REFUNDED", "PARTIALLY_REFUNDED", "REFUNDED"},
    "PARTIALLY_CAPTURED_REFUNDED": {"PARTIALLY_REFUNDED", "REFUNDED"},
    "CAPTURED": {"PARTIALLY_REFUNDED", "REFUNDED"},
    "PARTIALLY_REFUNDED": {"REFUNDED"},
}
"""Which status may follow which. What is missing is the end."""

_NEWS = {
    "AUTHORIZE": ("transaction.authorized", "transaction.failed"),
    "CAPTURE": ("transaction.captured", "transaction.failed"),
    "REFUND": ("transaction.refunded", "transaction.failed"),
    "VOID": ("transaction.voided", "transaction.captured", "transaction.failed", "transaction.authorization_expired"),
}
"""By the last event of a transaction: what the log must tell. A final capture ends with the void of its remainder."""

_VERBS = {"authorize": "AUTHORIZE", "capture": "CAPTURE", "refund": "REFUND", "void": "VOID"}


class Money:
    def __init__(self, world: World) -> None:
        self._world = world
        self._transactions: dict[str, tuple[str, Any]] = {}
        self._of_session: dict[str, str] = {}
        self._sessions: dict[str, Any] = {}
        self._asks: dict[str, set[str]] = {}
        """By attempt: the tasks that will ask what became of it."""
        self._asked_by: dict[str, str] = {}
        self._open: dict[str, str] = {}
        """Attempts that are open, with their transaction."""
        self._moved: dict[str, Counter[str]] = {}
        self._locks: dict[str, Any] = {}
        """Of sessions, as they were before they were last written."""
        self._begun: list[tuple[str, Any]] = []
        """Sessions that somebody begins to pay in the Change at hand, with the attempt."""

    # as it happens

    def transaction(self, account_id: str, before: Any, after: Any, change: Change) -> None:
        shown = after["transaction"]
        id = shown["id"]
        self._transactions[id] = (account_id, after)
        if self._of_session.setdefault(shown["session_id"], id) != id:
            raise Violation("charged-once", f"session {shown['session_id']} has a second transaction")
        self._events_and_attempts(id, before or {"transaction": {"events": [], "status": "INITIATED"}}, after, change)
        self._ceilings(id, after)
        self._status(id, after)

    def _events_and_attempts(self, id: str, before: Any, after: Any, change: Change) -> None:
        old, new = before["transaction"], after["transaction"]
        if new["events"][: len(old["events"])] != old["events"]:
            raise Violation("forward-only", f"transaction {id}: an event was changed or taken back")
        if new["status"] != old["status"] and new["status"] not in _AFTER.get(old["status"], set()):
            raise Violation("forward-only", f"transaction {id} went from {old['status']} to {new['status']}")
        fresh = [event for event in new["events"][len(old["events"]) :] if event["event"] in _NEWS]
        if fresh and not told(change, id, *_NEWS[fresh[-1]["event"]]):
            raise Violation("change-tells-an-event", f"transaction {id}: {fresh[-1]['event']} is told to nobody")
        attempts = {attempt["id"]: attempt for attempt in after.get("attempts", ())}
        known = {attempt["id"] for attempt in before.get("attempts", ())}
        begun = [each for each in attempts.values() if each["verb"] == "authorize" and each["id"] not in known]
        self._begun += [(new["session_id"], each) for each in begun]
        for attempt in before.get("attempts", ()):
            now = attempts.get(attempt["id"])
            if now is None:
                raise Violation("settled-stays", f"attempt {attempt['id']} is gone")
            if attempt["status"] in ("done", "refused") and now != attempt:
                raise Violation("settled-stays", f"attempt {attempt['id']} was {attempt['status']} and was changed")
            if attempt["status"] == "unknown" and now["status"] == "open":
                raise Violation("forward-only", f"attempt {attempt['id']} is open again")
        for attempt in attempts.values():
            if attempt["status"] in ("open", "unknown"):
                self._open[attempt["id"]] = id
            else:
                self._open.pop(attempt["id"], None)

    def _ceilings(self, id: str, record: Any) -> None:
        """Open attempts count: what they ask for may be happening right now."""
        amount, sums = record["transaction"]["amount"], sums_of(record)
        waiting: Counter[str] = Counter()
        holds = 0
        left = amount - sums["CAPTURE"] - sums["VOID"]
        for attempt in record.get("attempts", ()):
            if attempt["status"] in ("open", "unknown"):
                waiting[attempt["verb"]] += left if attempt.get("final") else attempt["amount"]
            holds += attempt["verb"] == "authorize" and attempt["status"] != "refused"
        if holds > 1:
            raise Violation("charged-once", f"transaction {id} has {holds} authorizations that hold or may hold")
        taken = sums["CAPTURE"] + sums["VOID"] + waiting["capture"] + waiting["void"]
        if taken > amount:
            raise Violation(
                "never-over-captured", f"transaction {id}: {taken} of {amount} ({dict(sums)}, open {dict(waiting)})"
            )
        if sums["REFUND"] + waiting["refund"] > sums["CAPTURE"]:
            raise Violation(
                "never-over-refunded", f"transaction {id}: {sums['REFUND']} + {waiting['refund']} of {sums['CAPTURE']}"
            )

    def _status(self, id: str, record: Any) -> None:
        shown, sums = record["transaction"], sums_of(record)
        if not any(event["event"] == "AUTHORIZE" and event["success"] for event in shown["events"]):
            return
        captured, refunded, amount = sums["CAPTURE"], sums["REFUND"], shown["amount"]
        open_amount = amount - captured - sums["VOID"]
        if not captured:
            status = "AUTHORIZATION_VOIDED" if sums["VOID"] else "AUTHORIZED"
        elif refunded:
            status = (
                "PARTIALLY_CAPTURED_REFUNDED"
                if open_amount
                else "PARTIALLY_REFUNDED"
                if refunded < captured
                else "REFUNDED"
            )
        else:
            status = "PARTIALLY_CAPTURED" if open_amount else "CAPTURED"
        if shown["status"] != status:
            raise Violation("status-follows", f"transaction {id} is {shown['status']}; its events say {status}")

    def session(self, before: Any, after: Any, change: Change) -> None:
        session = after["session"]
        id = session["id"]
        self._sessions[id] = after
        if before is None:
            if not told(change, id, "session.created"):
                raise Violation("change-tells-an-event", f"session {id} is told to nobody")
            return
        old = before["session"]
        self._locks[id] = old.get("pay_lock")
        if session["events"][: len(old["events"])] != old["events"]:
            raise Violation("forward-only", f"session {id}: an event was changed or taken back")
        for member in ("transaction_id", "cancelled_at"):
            if old.get(member) is not None and session.get(member) != old[member]:
                raise Violation("forward-only", f"session {id}: {member} was {old[member]}")
        if before.get("expired_at") is not None and after.get("expired_at") != before["expired_at"]:
            raise Violation("forward-only", f"session {id} had run out")
        if session.get("cancelled_at") and not old.get("cancelled_at") and not told(change, id, "session.cancelled"):
            raise Violation("change-tells-an-event", f"session {id}: its cancelling is told to nobody")
        if after.get("expired_at") and not before.get("expired_at") and not told(change, id, "session.expired"):
            raise Violation("change-tells-an-event", f"session {id}: its expiry is told to nobody")
        if session["order"] != old["order"] and self._is_paid(old.get("transaction_id")):
            raise Violation("pays-what-stands", f"session {id} was changed to {session['order']} as it was paid")
        told_of = Counter(
            (event["name"], event["details"]["transaction_event_id"])
            for event in session["events"]
            if event["name"].endswith("_CALLBACK_SENT")
        )
        if told_of and max(told_of.values()) > 1:
            raise Violation("callback-told-once", f"session {id}: {told_of}")

    def committed(self, change: Change) -> None:
        """After all of a Change is known: a payment is of what stands, and every open attempt has a task that will
        ask."""
        for id, attempt in self._begun:
            self._pays_what_stands(id, attempt)
        self._begun.clear()
        touched = {put.id for put in change.puts if put.table == "transactions"}
        for done in change.done:
            attempt = self._asked_by.pop(done.id, None)
            if attempt is not None:
                self._asks[attempt].discard(done.id)
                touched.add(self._open.get(attempt, ""))
        for task in change.tasks:
            if task.kind == "checkout.ask_provider":
                attempt = msgspec.json.decode(task.data)["attempt_id"]
                self._asks.setdefault(attempt, set()).add(task.id)
                self._asked_by[task.id] = attempt
        for attempt, transaction in self._open.items():
            if transaction in touched and not self._asks.get(attempt):
                raise Violation("open-attempt-is-asked", f"nobody will ask what became of {attempt} of {transaction}")

    def _is_paid(self, transaction: str | None) -> bool:
        """Or being paid."""
        record = self._transactions[transaction][1] if transaction is not None else {}
        return any(each["verb"] == "authorize" and each["status"] != "refused" for each in record.get("attempts", ()))

    def _pays_what_stands(self, id: str, attempt: Any) -> None:
        session = self._sessions[id]["session"]
        shown = self._transactions[session["transaction_id"]][1]["transaction"]
        if not attempt["amount"] == shown["amount"] == session["order"]["amount"]:
            raise Violation(
                "pays-what-stands",
                f"session {id} is of {session['order']['amount']}; {shown['amount']} is to be paid by {attempt}",
            )
        locked = self._locks.get(id)
        if locked and datetime.fromisoformat(locked["expires_at"]) > datetime.fromisoformat(attempt["created_at"]):
            raise Violation("pays-what-stands", f"session {id} is locked until {locked['expires_at']}, and paid")

    def moved(self, movement: Movement) -> None:
        """The provider did something: in its books too nothing is beyond its ceiling."""
        if movement.outcome != "done":
            return
        sums = self._moved.setdefault(movement.payment_id, Counter())
        if movement.verb == "authorize" and sums["authorize"]:
            raise Violation("charged-once", f"the provider authorized {movement.payment_id} twice")
        sums[movement.verb] += movement.amount
        if sums["capture"] + sums["void"] > sums["authorize"]:
            raise Violation("never-over-captured", f"the provider's books of {movement.payment_id}: {dict(sums)}")
        if sums["refund"] > sums["capture"]:
            raise Violation("never-over-refunded", f"the provider's books of {movement.payment_id}: {dict(sums)}")

    # when all is quiet

    def settled(self) -> None:
        if self._open:
            attempt, transaction = next(iter(self._open.items()))
            raise Violation("unknown-ends", f"attempt {attempt} of {transaction} is still open")
        self._books()
        for id, (account_id, record) in self._transactions.items():
            self._postings(account_id, id, record)
        for id, record in self._sessions.items():
            self._session_ended(id, record)

    def _books(self) -> None:
        ours = {
            attempt["id"]: (id, attempt)
            for id, (_, record) in self._transactions.items()
            for attempt in record.get("attempts", ())
        }
        for movement in self._world.provider.books.values():
            id, attempt = ours.get(movement.attempt_id, ("", None))
            if attempt is None:
                raise Violation("books-agree", f"the provider knows {movement.verb} {movement.attempt_id}; we do not")
            said = "done" if movement.outcome == "done" else "refused"
            theirs = (movement.payment_id, movement.verb, movement.amount, said)
            if theirs != (id, attempt["verb"], attempt["amount"], attempt["status"]):
                raise Violation("books-agree", f"the provider says {theirs}; we say {attempt}")
        for id, (_, record) in self._transactions.items():
            for attempt in record.get("attempts", ()):
                if attempt["id"] not in self._world.provider.books:
                    raise Violation(
                        "books-agree", f"we say {attempt['status']} of {attempt['id']}; the provider never heard of it"
                    )
            sums, moved = sums_of(record), self._moved.get(id, Counter())
            if (sums["CAPTURE"], sums["REFUND"]) != (moved["capture"], moved["refund"]):
                raise Violation("books-agree", f"transaction {id}: we say {dict(sums)}, its books {dict(moved)}")

    def _postings(self, account_id: str, id: str, record: Any) -> None:
        """Two sides of each posting, so they come to zero; and the balances are what the events say."""
        postings = [
            row for (account, of, _), row in self._world.database.postings.items() if (account, of) == (account_id, id)
        ]
        balance: Counter[str] = Counter()
        for row in postings:
            if row.amount <= 0 or row.debit == row.credit or row.currency != record["transaction"]["currency"]:
                raise Violation("postings-balance", f"transaction {id}: {row}")
            balance[row.debit] += row.amount
            balance[row.credit] -= row.amount
        sums = sums_of(record)
        authorized: bool = any(e["event"] == "AUTHORIZE" and e["success"] for e in record["transaction"]["events"])
        held = record["transaction"]["amount"] if authorized else 0
        expected = {"authorized": held - sums["CAPTURE"] - sums["VOID"], "captured": sums["CAPTURE"] - sums["REFUND"]}
        expected["customer"] = -expected["authorized"] - expected["captured"]
        if any(balance[name] != amount for name, amount in expected.items()) or balance.total():
            raise Violation("postings-balance", f"transaction {id}: {dict(balance)}, its events say {expected}")

    def _session_ended(self, id: str, record: Any) -> None:
        """Time went far on, so every session has come to one of its ends."""
        session = record["session"]
        if session.get("cancelled_at") or record.get("expired_at"):
            return
        transaction = session.get("transaction_id")
        status = self._transactions[transaction][1]["transaction"]["status"] if transaction else None
        if status in (None, "INITIATED"):
            raise Violation("sessions-end", f"session {id} never ran out; its transaction is {status}")


def sums_of(record: Any) -> Counter[str]:
    """By event: what succeeded, in minor units."""
    sums: Counter[str] = Counter()
    for event in record["transaction"]["events"]:
        if event["success"]:
            sums[event["event"]] += event.get("amount") or 0
    return sums
