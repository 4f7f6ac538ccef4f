from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from kvitt.core.change import Change, Event, Task, encode_text
from kvitt.core.clock import system_clock
from kvitt.delivery.client import OutgoingClient
from kvitt.delivery.flows.callbacks import Deliverer, receiver_of
from kvitt.delivery.flows.signature import Signatures
from kvitt.delivery.model.request import Outgoing, Result
from kvitt.delivery.rules.signature import sign
from kvitt.store import DueTask, Store

Owe = Callable[..., Any]
Tasks = Callable[..., Any]


async def events_of(store: Store, account_id: str) -> list[Event]:
    return (await store.feed(account_id, None, 100))[0]


async def test_a_delivery_carries_its_event_id_and_no_signature_without_a_secret(
    deliverer: Deliverer, shop_server: Any, owe: Owe
) -> None:
    await deliverer.deliver(await owe(f"{shop_server.url}/cb?a=1"))
    (request,) = shop_server.requests
    assert request.headers["event-delivery"] == "event-1"
    assert "dintero-signature" not in request.headers


async def test_a_delivery_is_signed_with_the_accounts_secret(
    deliverer: Deliverer, store: Store, shop_server: Any, owe: Owe, account_id: str
) -> None:
    await Signatures(store, system_clock).create(account_id, "first")
    await Signatures(store, system_clock).create(account_id, "second")
    await deliverer.deliver(await owe(f"{shop_server.url}/cb?b=2&a=x%20y"))
    (request,) = shop_server.requests
    header = request.headers["dintero-signature"]
    time = int(header.removeprefix("t=").split(",")[0])
    # as the shop sees it: its own host name and what stood in the request line
    assert header == sign("second", account_id, "GET", f"http://127.0.0.1{request.target}", time)
    assert abs(time - system_clock().timestamp()) < 5


async def test_a_removed_secret_signs_no_more(
    deliverer: Deliverer, store: Store, shop_server: Any, owe: Owe, account_id: str
) -> None:
    signatures = Signatures(store, system_clock)
    await signatures.create(account_id, "secret")
    await signatures.remove(account_id)
    await deliverer.deliver(await owe(f"{shop_server.url}/cb"))
    assert "dintero-signature" not in shop_server.requests[0].headers


@pytest.mark.parametrize("body", [{"id": "T1", "amount": 39800}, json.dumps({"id": "T1", "amount": 39800})])
async def test_a_body_is_sent_as_json(deliverer: Deliverer, shop_server: Any, owe: Owe, body: object) -> None:
    await deliverer.deliver(await owe(f"{shop_server.url}/cb", method="POST", body=body))
    (request,) = shop_server.requests
    assert request.headers["content-type"] == "application/json"
    assert json.loads(request.body) == {"id": "T1", "amount": 39800}


async def test_a_delivered_task_is_gone(
    deliverer: Deliverer, store: Store, shop_server: Any, owe: Owe, account_id: str, tasks: Tasks
) -> None:
    await deliverer.deliver(await owe(f"{shop_server.url}/cb"))
    assert await tasks() == []
    assert await events_of(store, account_id) == []


async def test_a_server_fault_is_tried_again_later_with_the_same_event_id(
    deliverer: Deliverer, store: Store, shop_server: Any, reply: Any, owe: Owe, account_id: str, tasks: Tasks
) -> None:
    shop_server.replies = [reply(503), reply(200)]
    before = system_clock()
    await deliverer.deliver(await owe(f"{shop_server.url}/cb", session_id="S1"))
    (task,) = await tasks()
    assert timedelta(seconds=9) < task.due_at - before < timedelta(seconds=15)
    assert json.loads(task.data) == {
        "method": "GET", "url": f"{shop_server.url}/cb", "event_id": "event-1", "session_id": "S1", "attempts": 1,
    }  # fmt: skip
    await deliverer.deliver(task)
    assert [request.headers["event-delivery"] for request in shop_server.requests] == ["event-1", "event-1"]
    assert await tasks() == []


