"""The routes of an order's events."""

from __future__ import annotations

from kvitt.orders.api import refused
from kvitt.orders.api.common import ORDER, READ, WRITE, origin
from kvitt.orders.flows import Orders
from kvitt.orders.model.events import OrderEvent, ServiceEventRequest
from kvitt.orders.rules.events import state_of
from kvitt.orders.wire import Events
from kvitt.web import Call, Route, expected_version

_PATH_SCOPE = "A scope of this path alone is enough: `{verb}:shopping:/orders/ANY/events`."


def event_routes(orders: Orders) -> list[Route]:
    async def latest(call: Call[None]) -> Events:
        history = (await orders.record(call.account_id, call.params["order_id"])).history
        return Events(history.events[::-1], state_of(history))

    async def report(call: Call[ServiceEventRequest]) -> OrderEvent:
        id, expected = call.params["order_id"], expected_version(call)
        return await orders.report(origin(call), id, call.body, call.once(), expected)

    return [
        Route(
            "GET",
            f"{ORDER}/events",
            latest,
            READ,
            "Get an order's events",
            "Events of orders",
            answers=Events,
            refusals=refused.READING,
            description="The latest hundred, newest first: every request that changed the order, and what services "
            f"reported. {_PATH_SCOPE.format(verb='read')}",
        ),
        Route(
            "POST",
            f"{ORDER}/events",
            report,
            WRITE,
            "Report on an order",
            "Events of orders",
            body=ServiceEventRequest,
            answers=OrderEvent,
            refusals=refused.REPORTING,
            versioned=True,
            description="What a service has to say of an order: the kitchen, the courier. "
            f"{_PATH_SCOPE.format(verb='write')}",
        ),
    ]
