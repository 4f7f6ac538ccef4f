"""An order as it is answered: with what is left of it, and with its events when they are asked for.

What is left is derived for each answer by the function that the rules themselves decide by, and never stored.
"""

from __future__ import annotations

import msgspec
from msgspec.structs import asdict

from kvitt.orders.model import Order, OrderRecord
from kvitt.orders.model.events import OrderEvent, State
from kvitt.orders.rules.events import state_of
from kvitt.orders.rules.remaining import Left, left, left_of_order, sums


class LineRemaining(msgspec.Struct, frozen=True, kw_only=True):
    """Of one line: what was done, and what may still be done. Minor units, negative on a reversal line."""

    line_id: int
    authorized: int
    captured: int
    refunded: int
    cancelled: int
    left: Left


class Remaining(msgspec.Struct, frozen=True, kw_only=True):
    """The same for the whole order, and of each line. Operations that did not succeed count for nothing.

    `left.refund` of the order is at most what it holds: captures less refunds. With multiple_authorizations what is
    left is that of all authorizations together.
    """

    authorized: int
    captured: int
    refunded: int
    cancelled: int
    left: Left
    items: tuple[LineRemaining, ...]


class OrderView(Order, frozen=True, omit_defaults=True, kw_only=True):
    """An order as it is answered. `remaining` is computed for each answer.

    `state` and `events`, newest first, come with `include_events`.
    """

    remaining: Remaining
    state: State | None = None
    events: tuple[OrderEvent, ...] | None = None


def shown(record: OrderRecord, include_events: bool = False) -> OrderView:
    remaining = remaining_of(record)
    if not include_events:
        return OrderView(**asdict(record.order), remaining=remaining)
    history = record.history
    return OrderView(**asdict(record.order), remaining=remaining, state=state_of(history), events=history.events[::-1])


def remaining_of(record: OrderRecord) -> Remaining:
    done, rest = sums(record.order), left(record)
    lines = tuple(
        LineRemaining(
            line_id=id,
            authorized=line.authorized,
            captured=line.captured,
            refunded=line.refunded,
            cancelled=line.cancelled,
            left=rest[id],
        )
        for id, line in done.items()
    )
    return Remaining(
        authorized=sum(line.authorized for line in lines),
        captured=sum(line.captured for line in lines),
        refunded=sum(line.refunded for line in lines),
        cancelled=sum(line.cancelled for line in lines),
        left=left_of_order(record.order, rest),
        items=lines,
    )
