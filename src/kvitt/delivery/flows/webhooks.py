"""Sending webhooks: one delivery of a lane at a time, and what came of it written down.

A crash between sending and writing down sends again, with the same `event-delivery`: at least once, never lost, and
never the next of an object before the one in front of it has ended.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Mapping

import msgspec

from kvitt.core.change import Change, TaskKey, encode_text
from kvitt.core.clock import Clock
from kvitt.delivery.client import OutgoingClient
from kvitt.delivery.flows.figures import Figures
from kvitt.delivery.flows.history import History
from kvitt.delivery.flows.receivers import Receivers
from kvitt.delivery.model.attempt import DeliveryAttempt
from kvitt.delivery.model.request import Outcome, Result
from kvitt.delivery.model.webhooks import (
    DELIVER_TASK,
    HOOKS,
    HOOKS_ID,
    PING_TASK,
    REPLAY_TASK,
    PingData,
    Subscription,
)
from kvitt.delivery.rules.notices import PING, envelope
from kvitt.delivery.rules.signature import normalised
from kvitt.delivery.rules.webhooks import headers_of, outcome_of_hook
from kvitt.store import Delivery, DueTask, LaneData, Owed, Store

MOST_ATTEMPTS_KEPT = 60
"""Of one delivery, the latest: enough for three times through the schedule."""

_lane = msgspec.json.Decoder(LaneData).decode
_attempts = msgspec.json.Decoder(list[DeliveryAttempt]).decode


class Webhooks:
    """The worker's handlers. `show`: a subscription as the API shows it; `jitter`: a random number from 0 up to 1."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        client: OutgoingClient,
        show: Callable[[Subscription], msgspec.Struct],
        *,
        receivers: Receivers | None = None,
        figures: Figures | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._history = History(store, clock)
        self._store = store
        self._clock = clock
        self._client = client
        self._show = show
        self._receivers = receivers or Receivers(store, clock)
        self._figures = figures or Figures(self._receivers)
        self._jitter = jitter

    def task_handlers(self) -> Mapping[str, Callable[[DueTask], Awaitable[object]]]:
        return {DELIVER_TASK: self.deliver, PING_TASK: self.ping, REPLAY_TASK: self._history.work}

    async def deliver(self, task: DueTask) -> Outcome | None:
        """One try of the delivery whose turn it is in the lane; None when there was nothing to do."""
        lane, account_id = _lane(task.data), task.account_id
        subscription = await self._subscription(account_id, lane.subscription_id)
        delivery = await self._store.deliveries.next(account_id, lane.subscription_id, lane.lane)
        if subscription is None or delivery is None:
            gone = subscription is None
            await self._store.deliveries.end_lane(account_id, lane.subscription_id, lane.lane, gone=gone)
            return None
        began = self._clock(account_id)
        result, signature = await self._send(account_id, subscription, delivery)
        outcome = outcome_of_hook(result, delivery.tries + 1, self._clock(account_id), self._jitter())
        self._figures.tried("webhook", outcome)
        attempt = DeliveryAttempt(
            at=began, url=subscription.url, duration_ms=result.duration_ms, success=outcome.state == "delivered",
            status=result.status, fault=result.fault, detail=result.detail, answer=result.answer,
            headers=result.headers, signature=signature,
        )  # fmt: skip
        status = "waiting" if outcome.state == "retry" else outcome.state
        kept = [*_attempts(delivery.attempts), attempt][-MOST_ATTEMPTS_KEPT:]
        await self._store.deliveries.settle(
            account_id, delivery, status, delivery.tries + 1, encode_text(kept), outcome.retry_at or began
        )
        return outcome

    async def ping(self, task: DueTask) -> None:
        data = msgspec.json.decode(task.data, type=PingData)
        subscription = await self._subscription(task.account_id, data.subscription_id)
        if subscription is not None:
            members = {"subscription": msgspec.Raw(encode_text(self._show(subscription)).encode())}
            body = envelope(task.account_id, PING, data.id, members)
            owed = Owed(data.id, subscription.id, f"subscription:{subscription.id}", PING, body)
            await self._store.deliveries.owe(task.account_id, [owed], self._clock(task.account_id))
        await self._end(task)

    async def _send(self, account_id: str, subscription: Subscription, delivery: Delivery) -> tuple[Result, str | None]:
        body = delivery.body.encode()
        headers = headers_of(delivery.event, delivery.id, subscription.secrets, body, self._clock())
        try:
            url = normalised(subscription.url)
        except ValueError as error:
            return Result(fault="url", detail=str(error)), None

        def send() -> Awaitable[Result]:
            return self._client.send(account_id, "POST", url, headers, body, keep_answer=True)

        result = await self._receivers.send(account_id, subscription.url, delivery.tries + 1, send)
        return result, None if result.fault == "held" else headers.get("event-signature")

    async def _subscription(self, account_id: str, id: str) -> Subscription | None:
        """Read anew each time: the next request goes to where it is to go now, signed as it is to be signed now."""
        row = await self._store.get(HOOKS, account_id, HOOKS_ID)
        return row.doc.find(id) if row is not None else None

    async def _end(self, task: DueTask) -> None:
        await self._store.commit(Change(done=(TaskKey(task.account_id, task.id),)))


def subscription_of(task: DueTask) -> str:
    """Account and subscription: a receiver that is slow or away keeps none of the others waiting."""
    return f"{task.account_id} hook {_lane(task.data).subscription_id}"
