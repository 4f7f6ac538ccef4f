"""Capture, refund and void, written once; and the automatic capture, which is one of them."""

from __future__ import annotations

import msgspec

from kvitt.checkout.flows.dance import perform
from kvitt.checkout.flows.desk import Actor, Desk
from kvitt.checkout.model.payment import Operation
from kvitt.checkout.model.transaction import Attempt, TransactionRecord
from kvitt.checkout.rules import operations
from kvitt.checkout.rules.automatic import still_wanted, waits_for_others
from kvitt.checkout.rules.settlement import Settlement
from kvitt.core.change import Change, Row, TaskKey
from kvitt.core.ids import new_uuid
from kvitt.store import DueTask

Intent = tuple[Row[TransactionRecord], Attempt]


async def operate(desk: Desk, account_id: str, transaction_id: str, operation: Operation, actor: Actor) -> Settlement:
    """Moves the money, or refuses. `attempt.status` of the answer says how it went: done, refused or unknown."""
    attempt_id = new_uuid()

    async def decide() -> tuple[Change, Intent]:
        row = await desk.transaction(account_id, transaction_id)
        _, can = desk.provider_for(account_id, row.doc.transaction.payment_product_type)
        change, after, attempt = operations.begin(
            account_id, row, operation, can, attempt_id, desk.moment(account_id, actor)
        )
        return change, (after, attempt)

    once = actor.promised(attempt_id)
    row, attempt = await desk.store.decide(decide, on=(account_id, transaction_id), once=once)
    return await perform(desk, account_id, (row, None), attempt, actor)


async def capture_automatically(desk: Desk, task: DueTask) -> None:
    """An automatic capture was refused some time ago: once more, unless somebody captured or voided meanwhile.

    What somebody does by hand and nobody knows the outcome of is waited for, since it may be refused.
    """
    transaction_id = msgspec.json.decode(task.data, type=str)
    attempt_id, actor = new_uuid(), desk.by_itself()
    own = Change(done=(TaskKey(task.account_id, task.id),))

    async def decide() -> tuple[Change, Intent | None]:
        row = await desk.transaction(task.account_id, transaction_id)
        moment = desk.moment(task.account_id, actor)
        if not still_wanted(row.doc, moment.now):
            later = waits_for_others(task.account_id, row.doc, moment.now)
            goes_on = any(each.id == task.id for each in later)
            return Change(tasks=later) + (Change() if goes_on else own), None
        operation = Operation("capture", amount=row.doc.transaction.amount)
        _, can = desk.provider_for(task.account_id, row.doc.transaction.payment_product_type)
        change, after, attempt = operations.begin(
            task.account_id, row, operation, can, attempt_id, moment, automatic=True
        )
        return change + own, (after, attempt)

    intent = await desk.store.decide(decide, on=(task.account_id, transaction_id))
    if intent is not None:
        await perform(desk, task.account_id, (intent[0], None), intent[1], actor)
