"""Orders against the real store: one effect, whatever runs at the same time, and an event for each."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import msgspec
import pytest

from kvitt.core.clock import system_clock
from kvitt.core.errors import Conflicting, NotFound, Refusal
from kvitt.core.ids import ORDER_NUMBER_ALPHABET
from kvitt.orders.flows import Orders, numbers
from kvitt.orders.model import DRAFTS, ORDERS, DraftOptions, OperationRequest, OrderContent, Verb
from kvitt.orders.rules.refusals import ExceedsAuthorized, InvalidDraft, OrderIdTaken
from kvitt.orders.rules.remaining import sums

NUMBER = re.compile(rf"[{ORDER_NUMBER_ALPHABET}]{{9}}\Z")


@pytest.fixture
def orders(store) -> Orders:
    return Orders(store, system_clock)


def content(*lines: dict[str, Any], **more: Any) -> OrderContent:
    return msgspec.convert({"currency": "NOK", "items": list(lines), **more}, OrderContent)


def request(*parts: tuple[int, int], **more: Any) -> OperationRequest:
    items = [{"line_id": line_id, "amount": amount} for line_id, amount in parts]
    return msgspec.convert({"items": items, **more}, OperationRequest)


@pytest.fixture
def sell(orders, origin, kit):
    """Makes an order of these line amounts and answers it."""

    async def make(*amounts: int, **options: Any):
        lines = [kit.line(id, amount) for id, amount in enumerate(amounts, start=1)]
        draft = await orders.create_draft(origin(), content(*lines), DraftOptions(**options))
        (order,) = await orders.complete(origin(), draft.id)
        return order

    return make


async def log(store, account_id: str):
    events, _ = await store.feed(account_id, None, 1000)
    return events


async def test_the_number_is_the_id_unless_one_is_asked_for(orders, origin, kit, sell):
    plain = await sell(100)
    assert plain.order_id == plain.id
    generated = await sell(100, generate_order_id="ALPHANUMERIC_9")
    assert NUMBER.match(generated.order_id)
    own = content(kit.line(1, 100), order_id="Web-100/7")
    draft = await orders.create_draft(origin(), own, DraftOptions(split_draft=False))
    (order,) = await orders.complete(origin(), draft.id)
    assert order.order_id == "Web-100/7"


async def test_a_reserved_number_stands_on_the_draft_and_becomes_the_order_s(orders, origin, kit):
    options = DraftOptions(generate_order_id="ALPHANUMERIC_9_RESERVE")
    draft = await orders.create_draft(origin(), content(kit.line(1, 100)), options)
    assert NUMBER.match(draft.order.order_id or "")
    (order,) = await orders.complete(origin(), draft.id)
    assert order.order_id == draft.order.order_id


async def test_an_order_is_found_by_its_id_and_by_its_number(orders, account_id, sell):
    order = await sell(100, generate_order_id="ALPHANUMERIC_9")
    assert await orders.order(account_id, order.id) == await orders.order(account_id, order.order_id) == order
    with pytest.raises(NotFound):
        await orders.order("T00000000", order.id)
    with pytest.raises(NotFound):
        await orders.order("T00000000", order.order_id)


async def test_a_number_is_used_by_one_order(orders, origin, kit):
    options = DraftOptions(split_draft=False)
    first, second = [
        await orders.create_draft(origin(), content(kit.line(1, 100), order_id="A-1"), options) for _ in range(2)
    ]
    outcomes = await asyncio.gather(
        orders.complete(origin(), first.id), orders.complete(origin(), second.id), return_exceptions=True
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["OrderIdTaken", "tuple"]
    with pytest.raises(OrderIdTaken):
        await orders.create_draft(origin(), content(kit.line(1, 100), order_id="A-1"), options)


async def test_a_number_that_is_another_orders_id_is_refused(orders, origin, kit, sell):
    """Orders are found by id or by number: an order numbered so could never be reached, and the other be captured."""
    other = await sell(39800, generate_order_id="ALPHANUMERIC_9")
    with pytest.raises(OrderIdTaken):
        await orders.create_draft(origin(), content(kit.line(1, 5), order_id=other.id), DraftOptions(split_draft=False))
    assert (await orders.order(origin().account_id, other.id)).net_amount == 39800


async def test_a_generated_number_that_is_taken_is_not_used_again(orders, origin, kit, monkeypatch):
    free = iter(["TAKENNUMB", "TAKENNUMB", "TAKENNUMB", "FREENUMBR"])
    monkeypatch.setattr(numbers, "new_order_number", lambda: next(free))
    made = []
    for _ in range(2):
        options = DraftOptions(generate_order_id="ALPHANUMERIC_9")
        draft = await orders.create_draft(origin(), content(kit.line(1, 100)), options)
        made += await orders.complete(origin(), draft.id)
    assert [order.order_id for order in made] == ["TAKENNUMB", "FREENUMBR"]


async def test_completing_ten_times_at_once_makes_one_order(orders, store, origin, account_id, kit):
    options = DraftOptions(generate_order_id="ALPHANUMERIC_9")
    draft = await orders.create_draft(origin(), content(kit.line(1, 100)), options)
    other_process = Orders(store, system_clock)
    answers = await asyncio.gather(
        *[(orders if n % 2 else other_process).complete(origin(), draft.id) for n in range(10)]
    )
    assert len({order.id for (order,) in answers}) == 1
    assert len(await store.list(ORDERS, account_id)) == 1
    row = await store.get(DRAFTS, account_id, draft.id)
    assert row is not None
    assert (row.version, row.doc.draft.version, row.doc.draft.status) == (2, 2, "completed")
    assert [event.type for event in await log(store, account_id)] == [
        "draft.created",
        "draft.completed",
        "order.created",
    ]


async def test_completing_at_once_in_two_processes_makes_one_order(database_url, origin, account_id, kit, store):
    from kvitt.store import connect

    other = await connect(database_url)
    try:
        here, there = Orders(store, system_clock), Orders(other, system_clock)
        for _ in range(5):
            draft = await here.create_draft(origin(), content(kit.line(1, 100)))
            answers = await asyncio.gather(
                *[orders.complete(origin(), draft.id) for orders in (here, there, here, there)]
            )
            assert len({order.id for (order,) in answers}) == 1
        assert len(await store.list(ORDERS, account_id)) == 5
    finally:
        await other.close()


async def test_fifty_captures_at_once_never_exceed_the_line(orders, store, origin, account_id, sell):
    order = await sell(1000)
    await orders.register(origin(), order.order_id, Verb.AUTHORIZE, request((1, 1000)))
    outcomes = await asyncio.gather(
        *[orders.register(origin(), order.order_id, Verb.CAPTURE, request((1, 30))) for _ in range(50)],
        return_exceptions=True,
    )
    refused = [outcome for outcome in outcomes if isinstance(outcome, ExceedsAuthorized)]
    assert len(refused) == 17, "33 captures of 30 fit into 1000"
    after = await orders.order(account_id, order.id)
    assert sums(after)[1].captured == 990
    assert len({capture.id for capture in after.captures}) == 33
    assert after.version == 1 + 1 + 33
    versions = [event.version for event in await log(store, account_id) if event.object_id == order.id]
    assert versions == list(range(1, 36)), "one event for each version, none lost"


async def test_lines_are_added_to_an_order_and_once_only(orders, origin, kit, sell, account_id):
    order = await sell(39800, generate_order_id="ALPHANUMERIC_9")
    for verb in (Verb.AUTHORIZE, Verb.CAPTURE):
        await orders.register(origin(), order.order_id, verb, request((1, 39800)))
    draft = await orders.create_draft(
        origin(),
        content(kit.reversal(2, -39800, of=1), kit.line(3, 39800)),
        DraftOptions(order_id=order.order_id, generate_order_id="ALPHANUMERIC_9"),
    )
    answers = await asyncio.gather(*[orders.complete(origin(), draft.id) for _ in range(4)])
    assert {changed.id for (changed,) in answers} == {order.id}
    after = await orders.order(account_id, order.id)
    assert [item.line_id for item in after.items] == [1, 2, 3]
    assert (after.net_amount, after.payment_status) == (39800, "paid")


async def test_drafts_that_add_the_same_line_at_once_add_it_once(orders, origin, kit, sell, account_id):
    order = await sell(100)
    drafts = [
        await orders.create_draft(origin(), content(kit.line(2, 50)), DraftOptions(order_id=order.order_id))
        for _ in range(4)
    ]
    outcomes = await asyncio.gather(*[orders.complete(origin(), draft.id) for draft in drafts], return_exceptions=True)
    assert sum(isinstance(outcome, tuple) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, InvalidDraft) for outcome in outcomes) == 3
    assert (await orders.order(account_id, order.id)).net_amount == 150


async def test_nothing_is_written_when_the_answer_is_no(orders, store, origin, account_id, kit, sell):
    order = await sell(100)
    before = await log(store, account_id)
    refused: list[Refusal] = []
    for attempt in (
        orders.create_draft(origin(), content(kit.line(2, 50)), DraftOptions(order_id="unknown")),
        orders.create_draft(origin(), content(kit.line(1, -50))),
        orders.register(origin(), order.id, Verb.CAPTURE, request((1, 50))),
        orders.register(origin(), order.id, Verb.AUTHORIZE, request((7, 50))),
        orders.complete(origin(), "00000000-0000-4000-8000-000000000000"),
    ):
        with pytest.raises(Refusal) as info:
            await attempt
        refused.append(info.value)
    assert [refusal.status for refusal in refused] == [400, 400, 409, 400, 404]
    assert await log(store, account_id) == before
    assert await orders.order(account_id, order.id) == order


async def test_an_event_says_who_asked_for_what_and_where_it_led(orders, store, origin, account_id, sell):
    order = await sell(100)
    body = b'{"items": [{"line_id": 1, "amount": 100}]}' + b" " * 100_000
    operation = await orders.register(origin(body), order.id, Verb.AUTHORIZE, request((1, 100)))
    event = (await log(store, account_id))[-1]
    assert (event.type, event.object_type, event.object_id) == ("order.authorization_added", "order", order.id)
    data = msgspec.json.decode(event.data)
    assert data["client_id"] == "client"
    assert data["created_by"] == operation.created_by == origin().subject
    assert data["request"]["body"] == body.decode()[: 64 * 1024]
    assert data["operation"] == msgspec.json.decode(msgspec.json.encode(operation))
    assert (data["status"], data["payment_status"], data["order_id"]) == ("open", "pending", order.id)


async def test_a_store_that_is_busy_elsewhere_is_a_conflict_and_not_a_lost_line(database_url, store, origin, sell, kit):
    """Two processes on one order: every line that was answered is there."""
    from kvitt.store import connect

    order = await sell(1000)
    other = await connect(database_url)
    try:
        here, there = Orders(store, system_clock), Orders(other, system_clock)
        drafts = [
            await here.create_draft(origin(), content(kit.line(n, 10)), DraftOptions(order_id=order.order_id))
            for n in range(2, 14)
        ]
        outcomes = await asyncio.gather(
            *[(here if n % 2 else there).complete(origin(), d.id) for n, d in enumerate(drafts)],
            return_exceptions=True,
        )
        assert all(isinstance(outcome, tuple | Conflicting) for outcome in outcomes)
        done = [d for d, outcome in zip(drafts, outcomes, strict=True) if isinstance(outcome, tuple)]
        after = await here.order(order_account := origin().account_id, order.id)
        assert after.net_amount == 1000 + 10 * len(done)
        assert {item.line_id for item in after.items} == {1, *(d.order.items[0].line_id for d in done)}
        assert (await here.order(order_account, order.id)).version == 1 + len(done)
    finally:
        await other.close()
