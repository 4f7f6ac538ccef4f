"""Webhooks when things go wrong: crashes, several servers at once, receivers that never answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from kvitt.core.change import Change, Event
from kvitt.core.clock import system_clock
from kvitt.core.ids import new_uuid
from kvitt.delivery.client import OutgoingClient
from kvitt.delivery.flows.fanout import FanOut
from kvitt.delivery.flows.feed import Feed
from kvitt.delivery.flows.history import History
from kvitt.delivery.flows.subscriptions import Subscriptions
from kvitt.delivery.flows.webhooks import Webhooks, subscription_of
from kvitt.delivery.model.webhooks import DELIVER_TASK, HookSecret, Subscription
from kvitt.delivery.rules.schedule import MAX_TRIES
from kvitt.delivery.wire.subscriptions import shown
from kvitt.store import DueTask, Store, connect
from kvitt.worker import Worker

Until = Callable[..., Awaitable[None]]
Subscribe = Callable[[], Awaitable[Subscription]]


def told(account_id: str, object_id: str, number: int) -> Event:
    data = json.dumps({"id": object_id, "number": number})
    return Event(account_id, new_uuid(), "transaction.captured", "transaction", object_id, number, system_clock(), data)


def numbers(shop_server: Any, object_id: str) -> list[int]:
    found = [json.loads(request.body)["transaction"] for request in shop_server.requests if b'"trans' in request.body]
    return [each["number"] for each in found if each["id"] == object_id]


@pytest.fixture
def subscribe(store: Store, account_id: str, shop_server: Any) -> Subscribe:
    async def make(url: str | None = None) -> Subscription:
        return await Subscriptions(store, system_clock).create(
            account_id, url or f"{shop_server.url}/hook", ("checkout_transaction",), HookSecret("HMAC-SHA1", "s"),
            active=True, by="test",
        )  # fmt: skip

    return make


@pytest.fixture
def webhooks(store: Store, client: OutgoingClient) -> Webhooks:
    return Webhooks(store, system_clock, client, shown, jitter=lambda: 0.0)


@asynccontextmanager
async def fanning_out(*stores: Store) -> AsyncIterator[None]:
    feeds = [Feed(store, system_clock) for store in stores]
    made = [FanOut(store, system_clock, feed, {}) for store, feed in zip(stores, feeds, strict=True)]
    for each in made:
        each.start()
    try:
        yield
    finally:
        for each in (*made, *feeds):
            await each.close()


async def owed(raw: asyncpg.Connection, account_id: str, count: int) -> list[DueTask]:
    """The lanes' tasks, once there are that many deliveries; the ping is not begun here."""
    async with asyncio.timeout(10):
        while await raw.fetchval("select count(*) from deliveries where account_id = $1", account_id) < count:
            await asyncio.sleep(0.02)
    rows = await raw.fetch(
        "select account_id, id, kind, due_at, data, 1 from tasks where account_id = $1 and kind = $2 order by id",
        account_id, DELIVER_TASK,
    )  # fmt: skip
    return [DueTask(*row) for row in rows]


async def test_a_crash_between_sending_and_writing_down_sends_again_with_the_same_id(
    store: Store, webhooks: Webhooks, subscribe: Subscribe, shop_server: Any, reply: Any, raw: Any, account_id: str
) -> None:
    subscription = await subscribe()
    shop_server.replies = [reply(after=0.5), reply()]
    async with fanning_out(store):
        await store.commit(Change(events=(told(account_id, "T-a", 1), told(account_id, "T-a", 2))))
        (task,) = await owed(raw, account_id, 2)
    dying = asyncio.create_task(webhooks.deliver(task))
    while not shop_server.requests:
        await asyncio.sleep(0.01)
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)
    for _ in range(2):
        outcome = await webhooks.deliver(task)
        assert outcome is not None
        assert outcome.state == "delivered"
    first, again, second = shop_server.requests
    assert (again.headers["event-delivery"], again.body) == (first.headers["event-delivery"], first.body)
    assert numbers(shop_server, "T-a") == [1, 1, 2]
    assert second.headers["event-delivery"] != first.headers["event-delivery"]
    assert await owed(raw, account_id, 2) == []  # the lane ended with its last delivery
    delivered = await store.deliveries.list(account_id, subscription.id, status="delivered")
    assert len(delivered) == 2


async def test_two_servers_tell_of_every_event_once_and_in_order(
    store: Store, database_url: str, subscribe: Subscribe, shop_server: Any, account_id: str, raw: Any
) -> None:
    subscription = await subscribe()
    other = await connect(database_url)
    clients = [OutgoingClient(), OutgoingClient()]
    workers = [
        Worker(each, system_clock, Webhooks(each, system_clock, client, shown).task_handlers(),
               {DELIVER_TASK: subscription_of})
        for each, client in zip((store, other), clients, strict=True)
    ]  # fmt: skip
    for worker in workers:
        worker.start()
    async with fanning_out(store, other):
        for number in range(1, 21):
            events = tuple(told(account_id, f"T-{name}", number) for name in "abc")
            await (store if number % 2 else other).commit(Change(events=events))
        async with asyncio.timeout(15):
            while len(await store.deliveries.list(account_id, subscription.id, status="delivered")) < 61:
                await asyncio.sleep(0.05)
    for worker in workers:
        await worker.stop()
    for client in clients:
        await client.close()
    await other.close()
    assert len(shop_server.requests) == 61  # with the ping
    for name in "abc":
        assert numbers(shop_server, f"T-{name}") == list(range(1, 21))
    assert await raw.fetchval("select count(*) from tasks where account_id = $1", account_id) == 0


