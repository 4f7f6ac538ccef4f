"""Receivers that do not answer: they keep nobody waiting, lose nothing, and get everything when they are back."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest

from kvitt.core.change import Change, Task, encode_text
from kvitt.core.clock import system_clock
from kvitt.delivery.client import OutgoingClient
from kvitt.delivery.flows.callbacks import Deliverer, receiver_of
from kvitt.delivery.flows.figures import Figures
from kvitt.delivery.flows.receivers import Receivers
from kvitt.delivery.flows.subscriptions import Subscriptions
from kvitt.delivery.flows.webhooks import Webhooks, subscription_of
from kvitt.delivery.model.request import Result
from kvitt.delivery.model.webhooks import DELIVER_TASK, HookSecret
from kvitt.delivery.rules.circuit import OPEN_AFTER
from kvitt.delivery.rules.schedule import MAX_TRIES
from kvitt.delivery.wire.subscriptions import shown
from kvitt.store import DueTask, LaneData, Owed, Store
from kvitt.worker import Limits, Worker
from tests_support import Shop


async def until(condition: Callable[[], Any], seconds: float = 20.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


async def owe_many(store: Store, account_id: str, kind: str, url: str, count: int) -> None:
    now = system_clock()
    tasks = tuple(
        Task(account_id, f"callback:{n:05d}:paid", kind, now,
             encode_text({"method": "GET", "url": url, "event_id": f"{account_id}-{n}"}))
        for n in range(count)
    )  # fmt: skip
    await store.commit(Change(tasks=tasks))


@asynccontextmanager
async def hanging() -> AsyncIterator[tuple[str, list[int]]]:
    """A receiver that takes connections and says nothing: its URL, and a one for each connection."""
    connections: list[int] = []
    writers: list[asyncio.StreamWriter] = []

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(1)
        writers.append(writer)

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", connections
    finally:
        server.close()
        for writer in writers:
            writer.close()
        await asyncio.gather(*(writer.wait_closed() for writer in writers), return_exceptions=True)


@asynccontextmanager
async def working(store: Store, kind: str, handler: Callable[[DueTask], Awaitable[object]]) -> AsyncIterator[None]:
    worker = Worker(store, system_clock, {kind: handler}, {kind: receiver_of}, Limits(grace=1.0))
    worker.start()
    try:
        yield
    finally:
        await worker.stop()


@pytest.mark.parametrize(("accounts", "owed"), [(1, 2000), (8, 250)])
async def test_deliveries_to_receivers_that_hang_do_not_delay_those_of_another_account(
    store: Store, shop_server: Any, account_id: str, accounts: int, owed: int
) -> None:
    ended: list[str] = []
    kind = f"test.{account_id}"
    others = [f"T9{n}{account_id[3:]}" for n in range(accounts)]
    async with hanging() as (dead, connections), OutgoingClient(timeout_seconds=25.0) as client:
        deliverer = Deliverer(store, system_clock, client)

        async def deliver(task: DueTask) -> None:
            await deliverer.deliver(task)
            ended.append(task.account_id)

        for other in others:
            await owe_many(store, other, kind, f"{dead}/cb", owed)
        async with working(store, kind, deliver):
            await until(lambda: connections)
            await owe_many(store, account_id, kind, f"{shop_server.url}/cb", 10)
            await until(lambda: len(ended) == 10)
            assert set(ended) == {account_id}  # while not one of the others has come to its end
        await deliverer.close()


async def test_a_receiver_that_does_not_answer_is_called_no_more_and_nothing_is_lost(
    store: Store, client: OutgoingClient, account_id: str, raw: Any
) -> None:
    kind = f"test.{account_id}"
    receivers = Receivers(store, system_clock)
    figures = Figures(receivers)
    deliverer = Deliverer(store, system_clock, client, receivers=receivers, figures=figures)
    async with hanging() as (dead, connections):
        await owe_many(store, account_id, kind, f"{dead}/cb", 100)
        async with working(store, kind, deliverer.deliver), asyncio.timeout(30):
            while await raw.fetchval(
                "select count(*) from tasks where account_id = $1 and data like '%\"attempts\":%'", account_id
            ) < 100:  # fmt: skip
                await asyncio.sleep(0.05)
    assert OPEN_AFTER <= len(connections) <= 16 + OPEN_AFTER  # as many as a lane runs at once, and perhaps a probe
    assert receivers.states()["open"] + receivers.states()["half_open"] == 1
    await deliverer.close()
    rows = await raw.fetch("select status, attempts from deliveries where account_id = $1", account_id)
    assert {row["status"] for row in rows} == {"waiting"}
    faults = [{attempt["fault"] for attempt in json.loads(row["attempts"])} for row in rows]
    assert len([each for each in faults if "held" in each]) >= 100 - len(connections)
    samples = {(s.name, *s.labels.values()): s.value for family in figures.collect() for s in family.samples}
    assert samples["kvitt_delivery_tries_total", "callback", "held"] >= 100 - len(connections)
    assert samples["kvitt_delivery_receivers", "open"] + samples["kvitt_delivery_receivers", "half_open"] == 1


async def no_answer() -> Result:
    return Result(fault="connection")


async def answer() -> Result:
    return Result(status=500)


async def test_while_half_open_one_goes_out_at_a_time_and_its_answer_lets_all_go(
    store: Store, account_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kvitt.delivery.rules.circuit.FIRST_WAIT_SECONDS", 0.0)
    receivers, url, sent = Receivers(store, system_clock), "https://shop.example/cb", asyncio.Event()

    async def slowly() -> Result:
        await sent.wait()
        return Result(status=200)

    for _ in range(OPEN_AFTER):
        await receivers.send(account_id, url, 1, no_answer)
    probe = asyncio.create_task(receivers.send(account_id, url, 1, slowly))
    await asyncio.sleep(0)
    assert (await receivers.send(account_id, f"{url}?2", 1, answer)).fault == "held"
    assert (await receivers.send(account_id, "https://other.example/", 1, answer)).status == 500
    sent.set()
    assert (await probe).status == 200
    assert (await receivers.send(account_id, url, 1, answer)).status == 500


async def test_a_probe_that_is_cut_off_does_not_keep_the_circuit_open_for_ever(
    store: Store, account_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kvitt.delivery.rules.circuit.FIRST_WAIT_SECONDS", 0.0)
    receivers, url = Receivers(store, system_clock), "https://shop.example/cb"

    async def never() -> Result:
        await asyncio.Event().wait()
        raise AssertionError

    for _ in range(OPEN_AFTER):
        await receivers.send(account_id, url, 1, no_answer)
    probe = asyncio.create_task(receivers.send(account_id, url, 1, never))
    await asyncio.sleep(0)
    probe.cancel()
    await asyncio.gather(probe, return_exceptions=True)
    assert (await receivers.send(account_id, url, 1, answer)).status == 500


async def test_the_last_try_is_always_made(store: Store, account_id: str) -> None:
    receivers, url = Receivers(store, system_clock), "https://shop.example/cb"
    for _ in range(OPEN_AFTER):
        await receivers.send(account_id, url, 1, no_answer)
    assert (await receivers.send(account_id, url, MAX_TRIES - 1, answer)).fault == "held"
    assert (await receivers.send(account_id, url, MAX_TRIES, answer)).status == 500


async def test_what_waits_for_a_receiver_is_due_as_soon_as_it_is_back(
    store: Store, client: OutgoingClient, account_id: str, shop_server: Any, reply: Any, raw: Any
) -> None:
    """Callbacks and webhooks alike; those to other receivers keep their time."""
    receivers = Receivers(store, system_clock)
    deliverer = Deliverer(store, system_clock, client, receivers=receivers)
    webhooks = Webhooks(store, system_clock, client, shown, receivers=receivers)
    subscription = await Subscriptions(store, system_clock).create(
        account_id, f"{shop_server.url}/hook", ("checkout_transaction",), HookSecret("HMAC-SHA1", "s"), active=False,
        by="test",
    )  # fmt: skip
    await store.deliveries.owe(
        account_id, [Owed(f"{account_id}-h", subscription.id, "t:1", "ping", "{}")], system_clock()
    )
    await owe_many(store, account_id, "test.callback", f"{shop_server.url}/cb", 3)
    shop_server.replies = [reply(500)]
    rows = await raw.fetch(
        "select account_id, id, kind, due_at, data, 1 from tasks where account_id = $1 and kind = 'test.callback'",
        account_id,
    )
    for row in rows:
        await deliverer.deliver(DueTask(*row))
    await raw.execute(
        "insert into tasks (account_id, id, kind, due_at, data) values ($1, 'callback:9:paid', 'test.callback', "
        "now(), '{}')",
        account_id,
    )
    await raw.execute("update tasks set due_at = now() + interval '30 minutes' where account_id = $1", account_id)
    for _ in range(OPEN_AFTER):
        await receivers.send(account_id, f"{shop_server.url}/x", 1, no_answer)
    lane = encode_text(LaneData(subscription.id, "t:1"))
    shop_server.replies = [reply(200)]
    task = DueTask(account_id, f"hook:{subscription.id}:t:1", DELIVER_TASK, system_clock(), lane, 1)
    held = await webhooks.deliver(task)
    assert held is not None
    assert held.result.fault == "held"
    # the last try of a delivery is made in any case, and is answered
    assert (await receivers.send(account_id, f"{shop_server.url}/cb", MAX_TRIES, answer)).status == 500
    due: dict[str, datetime] = {
        row["id"]: row["due_at"]
        for row in await raw.fetch("select id, due_at from tasks where account_id = $1", account_id)
    }
    assert subscription_of(task)
    soon = system_clock() + timedelta(seconds=30)
    assert [at <= soon for id, at in sorted(due.items()) if id.startswith("callback:")] == [True, True, True, False]
    assert due[f"hook:{subscription.id}:t:1"] <= soon
    await deliverer.close()


async def test_tries_and_silent_receivers_stand_among_the_servers_figures(shop: Shop, shop_server: Any) -> None:
    order = {"amount": 39800, "currency": "NOK", "merchant_reference": "A1"}
    url = {"return_url": "https://shop.example/thanks", "callback_url": f"{shop_server.url}/cb"}
    sid = (await shop.post("/v1/sessions-profile", {"url": url, "order": order, "profile_id": "default"})).json()["id"]
    card = {"number": "4000000000000002", "expiry": "12/34", "cvc": "987"}
    await shop.post(f"/v1/sessions/{sid}/pay", {"payment_product_type": "dintero_psp.creditcard", "card": card})
    await until(lambda: shop_server.requests)
    async with asyncio.timeout(10):
        while 'kvitt_delivery_tries_total{kind="callback",outcome="delivered"}' not in (
            text := (await shop.get("/metrics")).text
        ):
            await asyncio.sleep(0.02)
    # other shops of the same server may have receivers that do not answer
    assert re.search(r'^kvitt_delivery_receivers\{state="open"\} \d+\.0$', text, re.MULTILINE)
