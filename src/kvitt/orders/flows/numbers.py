"""Order numbers: one order per number and account."""

from __future__ import annotations

from kvitt.core.change import Claim, Row
from kvitt.core.errors import problem
from kvitt.orders.flows.desk import Desk
from kvitt.orders.model import Draft, OrderRecord
from kvitt.orders.queries import find_order
from kvitt.orders.rules.refusals import InvalidDraft, OrderIdTaken


def number_claim(account_id: str, number: str, value: str) -> Claim:
    """One order per number and account; `value` is the order's id, or the draft's that reserved the number."""
    return Claim(account_id, f"order_id:{number}", value)


async def target_of(desk: Desk, account_id: str, draft: Draft) -> Row[OrderRecord]:
    """The existing order that options.order_id names."""
    order_id = draft.options.order_id if draft.options is not None else None
    row = await find_order(desk.store, account_id, order_id) if order_id is not None else None
    if row is None:
        message = f"there is no order {order_id}"
        raise InvalidDraft(message, problem(message, "options.order_id"))
    return row


async def refuse_taken(desk: Desk, account_id: str, draft: Draft) -> None:
    """Another order has the number, or is found by it because it is its id."""
    number = draft.order.order_id
    if number is None:
        return
    claimed = await desk.store.claimed(account_id, f"order_id:{number}")
    if claimed is not None or await find_order(desk.store, account_id, number) is not None:
        message = f"order_id {number} is taken by another order"
        raise OrderIdTaken(message, problem(message, "order.order_id"))