async def test_a_refusal_is_final_and_told_in_the_log(
    deliverer: Deliverer, store: Store, shop_server: Any, reply: Any, owe: Owe, account_id: str, tasks: Tasks
) -> None:
    shop_server.replies = [reply(404)]
    await deliverer.deliver(await owe(f"{shop_server.url}/cb"))
    assert await tasks() == []
    (event,) = await events_of(store, account_id)
    assert (event.type, event.object_type, event.object_id) == ("delivery.dead", "delivery", "delivery-1")
    told = json.loads(event.data)
    assert (told["attempts"], told["result"]["status"], told["request"]["event_id"]) == (1, 404, "event-1")


async def test_the_twentieth_failed_try_is_the_last(
    deliverer: Deliverer, store: Store, shop_server: Any, reply: Any, owe: Owe, account_id: str
) -> None:
    shop_server.replies = [reply(500)]
    await deliverer.deliver(await owe(f"{shop_server.url}/cb", attempts=19))
    (event,) = await events_of(store, account_id)
    assert json.loads(event.data)["attempts"] == 20


@pytest.mark.parametrize("data", ["{}", '{"url": 3}', "[]", '"text"'])
async def test_a_task_that_holds_no_request_ends_dead(
    deliverer: Deliverer, store: Store, account_id: str, data: str, tasks: Tasks
) -> None:
    task = Task(account_id, "delivery-1", "test.callback", system_clock(), data)
    await store.commit(Change(tasks=(task,)))
    await deliverer.deliver(DueTask(account_id, task.id, task.kind, task.due_at, data, 1))
    (event,) = await events_of(store, account_id)
    assert json.loads(event.data)["result"]["fault"] == "unreadable"
    assert await tasks() == []


async def test_what_else_is_true_after_delivery_is_committed_with_it(
    store: Store, client: OutgoingClient, shop_server: Any, owe: Owe, account_id: str, tasks: Tasks
) -> None:
    async def sent(task: DueTask, outgoing: Outgoing, result: Result) -> Change:
        data = encode_text({"status": result.status, "session": msgspec.json.decode(task.data)["session_id"]})
        event = Event(account_id, "E1", "session.told", "session", "S1", 2, system_clock(), data)
        return Change(events=(event,))

    deliverer = Deliverer(store, system_clock, client, on_delivered=sent)
    await deliverer.deliver(await owe(f"{shop_server.url}/cb", session_id="S1"))
    await deliverer.close()
    (event,) = await events_of(store, account_id)
    assert json.loads(event.data) == {"status": 200, "session": "S1"}
    assert await tasks() == []


async def test_a_live_account_never_reaches_this_machine(
    deliverer: Deliverer, shop_server: Any, account_id: str
) -> None:
    async def outcome(url: str) -> tuple[str, str | None]:
        data = encode_text({"method": "GET", "url": url, "event_id": "E1"})
        task = DueTask("P" + account_id[1:], "d", "test.callback", system_clock(), data, 1)
        found = await deliverer.deliver(task)
        return found.state, found.result.fault

    assert await outcome(f"{shop_server.url}/cb") == ("dead", "scheme")
    assert await outcome(f"https://127.0.0.1:{shop_server.port}/cb") == ("dead", "url")
    assert await outcome(f"https://localhost:{shop_server.port}/cb") == ("retry", "address")
    assert shop_server.connections == 0


def test_deliveries_queue_by_account_and_host() -> None:
    def task(account: str, url: str) -> DueTask:
        data = encode_text({"method": "GET", "url": url, "event_id": "E1"})
        return DueTask(account, "d", "test.callback", system_clock(), data, 1)

    first = receiver_of(task("T1", "https://a.example/1"))
    assert first == receiver_of(task("T1", "https://a.example/2"))
    assert first != receiver_of(task("T1", "https://b.example/1"))
    assert first != receiver_of(task("T2", "https://a.example/1"))
