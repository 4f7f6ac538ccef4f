"""The routes of lists: all orders of the account, those of one store, those of one customer."""

from __future__ import annotations

from collections.abc import Callable

from kvitt.core.errors import NotFound
from kvitt.orders.api.common import READ, ROOT, answer_of
from kvitt.orders.flows import Orders
from kvitt.orders.model import Order
from kvitt.orders.model.words import customer_of, store_of
from kvitt.orders.rules.view import OrderView, shown
from kvitt.orders.wire import OrderQuery
from kvitt.orders.wire.lists import (
    CustomerOrdersQuery,
    ListQuery,
    OrderList,
    OrdersQuery,
    StoreOrdersQuery,
    order_token,
)
from kvitt.web import Answer, Call, Route
from kvitt.web.routes import Handler

STORE_ORDERS = f"{ROOT}/stores/{{store_id}}/orders"
CUSTOMER_ORDERS = f"{ROOT}/customers/{{customer_id}}/orders"
_PAGES = (
    "The latest come first, unless `sort` says otherwise. The next page is asked for by `starting_after`; a page of "
    "large orders may have fewer than `limit`."
)


def list_routes(orders: Orders) -> list[Route]:
    async def page(call: Call[None], **within: str) -> Answer:
        query: ListQuery = call.query
        selection = query.selection(**within)
        records, more = await orders.orders(call.account_id, selection, query.limit)
        token = order_token(records[-1], query.sorted_by) if more else None
        headers = {}
        if query.total:
            headers["total-count"] = str(await orders.count_orders(call.account_id, selection))
        views = tuple(shown(record, query.include_events) for record in records)
        return Answer(OrderList(views, token, token), headers=headers)

    async def of_account(call: Call[None]) -> Answer:
        return await page(call)

    async def of_store(call: Call[None]) -> Answer:
        return await page(call, store_id=call.params["store_id"])

    async def of_customer(call: Call[None]) -> Answer:
        return await page(call, customer_id=call.params["customer_id"])

    async def one_of_store(call: Call[None]) -> OrderView:
        return await one(call, "store", store_of)

    async def one_of_customer(call: Call[None]) -> OrderView:
        return await one(call, "customer", customer_of)

    async def one(call: Call[None], noun: str, owner_of: Callable[[Order], str | None]) -> OrderView:
        """Whether the order is another's or nobody's is not told."""
        owner, id = call.params[f"{noun}_id"], call.params["order_id"]
        record = await orders.find(call.account_id, id)
        if record is None or owner_of(record.order) != owner:
            raise NotFound(f"{noun} {owner} has no order {id}")
        return answer_of(call)(record)

    return [
        _list(f"{ROOT}/orders", of_account, "List orders", "Orders", OrdersQuery),
        _list(STORE_ORDERS, of_store, "List a store's orders", "Store orders", StoreOrdersQuery),
        _one(STORE_ORDERS, one_of_store, "Get an order of a store", "Store orders"),
        _list(CUSTOMER_ORDERS, of_customer, "List a customer's orders", "Customer orders", CustomerOrdersQuery),
        _one(CUSTOMER_ORDERS, one_of_customer, "Get an order of a customer", "Customer orders"),
    ]


def _list(path: str, handler: Handler, summary: str, tag: str, query: type[ListQuery]) -> Route:
    return Route("GET", path, handler, READ, summary, tag, query=query, answers=OrderList, description=_PAGES)


def _one(path: str, handler: Handler, summary: str, tag: str) -> Route:
    return Route(
        "GET",
        f"{path}/{{order_id}}",
        handler,
        READ,
        summary,
        tag,
        query=OrderQuery,
        answers=OrderView,
        refusals=(NotFound,),
        description="By its `order_id` or its `id`.",
    )
