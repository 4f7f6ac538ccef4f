"""What a shop asks for when it starts a session of an order."""

from __future__ import annotations

from typing import Annotated

import msgspec

from kvitt.checkout.model.session import Express, Url
from kvitt.orders.model.kinds import Metadata, Moment
from kvitt.orders.model.sessions import MAX_SESSION_ITEMS, SessionItemRequest


class OrderSessionRequest(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """`items`: the lines to be paid. `profile_id`: a payment profile of the checkout, or `default`.

    `processed_at` and `metadata` are kept with the order's session; `express` goes to the checkout.
    """

    items: Annotated[tuple[SessionItemRequest, ...], msgspec.Meta(min_length=1, max_length=MAX_SESSION_ITEMS)]
    profile_id: str
    url: Url
    processed_at: Moment | None = None
    metadata: Metadata | None = None
    express: Express | None = None
