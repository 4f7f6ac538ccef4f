"""Drafts and orders: what a caller may say of them, how they are answered, and what is kept of them beside that."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from kvitt.orders.model.comments import Comment
from kvitt.orders.model.events import NOTHING_YET, History, OrderEvent
from kvitt.orders.model.kinds import Anything, DecimalText, Id, Metadata, Moment, Name, RequiredId
from kvitt.orders.model.lines import Item
from kvitt.orders.model.operations import Operation, PaymentDetails
from kvitt.orders.model.parties import Customer, DeliveryAddress, Store
from kvitt.orders.model.sessions import OrderSession

MAX_ITEMS = 1_000
"""Lines of one draft."""
MAX_LINES = 10_000
"""Lines of one order, with all that later drafts added to it."""
MAX_SPLIT = 100
"""Orders that one draft may become."""
MAX_SECONDS_TO_LIVE = 10 * 366 * 24 * 3600
MAX_OPERATIONS = 1_000
"""Operations of one kind on one order: the order is read whole, so it stays readable."""

Items = Annotated[tuple[Item, ...], msgspec.Meta(max_length=MAX_ITEMS)]
SecondsToLive = Annotated[int, msgspec.Meta(ge=1, le=MAX_SECONDS_TO_LIVE, description="Seconds")]
SerialSuffix = Annotated[
    str, msgspec.Meta(min_length=1, max_length=20, description="Begins with no digit; letters, digits and . _ / -")
]

OrderStatus = Literal["open", "closed", "cancelled"]
PaymentStatus = Literal["pending", "partially_paid", "paid", "partially_refunded", "refunded"]
DraftStatus = Literal["open", "completed", "deleted"]


class OrderContent(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What a caller says of an order. Totals are not theirs to say: they are the sums of the lines."""

    currency: Annotated[str, msgspec.Meta(min_length=3, max_length=3, description="ISO 4217")]
    order_id: RequiredId | None = None
    items: Items = ()
    customer: Customer | None = None
    shipping_address: DeliveryAddress | None = None
    billing_address: DeliveryAddress | None = None
    discounts: Anything | None = None
    store: Store | None = None
    external_ids: Anything | None = None
    external_links: Anything | None = None
    itinerary: Anything | None = None
    attachments: Anything | None = None
    courier_id: Id | None = None
    pickup_at: Moment | None = None
    delivery_id: Id | None = None
    pre_order: Anything | None = None
    type: Name | None = None
    metadata: Metadata | None = None
    gross_amount_dwh: Name | None = None
    net_amount_dwh: Name | None = None
    total_discount_dwh: DecimalText | None = None
    total_manual_discount_amount_dwh: DecimalText | None = None


class DraftOrder(OrderContent, frozen=True, omit_defaults=True, kw_only=True):
    """The same with its totals: minor units, sums over all lines, reversal lines included.

    `total_discount` is gross less net; `total_manual_discount_amount` is the part of it of discount type "manual".
    """

    items: tuple[Item, ...]
    gross_amount: int
    net_amount: int
    total_discount: int
    total_manual_discount_amount: int


class DraftOptions(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """How a draft becomes an order.

    `generate_order_id`: a nine-character number, taken on completion, or already now with `_RESERVE`. `order_id`: the
    order that the lines are added to. `multiple_authorizations`: a line may be authorized several times, and captures,
    refunds and cancellations name their authorization. `split_draft` False is needed for an `order.order_id` of the
    caller's own; with True there is one order for each store that the lines name. `replace` "order": the draft takes
    the place of what the order of `order_id` holds, as long as nothing was registered on it. `order_time_to_live`:
    seconds from the draft's creation (or the order's, that is made without one), or a moment; then the draft and its
    orders are removed, but for orders on which something was registered. `serial_order_number_suffix`: the number is
    the next of the account's series with this suffix: 1A, 2A. `payout` is kept as sent.
    """

    generate_order_id: Literal["ALPHANUMERIC_9", "ALPHANUMERIC_9_RESERVE"] | None = None
    order_id: RequiredId | None = None
    multiple_authorizations: bool | None = None
    split_draft: bool | None = None
    replace: Literal["order"] | None = None
    order_time_to_live: SecondsToLive | Moment | None = None
    payout: Anything | None = None
    serial_order_number_suffix: SerialSuffix | None = None


class Draft(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """An order in the making. `version` counts its changes, from 1.

    `events`: the latest requests that changed it, newest first; every answer of one draft has them, lists do not.
    """

    id: str
    status: DraftStatus
    version: int
    created_at: datetime
    created_by: str
    updated_at: datetime
    deleted_at: datetime | None = None
    deleted_by: str | None = None
    order: DraftOrder
    options: DraftOptions | None = None
    store: Store | None = None
    events: tuple[OrderEvent, ...] = ()


class Order(DraftOrder, frozen=True, omit_defaults=True, kw_only=True):
    """An order, with all that was registered on it. `version` counts its changes, from 1.

    `id` is ours; `order_id` is the number that people use, and equals `id` when none was given or generated.
    `status` and `payment_status` are computed from what happened. `payment_details` are those of the latest successful
    authorization that brought some.
    """

    id: str
    order_id: str
    status: OrderStatus
    payment_status: PaymentStatus
    version: int
    created_at: datetime
    created_by: str
    updated_at: datetime
    cancelled_at: datetime | None = None
    cancelled_by: str | None = None
    cancelled_reason: str | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None
    payment_details: PaymentDetails | None = None
    authorizations: tuple[Operation, ...]
    captures: tuple[Operation, ...]
    refunds: tuple[Operation, ...]
    cancellations: tuple[Operation, ...]
    comments: tuple[Comment, ...] = ()
    sessions: tuple[OrderSession, ...] = ()


class DraftRecord(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A draft as it is kept: `order_ids` are the internal ids of the orders it became or added to.

    `reserved`: the number in it was reserved for it. `expires_at`: when it is removed, with the orders it became.
    `removed`: it was, and what is left here says only that it once was.
    """

    draft: Draft
    order_ids: tuple[str, ...] = ()
    reserved: bool = False
    expires_at: datetime | None = None
    removed: bool = False


class OrderRecord(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """An order as it is kept: with the drafts it came from, what its options still decide, and its latest events.

    `removed`: its time was over, and what is left here says only that it once was.
    """

    order: Order
    draft_ids: tuple[str, ...] = ()
    multiple_authorizations: bool = False
    removed: bool = False
    history: History = NOTHING_YET
