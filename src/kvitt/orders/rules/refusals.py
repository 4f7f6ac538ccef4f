"""Every no of the order service has a name.

InvalidRequest 400
├── NeedsDraft              an option that only a draft can have, on an order that is made without one
├── InvalidUpdate           an order's update that would change what was sold, or for how much
├── InvalidEvent            a service's report that is too much
├── InvalidComment          a comment without words
├── InvalidDraft            a draft that contradicts itself; every fault with its path
├── UnknownLine             an operation on a line that the order does not have
├── DuplicateLine           the same line twice in one operation
├── WrongSign               an amount of nothing, or of the other sign than its line
└── AuthorizationRequired   an order with several authorizations, and none is named
Conflicting 409
├── StaleVersion            the draft or order moved on since the caller read it
├── StillPaid               an order to be cancelled holds money
├── DraftNotOpen            the draft was completed or deleted
├── DraftFull               so many items, or so large, that no more is taken
├── NotReplaceable          the order that a draft is to replace has payment operations or sessions
├── OrderIdTaken            another order has the number
├── OrderNotOpen            the order is closed or cancelled
├── OrderFull               so many lines, operations or sessions, or so large, that no more is taken
├── UnknownAuthorization    the named authorization is not a successful one of this order
├── AlreadyAuthorized       the line was authorized before, and the order takes one authorization a line
├── ExceedsLine             more authorized than the line costs
├── ExceedsAuthorized       more captured or cancelled than is authorized and still there
├── ExceedsCaptured         more refunded than was captured and not given back
├── GivenBackTwice          a reversal captured of money that was refunded already
├── ExceedsReceived         more given back by the order than it received
└── ExceedsReversible       more taken back of a line than is left of it
"""

from __future__ import annotations

from collections.abc import Sequence

from kvitt.core.errors import Conflicting, InvalidRequest, Problem, Refusal


class InvalidDraft(InvalidRequest):
    """A draft that contradicts itself."""


class UnknownLine(InvalidRequest):
    """The order has no such line."""


class DuplicateLine(InvalidRequest):
    """The same line twice in one operation."""


class WrongSign(InvalidRequest):
    """An amount that its line cannot have."""


class AuthorizationRequired(InvalidRequest):
    """authorization_id is required: the order takes several authorizations."""


class NeedsDraft(InvalidRequest):
    """An option that only a draft can have."""


class InvalidUpdate(InvalidRequest):
    """An update that would change what was sold, or for how much."""


class InvalidEvent(InvalidRequest):
    """A service's report that is too much."""


class InvalidComment(InvalidRequest):
    """A comment without words."""


class StaleVersion(Conflicting):
    """The document moved on since the caller read it."""

    code = "STALE_VERSION"


class StillPaid(Conflicting):
    """The order holds money: what was captured is to be refunded first."""


class DraftNotOpen(Conflicting):
    """The draft was completed or deleted."""


class DraftFull(Conflicting):
    """No more items are taken, or it is too large."""


class NotReplaceable(Conflicting):
    """The order that is to be replaced has payment operations or sessions."""


class OrderIdTaken(Conflicting):
    """Another order has the number."""


class OrderNotOpen(Conflicting):
    """The order is closed or cancelled."""


class OrderFull(Conflicting):
    """No more lines, operations or sessions are taken, or it is too large."""


class UnknownAuthorization(Conflicting):
    """No successful authorization of this order has that id."""


class AlreadyAuthorized(Conflicting):
    """The line was authorized before, and the order takes one authorization a line."""


class ExceedsLine(Conflicting):
    """More authorized than the line costs."""


class ExceedsAuthorized(Conflicting):
    """More captured or cancelled than is authorized and still there."""


class ExceedsCaptured(Conflicting):
    """More refunded than was captured and not given back."""


class GivenBackTwice(Conflicting):
    """A reversal captured of money that was refunded already."""


class ExceedsReceived(Conflicting):
    """More given back by the order than it received."""


class ExceedsReversible(Conflicting):
    """More taken back of a line than is left of it."""


def refuse_if(problems: Sequence[Problem], refusal: type[Refusal]) -> None:
    """Raises `refusal` with all the problems, the first of them as its message; nothing when there are none."""
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise refusal(problems[0].message + more, *problems)
