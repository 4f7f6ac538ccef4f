"""Waiting for the customer over HTTP, with news that travel by themselves, faults, the clock, and two servers."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests_support import Server

from .conftest import Developer, eventually

CHALLENGED = "4000100000000000"


async def waiting(developer: Developer, card: str = CHALLENGED, **members: Any) -> tuple[str, str]:
    """A session and its attempt, which waits at the bank."""
    session_id = await developer.session(**members)
    answer = await developer.pay(session_id, card)
    assert answer["success"] is True
    assert answer["approval_url"] == answer["redirect_url"]
    assert answer["poll_url"].endswith(f"/v1/view/{session_id}/session")
    return session_id, answer["redirect_url"].rpartition("/")[2]


async def decide(developer: Developer, attempt_id: str, decision: Any = "approve", server: Server | None = None) -> str:
    approvals = (server or developer.server).app.sandbox.approvals
    return await approvals.decide(developer.account_id, attempt_id, decision)


async def view(developer: Developer, session_id: str) -> Any:
    return (await developer.shop.get(f"/v1/view/{session_id}/session")).json()


async def until(developer: Developer, session_id: str, state: str) -> Any:
    async def reached() -> Any:
        shown = await view(developer, session_id)
        return shown if shown["state"] == state else None

    return await eventually(reached)


async def test_the_page_that_the_customer_is_sent_to_belongs_to_the_payment(developer: Developer) -> None:
    session_id, attempt_id = await waiting(developer)
    shown = await view(developer, session_id)
    page = f"/sandbox/approvals/{developer.account_id}/{attempt_id}"
    assert shown["state"] == "paying"
    assert shown["waiting"]["redirect_url"].endswith(page)


async def test_after_the_customers_yes_the_session_is_paid_without_anybody_asking(developer: Developer) -> None:
    session_id, attempt_id = await waiting(developer)
    assert (await decide(developer, attempt_id)).endswith(f"/v1/view/{session_id}")
    assert (await until(developer, session_id, "paid"))["href"].startswith("https://shop.example/thanks")


async def test_a_yes_at_one_server_is_heard_by_all(developer: Developer, another_server: Server) -> None:
    session_id, attempt_id = await waiting(developer)
    await decide(developer, attempt_id, server=another_server)
    await until(developer, session_id, "paid")


async def test_time_runs_out_by_the_clock_of_the_account(developer: Developer) -> None:
    session_id, attempt_id = await waiting(developer)
    await developer.advance("PT9M")
    assert (await view(developer, session_id))["state"] == "paying"
    await developer.advance("PT1M")
    shown = await until(developer, session_id, "open")
    assert shown["decline"]["category"] == "temporary"
    assert (await developer.server.app.sandbox.approvals.find(developer.account_id, attempt_id)).state == "expired"


@pytest.mark.parametrize(
    "rule",
    [
        {"fault": "silent_after", "seconds": 1},
        {"fault": "late", "seconds": 1},
        {"fault": "garbage"},
        {"fault": "answers_twice"},
        {"notice": "before"},
        {"notice": "twice"},
        {"fault": "silent_after", "seconds": 1, "notice": "delayed", "notice_seconds": 1},
    ],
)
async def test_whatever_becomes_of_the_answer_the_customer_learns_where_to_go(
    developer: Developer, rule: dict[str, Any]
) -> None:
    await developer.script({"match": {"verb": "authorize"}, "times": 1, **rule})
    session_id = await developer.session(configuration={"vipps": {"enabled": True}})
    await developer.shop.post(f"/v1/sessions/{session_id}/pay", {"payment_product_type": "vipps"})

    async def told() -> Any:
        return (await view(developer, session_id)).get("waiting")

    await developer.advance("PT5S")
    attempt_id = (await eventually(told))["redirect_url"].rpartition("/")[2]
    await decide(developer, attempt_id)
    await until(developer, session_id, "paid")
    transaction = await developer.transaction(await developer.transaction_of(session_id))
    assert [event["event"] for event in transaction["events"]] == ["INITIALIZE", "AUTHORIZE"]


async def test_a_call_that_never_arrived_does_not_wait_and_never_will(developer: Developer) -> None:
    await developer.script({"fault": "silent_before", "times": 1})
    session_id = await developer.session()
    assert (await developer.pay(session_id, CHALLENGED))["success"] is False
    await developer.advance("PT6S")
    await until(developer, session_id, "open")


async def test_a_decline_by_script_is_told_at_once(developer: Developer) -> None:
    await developer.script({"fault": "decline", "times": 1})
    assert (await developer.pay(await developer.session(), CHALLENGED))["success"] is False


@pytest.mark.parametrize("rule", [{"amount": 9990021}, {"amount": 39800}])
async def test_three_d_secure_can_be_asked_of_any_card(developer: Developer, rule: dict[str, int]) -> None:
    if rule["amount"] == 39800:
        await developer.script({"match": rule, "fault": "three_d_secure_needed"})
    session_id, attempt_id = await waiting(developer, "4000000000000002", amount=rule["amount"])
    await decide(developer, attempt_id)
    await until(developer, session_id, "paid")


async def test_a_request_with_a_key_is_answered_the_same_while_it_waits_and_then_as_it_ended(
    developer: Developer,
) -> None:
    session_id = await developer.session()
    body = {
        "payment_product_type": "dintero_psp.creditcard",
        "card": {"number": CHALLENGED, "expiry": "12/49", "cvc": "123"},
    }

    async def pay() -> Any:
        headers = {"Idempotency-Key": "one-click"}
        return (await developer.shop.post(f"/v1/sessions/{session_id}/pay", body, headers=headers)).json()

    first, second = await asyncio.gather(pay(), pay())
    third = await pay()
    assert third["redirect_url"] in (first.get("redirect_url"), second.get("redirect_url"))
    await decide(developer, third["redirect_url"].rpartition("/")[2])
    await until(developer, session_id, "paid")
    last = await pay()
    assert last["success"] is True
    assert last["redirect_url"].startswith("https://shop.example/thanks")


async def test_a_payment_is_given_up_over_http_with_a_key(developer: Developer) -> None:
    session_id, attempt_id = await waiting(developer)
    path, key = f"/v1/view/{session_id}/session/payment/cancel", {"Idempotency-Key": "back"}
    answers = await asyncio.gather(*(developer.shop.post(path, headers=key) for _ in range(3)))
    assert {answer.json()["state"] for answer in answers if answer.status_code == 200} == {"open"}
    assert (await developer.pay(session_id))["success"] is True
    again = await developer.shop.post(path, headers=key)
    assert again.json()["state"] == "open"  # as it was answered then
    assert (await developer.server.app.sandbox.approvals.find(developer.account_id, attempt_id)).state == "declined"


async def test_automatic_capture_follows_the_customers_yes(developer: Developer) -> None:
    session_id, attempt_id = await waiting(developer, configuration={"auto_capture": True})
    await decide(developer, attempt_id)
    await developer.until(await developer.transaction_of(session_id), "CAPTURED")


async def test_what_waited_stands_in_the_books_as_one_movement(developer: Developer) -> None:
    session_id, attempt_id = await waiting(developer)
    transaction_id = await developer.transaction_of(session_id)
    assert await developer.movements(transaction_id) == []
    await asyncio.gather(*(decide(developer, attempt_id, each) for each in ("approve", "decline") * 2))
    assert len(await developer.movements(transaction_id)) == 1
