"""The routes of deliveries, of a webhook subscription and of callbacks: what came of them, and sending them again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from kvitt.core.errors import NotFound
from kvitt.delivery.flows.history import History
from kvitt.delivery.flows.subscriptions import Subscriptions
from kvitt.delivery.wire.deliveries import (
    DeliveriesQuery,
    DeliveryDetails,
    DeliveryItem,
    Replaying,
    ReplayRequest,
    callback_details,
    details,
    item,
)
from kvitt.store import CALLBACKS, Delivery
from kvitt.web import Answer, Call, Needs, Route

_HOOK = "/v1/accounts/{aid}/hooks/subscriptions/{hid}"
_CALLBACKS = "/v1/accounts/{aid}/callbacks"

_KEPT = "Newest first. They are kept for 30 days; what still waits, until it has ended."
_AGAIN = (
    "Each goes out again with its old `event-delivery` and body, in the order of its object, and has all its tries "
    "before it. The answer says how many there are; those that wait to be sent are not among them."
)


class _Handlers:
    """`of` answers what the deliveries stand under, and raises NotFound when it is not there."""

    def __init__(
        self,
        history: History,
        of: Callable[[Call[Any]], Awaitable[str]],
        show: Callable[[Delivery], DeliveryDetails],
    ) -> None:
        self._history = history
        self._of = of
        self._show = show

    async def list(self, call: Call[None]) -> Answer:
        query: DeliveriesQuery = call.query
        found = await self._history.list(
            call.account_id,
            await self._of(call),
            starting_after=query.starting_after,
            status=query.status,
            since=query.since,
            until=query.until,
            limit=query.limit,
        )
        return Answer(msgspec.json.encode([item(each) for each in found]))

    async def get(self, call: Call[None]) -> DeliveryDetails:
        return self._show(await self._history.get(call.account_id, await self._of(call), call.params["delivery_id"]))

    async def replay_one(self, call: Call[None]) -> Replaying:
        of, id = await self._of(call), call.params["delivery_id"]
        return Replaying(await self._history.replay_one(call.account_id, of, id, call.once(Replaying)))

    async def replay(self, call: Call[ReplayRequest]) -> Replaying:
        wanted = call.body.data(await self._of(call))
        return Replaying(await self._history.replay(call.account_id, wanted, call.once(Replaying)))


def webhook_routes(history: History, subscriptions: Subscriptions) -> list[Route]:
    async def of(call: Call[Any]) -> str:
        return (await subscriptions.get(call.account_id, call.params["hid"])).id

    handlers = _Handlers(history, of, details)
    tag, read, write = "Webhooks", Needs("hooks", "read"), Needs("hooks", "write")
    return [
        Route(
            "GET", f"{_HOOK}/deliveries", handlers.list, read, "List deliveries", tag, query=DeliveriesQuery,
            answers=list[DeliveryItem], refusals=(NotFound,), description=_KEPT,
        ),
        Route(
            "GET", f"{_HOOK}/deliveries/{{delivery_id}}", handlers.get, read, "Get a delivery", tag,
            answers=DeliveryDetails, refusals=(NotFound,), description="With all its attempts.",
        ),
        Route(
            "POST", f"{_HOOK}/deliveries/{{delivery_id}}/replay", handlers.replay_one, write, "Deliver again", tag,
            answers=Replaying, refusals=(NotFound,), description=_AGAIN,
        ),
        Route(
            "POST", f"{_HOOK}/replay", handlers.replay, write, "Deliver a time range again", tag, body=ReplayRequest,
            answers=Replaying, refusals=(NotFound,), description=_AGAIN,
        ),
    ]  # fmt: skip


def callback_routes(history: History) -> list[Route]:
    async def of(call: Call[Any]) -> str:
        return CALLBACKS

    handlers = _Handlers(history, of, callback_details)
    tag, read, write = "Callbacks", Needs("checkout", "read"), Needs("checkout", "write")
    return [
        Route(
            "GET", _CALLBACKS, handlers.list, read, "List callbacks", tag, query=DeliveriesQuery,
            answers=list[DeliveryItem], refusals=(NotFound,),
            description=f"{_KEPT} One is there a moment after its first try. `event` is `CAPTURE`, `REFUND` or `VOID`, "
            "the `error` of a session, or `payment`.",
        ),
        Route(
            "GET", f"{_CALLBACKS}/{{delivery_id}}", handlers.get, read, "Get a callback", tag,
            answers=DeliveryDetails, refusals=(NotFound,), description="With all its attempts.",
        ),
        Route(
            "POST", f"{_CALLBACKS}/{{delivery_id}}/replay", handlers.replay_one, write, "Call again", tag,
            answers=Replaying, refusals=(NotFound,), description=_AGAIN,
        ),
        Route(
            "POST", f"{_CALLBACKS}/replay", handlers.replay, write, "Call again for a time range", tag,
            body=ReplayRequest, answers=Replaying, description=_AGAIN,
        ),
    ]  # fmt: skip
