"""What a shop writes on a transaction: its second reference, and nothing else."""

from __future__ import annotations

from kvitt.checkout.flows.desk import Actor, Desk
from kvitt.checkout.model.transaction import Transaction
from kvitt.checkout.rules.references import refer
from kvitt.core.change import Change


async def update(
    desk: Desk, account_id: str, transaction_id: str, merchant_reference_2: str | None, actor: Actor
) -> Transaction:
    async def decide() -> tuple[Change, Transaction]:
        row = await desk.transaction(account_id, transaction_id)
        return refer(account_id, row, merchant_reference_2, desk.moment(account_id, actor, ids=1))

    return await desk.store.decide(decide, on=(account_id, transaction_id), once=actor.once)
