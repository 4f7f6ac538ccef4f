"""What an order or a draft remembers of its life: the requests that changed it, and what services said of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

from kvitt.orders.model.kinds import Metadata, Text

MAX_EVENTS = 100
"""Latest events that an order or a draft shows. The account's feed has them all."""
MAX_SERVICES = 100
"""Services that may report on one order."""
MAX_EVENT_METADATA = 10_000
"""Characters of a service event's metadata, as JSON: an order carries its latest events with it."""
MAX_BODY_SHOWN = 2_000
"""Characters of a request's body that an order's event shows; the feed's event of the same id has more."""

EventState = Literal["error", "failure", "success", "pending"]
State = Literal["failure", "pending", "success"]
ServiceName = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]


class EventRequest(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """`body` is the request's body as text, its first 2,000 characters."""

    method: str
    path: str
    body: str


class OrderEvent(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A request that changed the order or draft ("api-event"), or what a service reported ("service-event").

    `version` is the order's or draft's, after the change. `id` is also the id of the change in the account's feed.
    `draft_id`: the draft that made or changed the order. `state` to `metadata` stand on service events.
    """

    id: str
    event_type: Literal["api-event", "service-event"]
    version: int
    created_at: datetime
    created_by: str
    request: EventRequest | None = None
    draft_id: str | None = None
    state: EventState | None = None
    service: str | None = None
    service_status: str | None = None
    description: str | None = None
    metadata: Metadata | None = None
    links: tuple[dict[str, Any], ...] | None = msgspec.field(name="_links", default=None)


class ServiceEventRequest(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What a service reports: `service` is its name, `service_status` its own words: "ready_for_pickup"."""

    service: ServiceName
    service_status: ServiceName
    state: EventState = "success"
    description: Text | None = None
    metadata: Metadata | None = None


class History(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The latest events, oldest first; and what the state of an order follows from, however many there were.

    `states`: what each service said last. `failed`: whether one ever reported an error or a failure.
    """

    events: tuple[OrderEvent, ...] = ()
    states: dict[str, EventState] = {}
    failed: bool = False


NOTHING_YET = History()
