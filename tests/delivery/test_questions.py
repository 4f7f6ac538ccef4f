"""Asking a shop while a customer waits: signed, bounded, once; and never somewhere it may not go."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kvitt.core.clock import system_clock
from kvitt.delivery.client import OutgoingClient
from kvitt.delivery.flows.questions import MOST_ABOUT_ONE, MOST_AT_ONCE, MOST_BYTES, Questions
from kvitt.delivery.flows.signature import Signatures
from kvitt.delivery.rules.signature import sign
from kvitt.store import Store

SESSION = "T12345678.s"
ASKED = b'{"id": "T12345678.s"}'


@pytest.fixture
async def questions(store: Store, client: OutgoingClient) -> Questions:
    return Questions(store, system_clock, client)


async def test_a_question_is_posted_signed_and_answered_whole(
    questions: Questions, store: Store, shop_server: Any, reply: Any, account_id: str
) -> None:
    body = b'"' + b"x" * 10_000 + b'"'
    shop_server.replies = [reply(body=body)]
    answer = await questions.ask(account_id, SESSION, f"{shop_server.url}/where?b=2&a=1", ASKED)
    assert (answer.status, answer.fault, answer.body) == (200, None, body)
    (request,) = shop_server.requests
    assert (request.method, request.target, request.body) == ("POST", "/where?a=1&b=2", ASKED)
    assert "dintero-signature" not in request.headers
    await Signatures(store, system_clock).create(account_id, "secret")
    await questions.ask(account_id, SESSION, f"{shop_server.url}/where?b=2&a=1", ASKED)
    signature = shop_server.requests[1].headers["dintero-signature"]
    at = int(signature.partition("t=")[2].partition(",")[0])
    assert signature == sign("secret", account_id, "POST", f"{shop_server.url}/where?a=1&b=2", at)


@pytest.mark.parametrize(("size", "fault"), [(MOST_BYTES, None), (MOST_BYTES + 1, "size")])
async def test_an_answer_has_a_largest_size(
    questions: Questions, shop_server: Any, reply: Any, account_id: str, size: int, fault: str | None
) -> None:
    shop_server.replies = [reply(body=b"x" * size)]
    answer = await questions.ask(account_id, SESSION, shop_server.url, ASKED)
    assert (answer.fault, len(answer.body)) == (fault, 0 if fault else size)


async def test_a_shop_that_takes_too_long_is_asked_no_second_time(
    questions: Questions, shop_server: Any, reply: Any, account_id: str
) -> None:
    shop_server.replies = [reply(after=30)]
    answer = await questions.ask(account_id, SESSION, shop_server.url, ASKED)
    assert (answer.status, answer.fault) == (None, "timeout")
    assert len(shop_server.requests) == 1


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("http://shop.example/", "scheme"),
        ("https://127.0.0.1/", "url"),
        ("https://10.0.0.1/", "url"),
        ("https://localhost/", "address"),
        ("https://169.254.169.254/", "url"),
        ("ftp://shop.example/", "url"),
    ],
)
async def test_a_live_account_asks_public_hosts_alone(questions: Questions, url: str, fault: str) -> None:
    answer = await questions.ask("P12345678", SESSION, url, ASKED)
    assert (answer.status, answer.fault) == (None, fault)


async def test_one_account_in_a_hurry_leaves_the_others_their_turn(
    questions: Questions, shop_server: Any, reply: Any, account_id: str
) -> None:
    shop_server.replies = [reply(after=30)]
    asked = (questions.ask(account_id, f"{account_id}.{n}", shop_server.url, ASKED) for n in range(MOST_AT_ONCE))
    waiting = [asyncio.create_task(each) for each in asked]
    await asyncio.sleep(0)  # each has begun
    assert (await questions.ask(account_id, SESSION, shop_server.url, ASKED)).fault == "busy"
    shop_server.replies = [reply()]
    assert (await questions.ask("T99999999", "T99999999.s", shop_server.url, ASKED)).status == 200
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert (await questions.ask(account_id, SESSION, shop_server.url, ASKED)).status == 200


async def test_one_customer_in_a_hurry_leaves_the_others_of_the_shop_their_turn(
    questions: Questions, shop_server: Any, reply: Any, account_id: str
) -> None:
    shop_server.replies = [reply(after=30)]
    asked = (questions.ask(account_id, SESSION, shop_server.url, ASKED) for _ in range(MOST_ABOUT_ONE))
    waiting = [asyncio.create_task(each) for each in asked]
    await asyncio.sleep(0)  # each has begun
    assert (await questions.ask(account_id, SESSION, shop_server.url, ASKED)).fault == "busy"
    shop_server.replies = [reply()]
    assert (await questions.ask(account_id, "T12345678.other", shop_server.url, ASKED)).status == 200
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert (await questions.ask(account_id, SESSION, shop_server.url, ASKED)).status == 200
