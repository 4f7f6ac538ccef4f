"""A shop with an order to be paid, and what is asked for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests_support import Shop

CHAIR = {
    "line_id": 1,
    "id": "175938",
    "description": "Stablestol",
    "quantity": 2,
    "gross_amount": 39800,
    "tax_lines": [{"amount": 7960, "percentage": 25}],
}
LAMP = {"line_id": 2, "id": "lamp", "gross_amount": 10000, "tax_lines": [{"amount": 2000, "percentage": 25}]}

Order = dict[str, Any]


def session_body(*lines: int | str | dict[str, Any], **more: Any) -> dict[str, Any]:
    """`lines`: line ids, or items as they are sent; by default line 1."""
    items = [line if isinstance(line, dict) else {"line_id": str(line)} for line in lines or (1,)]
    return {"items": items, "profile_id": "default", "url": {"return_url": "https://shop.example/thanks"}, **more}


@pytest.fixture
def body() -> Callable[..., dict[str, Any]]:
    return session_body


@pytest.fixture
def sell(shop: Shop) -> Callable[..., Awaitable[Order]]:
    """An order of these items, by default of a chair and a lamp."""

    async def make(*items: dict[str, Any], options: dict[str, Any] | None = None, **order: Any) -> Order:
        content = {"currency": "NOK", "items": list(items) or [CHAIR, LAMP], **order}
        answer = await shop.post(f"{shop.shopping}/orders", {"options": options or {}, "order": content})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    return make


@pytest.fixture
def ask(shop: Shop) -> Callable[..., Awaitable[Any]]:
    """Asks for a session of an order."""

    async def post(order: Order, *lines: int | str | dict[str, Any], headers: Any = None, **more: Any) -> Any:
        path = f"{shop.shopping}/orders/{order['id']}/sessions"
        return await shop.post(path, session_body(*lines, **more), headers=headers)

    return post
