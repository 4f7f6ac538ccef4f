"""What to do so that an order's payments follow an edit: authorize more, capture, refund.

The plan starts from what was really authorized and captured, never from what the lines say. In the order in which it
is to be registered:

    authorize   a line that takes something back: as much as is authorized of the line it takes back; a new line: all
    capture     of a new line what captured money covers, and all of it when nothing waits to be captured; of a line
                that takes something back, what the new lines need of the captured money
    refund      of the line that is taken back: captured money that no line needs any more

So each sum is what moves at the payment provider: an equal price moves nothing, a cheaper one is refunded, a dearer one
needs the difference. Live authorizations stay: none is voided, and a negative sum to authorize says how much of them is
not needed any more. Money that was captured covers new lines first, in their order, then what is only authorized.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from kvitt.orders.model import Item, OrderRecord
from kvitt.orders.rules.remaining import Sums, left, received, returned_by_reversals, reversals, sums


class PlannedItem(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """`amount`: minor units, with the sign of the line. `covered`: the part of it that money of before the edit pays.

    `authorization_id`: whose money a refund gives back, on orders with several authorizations.
    """

    line_id: int
    amount: int
    covered: int | None = None
    authorization_id: str | None = None


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """`amount`: the sum of the items, which is what moves at the payment provider."""

    amount: int
    items: tuple[PlannedItem, ...]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """To be registered in this order."""

    authorize: Planned
    capture: Planned
    refund: Planned


class _Money:
    """Of an order before its edit: what is there of each line, and is used up as the plan is made."""

    def __init__(self, before: OrderRecord | None) -> None:
        self.done = sums(before.order) if before is not None else {}
        self.captured: dict[int, int] = {}
        self.authorized: dict[int, int] = {}
        self.held = self.free = 0
        self.promised = 0
        self.settled = False
        """Something was captured, and nothing waits to be."""
        if before is None:
            return
        order = before.order
        self.held = self.free = received(order)
        returned = returned_by_reversals(order.items, self.done)
        for item in order.items:
            if item.net >= 0:
                line = self.done[item.line_id]
                self.captured[item.line_id] = max(0, line.captured - line.refunded - returned.get(item.line_id, 0))
                self.authorized[item.line_id] = _waiting(line)
        for target, item in reversals(order.items):
            if target in self.authorized:
                self.authorized[target] = max(0, self.authorized[target] + _waiting(self.done[item.line_id]))
        self.promised = max(0, sum(_waiting(line) for line in self.done.values()))
        self.settled = not self.promised and any(line.captured for line in self.done.values())

    def take_back(self, item: Item) -> _Back:
        """What such a line finds of the line it names; or, when it names none, of what the others leave."""
        target = _target(item)
        whole = -item.net if self.settled else self.free
        captured = min(-item.net, whole if target is None else self.captured.get(target, 0))
        waiting = min(-item.net - captured, self.promised if target is None else self.authorized.get(target, 0))
        if target is not None:
            self.captured[target] = self.captured.get(target, 0) - captured
            self.authorized[target] = self.authorized.get(target, 0) - waiting
        self.free = max(0, self.free - captured)
        self.promised = max(0, self.promised - waiting)
        return _Back(item, target, captured, waiting)


def _waiting(line: Sums) -> int:
    return line.authorized - line.captured - line.cancelled


class _Back(msgspec.Struct):
    """A line that takes something back: what of it was captured, and what only authorized."""

    item: Item
    target: int | None
    captured: int
    authorized: int
    refunded: int = 0


def plan(before: OrderRecord | None, after: OrderRecord) -> Plan:
    """`before`: the order that lines were added to, None when there was none. Planned are the added lines alone."""
    known = {item.line_id for item in before.order.items} if before is not None else set()
    added = [item for item in after.order.items if item.line_id not in known]
    new = {item.line_id: item for item in added}
    money = _Money(before)
    takes = [item for item in added if item.net < 0 and _target(item) not in new]
    backs = [money.take_back(item) for item in sorted(takes, key=lambda item: _target(item) is None)]
    there, waiting = sum(back.captured for back in backs), sum(back.authorized for back in backs)
    authorize: dict[int, PlannedItem] = {}
    capture: dict[int, int] = {}
    for id, item in new.items():
        if item.net > 0:
            paid = min(item.net, there)
            promised = min(item.net - paid, waiting)
            there, waiting = there - paid, waiting - promised
            covered = paid + promised if before is not None else None
            authorize[id] = PlannedItem(line_id=id, amount=item.net, covered=covered)
            capture[id] = item.net if money.settled else paid
    _leave_for_later(backs, there - money.held)
    refunds = _refunds(backs, min(there, money.held))
    for back in backs:
        whole = back.item.net if back.target is None else back.refunded - back.captured - back.authorized
        authorize[back.item.line_id] = PlannedItem(line_id=back.item.line_id, amount=whole)
        capture[back.item.line_id] = back.refunded - back.captured
    sold = dict(capture)
    for id, item in new.items():
        target = _target(item)
        if item.net < 0 and target in new:
            part = min(-item.net, sold.get(target, 0))
            sold[target] = sold.get(target, 0) - part
            authorize[id] = PlannedItem(line_id=id, amount=item.net)
            capture[id] = -part
    return Plan(
        authorize=_planned(authorize[id] for id in new if id in authorize),
        capture=_planned(PlannedItem(line_id=id, amount=capture[id]) for id in new if id in capture),
        refund=_planned(_by_authorization(before, refunds)),
    )


def together(plans: Sequence[Plan]) -> Plan:
    """One plan for the orders that one draft becomes: no two of them have a line in common."""
    return Plan(
        authorize=_planned(item for each in plans for item in each.authorize.items),
        capture=_planned(item for each in plans for item in each.capture.items),
        refund=_planned(item for each in plans for item in each.refund.items),
    )


def _target(item: Item) -> int | None:
    return item.related_item.line_id if item.related_item is not None else None


def _leave_for_later(backs: list[_Back], excess: int) -> None:
    """An order gives back no more than it holds: beyond that a line waits, authorized, for what is still captured."""
    for back in reversed(backs):
        part = max(0, min(excess, back.captured))
        back.captured -= part
        back.authorized += part
        excess -= part


def _refunds(backs: list[_Back], spare: int) -> dict[int, int]:
    """By line that is taken back: captured money that the new lines leave over."""
    refunds: dict[int, int] = {}
    for back in reversed(backs):
        if back.target is not None:
            back.refunded = min(spare, back.captured)
            spare -= back.refunded
            refunds[back.target] = refunds.get(back.target, 0) + back.refunded
    return refunds


def _by_authorization(before: OrderRecord | None, refunds: dict[int, int]) -> Iterable[PlannedItem]:
    if before is None or not before.multiple_authorizations:
        yield from (PlannedItem(line_id=id, amount=amount) for id, amount in refunds.items())
        return
    rest = dict(refunds)
    for authorization in before.order.authorizations:
        if authorization.success:
            under = left(before, authorization.id)
            for id, amount in rest.items():
                part = min(amount, under[id].refund)
                rest[id] -= part
                yield PlannedItem(line_id=id, amount=part, authorization_id=authorization.id)


def _planned(items: Iterable[PlannedItem]) -> Planned:
    some = tuple(item for item in items if item.amount)
    return Planned(amount=sum(item.amount for item in some), items=some)
