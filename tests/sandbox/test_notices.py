"""News of a provider are a hint: whatever they say and whenever they come, the truth is settled once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import msgspec

from kvitt.store import SandboxBooks
from tests_support import Server

from .conftest import Developer, eventually


async def test_a_notification_arrives_before_its_object_exists_is_answered_200_and_lost(developer: Developer) -> None:
    """It cannot: an attempt is committed before its provider hears of it. What names none of ours is answered and
    does nothing, so nobody sends it for ever."""
    checkout = developer.server.app.checkout
    transaction_id = await developer.paid()
    before = await developer.transaction(transaction_id)
    await checkout.notified(developer.account_id, transaction_id, "never-was")
    await checkout.notified(developer.account_id, "never-was", "never-was")
    await checkout.notified("T00000001", transaction_id, "never-was")  # another account's id
    assert await developer.transaction(transaction_id) == before
    # The earliest moment that news can come is before the provider has answered its first call.
    await developer.script({"match": {"verb": "authorize"}, "notice": "before"})
    session_id = await developer.session()
    assert (await developer.pay(session_id))["success"] is True
    told = await developer.transaction(await developer.transaction_of(session_id))
    assert [event["event"] for event in told["events"]] == ["INITIALIZE", "AUTHORIZE"]


async def test_news_of_what_is_settled_change_nothing_however_often_they_come(developer: Developer) -> None:
    transaction_id = await developer.paid()
    await developer.operate(transaction_id, "capture", 100)
    before = await developer.transaction(transaction_id)
    books = await developer.server.app.books.of_payment(developer.account_id, transaction_id)
    notified = developer.server.app.checkout.notified
    await asyncio.gather(*(notified(developer.account_id, transaction_id, each.attempt_id) for each in books * 5))
    assert await developer.transaction(transaction_id) == before


async def test_news_and_the_question_of_the_worker_at_once_settle_once(
    developer: Developer, another_server: Server
) -> None:
    transaction_id = await developer.paid()
    await developer.script({"fault": "silent_after", "seconds": 3600, "notice": "lost"})
    await developer.operate(transaction_id, "capture", 39800)
    [_, capture] = await developer.server.app.books.of_payment(developer.account_id, transaction_id)
    await developer.advance("PT1H")
    await another_server.app.sandbox.refresh()
    await asyncio.gather(
        *(
            server.app.checkout.notified(developer.account_id, transaction_id, capture.attempt_id)
            for server in (developer.server, another_server) * 5
        )
    )
    told = await developer.until(transaction_id, "CAPTURED")
    assert [event["event"] for event in told["events"][2:]] == ["INITIATE_CAPTURE", "CAPTURE"]
    assert await developer.movements(transaction_id) == [("authorize", 39800, "done"), ("capture", 39800, "done")]


async def test_news_of_an_authorization_run_the_automatic_capture(developer: Developer) -> None:
    card = {"enabled": True, "payment_product_type": "dintero_psp.creditcard"}
    body = {
        "url": {"return_url": "https://shop.example/"},
        "order": {"amount": 39800, "currency": "NOK", "merchant_reference": "A-1"},
        "configuration": {"auto_capture": True, "dintero_psp": {"payment_type": "dintero_psp", "creditcard": card}},
    }
    session_id = (await developer.shop.post("/v1/sessions", body)).json()["id"]
    await developer.script({"match": {"verb": "authorize"}, "fault": "silent_after", "seconds": 0})
    assert "poll_url" in await developer.pay(session_id)
    await developer.until(await developer.transaction_of(session_id), "CAPTURED")


async def test_a_process_that_dies_with_a_notice_in_hand_leaves_it_to_another(
    database_url: str, developer: Developer
) -> None:
    await developer.server.app.sandbox.close()  # nobody sends
    transaction_id = await developer.paid()
    await developer.script({"fault": "silent_after", "seconds": 0})
    await developer.operate(transaction_id, "capture", 39800)
    books = SandboxBooks(database_url)
    now = datetime.now(UTC)
    taken = await books.notices.take(now, 1000, timedelta(milliseconds=1), {})  # by one that dies now
    assert developer.account_id in [notice.account_id for notice in taken]
    developer.server.app.sandbox.start(developer.server.app.checkout.notified)
    await developer.until(transaction_id, "CAPTURED")

    async def told() -> bool:
        [_, capture] = await books.of_payment(developer.account_id, transaction_id)
        return not await books.untold(developer.account_id, capture.attempt_id)

    await eventually(told)
    await books.close()


async def test_the_provider_refuses_what_its_own_books_do_not_allow(developer: Developer) -> None:
    """However we came to believe that it was allowed: here another party voided it at the provider."""
    transaction_id = await developer.paid()
    books = developer.server.app.books
    [authorized] = await books.of_payment(developer.account_id, transaction_id)
    await books.record(msgspec.structs.replace(authorized, attempt_id="elsewhere", verb="void"))
    answer = await developer.operate(transaction_id, "capture", 39800)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "PROVIDER_DECLINED")
    error = (await developer.transaction(transaction_id))["events"][-1]["error"]
    assert (error["code"], error["type"]) == ("EXCEEDS_BOOKS", ["INVALID_AMOUNT"])
