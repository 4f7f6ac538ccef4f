"""What each route of the order service refuses by, beside what the kit does. Tests hold the routes to it."""

from __future__ import annotations

from typing import Final, TypeAlias

from kvitt.core.errors import NotFound, Refusal
from kvitt.orders.model import Verb
from kvitt.orders.rules.refusals import (
    AlreadyAuthorized,
    AuthorizationRequired,
    DraftFull,
    DraftNotOpen,
    DuplicateLine,
    ExceedsAuthorized,
    ExceedsCaptured,
    ExceedsLine,
    ExceedsReceived,
    ExceedsReversible,
    GivenBackTwice,
    InvalidComment,
    InvalidDraft,
    InvalidEvent,
    InvalidUpdate,
    NeedsDraft,
    NotReplaceable,
    OrderFull,
    OrderIdTaken,
    OrderNotOpen,
    StaleVersion,
    StillPaid,
    UnknownAuthorization,
    UnknownLine,
    WrongSign,
)

Refusals: TypeAlias = tuple[type[Refusal], ...]

READING: Final[Refusals] = (NotFound,)
_CHANGING: Refusals = (NotFound, StaleVersion)

_UNFIT: Refusals = (InvalidDraft, ExceedsReversible, OrderNotOpen, OrderFull, NotReplaceable)
"""A draft that could not be completed as things stand."""

CREATING_DRAFT: Final[Refusals] = (*_UNFIT, OrderIdTaken)
UPDATING_DRAFT: Final[Refusals] = (*_CHANGING, *_UNFIT, OrderIdTaken, DraftNotOpen, DraftFull)
CHANGING_ITEMS: Final[Refusals] = (*_CHANGING, *_UNFIT, DraftNotOpen, DraftFull)
COMPLETING_DRAFT: Final[Refusals] = UPDATING_DRAFT
DELETING_DRAFT: Final[Refusals] = (*_CHANGING, DraftNotOpen)

CREATING: Final[Refusals] = (NeedsDraft, InvalidDraft, ExceedsReversible, OrderIdTaken)
UPDATING: Final[Refusals] = (*_CHANGING, UnknownLine, InvalidUpdate, OrderFull)
CANCELLING: Final[Refusals] = (*_CHANGING, OrderNotOpen, StillPaid)
CLOSING: Final[Refusals] = (*_CHANGING, OrderNotOpen)
COMMENTING: Final[Refusals] = (*_CHANGING, InvalidComment, OrderFull)
UNCOMMENTING: Final[Refusals] = _CHANGING
REPORTING: Final[Refusals] = (*_CHANGING, InvalidEvent, OrderFull)

_REGISTERING: Refusals = (*_CHANGING, UnknownLine, DuplicateLine, WrongSign, OrderFull)
_UNDER_ONE: Refusals = (AuthorizationRequired, UnknownAuthorization)
REGISTERING: Final[dict[Verb, Refusals]] = {
    Verb.AUTHORIZE: (*_REGISTERING, OrderNotOpen, AlreadyAuthorized, ExceedsLine),
    Verb.CAPTURE: (*_REGISTERING, OrderNotOpen, *_UNDER_ONE, ExceedsAuthorized, GivenBackTwice, ExceedsReceived),
    Verb.REFUND: (*_REGISTERING, *_UNDER_ONE, ExceedsCaptured, ExceedsReceived),
    Verb.CANCEL: (*_REGISTERING, OrderNotOpen, *_UNDER_ONE, ExceedsAuthorized),
}
