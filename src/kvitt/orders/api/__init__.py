"""The routes of the order service: /v1/accounts/{aid}/shopping/..."""

from __future__ import annotations

from kvitt.orders.api.drafts import draft_routes
from kvitt.orders.api.events import event_routes
from kvitt.orders.api.export import TimeZoneOf, export_routes
from kvitt.orders.api.items import item_routes
from kvitt.orders.api.lifecycle import lifecycle_routes
from kvitt.orders.api.lists import list_routes
from kvitt.orders.api.operations import operation_routes
from kvitt.orders.api.orders import order_routes
from kvitt.orders.flows import Orders
from kvitt.web import Route


def routes(orders: Orders, time_zone_of: TimeZoneOf) -> list[Route]:
    return [
        *draft_routes(orders),
        *item_routes(orders),
        *order_routes(orders),
        *list_routes(orders),
        *export_routes(orders, time_zone_of),
        *lifecycle_routes(orders),
        *event_routes(orders),
        *operation_routes(orders),
    ]
