"""An authorization runs out, on a real store: what is written, once, whoever else is at it."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest

from kvitt.checkout.model.payment import Operation, Outcome
from kvitt.checkout.model.transaction import TRANSACTIONS
from kvitt.core.errors import InvalidOperation, Refusal

SILENT_CAPTURE = "4100000000000019"
TIMER = "checkout.authorization_expiry"


@pytest.fixture
def server(own_server: Any) -> Any:
    """Other tests here do the worker's work by hand: no worker may be there then."""
    return own_server


async def do(house: Any, transaction_id: str, verb: Any, amount: int | None = None) -> Any:
    return await house.checkout.operate(house.account_id, transaction_id, Operation(verb, amount), house.actor())


async def told(house: Any) -> list[str]:
    feed, _ = await house.store.feed(house.account_id, None, 100)
    return [event.type.removeprefix("transaction.") for event in feed if event.object_type == "transaction"]


async def postings(house: Any) -> list[tuple[str, int]]:
    async def run(connection: Any) -> Any:
        return await connection.fetch(
            "select kind, amount from postings where account_id = $1 order by created_at, id", house.account_id
        )

    return [tuple(row) for row in await house.store._lines.run(run)]


async def test_the_authorization_expired_and_the_goods_cannot_be_captured_any_more(house: Any) -> None:
    transaction_id = await house.paid()
    ends = (await house.get(transaction_id)).authorization_expires_at
    assert ends == house.clock() + timedelta(days=7)
    house.clock.advance(days=6)
    assert await house.ring(TIMER) == 1
    assert await told(house) == ["authorized", "authorization_expiring"]
    await do(house, transaction_id, "capture", 10000)
    house.clock.advance(days=1)
    with pytest.raises(InvalidOperation, match="expired"):
        await do(house, transaction_id, "capture", 1)
    assert await house.ring(TIMER) == 1
    transaction = await house.get(transaction_id)
    last = transaction.events[-1]
    assert (last.event, last.amount, last.metadata) == ("VOID", 29800, {"reason": "authorization_expired"})
    assert transaction.status == "CAPTURED"
    assert await told(house) == ["authorized", "authorization_expiring", "captured", "authorization_expired"]
    assert await postings(house) == [("authorize", 39800), ("capture", 10000), ("expire", 29800)]
    for verb in ("capture", "void"):
        with pytest.raises(InvalidOperation, match="expired"):
            await do(house, transaction_id, verb, None if verb == "void" else 1)
    await do(house, transaction_id, "refund", 10000)
    assert await house.tasks(TIMER) == []


async def test_a_timer_that_rings_on_two_workers_at_once_tells_it_once(house: Any) -> None:
    transaction_id = await house.paid()
    house.clock.advance(days=8)
    for _ in range(2):
        (timer,) = await house.tasks(TIMER)
        handler = house.checkout.task_handlers()[TIMER]
        await asyncio.gather(*(handler(timer) for _ in range(4)))
    await handler(timer)
    assert await told(house) == ["authorized", "authorization_expiring", "authorization_expired"]
    assert [event.event for event in (await house.get(transaction_id)).events] == ["INITIALIZE", "AUTHORIZE", "VOID"]
    assert await house.tasks(TIMER) == []


async def test_what_the_provider_did_before_the_end_counts(house: Any) -> None:
    transaction_id = await house.paid(SILENT_CAPTURE)
    house.clock.advance(days=6, hours=23, minutes=59, seconds=58)
    await house.ring(TIMER)
    assert (await do(house, transaction_id, "capture", 30000)).attempt.status == "unknown"
    house.clock.advance(seconds=2)
    assert await house.ring(TIMER) == 1
    assert (await house.get(transaction_id)).status == "AUTHORIZED"
    house.clock.advance(seconds=5)
    await asyncio.gather(house.ring(TIMER), house.ring("checkout.ask_provider"))
    house.clock.advance(seconds=15)
    await house.ring(TIMER)
    transaction = await house.get(transaction_id)
    assert [(event.event, event.amount) for event in transaction.events[-2:]] == [("CAPTURE", 30000), ("VOID", 9800)]
    assert transaction.status == "CAPTURED"
    assert await house.tasks(TIMER) == []


