"""An order's sessions stand in the order and in the log: `kvitt verify` compares the two."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from kvitt.together.flows import Together
from kvitt.together.model import OrderSessionRequest

from .conftest import Shop, Verify


async def start(shop: Shop) -> tuple[str, str]:
    """An order and its session."""
    order = await shop.order()
    body = {
        "items": [{"line_id": "1"}, {"line_id": "2"}],
        "profile_id": "default",
        "url": {"return_url": "https://shop.example/"},
        "metadata": {"status": "x"},
    }
    together = Together(shop.store, shop.orders, shop.checkout)
    request = msgspec.convert(body, OrderSessionRequest)
    session = await together.create_session(shop.origin, order.id, request, shop.actor())
    await shop.pay(await shop.checkout.get_session(shop.account_id, session.id))
    return order.id, session.id


async def test_an_order_with_a_session_is_clean(shop: Shop, verify: Verify) -> None:
    await start(shop)
    await shop.seal()
    verified = await verify("--json")
    assert verified.code == 0, verified.out
    assert (verified.report["checked"]["orders"], verified.report["checked"]["transactions"]) == (1, 1)


AMOUNT = '\'"line_id":"1","amount":100\''
SESSIONS = 'substring(doc from \',"sessions":.*"session_link"}[]]}[]]\')'
CHANGES = [(AMOUNT, AMOUNT.replace("100", "10")), (SESSIONS, "''")]


@pytest.mark.parametrize(("old", "new"), CHANGES)
async def test_a_session_that_was_changed_or_is_gone(shop: Shop, verify: Verify, raw: Any, old: str, new: str) -> None:
    order_id, session_id = await start(shop)
    await shop.seal()
    change = f"update orders set doc = replace(doc, {old}, {new}) where account_id = $1 and id = $2"  # noqa: S608
    assert await raw.execute(change, shop.account_id, order_id) == "UPDATE 1"
    verified = await verify("--json")
    assert verified.objects == {f"order {order_id}"}
    assert f"session {session_id}" in [each["what"] for each in verified.report["differences"]]
