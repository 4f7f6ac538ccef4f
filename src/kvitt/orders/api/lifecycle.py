"""The routes that cancel, close and open an order, and those of its comments."""

from __future__ import annotations

from kvitt.orders.api import refused
from kvitt.orders.api.common import ORDER, WRITE, answer_of, origin
from kvitt.orders.flows import Orders
from kvitt.orders.model.updates import CancelRequest, CommentRequest, StatusRequest
from kvitt.orders.rules.view import OrderView
from kvitt.orders.wire import OrderQuery
from kvitt.web import Call, Route, expected_version

_AGAIN = "Asked for again, it answers the order as it is."


def lifecycle_routes(orders: Orders) -> list[Route]:
    async def cancel(call: Call[CancelRequest | None]) -> OrderView:
        answer = answer_of(call)
        body = call.body or CancelRequest()
        expected, once = expected_version(call, body.version), call.once(answer)
        return answer(await orders.cancel(origin(call), call.params["order_id"], body, expected, once))

    async def close(call: Call[StatusRequest | None]) -> OrderView:
        answer = answer_of(call)
        expected = expected_version(call, call.body.version if call.body is not None else None)
        return answer(await orders.close(origin(call), call.params["order_id"], expected, call.once(answer)))

    async def reopen(call: Call[StatusRequest | None]) -> OrderView:
        answer = answer_of(call)
        expected = expected_version(call, call.body.version if call.body is not None else None)
        return answer(await orders.open(origin(call), call.params["order_id"], expected, call.once(answer)))

    async def comment(call: Call[CommentRequest]) -> OrderView:
        answer = answer_of(call)
        expected, once = expected_version(call, call.body.version), call.once(answer)
        return answer(await orders.comment(origin(call), call.params["order_id"], call.body, expected, once))

    async def uncomment(call: Call[None]) -> OrderView:
        id, comment_id = call.params["order_id"], call.params["comment_id"]
        return answer_of(call)(await orders.uncomment(origin(call), id, comment_id, expected_version(call)))

    return [
        Route(
            "POST",
            f"{ORDER}/cancel",
            cancel,
            WRITE,
            "Cancel an order",
            "Orders",
            body=CancelRequest,
            body_required=False,
            query=OrderQuery,
            answers=OrderView,
            refusals=refused.CANCELLING,
            versioned=True,
            description="Only an open order that holds no money: what was captured is refunded first. It takes no new "
            f"authorization and no capture then, and there is no way back. {_AGAIN}",
        ),
        Route(
            "POST",
            f"{ORDER}/close",
            close,
            WRITE,
            "Close an order",
            "Orders",
            body=StatusRequest,
            body_required=False,
            query=OrderQuery,
            answers=OrderView,
            refusals=refused.CLOSING,
            versioned=True,
            description=f"A closed order takes refunds alone, until it is opened again. {_AGAIN}",
        ),
        Route(
            "POST",
            f"{ORDER}/open",
            reopen,
            WRITE,
            "Open an order",
            "Orders",
            body=StatusRequest,
            body_required=False,
            query=OrderQuery,
            answers=OrderView,
            refusals=refused.CLOSING,
            versioned=True,
            description=f"One that was closed; a cancelled one stays cancelled. {_AGAIN}",
        ),
        Route(
            "POST",
            f"{ORDER}/comments",
            comment,
            WRITE,
            "Comment on an order",
            "Orders",
            body=CommentRequest,
            query=OrderQuery,
            answers=OrderView,
            refusals=refused.COMMENTING,
            versioned=True,
        ),
        Route(
            "DELETE",
            f"{ORDER}/comments/{{comment_id}}",
            uncomment,
            WRITE,
            "Delete a comment",
            "Orders",
            query=OrderQuery,
            answers=OrderView,
            refusals=refused.UNCOMMENTING,
            versioned=True,
        ),
    ]
