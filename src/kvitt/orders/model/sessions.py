"""An order's sessions: the checkout sessions that were started so that the customer pays it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec

from kvitt.core.money import Amount
from kvitt.orders.model.kinds import LineId, Metadata, Moment, RequiredId

MAX_SESSIONS = 100
"""Sessions of one order: the order carries them with it."""
MAX_SESSION_ITEMS = 10_000


class SessionSplit(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a line that belongs to another seller. Kept as sent, and handed to the checkout."""

    payout_destination_id: RequiredId
    amount: Amount


class SessionItemRequest(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A line to be paid. `amount`: minor units; left out, it is what is left to authorize of the line."""

    line_id: RequiredId | LineId
    amount: Amount | None = None
    splits: Annotated[tuple[SessionSplit, ...], msgspec.Meta(max_length=100)] | None = None


class SessionItem(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """`line_id` is text here, as sessions have it, of the number that the order's line has."""

    line_id: str
    amount: int
    splits: tuple[SessionSplit, ...] | None = None


class SessionLink(msgspec.Struct, frozen=True, kw_only=True):
    """`rel` is "session_link" for the page where the customer pays."""

    href: str
    rel: str


class OrderSession(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """`id`: the checkout session's. `amount`: the sum of the items, minor units. `url`: where the customer pays.

    What became of it, the checkout tells; that it was paid is registered on the order as an authorization.
    """

    id: str
    items: tuple[SessionItem, ...]
    amount: int
    created_at: datetime
    created_by: str
    url: str
    processed_at: Moment | None = None
    metadata: Metadata | None = None
    links: tuple[SessionLink, ...] = msgspec.field(name="_links")
