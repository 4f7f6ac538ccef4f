"""Changing an authorization: intent, call, outcome, as for every verb that moves money."""

from __future__ import annotations

from kvitt.checkout.flows.dance import perform
from kvitt.checkout.flows.desk import Actor, Desk
from kvitt.checkout.model.authorization import AuthorizationChange
from kvitt.checkout.model.transaction import Attempt, TransactionRecord
from kvitt.checkout.rules.authorizations import begin_adjusting
from kvitt.checkout.rules.settlement import Settlement
from kvitt.core.change import Change, Row
from kvitt.core.ids import new_uuid

Intent = tuple[Row[TransactionRecord], Attempt]


async def adjust(
    desk: Desk, account_id: str, transaction_id: str, asked: AuthorizationChange, actor: Actor
) -> Settlement:
    """Changes what is reserved, or refuses. `attempt.status` of the answer: done, refused or unknown."""
    attempt_id = new_uuid()

    async def decide() -> tuple[Change, Intent]:
        row = await desk.transaction(account_id, transaction_id)
        _, can = desk.provider_for(account_id, row.doc.transaction.payment_product_type)
        moment = desk.moment(account_id, actor)
        change, after, attempt = begin_adjusting(account_id, row, asked, can, attempt_id, moment)
        return change, (after, attempt)

    once = actor.promised(attempt_id)
    row, attempt = await desk.store.decide(decide, on=(account_id, transaction_id), once=once)
    return await perform(desk, account_id, (row, None), attempt, actor)
