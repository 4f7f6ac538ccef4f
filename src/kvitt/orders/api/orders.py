"""The routes of orders."""

from __future__ import annotations

from kvitt.orders.api.common import ORDER, READ
from kvitt.orders.flows import Orders
from kvitt.orders.model import Order
from kvitt.web import Call, Route


def order_routes(orders: Orders) -> list[Route]:
    async def get(call: Call[None]) -> Order:
        return await orders.order(call.account_id, call.params["order_id"])

    return [
        Route(
            "GET",
            ORDER,
            get,
            READ,
            "Get an order",
            "Orders",
            answers=Order,
            refusals=(404,),
            description="By its `order_id` or its `id`, with all that was registered on it.",
        ),
    ]