async def test_what_nobody_takes_ends_as_a_dead_letter_lets_the_next_go_and_can_be_replayed(
    store: Store, webhooks: Webhooks, subscribe: Subscribe, shop_server: Any, reply: Any, raw: Any, account_id: str
) -> None:
    subscription = await subscribe()
    shop_server.replies = [reply(503)]
    async with fanning_out(store):
        await store.commit(Change(events=(told(account_id, "T-a", 1), told(account_id, "T-a", 2))))
        (task,) = await owed(raw, account_id, 2)
    states = [outcome.state for _ in range(MAX_TRIES) if (outcome := await webhooks.deliver(task))]
    assert states == ["retry"] * (MAX_TRIES - 1) + ["dead"]
    shop_server.replies = [reply()]
    await webhooks.deliver(task)
    assert numbers(shop_server, "T-a") == [1] * MAX_TRIES + [2]
    (dead,) = await store.deliveries.list(account_id, subscription.id, status="dead")
    assert len(json.loads(dead.attempts)) == MAX_TRIES

    history = History(store, system_clock)
    assert await history.replay_one(account_id, subscription.id, dead.id) == 1
    replay = await raw.fetchrow(
        "select account_id, id, kind, due_at, data, 1 from tasks where account_id = $1 and kind = 'hooks.replay'",
        account_id,
    )
    await history.work(DueTask(*replay))
    (task,) = await owed(raw, account_id, 2)
    outcome = await webhooks.deliver(task)
    assert outcome is not None
    assert outcome.state == "delivered"
    assert shop_server.requests[-1].headers["event-delivery"] == dead.id
    assert len(json.loads((await history.get(account_id, subscription.id, dead.id)).attempts)) == MAX_TRIES + 1


async def test_a_failed_try_comes_again_by_the_schedule(
    store: Store, webhooks: Webhooks, subscribe: Subscribe, shop_server: Any, reply: Any, raw: Any, account_id: str
) -> None:
    await subscribe()
    shop_server.replies = [reply(500)]
    async with fanning_out(store):
        await store.commit(Change(events=(told(account_id, "T-a", 1),)))
        (task,) = await owed(raw, account_id, 1)
    for wait in (10, 20, 40):
        await webhooks.deliver(task)
        ((due_at),) = [each.due_at for each in await owed(raw, account_id, 1)]
        assert abs(due_at - system_clock() - timedelta(seconds=wait)) < timedelta(seconds=3)


async def test_a_late_worker_cannot_undo_what_another_settled(
    store: Store, subscribe: Subscribe, raw: Any, account_id: str
) -> None:
    subscription = await subscribe()
    async with fanning_out(store):
        await store.commit(Change(events=(told(account_id, "T-a", 1),)))
        await owed(raw, account_id, 1)
    delivery = await store.deliveries.next(account_id, subscription.id, "transaction:T-a")
    assert delivery is not None
    now = system_clock()
    assert await store.deliveries.settle(account_id, delivery, "delivered", 1, "[]", now)
    assert not await store.deliveries.settle(account_id, delivery, "waiting", 1, "[]", now)
    assert (await store.deliveries.list(account_id, subscription.id))[0].status == "delivered"


async def test_what_waits_for_a_subscription_that_ended_is_dropped(
    store: Store, webhooks: Webhooks, subscribe: Subscribe, shop_server: Any, raw: Any, account_id: str
) -> None:
    subscription = await subscribe()
    async with fanning_out(store):
        await store.commit(Change(events=(told(account_id, "T-a", 1),)))
        (task,) = await owed(raw, account_id, 1)
    await Subscriptions(store, system_clock).remove(account_id, subscription.id)
    assert await webhooks.deliver(task) is None
    assert await owed(raw, account_id, 0) == []
    assert shop_server.requests == []


async def test_old_deliveries_are_forgotten_and_those_that_wait_are_not(
    store: Store, subscribe: Subscribe, raw: Any, account_id: str
) -> None:
    subscription = await subscribe()
    async with fanning_out(store):
        await store.commit(Change(events=(told(account_id, "T-a", 1), told(account_id, "T-b", 1))))
        await owed(raw, account_id, 2)
    delivery = await store.deliveries.next(account_id, subscription.id, "transaction:T-a")
    assert delivery is not None
    await store.deliveries.settle(account_id, delivery, "dead", 1, "[]", system_clock())
    await raw.execute("update deliveries set created_at = now() - interval '31 days' where account_id = $1", account_id)
    await store.prune(system_clock())
    (left,) = await store.deliveries.list(account_id, subscription.id)
    assert left.lane == "transaction:T-b"
