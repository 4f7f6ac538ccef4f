"""What may be said of an order after it was made: nothing of it changes what was sold, or for how much."""

from __future__ import annotations

from typing import Annotated

import msgspec

from kvitt.orders.model.comments import CommentText
from kvitt.orders.model.documents import MAX_LINES
from kvitt.orders.model.kinds import Anything, Id, LineId, Moment, Name
from kvitt.orders.model.lines import DiscountLine, ExchangeRate

Version = Annotated[
    int, msgspec.Meta(ge=1, le=999_999_999, description="The version that was read; refused when it is not the latest")
]


class ItemUpdate(ExchangeRate, frozen=True, omit_defaults=True, kw_only=True):
    """`discount_lines` are replaced as a whole, and come to the same amount as before."""

    line_id: LineId
    status: Name | None = None
    discount_lines: tuple[DiscountLine, ...] | None = None


class OrderUpdate(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Members that are left out stay as they are, and so do lines.

    Other members of an order may be sent as they stand, so that an order can be read, changed and sent back.
    """

    version: Version | None = None
    itinerary: Anything | None = None
    external_ids: Anything | None = None
    courier_id: Id | None = None
    pickup_at: Moment | None = None
    delivery_id: Id | None = None
    items: Annotated[tuple[ItemUpdate, ...], msgspec.Meta(max_length=MAX_LINES)] | None = None


class CancelRequest(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Why, in a word: "customer". `cancelled_reason` is the same."""

    reason: Name | None = None
    cancelled_reason: Name | None = None
    version: Version | None = None


class StatusRequest(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Nothing needs to be said."""

    version: Version | None = None


class CommentRequest(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One of the two, which mean the same."""

    text: CommentText | None = None
    comment: CommentText | None = None
    version: Version | None = None
