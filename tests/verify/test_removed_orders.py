"""Orders that were made without a draft, and removed at their time, are as clean as those that came from one."""

from __future__ import annotations

from typing import Any

import msgspec

from kvitt.orders.model import DraftOptions, OrderContent


async def test_an_order_without_a_draft_that_was_removed_is_clean(shop: Any, verify: Any) -> None:
    line = {"line_id": 1, "id": "chair", "gross_amount": 100, "tax_lines": []}
    content = msgspec.convert({"currency": "NOK", "items": [line]}, OrderContent)
    options = DraftOptions(order_time_to_live=1, generate_order_id="ALPHANUMERIC_9")
    await shop.orders.create(shop.origin, content, options)
    await shop.later(minutes=1)
    assert await shop.ring("orders.order_removal", shop.orders.task_handlers()) == 1
    verified = await verify("--json")
    assert verified.code == 0, verified.out
