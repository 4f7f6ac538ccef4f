"""The routes of an order: made, read, changed."""

from __future__ import annotations

from kvitt.orders.api import refused
from kvitt.orders.api.common import ORDER, READ, ROOT, WRITE, answer_of, origin
from kvitt.orders.flows import Orders
from kvitt.orders.model.updates import OrderUpdate
from kvitt.orders.rules.view import OrderView
from kvitt.orders.wire import DraftRequest, OrderQuery
from kvitt.web import Call, Route, expected_version, parse

_BOM = b"\xef\xbb\xbf"


def order_routes(orders: Orders) -> list[Route]:
    async def create(call: Call[DraftRequest]) -> OrderView:
        answer = answer_of(call)
        body = call.body
        record = await orders.create(origin(call), body.order, body.options, body.store, call.once(answer))
        return answer(record)

    async def get(call: Call[None]) -> OrderView:
        return answer_of(call)(await orders.record(call.account_id, call.params["order_id"]))

    async def update(call: Call[OrderUpdate]) -> OrderView:
        answer = answer_of(call)
        sent = parse(call.raw.removeprefix(_BOM))
        expected = expected_version(call, call.body.version)
        id, once = call.params["order_id"], call.once(answer)
        return answer(await orders.update_order(origin(call), id, call.body, sent, expected, once))

    return [
        Route(
            "POST",
            f"{ROOT}/orders",
            create,
            WRITE,
            "Create an order",
            "Orders",
            body=DraftRequest,
            query=OrderQuery,
            answers=OrderView,
            refusals=refused.CREATING,
            description="Without a draft: what a draft says, checked and numbered as when one is completed at once.",
        ),
        Route(
            "GET",
            ORDER,
            get,
            READ,
            "Get an order",
            "Orders",
            query=OrderQuery,
            answers=OrderView,
            refusals=refused.READING,
            description="By its `order_id` or its `id`, with all that was registered on it and what is left of it.",
        ),
        Route(
            "PUT",
            ORDER,
            update,
            WRITE,
            "Update an order",
            "Orders",
            body=OrderUpdate,
            query=OrderQuery,
            answers=OrderView,
            refusals=refused.UPDATING,
            versioned=True,
            description="Changes nothing that was sold: lines, amounts, taxes and the currency may be sent as they "
            "stand, and are refused when they differ. What was sold is changed by a draft with `options.order_id`. "
            "A `version` (or `If-Match`) that is not the order's latest is refused with 409 and the latest.",
        ),
    ]
