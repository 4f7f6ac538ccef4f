"""A service that says which version of the order it read is refused when it is not the latest."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

LINE = {"line_id": 1, "id": "chair", "gross_amount": 100, "tax_lines": []}
REPORT = {"service": "courier", "service_status": "delivered"}


@pytest.fixture
async def root(shop) -> str:
    order = (await shop.post(f"{shop.shopping}/orders", {"order": {"currency": "NOK", "items": [LINE]}})).json()
    return f"{shop.shopping}/orders/{order['id']}"


async def _report(shop: Any, root: str, if_match: str, **more: str) -> Any:
    return await shop.post(f"{root}/events", REPORT, headers={"If-Match": if_match, **more})


async def test_a_report_on_the_latest_version_is_taken_and_on_an_older_one_refused(shop, root):
    assert (await _report(shop, root, '"1"')).json()["version"] == 2
    stale = await _report(shop, root, '"1"')
    assert (stale.status_code, stale.json()["error"]["code"]) == (409, "STALE_VERSION")
    assert stale.json()["error"]["errors"][0]["details"] == {"requested": 1, "version": 2}
    assert len((await shop.get(f"{root}/events")).json()["events"]) == 2
    for always in ("2", 'W/"3"', "*"):
        assert (await _report(shop, root, always)).status_code == 200


async def test_of_two_reports_on_one_version_at_once_one_is_taken(shop, root):
    answers = await asyncio.gather(*[_report(shop, root, '"1"') for _ in range(5)])
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409]


async def test_the_same_report_sent_again_by_its_key_is_answered_again_though_the_version_moved_on(shop, root):
    first, second = [await _report(shop, root, '"1"', **{"Idempotency-Key": "k"}) for _ in range(2)]
    assert (first.status_code, second.json()) == (200, first.json())


@pytest.mark.parametrize("if_match", ["", "0", "one", '"1', "1, 2", "-1", "1" * 10])
async def test_a_version_that_is_none_is_refused(shop, root, if_match):
    assert (await _report(shop, root, if_match)).status_code == 400
