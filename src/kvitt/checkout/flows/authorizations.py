"""Changing an authorization, or approving one: intent, call, outcome, as for every verb that moves money."""

from __future__ import annotations

from kvitt.checkout.flows.dance import perform
from kvitt.checkout.flows.desk import Actor, Desk
from kvitt.checkout.model.authorization import AuthorizationChange
from kvitt.checkout.model.transaction import Attempt, TransactionRecord
from kvitt.checkout.rules.authorizations import begin_adjusting, begin_approving
from kvitt.checkout.rules.settlement import Settlement
from kvitt.core.change import Change, Row
from kvitt.core.ids import new_uuid

Intent = tuple[Row[TransactionRecord], Attempt]


async def adjust(
    desk: Desk, account_id: str, transaction_id: str, asked: AuthorizationChange, actor: Actor
) -> Settlement:
    """Changes what is reserved, or refuses. `attempt.status` of the answer: done, refused, or open when nobody knows.

    Of an approval that is followed by an automatic capture, the answer is that of the capture.
    """
    attempt_id = new_uuid()

    async def decide() -> tuple[Change, Intent]:
        row = await desk.transaction(account_id, transaction_id)
        _, can = desk.provider_for(account_id, row.doc.transaction.payment_product_type)
        moment = desk.moment(account_id, actor)
        if row.doc.transaction.status == "ON_HOLD" and can.approved_by_shop:
            change, after, attempt = begin_approving(account_id, row, asked, attempt_id, moment)
        else:
            change, after, attempt = begin_adjusting(account_id, row, asked, can, attempt_id, moment)
        return change, (after, attempt)

    once = actor.promised(attempt_id)
    row, attempt = await desk.store.decide(decide, on=(account_id, transaction_id), once=once)
    return await perform(desk, account_id, (row, None), attempt, actor)
