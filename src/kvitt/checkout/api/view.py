"""What the customer of an express session fills in. The id of the session lets them in; each answers what they see."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from kvitt.checkout.api.common import customer_of
from kvitt.checkout.api.updates import ENDED
from kvitt.checkout.flows import Checkout
from kvitt.checkout.model.view import View
from kvitt.checkout.rules.refusals import (
    InvalidAddress,
    InvalidCodes,
    NotExpress,
    OptionNotOffered,
    SessionLocked,
    ShopSilent,
)
from kvitt.checkout.wire.view import ChosenOption, CustomerAddress, TypedCodes
from kvitt.core.errors import Refusal
from kvitt.web import PUBLIC, Answer, Call, Route

REFUSED = (NotExpress, SessionLocked, *ENDED)


def view_routes(checkout: Checkout) -> list[Route]:
    async def shipping_address(call: Call[CustomerAddress], sid: str) -> View:
        return await checkout.set_shipping_address(sid, call.body.address(), customer_of(call, sid))

    async def billing_address(call: Call[CustomerAddress], sid: str) -> View:
        return await checkout.set_billing_address(sid, call.body.address(), customer_of(call, sid))

    async def shipping_option(call: Call[ChosenOption], sid: str) -> View:
        return await checkout.set_shipping_option(sid, call.body.id, call.body.line_id, customer_of(call, sid))

    async def discount_codes(call: Call[TypedCodes], sid: str) -> View:
        return await checkout.set_discount_codes(sid, call.body.discount_codes, customer_of(call, sid))

    def put(
        handler: Callable[[Call[Any], str], Awaitable[View]],
        body: type,
        summary: str,
        refusals: tuple[type[Refusal], ...],
        description: str,
    ) -> Route:
        async def answer(call: Call[Any]) -> Answer:
            return Answer(await handler(call, call.params["sid"]))

        return Route(
            "PUT", f"/v1/view/{{sid}}/session/order/{handler.__name__}", answer, PUBLIC, summary, "Payment page",
            body=body, answers=View, refusals=(*refusals, *REFUSED), description=description,
        )  # fmt: skip

    return [
        put(
            shipping_address, CustomerAddress, "The customer says where the goods go", (InvalidAddress, ShopSilent),
            "Where the session has a `shipping_address_callback_url`, the shop is asked what it ships there, and for "
            "how much. The shipping that was chosen stays while it is offered there too.",
        ),
        put(
            billing_address, CustomerAddress, "The customer says where the bill goes", (InvalidAddress,),
            "Another address than the shipping address only where `allow_different_billing_shipping_address` says so.",
        ),
        put(
            shipping_option, ChosenOption, "The customer chooses the shipping", (OptionNotOffered,),
            "One of those that the session offers; its `line_id` is needed where several have its `id`.",
        ),
        put(
            discount_codes, TypedCodes, "The customer uses discount codes", (InvalidCodes, ShopSilent),
            "All codes that are to count. Where the session has a `discount_codes.callback_url`, the shop is asked "
            "what they are worth.",
        ),
    ]  # fmt: skip
