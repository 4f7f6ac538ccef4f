"""A test account's time moves forward, and all its timers with it; nobody else's does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from kvitt.checkout.model.payment import Ask, CardDetails
from kvitt.checkout.providers.sandbox import Sandbox
from kvitt.sandbox.flows import AccountClocks
from tests_support import Server, run_server

from .conftest import Developer, eventually

CALLBACK = "checkout.callback"


class Receiver:
    """A shop's own server: fails the first `failing` requests, then takes them."""

    def __init__(self, failing: int = 0) -> None:
        self.failing = failing
        self.requests: list[str] = []
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next((int(line.split(":")[1]) for line in head.lower().split("\r\n") if "content-length" in line), 0)
        body = await reader.readexactly(length)
        self.requests.append(f"{head.split(' ')[1]} {body.decode()}")
        status = 500 if len(self.requests) <= self.failing else 200
        writer.write(f"HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    async def heard(self, count: int) -> None:
        async def enough() -> bool:
            return len(self.requests) >= count

        await eventually(enough)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    yield made
    server.close()


def _ahead(answer: Any) -> timedelta:
    return datetime.fromisoformat(answer["now"]) - datetime.now(UTC)


async def test_a_new_account_has_the_walls_time(developer: Developer) -> None:
    answer = (await developer.shop.get(developer.clock_path)).json()
    assert answer["ahead"] == "PT0S"
    assert abs(_ahead(answer)) < timedelta(seconds=10)


async def test_advances_add_up_and_time_goes_on_from_there(developer: Developer) -> None:
    assert (await developer.advance("P7D"))["ahead"] == "P7D"
    answer = await developer.advance("PT90M")
    assert answer["ahead"] == "P7DT1H30M"
    assert abs(_ahead(answer) - timedelta(days=7, minutes=90)) < timedelta(seconds=10)
    assert (await developer.shop.get(developer.clock_path)).json()["ahead"] == "P7DT1H30M"


async def test_two_advances_at_once_both_count(developer: Developer, another_server: Server) -> None:
    urls = (developer.shop.url, another_server.url) * 10
    answers = await asyncio.gather(
        *(developer.shop.post(f"{url}{developer.clock_path}", {"advance": "PT1H"}) for url in urls)
    )
    assert {answer.status_code for answer in answers} == {200}
    assert (await developer.advance("PT1S"))["ahead"] == "PT20H1S"


async def test_one_key_moves_the_clock_once(developer: Developer) -> None:
    headers = {"Idempotency-Key": "tomorrow"}
    answers = [await developer.shop.post(developer.clock_path, {"advance": "P1D"}, headers=headers) for _ in range(3)]
    assert len({answer.text for answer in answers}) == 1
    assert [answer.headers.get("idempotent-replayed") for answer in answers] == [None, "true", "true"]
    assert (await developer.shop.get(developer.clock_path)).json()["ahead"] == "P1D"
    other = await developer.shop.post(developer.clock_path, {"advance": "P2D"}, headers=headers)
    assert other.status_code == 422


@pytest.mark.parametrize(
    ("advance", "says"),
    [
        ("PT0S", "forward"), ("-P1D", "ISO 8601"), ("P-1D", "ISO 8601"), ("P1Y", "days"), ("P3M", "days"),
        ("P", "ISO 8601"), ("PT", "ISO 8601"), ("7 days", "ISO 8601"), ("", "ISO 8601"), ("P3651D", "3650 days"),
        ("P999999999D", "3650 days"), ("P999999999W", "3650 days"), ("P9999999999999999D", "ISO 8601"),
        ("PT1.5H", "ISO 8601"), ("P1D\n", "ISO 8601"), ("P١D", "ISO 8601"), ("P" + "9" * 200 + "D", ""),
    ],
)  # fmt: skip
async def test_absurd_durations_are_refused_with_the_place(developer: Developer, advance: str, says: str) -> None:
    answer = await developer.shop.post(developer.clock_path, {"advance": advance})
    assert answer.status_code == 400
    [error] = answer.json()["error"]["errors"]
    assert error["path"] == "advance"
    assert says in error["message"]


async def test_a_clock_is_ten_years_ahead_at_most_in_all(developer: Developer) -> None:
    await developer.advance("P3650D")
    answer = await developer.shop.post(developer.clock_path, {"advance": "PT1S"})
    assert (answer.status_code, "P3650D ahead" in answer.text) == (400, True)


async def test_a_live_account_has_no_sandbox(server: Server) -> None:
    async with server.shop("P87654321", ["admin:checkout"]) as live:
        root = "/v1/accounts/P87654321/sandbox"
        answers = [
            await live.get(f"{root}/clock"),
            await live.post(f"{root}/clock", {"advance": "P1D"}),
            await live.get(f"{root}/faults"),
            await live.put(f"{root}/faults", {"rules": [{"fault": "decline"}]}),
            await live.post(f"{root}/faults", {"fault": "decline"}),
            await live.http.delete(f"{root}/faults"),
            await live.http.delete(f"{root}/faults/x"),
        ]
    assert {(answer.status_code, "live account" in answer.text) for answer in answers} == {(403, True)}


async def test_nobody_touches_another_accounts_sandbox(developer: Developer) -> None:
    root = "/v1/accounts/T00000009/sandbox"
    answers = [
        await developer.shop.post(f"{root}/clock", {"advance": "P1D"}),
        await developer.shop.put(f"{root}/faults", {"rules": []}),
        await developer.shop.get(f"{root}/clock"),
    ]
    assert {answer.status_code for answer in answers} == {403}


async def test_it_takes_an_administrator(server: Server, account_id: str) -> None:
    statuses = {}
    for n, scope in enumerate(("admin:checkout", "admin:shopping", "admin:accounts", "write:checkout", "admin:hooks")):
        own = f"T{(int(account_id[1:]) + 90_000_000 + n) % 100_000_000:08}"
        async with server.shop(own, [scope]) as shop:
            path = f"/v1/accounts/{own}/sandbox/clock"
            statuses[scope] = (await shop.post(path, {"advance": "PT1S"})).status_code
    assert statuses == {
        "admin:checkout": 200, "admin:shopping": 200, "admin:accounts": 200, "write:checkout": 403, "admin:hooks": 403,
    }  # fmt: skip


async def test_a_day_later_a_session_has_expired(developer: Developer) -> None:
    session_id = await developer.session()
    await developer.advance("P1D")

    assert (await developer.shop.get(f"/v1/view/{session_id}/session")).json()["state"] == "expired"
    assert (await developer.pay(session_id))["error"]["code"]
    await developer.paid()  # and life goes on, in the account's time


async def test_a_day_later_the_timer_of_a_session_has_rung(developer: Developer) -> None:
    session_id = await developer.session()
    tasks = _tasks_of(developer, "checkout.expire_session")
    assert len(await tasks()) == 1
    await developer.advance("P1D")
    await _gone(tasks)
    assert (await developer.shop.get(f"/v1/view/{session_id}/session")).json()["state"] == "expired"


async def test_an_authorization_ends_when_its_time_has_come(developer: Developer) -> None:
    transaction_id = await developer.paid()
    await developer.advance("P8D")
    await developer.until(transaction_id, "AUTHORIZATION_VOIDED")
    assert (await developer.operate(transaction_id, "capture", 100)).status_code == 400


async def test_a_callback_is_sent_again_when_its_time_has_come(developer: Developer, receiver: Receiver) -> None:
    receiver.failing = 3
    url = {"return_url": "https://shop.example/", "callback_url": f"http://127.0.0.1:{receiver.port}/paid"}
    await developer.paid(url=url)
    for tries in (1, 2, 3):
        await receiver.heard(tries)
        await _waiting_for_later(developer, CALLBACK)
        await developer.advance("P1D")
    await receiver.heard(4)
    await _gone(_tasks_of(developer, CALLBACK))


async def test_a_webhook_is_sent_again_when_its_time_has_come(developer: Developer, receiver: Receiver) -> None:
    receiver.failing = 2
    path = f"/v1/accounts/{developer.account_id}/hooks/subscriptions"
    config = {"url": f"http://127.0.0.1:{receiver.port}/hook"}
    answer = await developer.shop.post(path, {"config": config, "events": ["checkout_transaction"]})
    assert answer.status_code == 200, answer.text
    for tries in (1, 2):
        await receiver.heard(tries)
        await _waiting_for_later(developer, "hooks.deliver")
        await developer.advance("P1D")
    await receiver.heard(3)


async def test_an_automatic_capture_is_tried_again_when_its_time_has_come(developer: Developer) -> None:
    await developer.script({"match": {"verb": "capture"}, "fault": "decline", "times": 1})
    card = {"enabled": True, "payment_product_type": "dintero_psp.creditcard"}
    configuration = {"auto_capture": True, "dintero_psp": {"payment_type": "dintero_psp", "creditcard": card}}
    body = {
        "url": {"return_url": "https://shop.example/"},
        "order": {"amount": 39800, "currency": "NOK", "merchant_reference": "A-1"},
        "configuration": configuration,
    }
    session_id = (await developer.shop.post("/v1/sessions", body)).json()["id"]
    await developer.pay(session_id)
    transaction_id = await developer.transaction_of(session_id)
    assert (await developer.transaction(transaction_id))["status"] == "AUTHORIZED"
    await developer.advance("PT1M")
    await developer.until(transaction_id, "CAPTURED")


async def test_the_silence_of_a_test_card_follows_the_clock(developer: Developer) -> None:
    app, account_id, wall = developer.server.app, developer.account_id, datetime.now(UTC)
    clock = AccountClocks(app.store.clocks, lambda _=None, /: wall)  # stands still
    sandbox = Sandbox(app.books, clock)
    ask = Ask(account_id, "attempt", "payment", "authorize", 100, "NOK", "dintero_psp.creditcard",
              card=CardDetails("4100000000000019", "12/2049", "123"))  # fmt: skip
    reference = (await sandbox.act(ask)).reference or ""
    capture = msgspec.structs.replace(ask, attempt_id="another", verb="capture", reference=reference, card=None)
    assert [(await sandbox.act(capture)).kind, (await sandbox.lookup(capture)).kind] == ["unknown", "unknown"]
    await clock.advance(account_id, timedelta(seconds=4.999))
    assert (await sandbox.lookup(capture)).kind == "unknown"
    await clock.advance(account_id, timedelta(seconds=0.001))
    assert (await sandbox.lookup(capture)).kind == "done"


async def test_other_processes_follow(developer: Developer, another_server: Server, database_url: str) -> None:
    async def told() -> bool:
        answer = await developer.shop.get(f"{another_server.url}{developer.clock_path}")
        known = another_server.app.sandbox.scripts.rules(developer.account_id)
        return bool(answer.json()["ahead"] == "P30D") and bool(known)

    assert not await told()
    await developer.advance("P30D")
    await developer.script({"fault": "decline"})
    await eventually(told)
    async with run_server(database_url) as later:
        assert later.app.sandbox.clock.read(developer.account_id).ahead == timedelta(days=30)
        assert later.app.sandbox.scripts.rules(developer.account_id)


async def test_the_time_of_others_stays(developer: Developer, server: Server) -> None:
    before = server.app.sandbox.clock("T00000001")
    await developer.advance("P30D")
    assert server.app.sandbox.clock("T00000001") - before < timedelta(minutes=1)
    assert server.app.sandbox.clock() - before < timedelta(minutes=1)


def _tasks_of(developer: Developer, kind: str) -> Any:
    """When the account's tasks of a kind are due."""
    query = "select due_at from tasks where account_id = $1 and kind = $2"

    async def look() -> list[datetime]:
        lines = developer.server.store._lines
        rows = await lines.run(lambda connection: connection.fetch(query, developer.account_id, kind))
        return [row[0] for row in rows]

    return look


async def _gone(tasks: Any) -> None:
    async def none() -> bool:
        return not await tasks()

    await eventually(none)


async def _waiting_for_later(developer: Developer, kind: str) -> None:
    """What failed was written down: its task waits for its next time, in the account's time, and not for its lease."""
    clock = developer.server.app.sandbox.clock

    async def later() -> bool:
        due = await _tasks_of(developer, kind)()
        return bool(due) and all(at > clock(developer.account_id) for at in due) and await idle()

    async def idle() -> bool:
        return not developer.server.app.worker._running

    await eventually(later)