async def test_captures_at_the_very_end_and_the_timer_never_take_the_same_money(house: Any) -> None:
    transaction_id = await house.paid()
    house.clock.advance(days=6, hours=23)
    await house.ring(TIMER)
    (timer,) = await house.tasks(TIMER)
    ends = timer.due_at

    async def late(number: int) -> None:
        if number == 5:
            house.clock.now = ends
        await do(house, transaction_id, "capture", 1000)

    timers = [house.checkout.task_handlers()[TIMER](timer) for _ in range(2)]
    answers = await asyncio.gather(*(late(number) for number in range(10)), *timers, return_exceptions=True)
    assert all(answer is None or isinstance(answer, Refusal) for answer in answers)
    house.clock.advance(hours=2)
    await house.ring(TIMER)
    transaction = await house.get(transaction_id)
    captured, voided = (sum(e.amount for e in transaction.events if e.event == name) for name in ("CAPTURE", "VOID"))
    assert captured + voided == 39800
    moved = await house.books.of_payment(house.account_id, transaction_id)
    assert captured == sum(move.amount for move in moved if (move.verb, move.outcome) == ("capture", "done"))
    assert voided == sum(amount for kind, amount in await postings(house) if kind == "expire")


async def test_the_timer_of_a_captured_transaction_is_gone(house: Any) -> None:
    transaction_id = await house.paid()
    (timer,) = await house.tasks(TIMER)
    await do(house, transaction_id, "capture", 39800)
    assert await house.tasks(TIMER) == []
    await house.checkout.task_handlers()[TIMER](timer)  # a worker had taken it before
    assert await told(house) == ["authorized", "captured"]


async def test_a_callback_of_the_end_carries_the_session_to_a_shop_that_wants_it(house: Any) -> None:
    url = "https://shop.example/hook?method=POST&report_event=VOID&includes=session"
    transaction_id = await house.paid(url__callback_url=url)
    house.clock.advance(days=8)
    while await house.ring(TIMER):
        pass
    body = [msgspec.json.decode(task.data)["body"] for task in await house.tasks("checkout.callback")][-1]
    assert (body["id"], body["status"]) == (transaction_id, "AUTHORIZATION_VOIDED")
    assert body["session"]["transaction_id"] == transaction_id


async def test_a_session_whose_authorization_expired_is_not_cancelled_by_voiding_it(house: Any) -> None:
    transaction_id = await house.paid()
    session_id = (await house.get(transaction_id)).session_id
    house.clock.advance(days=7)
    with pytest.raises(InvalidOperation, match="expired"):
        await house.checkout.cancel_session(house.account_id, session_id, house.actor())
    assert await house.books.of_payment(house.account_id, transaction_id) != []
    assert (await house.get(transaction_id)).status == "AUTHORIZED"


async def test_a_refused_automatic_capture_is_not_tried_after_the_end(house: Any) -> None:
    session = await house.session(configuration={"auto_capture": True})
    provider = house.checkout._desk.providers["sandbox"]
    act = provider.act

    async def refuse_captures(ask: Any) -> Any:
        return Outcome("refused") if ask.verb == "capture" else await act(ask)

    provider.act = refuse_captures
    transaction_id = (await house.pay(session.id)).transaction_id
    assert len(await house.tasks("checkout.auto_capture")) == 1
    provider.act = act
    house.clock.advance(days=7)
    await house.ring("checkout.auto_capture")
    assert await house.tasks("checkout.auto_capture") == []
    row = await house.store.get(TRANSACTIONS, house.account_id, transaction_id)
    assert [attempt.status for attempt in row.doc.attempts] == ["done", "refused"]


async def test_a_shop_sees_when_the_authorization_ends(shop: Any, http: httpx.AsyncClient, body: Any) -> None:
    sid = (await shop.post("/v1/sessions-profile", body())).json()["id"]
    card = {"number": "4000000000000002", "expiry": "12/34", "cvc": "987"}
    paying = {"payment_product_type": "dintero_psp.creditcard", "card": card}
    paid = (await http.post(f"/v1/sessions/{sid}/pay", json=paying)).json()
    transaction = (await shop.get(f"/v1/transactions/{paid['transaction_id']}")).json()
    begun, ends = (datetime.fromisoformat(transaction[name]) for name in ("created_at", "authorization_expires_at"))
    assert ends - begun == timedelta(days=7)
