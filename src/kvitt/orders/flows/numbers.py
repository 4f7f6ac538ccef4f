"""Order numbers: one order per number and account."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence

from kvitt.core.change import Claim, Row
from kvitt.core.errors import problem
from kvitt.core.ids import new_order_number
from kvitt.orders.flows.desk import Desk
from kvitt.orders.flows.serials import Taker, number_claim, serial_claim
from kvitt.orders.model import Draft, OrderRecord
from kvitt.orders.queries import find_order
from kvitt.orders.rules.options import Numbering, numbering
from kvitt.orders.rules.refusals import InvalidDraft, OrderIdTaken


def order_ids(draft_id: str, count: int) -> tuple[str, ...]:
    """The ids of the orders that a draft becomes: they follow from its own, so that a preview shows them already."""
    digests = (hashlib.sha256(f"order {n} of draft {draft_id}".encode()).digest() for n in range(count))
    return tuple(str(uuid.UUID(bytes=digest[:16], version=4)) for digest in digests)


async def take_numbers(
    desk: Desk, account_id: str, draft: Draft, ids: Sequence[str], taker: Taker
) -> tuple[tuple[str, ...], tuple[Claim, ...]]:
    """A number for each order that the draft becomes, and the claims that take them.

    Numbers are taken in the same Change that makes the orders, so none is lost on an order that was not made.
    """
    source = numbering(draft.order.order_id, draft.options)
    suffix = draft.options.serial_order_number_suffix if draft.options is not None else None
    match source:
        case Numbering.RESERVED:
            return (draft.order.order_id or ids[0],), ()
        case Numbering.SERIAL if suffix is not None:
            return await _next_of_series(desk, account_id, suffix, ids, taker)
        case Numbering.ON_COMPLETION:
            numbers = tuple(new_order_number() for _ in ids)
        case Numbering.CALLER:
            await refuse_taken(desk, account_id, draft)
            numbers = (draft.order.order_id or ids[0],)
        case _:
            numbers = tuple(ids)
    return numbers, tuple(number_claim(account_id, number, id) for number, id in zip(numbers, ids, strict=True))


async def _next_of_series(
    desk: Desk, account_id: str, suffix: str, ids: Sequence[str], taker: Taker
) -> tuple[tuple[str, ...], tuple[Claim, ...]]:
    numbers: list[str] = []
    claims: list[Claim] = []
    for serial in await taker.numbers(suffix, len(ids)):
        number, id = f"{serial}{suffix}", ids[len(numbers)]
        claims += (serial_claim(account_id, suffix, serial, id), number_claim(account_id, number, id))
        numbers.append(number)
    claims += (serial_claim(account_id, suffix, serial) for serial in taker.passed_over)
    return tuple(numbers), tuple(claims)


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
