"""What became of callbacks can be seen, and they can be had again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from kvitt.core.change import encode_text
from kvitt.core.clock import system_clock
from kvitt.delivery.client import OutgoingClient
from kvitt.delivery.flows.callbacks import Deliverer
from kvitt.delivery.flows.history import History
from kvitt.delivery.flows.notes import Notes
from kvitt.delivery.flows.signature import Signatures
from kvitt.delivery.flows.subscriptions import Subscriptions
from kvitt.delivery.flows.webhooks import Webhooks
from kvitt.delivery.model.attempt import DeliveryAttempt
from kvitt.delivery.model.webhooks import DELIVER_TASK, HookSecret
from kvitt.delivery.wire.subscriptions import shown
from kvitt.store import CALLBACKS, CallbackNote, Delivery, DueTask, LaneData, Owed, Store
from tests_support import Shop

Owe = Callable[..., Any]
Tasks = Callable[..., Any]
CARD = {"number": "4000000000000002", "expiry": "12/34", "cvc": "987"}


async def until(condition: Callable[[], Any], seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


async def listed(store: Store, account_id: str) -> list[Delivery]:
    return list(await History(store, system_clock).list(account_id, CALLBACKS))


def attempts_of(delivery: Delivery) -> list[DeliveryAttempt]:
    return msgspec.json.decode(delivery.attempts, type=list[DeliveryAttempt])


# -- what is written down ----------------------------------------------------------------------------------------------


async def test_every_attempt_is_written_down_with_what_came_of_it(
    deliverer: Deliverer, store: Store, shop_server: Any, reply: Any, owe: Owe, account_id: str, tasks: Tasks
) -> None:
    shop_server.replies = [reply(503, body=b"no\0t yet" + b"x" * 3000), reply(200, body=b"thanks")]
    await deliverer.deliver(await owe(f"{shop_server.url}/cb", method="POST", body={"id": "T1"}))
    (waiting,) = await listed(store, account_id)
    assert (waiting.id, waiting.status, waiting.event) == ("event-1", "waiting", "payment")
    (task,) = await tasks()
    await deliverer.deliver(task)
    await deliverer.close()
    (delivered,) = await listed(store, account_id)
    failed, taken = attempts_of(delivered)
    assert (failed.status, failed.success, failed.url) == (503, False, f"{shop_server.url}/cb")
    assert (failed.answer[:8], len(failed.answer)) == ("no\ufffdt yet", 1024)
    assert (taken.status, taken.success, taken.answer) == (200, True, "thanks")
    assert (delivered.status, delivered.tries) == ("delivered", 2)
    assert failed.at < taken.at


async def test_callbacks_taken_at_the_first_try_are_written_down_many_at_a_time(
    deliverer: Deliverer, store: Store, shop_server: Any, owe: Owe, account_id: str, raw: Any
) -> None:
    for number in range(40):
        id = f"{account_id}-{number}"
        await deliverer.deliver(await owe(f"{shop_server.url}/cb", id=f"callback:{number}:paid", event_id=id))
    await deliverer.close()
    found = await raw.fetchrow(
        "select count(*) as rows, count(distinct xmin::text) as commits from deliveries where account_id = $1",
        account_id,
    )
    assert found["rows"] == 40
    assert found["commits"] < 10


@pytest.mark.parametrize("said", ["error=%00", "error=refused%20by%20us", "event=%00&event_id=1"])
async def test_what_a_shop_writes_on_its_url_is_not_taken_for_the_event(
    deliverer: Deliverer, store: Store, shop_server: Any, owe: Owe, account_id: str, said: str
) -> None:
    await deliverer.deliver(await owe(f"{shop_server.url}/cb?{said}"))
    await deliverer.close()
    (delivered,) = await listed(store, account_id)
    assert (delivered.event, delivered.status) == ("payment", "delivered")


async def test_a_note_that_cannot_be_stored_keeps_no_other_waiting(store: Store, account_id: str) -> None:
    notes = Notes(store)
    for id, event in (("one", "payment"), ("two", "no\0t text"), ("three", "payment")):
        notes.later(CallbackNote(account_id, id, f"task-{id}", event, "delivered", 1, datetime.now(UTC), "{}", "[]"))
    await notes.now(CallbackNote(account_id, "four", "task", "no\0t", "dead", 1, datetime.now(UTC), "{}", "[]"))
    await notes.close()
    assert {each.id for each in await listed(store, account_id)} == {"one", "three"}


async def test_a_dead_callback_is_durable_before_its_task_ends(
    deliverer: Deliverer, store: Store, shop_server: Any, reply: Any, owe: Owe, account_id: str, tasks: Tasks
) -> None:
    shop_server.replies = [reply(404)]
    await deliverer.deliver(await owe(f"{shop_server.url}/cb"))
    (dead,) = await listed(store, account_id)  # nothing was closed, nothing waited for
    assert dead.status == "dead"
    assert await tasks() == []


async def test_a_callback_that_is_listed_as_waiting_is_not_left_so_by_a_crash(
    deliverer: Deliverer, store: Store, shop_server: Any, reply: Any, owe: Owe, account_id: str, tasks: Tasks
) -> None:
    shop_server.replies = [reply(503), reply(200)]
    await deliverer.deliver(await owe(f"{shop_server.url}/cb"))
    (again,) = await tasks()
    await deliverer.deliver(again)
    (taken,) = await listed(store, account_id)  # nothing was closed, nothing waited for
    assert (taken.status, taken.tries) == ("delivered", 2)
    assert await tasks() == []


async def test_what_has_ended_stays_ended_whatever_a_late_worker_says(store: Store, account_id: str) -> None:
    def note(status: str) -> CallbackNote:
        return CallbackNote(account_id, "E1", "callback:1:paid", "payment", status, 1, system_clock(), "{}", "[]")

    await store.callbacks.record([note("delivered")])
    await store.callbacks.record([note("waiting")])
    (found,) = await listed(store, account_id)
    assert found.status == "delivered"


async def test_old_callbacks_are_forgotten_after_thirty_days(
    deliverer: Deliverer, store: Store, shop_server: Any, reply: Any, owe: Owe, account_id: str, raw: Any
) -> None:
    shop_server.replies = [reply(404), reply(500)]
    await deliverer.deliver(await owe(f"{shop_server.url}/cb", event_id="E1"))
    await deliverer.deliver(await owe(f"{shop_server.url}/cb", event_id="E2"))
    await raw.execute("update deliveries set created_at = now() - interval '31 days' where account_id = $1", account_id)
    await store.prune(system_clock())
    assert [each.id for each in await listed(store, account_id)] == ["E2"]  # it still waits


# -- the order of one transaction's ------------------------------------------------------------------------------------


async def test_a_later_callback_of_a_transaction_waits_for_the_one_before_it(
    deliverer: Deliverer, store: Store, shop_server: Any, reply: Any, owe: Owe, account_id: str, raw: Any
) -> None:
    """Events out of order; stale status in the payload (polar#6751, hyperswitch#9278)."""
    shop_server.replies = [reply(500), reply(200)]
    paid = await owe(
        f"{shop_server.url}/paid", id="callback:X1:paid", event_id="E2", transaction_event_id="2", kind="t.cb"
    )
    captured = await owe(
        f"{shop_server.url}/captured", id="callback:X1:10", event_id="E10", transaction_event_id="10", kind="t.cb"
    )
    refunded = await owe(
        f"{shop_server.url}/refunded", id="callback:X1:11", event_id="E11", transaction_event_id="11", kind="t.cb"
    )
    of_another = await owe(
        f"{shop_server.url}/other", id="callback:X2:9", event_id="F9", transaction_event_id="9", kind="t.cb"
    )
    await deliverer.deliver(paid)
    for behind in (captured, refunded):
        outcome = await deliverer.deliver(behind)
        assert (outcome.state, outcome.result.fault) == ("retry", "held")
    await deliverer.deliver(of_another)
    assert [request.target for request in shop_server.requests] == ["/paid", "/other"]

    async def due(id: str) -> DueTask:
        row = await raw.fetchrow(
            "select account_id, id, kind, due_at, data, tries from tasks where account_id = $1 and id = $2",
            account_id, id,
        )  # fmt: skip
        return DueTask(*row)

    assert (await due(captured.id)).due_at - system_clock() < timedelta(seconds=2)  # it looks again soon
    assert "attempts" not in json.loads((await due(captured.id)).data)  # and has lost no try
    for task in (paid, refunded, captured, refunded):
        await deliverer.deliver(await due(task.id))
    assert [request.target for request in shop_server.requests[2:]] == ["/paid", "/captured", "/refunded"]


async def test_one_that_was_given_up_keeps_none_behind_it_waiting(
    deliverer: Deliverer, shop_server: Any, reply: Any, owe: Owe
) -> None:
    shop_server.replies = [reply(404), reply(200)]
    for number in (3, 4):
        members = {"event_id": f"E{number}", "transaction_event_id": str(number)}
        await deliverer.deliver(await owe(f"{shop_server.url}/{number}", id=f"callback:X1:{number}", **members))
    assert [request.target for request in shop_server.requests] == ["/3", "/4"]


# -- the time of signatures --------------------------------------------------------------------------------------------


def a_week_ahead(account_id: str | None = None, /) -> datetime:
    return system_clock() + (timedelta(days=7) if account_id is not None else timedelta(0))


async def test_signatures_have_the_walls_time_however_far_the_account_is_ahead(
    store: Store, client: OutgoingClient, shop_server: Any, owe: Owe, account_id: str
) -> None:
    await Signatures(store, a_week_ahead).create(account_id, "secret")
    deliverer = Deliverer(store, a_week_ahead, client)
    await deliverer.deliver(await owe(f"{shop_server.url}/cb"))
    subscription = await Subscriptions(store, a_week_ahead).create(
        account_id, f"{shop_server.url}/hook", ("checkout_transaction",), HookSecret("HMAC-SHA1", "s"), active=False,
        by="test",
    )  # fmt: skip
    await Subscriptions(store, a_week_ahead).rotate(
        account_id, subscription.id, HookSecret("HMAC-SHA1", "t"), timedelta(hours=1)
    )
    await store.deliveries.owe(
        account_id, [Owed(f"{account_id}-h", subscription.id, "t:1", "ping", "{}")], system_clock()
    )
    lane = encode_text(LaneData(subscription.id, "t:1"))
    await Webhooks(store, a_week_ahead, client, shown).deliver(
        DueTask(account_id, "x", DELIVER_TASK, system_clock(), lane, 1)
    )
    await deliverer.close()
    called, hooked = (request.headers for request in shop_server.requests)
    now = datetime.now(UTC).timestamp()
    assert abs(int(called["dintero-signature"].removeprefix("t=").split(",")[0]) - now) < 60
    assert abs(int(hooked["webhook-timestamp"]) - now) < 60
    assert len(hooked["webhook-signature"].split()) == 2  # the old secret is good for an hour of the wall's


# -- over HTTP ---------------------------------------------------------------------------------------------------------


async def pay(shop: Shop, callback_url: str) -> str:
    order = {"amount": 39800, "currency": "NOK", "merchant_reference": "A1"}
    url = {"return_url": "https://shop.example/thanks", "callback_url": callback_url}
    sid = (await shop.post("/v1/sessions-profile", {"url": url, "order": order, "profile_id": "default"})).json()["id"]
    paid = await shop.post(f"/v1/sessions/{sid}/pay", {"payment_product_type": "dintero_psp.creditcard", "card": CARD})
    transaction_id: str = paid.json()["transaction_id"]
    return transaction_id


def path(shop: Shop, *more: str) -> str:
    return "/".join((f"/v1/accounts/{shop.account_id}/callbacks", *more))


async def standing(shop: Shop, status: str, count: int) -> list[dict[str, Any]]:
    async with asyncio.timeout(10):
        while True:
            found: list[dict[str, Any]] = (await shop.get(path(shop), params={"status": status})).json()
            if len(found) == count:
                return found
            await asyncio.sleep(0.02)


async def test_a_dead_callback_is_listed_shown_and_sent_again_as_it_was(
    shop: Shop, shop_server: Any, reply: Any
) -> None:
    """Only the first signature is checked, so secrets cannot rotate; no dead letters (PostHog#61131)."""
    shop_server.replies = [reply(404, body=b"never heard of it")]
    await shop.post("/v1/admin/signature")
    transaction_id = await pay(shop, f"{shop_server.url}/cb?method=POST")
    (dead,) = await standing(shop, "dead", 1)
    assert (dead["event"], dead["attempts"]) == ("payment", 1)
    details = (await shop.get(path(shop, dead["id"]))).json()
    first = shop_server.requests[0]
    assert details["event_delivery"] == details["id"] == first.headers["event-delivery"]
    assert details["transaction_id"] == transaction_id
    assert details["request"]["body"] == json.loads(first.body)
    assert details["request"]["headers"]["Dintero-Signature"] == first.headers["dintero-signature"]
    assert details["response"] == {
        "status": 404, "headers": {"content-length": "17"}, "body": "never heard of it"
    }  # fmt: skip
    (attempt,) = details["attempts"]
    assert (attempt["status"], attempt["success"], attempt["answer"]) == (404, False, "never heard of it")
    assert attempt["duration_ms"] >= 0

    shop_server.replies = [reply()]
    assert (await shop.post(path(shop, dead["id"], "replay"))).json() == {"deliveries": 1}
    (delivered,) = await standing(shop, "delivered", 1)
    assert (delivered["id"], delivered["attempts"]) == (dead["id"], 2)
    again = shop_server.requests[1]
    assert (again.target, again.body) == (first.target, first.body)
    assert again.headers["event-delivery"] == first.headers["event-delivery"]
    assert await standing(shop, "dead", 0) == []


async def test_a_time_range_of_callbacks_is_sent_again(shop: Shop, shop_server: Any, reply: Any) -> None:
    began = datetime.now(UTC) - timedelta(minutes=1)
    shop_server.replies = [reply(410)]
    for _ in range(3):
        await pay(shop, f"{shop_server.url}/cb")
    await standing(shop, "dead", 3)
    shop_server.replies = [reply()]
    wanted = {"status": "dead", "since": began.isoformat()}
    early = {**wanted, "until": began.isoformat()}
    assert (await shop.post(path(shop, "replay"), early)).json() == {"deliveries": 0}
    assert (await shop.post(path(shop, "replay"), wanted)).json() == {"deliveries": 3}
    await standing(shop, "delivered", 3)
    assert len({request.headers["event-delivery"] for request in shop_server.requests}) == 3
    page = (await shop.get(path(shop), params={"limit": "2"})).json()
    (last,) = (await shop.get(path(shop), params={"starting_after": page[-1]["id"]})).json()
    assert last["id"] not in {each["id"] for each in page}


async def test_a_callback_by_get_is_shown_as_it_was_sent(shop: Shop, shop_server: Any) -> None:
    await pay(shop, f"{shop_server.url}/cb")
    (delivered,) = await standing(shop, "delivered", 1)
    details = (await shop.get(path(shop, delivered["id"]))).json()
    assert (details["request"]["method"], details["request"]["body"]) == ("GET", None)
    assert details["url"] == f"{shop_server.url}{shop_server.requests[0].target}"


@pytest.mark.parametrize("id", ["nothing", "%00", "%ED%A0%80"])
async def test_a_callback_that_is_not_there_is_not_found(shop: Shop, id: str) -> None:
    for answer in (
        await shop.get(path(shop, id)),
        await shop.get(path(shop) + f"?starting_after={id}"),
        await shop.post(path(shop, id, "replay")),
    ):
        assert answer.status_code in (400, 404), answer.text


async def test_callbacks_are_for_those_who_may_see_the_checkout(server: Any, shop: Shop, account_id: str) -> None:
    async with server.shop("T" + account_id[:0:-1], scopes=["admin:shopping"]) as other:
        assert (await other.get(path(other))).status_code == 403
        assert (await other.get(path(shop))).status_code == 403


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
async def test_a_time_range_that_no_calendar_holds_is_refused(shop: Shop, moment: str) -> None:
    answers = [
        await shop.get(path(shop), params={"since": moment}),
        await shop.get(path(shop), params={"until": moment}),
        await shop.post(path(shop, "replay"), {"since": moment}),
        await shop.post(path(shop, "replay"), {"since": "2026-01-01T00:00:00Z", "until": moment}),
    ]
    assert [answer.status_code for answer in answers] == [400] * 4
    messages = [answer.json()["error"]["message"] for answer in answers]
    words = "lies before the year 1 or after the year 9999 in UTC"
    assert messages == [f"since: {words}", f"until: {words}", f"since {words}", f"until {words}"]
