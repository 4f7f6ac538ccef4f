"""Deliveries on the wire: lists, one with all its attempts, and asking for them again."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from kvitt.delivery.model.attempt import DeliveryAttempt
from kvitt.delivery.model.request import Outgoing
from kvitt.delivery.model.webhooks import ReplayData
from kvitt.store import Delivery

Aware = Annotated[datetime, Meta(tz=True)]
Status = Literal["waiting", "delivered", "dead"]


class ReplayRequest(msgspec.Struct, frozen=True):
    """Deliveries made from `since` on and before `until` (now, when it is not given) that stand at `status`."""

    since: Aware
    until: Aware | None = None
    status: Literal["dead", "delivered"] = "dead"

    def data(self, subscription_id: str) -> ReplayData:
        return ReplayData(subscription_id, status=self.status, since=self.since, until=self.until)


class DeliveriesQuery(msgspec.Struct, frozen=True):
    """Newest first. `status=dead` is the list of dead letters. `starting_after`: the id of the last one seen."""

    limit: Annotated[int, Meta(ge=1, le=100)] = 20
    starting_after: Annotated[str, Meta(max_length=100)] | None = None
    status: Status | None = None
    since: Aware | None = None
    until: Aware | None = None


class Replaying(msgspec.Struct, frozen=True):
    """How many deliveries are delivered again."""

    deliveries: int


class DeliveryItem(msgspec.Struct, frozen=True):
    """`id` and `event_delivery` are the same: one delivery keeps its id through all its tries."""

    id: str
    event_delivery: str
    event: str
    created_at: datetime
    status: Status
    attempts: int


class SentRequest(msgspec.Struct, frozen=True, omit_defaults=True):
    """`method` is shown when it is not POST; `body` is null when there was none."""

    headers: dict[str, str]
    body: Any
    method: str = "POST"


class GotResponse(msgspec.Struct, frozen=True, omit_defaults=True):
    """`body`: the first KiB of it."""

    status: int | None
    headers: dict[str, str]
    body: str


class LastTry(msgspec.Struct, frozen=True):
    """`delivery_duration` in milliseconds."""

    delivery_at: datetime
    delivery_duration: int
    delivery_success: bool


class ShownAttempt(msgspec.Struct, frozen=True, omit_defaults=True):
    """`status` of the answer, or the `fault` in its place (`held`: nothing was sent). `answer`: its first KiB."""

    at: datetime
    url: str
    duration_ms: int
    success: bool
    status: int | None = None
    fault: str | None = None
    detail: str = ""
    answer: str = ""


class DeliveryDetails(msgspec.Struct, frozen=True, omit_defaults=True):
    """`url`, `response` and `details` are of the latest attempt; they are absent before the first.

    `session_id` and `transaction_id`: what a callback tells of.
    """

    id: str
    event_delivery: str
    event: str
    created_at: datetime
    status: Status
    request: SentRequest
    attempts: list[ShownAttempt]
    url: str | None = None
    response: GotResponse | None = None
    details: LastTry | None = None
    session_id: str | None = None
    transaction_id: str | None = None


_attempts = msgspec.json.Decoder(list[DeliveryAttempt]).decode
_outgoing = msgspec.json.Decoder(Outgoing).decode


def item(delivery: Delivery) -> DeliveryItem:
    status: Any = delivery.status
    return DeliveryItem(
        delivery.id, delivery.id, delivery.event, delivery.created_at, status, len(_attempts(delivery.attempts))
    )


def details(delivery: Delivery) -> DeliveryDetails:
    """Of a webhook."""
    attempts = _attempts(delivery.attempts)
    headers = {"event": delivery.event, **_headers(delivery, attempts, "event-signature")}
    return _details(delivery, attempts, SentRequest(headers, msgspec.Raw(delivery.body.encode())))


def callback_details(delivery: Delivery) -> DeliveryDetails:
    attempts, outgoing = _attempts(delivery.attempts), _outgoing(delivery.body)
    headers = _headers(delivery, attempts, "Dintero-Signature")
    shown = _details(delivery, attempts, SentRequest(headers, outgoing.body, outgoing.method))
    return msgspec.structs.replace(
        shown, url=outgoing.url, session_id=outgoing.session_id, transaction_id=outgoing.transaction_id
    )


def _headers(delivery: Delivery, attempts: list[DeliveryAttempt], signature: str) -> dict[str, str]:
    headers = {"event-delivery": delivery.id}
    if attempts and attempts[-1].signature is not None:
        headers[signature] = attempts[-1].signature
    return headers


def _details(delivery: Delivery, attempts: list[DeliveryAttempt], request: SentRequest) -> DeliveryDetails:
    last = attempts[-1] if attempts else None
    status: Any = delivery.status
    answered = last is not None and last.status is not None
    return DeliveryDetails(
        id=delivery.id,
        event_delivery=delivery.id,
        event=delivery.event,
        created_at=delivery.created_at,
        status=status,
        request=request,
        attempts=[
            ShownAttempt(a.at, a.url, a.duration_ms, a.success, a.status, a.fault, a.detail, a.answer) for a in attempts
        ],
        url=last.url if last else None,
        response=GotResponse(last.status, last.headers, last.answer) if last is not None and answered else None,
        details=LastTry(last.at, last.duration_ms, last.success) if last else None,
    )
