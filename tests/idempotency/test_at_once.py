"""Twenty equal requests at once, over two servers: one effect, and nobody is told anything else."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from typing import Any

import httpx
import pytest

from kvitt.config import Config
from tests_support import run_server

from .conftest import LINE, Keyed, paying, session_body

MANY = 20


async def request(keyed: Keyed, what: str) -> tuple[str, Any, tuple[int, int]]:
    """Address, body, and what one such request adds to the log and to the provider's movements."""
    match what:
        case "draft":
            return f"{keyed.shop.shopping}/draft_orders", {"order": {"currency": "NOK", "items": [LINE]}}, (1, 0)
        case "session":
            return "/v1/sessions-profile", session_body(), (1, 0)
        case "authorization":
            path = await keyed.order()
            return f"{path}/authorizations", {"items": [{"line_id": 1, "amount": 39800}]}, (1, 0)
        case "capture":
            return f"/v1/transactions/{await keyed.transaction()}/capture", {"amount": 100}, (1, 1)
        case "refund":
            return f"/v1/transactions/{await keyed.transaction(captured=5000)}/refund", {"amount": 100}, (1, 1)
        case _:
            return f"/v1/sessions/{await keyed.session()}/pay", paying(), (1, 1)


@pytest.mark.parametrize("what", ["draft", "session", "authorization", "capture", "refund", "pay"])
async def test_of_twenty_at_once_over_two_servers_one_has_an_effect(
    keyed: Keyed, key: str, database_url: str, what: str
) -> None:
    path, body, adds = await request(keyed, what)
    before = await keyed.effects()
    async with run_server(database_url, replace(Config(), public_url=keyed.shop.url)) as second:
        urls = ("", second.url)
        answers: list[httpx.Response] = list(
            await asyncio.gather(*(keyed.send(path, body, key, url=urls[n % 2]) for n in range(MANY)))
        )
        again = await asyncio.gather(*(keyed.send(path, body, key, url=url) for url in urls))
    after = await keyed.effects()
    assert (after[0] - before[0], after[1] - before[1]) == adds
    told = Counter((answer.status_code, answer.headers.get("idempotent-replayed")) for answer in answers)
    assert told[200, None] == 1, told
    assert set(told) <= {(200, None), (200, "true"), (409, None)}
    assert len({answer.content for answer in answers if answer.status_code == 200}) == 1
    for answer in answers:
        if answer.status_code == 409:
            assert answer.json()["error"]["code"] == "REQUEST_UNDER_WAY"
            assert int(answer.headers["retry-after"]) >= 1
    first = next(answer for answer in answers if answer.status_code == 200)
    assert all(answer.content == first.content for answer in again)
    assert all(answer.headers["idempotent-replayed"] == "true" for answer in again)


async def test_of_twenty_other_requests_with_one_key_at_once_one_has_an_effect(keyed: Keyed, key: str) -> None:
    before = await keyed.effects()
    bodies = [session_body(remarks=str(n)) for n in range(MANY)]
    answers = await asyncio.gather(*(keyed.send("/v1/sessions-profile", body, key) for body in bodies))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 422: MANY - 1}
    assert (await keyed.effects())[0] == before[0] + 1


async def test_twenty_keys_at_once_on_one_transaction_are_twenty_captures(keyed: Keyed) -> None:
    id = await keyed.transaction()
    captures = (keyed.send(f"/v1/transactions/{id}/capture", {"amount": 100}, f"part {n}") for n in range(MANY))
    answers = await asyncio.gather(*captures)
    assert Counter(answer.status_code for answer in answers) == {200: MANY}
    assert (await keyed.effects())[1] == 1 + MANY
