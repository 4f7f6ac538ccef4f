"""The address that leads back to the shop once all is known: `payment_return_url`, for an app that got the customer
first (`initial_recipient=merchant` on the return URL, channel `in_app`)."""

from __future__ import annotations

from urllib.parse import quote

from kvitt.checkout.flows import Checkout
from kvitt.core.errors import NotFound
from kvitt.web import PUBLIC, Answer, Call, Route

_PLAIN = "text/plain; charset=utf-8"


def returning_routes(checkout: Checkout) -> list[Route]:
    async def come_back(call: Call[None]) -> Answer:
        href = (await checkout.view(call.params["sid"])).href
        if href is None:
            return Answer(b"", 202, {"cache-control": "no-store", "retry-after": "1"}, _PLAIN)
        return Answer(b"", 302, {"cache-control": "no-store", "location": _ascii(href)}, _PLAIN)

    return [
        Route(
            "GET", "/v1/view/{sid}/return", come_back, PUBLIC, "Back to the shop, once all is known", "Payment page",
            refusals=(NotFound,), hidden=True,
        )
    ]  # fmt: skip


def _ascii(url: str) -> str:
    """What is more than ASCII is encoded, as browsers do it; the rest stays as the shop wrote it."""
    return quote(url, safe="!#$%&'()*+,/:;=?@[]~")
