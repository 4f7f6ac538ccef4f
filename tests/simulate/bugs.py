"""Bugs planted on purpose: each a change of a line or two, as somebody might make it. The simulator has to find them.

docs/design/invariants.md lists them with a seed that catches each. Here those of the checkout, the store and delivery;
`telling_bugs.py` has those of what is told, `shopping_bugs.py` those of the order service.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, cast

import kvitt.checkout.flows.dance as dance
import kvitt.checkout.flows.pay as pay
import kvitt.checkout.rules.operations as operations
import kvitt.checkout.rules.payments as payments
import kvitt.checkout.rules.sessions as sessions
import kvitt.checkout.rules.settle as settle
import kvitt.delivery.flows.callbacks as callback_flows
import kvitt.delivery.flows.fanout as fanout
import kvitt.store.store as store
from kvitt.checkout.model.payment import Outcome
from kvitt.checkout.rules import callbacks, creation
from kvitt.core.change import Change
from kvitt.core.errors import Conflicting, Unavailable
from kvitt.core.idempotency import Memory, Once
from kvitt.core.reply import reply

from . import database, deliveries
from . import store as simulated
from .bug import Bug, Patch
from .bug import real as _real
from .bug import replace as _replace
from .shopping_bugs import SHOPPING_BUGS
from .telling_bugs import TELLING_BUGS


def _no_reservation() -> list[Patch]:
    real = _real(operations, "totals")

    def totals(record: Any) -> Any:
        idle = tuple(each for each in record.attempts if each.status in ("done", "refused"))
        return real(_replace(record, attempts=idle))

    return [(operations, "totals", totals)]


def _settles_twice() -> list[Patch]:
    return [(settle, "is_open", lambda attempt: True)]


def _no_outbox() -> list[Patch]:
    real = _real(settle, "settled_change")

    def settled_change(*arguments: Any) -> Change:
        return cast(Change, _replace(real(*arguments), events=()))

    return [(settle, "settled_change", settled_change)]


def _nobody_asks() -> list[Patch]:
    real = _real(operations, "begin")

    def begin(*arguments: Any, **named: Any) -> Any:
        change, after, attempt = real(*arguments, **named)
        return _replace(change, tasks=()), after, attempt

    return [(operations, "begin", begin)]


def _silence_is_no() -> list[Patch]:
    return [(dance, "UNKNOWN", Outcome("refused"))]


def _new_id_on_retry() -> list[Patch]:
    asked = _real(dance, "call")

    def call(desk: Any, account_id: str, record: Any, attempt: Any, **named: Any) -> Any:
        if attempt.status == "unknown":
            attempt = _replace(attempt, id=f"{attempt.id}-{attempt.asks}")
        return asked(desk, account_id, record, attempt, **named)

    return [(dance, "call", call)]


def _goes_backwards() -> list[Patch]:
    real = _real(settle, "transaction_event")

    def transaction_event(transaction: Any, name: Any, status: Any, moment: Any, **named: Any) -> Any:
        return real(transaction, name, "INITIATED" if named.get("error") else status, moment, **named)

    return [(settle, "transaction_event", transaction_event)]


def _lost_update() -> list[Patch]:
    real = _real(database.Database, "apply")

    def apply(self: Any, change: Change, place: Any, *more: Any) -> None:
        puts = []
        for put in change.puts:
            found = self.rows.get((put.table, put.account_id, put.id))
            puts.append(put if found is None else _replace(put, version=found.version))
        real(self, _replace(change, puts=tuple(puts)), place, *more)

    return [(database.Database, "apply", apply)]


def _key_apart() -> list[Patch]:
    real = _real(store, "once_only")

    def once_only(decide: Any, commit: Any, claimed: Any, once: Any) -> Any:
        with_key, _ = real(decide, commit, claimed, once)

        async def decide_with_key() -> Any:
            await _real(store, "replay")(claimed, once)
            return await with_key()

        async def commit_with_key(change: Change) -> None:
            of_key = tuple(claim for claim in change.claims if claim.key == once.claim_key)
            await commit(_replace(change, claims=tuple(claim for claim in change.claims if claim not in of_key)))
            await commit(Change(claims=of_key))

        return decide_with_key, commit_with_key

    return [(store, "once_only", once_only)]


def _no_posting() -> list[Patch]:
    return [(settle, "movements", lambda *_: ())]


def _out_of_order() -> list[Patch]:
    real = _real(fanout, "_each")

    def each(account_id: str, subscriptions: Any, entry: Any, event: str, members: Any) -> Any:
        owed = real(account_id, subscriptions, entry, event, members)
        return [_replace(one, lane=f"{one.lane}:{entry.event.id}") for one in owed]

    return [(fanout, "_each", each)]


def _feed_by_sequence() -> list[Patch]:
    real = _real(database.Database, "follow")

    def follow(self: Any, *arguments: Any) -> Any:
        running, self.running = self.running, set()
        try:
            return real(self, *arguments)
        finally:
            self.running = running

    return [(database.Database, "follow", follow)]


def _callback_told_twice() -> list[Patch]:
    def callback_delivered(account_id: str, row: Any, name: Any, transaction_event_id: str, moment: Any) -> Change:
        told = sessions.with_events(row.doc.session, moment, (name, {"transaction_event_id": transaction_event_id}))
        return Change(puts=(sessions._put(account_id, row, told),))

    return [(sessions, "callback_delivered", callback_delivered)]


def _task_is_gone() -> list[Patch]:
    real = _real(simulated.SimulatedStore, "take_tasks")

    async def take_tasks(self: Any, *arguments: Any, **named: Any) -> Any:
        taken = await real(self, *arguments, **named)
        for task in taken:
            self._db.tasks.pop((task.account_id, task.id), None)
        return taken

    return [(simulated.SimulatedStore, "take_tasks", take_tasks)]


def _no_timer() -> list[Patch]:
    real = _real(creation, "create")

    def create(*arguments: Any) -> Any:
        change, session = real(*arguments)
        return _replace(change, tasks=()), session

    return [(creation, "create", create)]


def _pays_twice() -> list[Patch]:
    def refuse(record: Any, transaction: Any, moment: Any) -> None:
        return

    return [(payments, "refuse_unless_payable", refuse), (pay, "refuse_unless_payable", refuse)]


def _refunds_anything() -> list[Patch]:
    return [(operations, "_refundable", lambda status, sums, asked, can: asked)]


def _owes_apart() -> list[Patch]:
    async def fan_out(self: Any, account_id: str, old: Any, new: Any, owed: Any, now: Any) -> bool:
        moved: bool = await real(self, account_id, old, new, [], now)
        if moved and owed:
            await self.owe(account_id, owed, now)
        return moved

    real = _real(deliveries.SimulatedDeliveries, "fan_out")
    return [(deliveries.SimulatedDeliveries, "fan_out", fan_out)]


def _cancels_paid() -> list[Patch]:
    return [(sessions, "_refuse_while_paying", lambda transaction: None)]


def _callbacks_overtake() -> list[Patch]:
    return [(callback_flows, "goes_before", lambda earlier, later: False)]


def _answer_changes() -> list[Patch]:
    def memory(self: Any, result: Any) -> Memory:
        kept: Memory = real(self, result)
        return kept if kept.answer is None else cast(Memory, _replace(kept, answer=reply({})))

    real = _real(Once, "_memory")
    return [(Once, "_memory", memory)]


def _told_too_early() -> list[Patch]:
    real = _real(simulated.Committer, "commit")

    async def later(self: Any, change: Change) -> None:
        with suppress(Exception):
            await real(self, change)

    async def commit(self: Any, change: Change) -> None:
        asyncio.get_running_loop().create_task(later(self, change))

    return [(simulated.Committer, "commit", commit)]


def _doubt_is_no() -> list[Patch]:
    real = _real(store, "decide_and_commit")

    async def decide_and_commit(decide: Any, commit: Any) -> Any:
        try:
            return await real(decide, commit)
        except Unavailable as unknown:
            raise Conflicting(unknown.message) from unknown

    return [(store, "decide_and_commit", decide_and_commit)]


def _callback_forgotten() -> list[Patch]:
    return [(callbacks, "of_authorization", lambda *_: ())]


BUGS: dict[str, Bug] = {
    "no-reservation": Bug("open attempts reserve nothing", _no_reservation),
    "settles-twice": Bug("an attempt that is settled is settled again", _settles_twice),
    "no-outbox": Bug("an outcome is committed without its event", _no_outbox),
    "nobody-asks": Bug("the intent is committed without the task that asks", _nobody_asks),
    "silence-is-no": Bug("a provider that does not answer has refused", _silence_is_no),
    "new-id-on-retry": Bug("the provider is asked again under a new id", _new_id_on_retry),
    "goes-backwards": Bug("a refusal sets the status back to INITIATED", _goes_backwards),
    "lost-update": Bug("a row is written over whatever version it has", _lost_update),
    "key-apart": Bug("the Idempotency-Key is committed after the effect", _key_apart),
    "no-posting": Bug("what is captured, refunded or voided is not posted", _no_posting),
    "out-of-order": Bug("webhooks of one object do not wait for each other", _out_of_order),
    "feed-by-sequence": Bug("the feed shows events while earlier ones are still being committed", _feed_by_sequence),
    "callback-told-twice": Bug("a callback that is delivered twice is written down twice", _callback_told_twice),
    "task-is-gone": Bug("a task is deleted when it is taken", _task_is_gone),
    "no-timer": Bug("a session is made without its timer", _no_timer),
    "pays-twice": Bug("a session that is paid, or being paid, takes another payment", _pays_twice),
    "refunds-anything": Bug("a refund is not held against what was captured", _refunds_anything),
    "owes-apart": Bug("the place in the log moves before the deliveries are owed", _owes_apart),
    "cancels-while-paying": Bug("a session is cancelled although a payment of it is under way", _cancels_paid),
    "callbacks-overtake": Bug("a callback does not wait for an earlier one of its transaction", _callbacks_overtake),
    "answer-changes": Bug("a key remembers an empty answer", _answer_changes),
    "told-too-early": Bug("a caller is told before the commit is durable", _told_too_early),
    "doubt-is-no": Bug("a commit in doubt is told as a conflict", _doubt_is_no),
    "callback-forgotten": Bug("nobody owes the shop the callback of its payment", _callback_forgotten),
    **TELLING_BUGS,
    **SHOPPING_BUGS,
}


@contextmanager
def planted(bug: str | None) -> Iterator[None]:
    """None plants none. KeyError for one that is not known."""
    patches = BUGS[bug].patches() if bug is not None else []
    kept = [(owner, name, getattr(owner, name)) for owner, name, _ in patches]
    for owner, name, value in patches:
        setattr(owner, name, value)
    try:
        yield
    finally:
        for owner, name, value in kept:
            setattr(owner, name, value)
