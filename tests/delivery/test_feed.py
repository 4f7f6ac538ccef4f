"""The feed by pages: everything once, in order, however late it committed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import count
from typing import Any

import asyncpg
import pytest

from kvitt.core.change import Change, Event
from kvitt.delivery.rules.feed import wanted
from kvitt.delivery.wire.feed import cursor_text, read_cursor
from kvitt.store import Cursor, connect
from tests_support import Server, Shop

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
_numbers = count()


def event(account_id: str, object_id: str, version: int = 1, type: str = "parcel.changed", data: str = "{}") -> Event:
    name = f"{account_id}-{next(_numbers)}"
    return Event(account_id, name, type, type.partition(".")[0], object_id, version, NOW, data)


@pytest.fixture
async def reader(server: Server, account_id: str) -> AsyncIterator[Shop]:
    """A client that may read the feed, of an account whose feed begins with `account.created`, `client.created`."""
    async with server.shop(account_id, scopes=["read:hooks"]) as made:
        yield made


@pytest.fixture
async def raw(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


async def page(reader: Shop, **query: object) -> dict[str, Any]:
    answer = await reader.get(f"/v1/accounts/{reader.account_id}/events", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_the_feed_begins_at_the_beginning_and_goes_on_from_next(server: Server, reader: Shop) -> None:
    first = await page(reader, limit=1)
    assert [told["type"] for told in first["events"]] == ["account.created"]
    second = await page(reader, after=first["next"])
    assert [told["type"] for told in second["events"]] == ["client.created"]
    nothing = await page(reader, after=second["next"])
    assert nothing == {"events": [], "next": second["next"]}
    await server.store.commit(Change(events=(event(reader.account_id, "p-1", 7),)))
    (told,) = (await page(reader, after=nothing["next"]))["events"]
    assert told["object"] == {"type": "parcel", "id": "p-1", "version": 7}
    assert told["created_at"] == "2026-03-01T12:00:00Z"


async def test_latest_is_the_end_of_the_feed_as_it_is_now(server: Server, reader: Shop) -> None:
    end = await page(reader, after="latest")
    assert end["events"] == []
    await server.store.commit(Change(events=(event(reader.account_id, "p-1"),)))
    assert [told["object"]["id"] for told in (await page(reader, after=end["next"]))["events"]] == ["p-1"]


async def test_data_is_what_was_written_to_the_last_digit(server: Server, reader: Shop) -> None:
    data = '{"b":1.50,"a":12345678901234567890123,"line":"\u2028"}'
    await server.store.commit(Change(events=(event(reader.account_id, "p-1", data=data),)))
    answer = await reader.get(f"/v1/accounts/{reader.account_id}/events?type=parcel.changed")
    assert f'"data":{data}'.encode() in answer.content


async def test_an_event_that_commits_late_is_not_skipped(server: Server, reader: Shop, raw: Any) -> None:
    start = (await page(reader, after="latest"))["next"]
    transaction = raw.transaction()
    await transaction.start()
    await raw.execute(
        """insert into log (account_id, epoch, id, type, object_type, object_id, version, created_at, data)
           values ($1, 1, $1 || '-late', 'parcel.changed', 'parcel', 'late', 1, now(), '{}')""",
        reader.account_id,
    )
    await server.store.commit(Change(events=(event(reader.account_id, "early"),)))
    assert await page(reader, after=start) == {"events": [], "next": start}
    await transaction.commit()
    told = (await page(reader, after=start))["events"]
    assert [each["object"]["id"] for each in told] == ["late", "early"]


async def test_a_reader_that_follows_many_writers_gets_every_event_once_and_in_order(
    server: Server, reader: Shop, database_url: str
) -> None:
    """pains: events out of order (polar#6751, hyperswitch#9278)"""
    other = await connect(database_url)

    async def write(store: Any, number: int) -> None:
        for turn in range(8):
            await store.commit(Change(events=(event(reader.account_id, f"w-{number}", turn + 1),)))

    async def follow() -> list[dict[str, Any]]:
        seen: list[dict[str, Any]] = []
        at = start
        while len(seen) < 80:
            found = await page(reader, after=at, limit=7)
            seen, at = seen + found["events"], found["next"]
        return seen

    start = (await page(reader, after="latest"))["next"]
    async with asyncio.timeout(30):
        following = asyncio.create_task(follow())
        await asyncio.gather(*(write((server.store, other)[number % 2], number) for number in range(10)))
        seen = await following
    await other.close()
    assert len({told["id"] for told in seen}) == len(seen) == 80
    for number in range(10):
        versions = [told["object"]["version"] for told in seen if told["object"]["id"] == f"w-{number}"]
        assert versions == list(range(1, 9))


async def test_a_cursor_of_an_older_epoch_goes_on_with_everything_since(server: Server, reader: Shop, raw: Any) -> None:
    """After a restore into another cluster transaction ids begin low again."""
    await raw.execute(
        """insert into log (account_id, epoch, xid, id, type, object_type, object_id, version, created_at, data)
           values ($1, 0, '9000000000000'::xid8, $1 || '-old', 'parcel.changed', 'parcel', 'old', 1, now(), '{}')""",
        reader.account_id,
    )
    first = await page(reader, limit=1)
    assert [told["object"]["id"] for told in first["events"]] == ["old"]
    after = await page(reader, after=first["next"])
    assert after["events"][0]["type"] == "account.created"


async def test_another_accounts_events_never_appear(server: Server, reader: Shop) -> None:
    stranger = "T" + reader.account_id[:0:-1]
    async with server.shop(stranger, scopes=["admin:hooks"]) as other:
        await server.store.commit(Change(events=(event(stranger, "theirs"), event(reader.account_id, "ours"))))
        theirs = (await page(other))["events"]
        assert "theirs" in {told["object"]["id"] for told in theirs}
        ours = (await page(reader))["events"]
        assert not {told["id"] for told in ours} & {told["id"] for told in theirs}
        after = (await page(other, after="latest"))["next"]  # another account's cursor opens nothing either
        assert all(told["id"] not in {t["id"] for t in theirs} for told in (await page(reader, after=after))["events"])
        assert (await other.get(f"/v1/accounts/{reader.account_id}/events")).status_code == 403


@pytest.mark.parametrize(
    ("scope", "status"),
    [("admin:hooks", 200), ("read:hooks", 200), ("read:hooks:/events", 200), ("write:hooks", 403),
     ("read:hooks:/hooks/subscriptions", 403), ("admin:shopping", 403)],
)  # fmt: skip
async def test_the_feed_needs_a_scope_of_hooks(server: Server, account_id: str, scope: str, status: int) -> None:
    async with server.shop(account_id, scopes=[scope]) as made:
        for headers in ({}, {"accept": "text/event-stream"}):
            path = f"/v1/accounts/{account_id}/events"
            async with made.http.stream("GET", path, headers=headers) as answer:
                assert answer.status_code == status


async def test_without_a_token_nothing_is_told(http: Any, account_id: str) -> None:
    assert (await http.get(f"/v1/accounts/{account_id}/events")).status_code == 401


@pytest.mark.parametrize(
    "text", ["x", "1-2", "1-2-3-4", "-1-2-3", "1-2-3\n", "80000000-0-0", "0-0-8000000000000000", "1-zz-3", "LATEST"]
)
async def test_a_malformed_cursor_is_refused_by_its_name(reader: Shop, text: str) -> None:
    path = f"/v1/accounts/{reader.account_id}/events"
    answer = await reader.get(path, params={"after": text})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "INVALID_REQUEST_PARAMETER")
    assert answer.json()["error"]["message"].startswith("after ")
    if text.isprintable():
        answer = await reader.get(path, headers={"accept": "text/event-stream", "last-event-id": text})
        assert answer.status_code == 400
        assert answer.json()["error"]["message"].startswith("Last-Event-ID ")


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "type=order", "type=*", "type=Order.created", "type=a.*b"])
async def test_what_cannot_be_asked_for_is_refused_by_its_name(reader: Shop, query: str) -> None:
    answer = await reader.get(f"/v1/accounts/{reader.account_id}/events?{query}")
    assert answer.status_code == 400
    assert query.partition("=")[0] in answer.json()["error"]["message"]


async def test_types_choose_events_and_next_moves_past_the_others(server: Server, reader: Shop) -> None:
    types = ["order.created", "parcel.changed", "order.capture_added", "parcel.lost", "parcel.changed"]
    for number, type in enumerate(types):
        await server.store.commit(Change(events=(event(reader.account_id, f"n-{number}", type=type),)))
    orders = await page(reader, type="order.*")
    assert [told["type"] for told in orders["events"]] == ["order.created", "order.capture_added"]
    assert orders["next"] == (await page(reader, after="latest"))["next"]
    both = await page(reader, type=["order.created", "parcel.lost"])
    assert [told["type"] for told in both["events"]] == ["order.created", "parcel.lost"]
    one = await page(reader, type="parcel.*", limit=1)
    rest = await page(reader, type="parcel.*", after=one["next"])
    assert [told["object"]["id"] for told in one["events"] + rest["events"]] == ["n-1", "n-3", "n-4"]


async def test_a_page_with_types_looks_through_a_bounded_number_of_events(server: Server, reader: Shop) -> None:
    for batch in range(6):
        events = [event(reader.account_id, f"{batch}") for _ in range(200)]
        await server.store.commit(Change(events=tuple(events)))
    await server.store.commit(Change(events=(event(reader.account_id, "rare", type="parcel.lost"),)))
    first = await page(reader, type="parcel.lost")
    assert first["events"] == []
    second = await page(reader, type="parcel.lost", after=first["next"])
    assert [told["object"]["id"] for told in second["events"]] == ["rare"]


async def test_a_page_of_large_events_ends_early_and_the_next_one_goes_on(server: Server, reader: Shop) -> None:
    large = json.dumps({"text": "x" * 1_500_000})
    for number in range(4):
        await server.store.commit(Change(events=(event(reader.account_id, f"l-{number}", data=large),)))
    first = await page(reader, type="parcel.changed")
    assert [told["object"]["id"] for told in first["events"]] == ["l-0", "l-1", "l-2"]
    rest = await page(reader, type="parcel.changed", after=first["next"])
    assert [told["object"]["id"] for told in rest["events"]] == ["l-3"]


async def test_the_feed_holds_no_secret(server: Server, reader: Shop) -> None:
    client, secret = await server.app.accounts.create_client(reader.account_id, "More keys", ["admin:checkout"])
    made = await server.app.deliverer.signatures.create(reader.account_id, "a-signature-secret")
    told = (await reader.get(f"/v1/accounts/{reader.account_id}/events")).text
    assert client.client_id in told
    for hidden in (secret, client.secret_sha256, "sha256", str(made.secret)):
        assert hidden not in told


async def test_the_feed_of_a_payment_holds_what_the_api_shows_and_no_more(server: Server, account_id: str) -> None:
    session = {
        "url": {"return_url": "https://shop.example/thanks"},
        "order": {
            "amount": 39800, "currency": "NOK", "merchant_reference": "ORDER-1",
            "items": [{"id": "1", "line_id": "1", "description": "Stol", "quantity": 1, "amount": 39800}],
        },
        "profile_id": "default",
    }  # fmt: skip
    card = {"number": "4000000000000002", "expiry": "12/34", "cvc": "987"}
    async with server.shop(account_id, scopes=["read:hooks", "admin:checkout"]) as shop:
        sid = (await shop.post("/v1/sessions-profile", session)).json()["id"]
        payment = {"payment_product_type": "dintero_psp.creditcard", "card": card}
        paid = (await shop.post(f"/v1/sessions/{sid}/pay", payment)).json()
        lines = {"amount": 39800, "items": [{"line_id": "1", "amount": 39800}]}
        await shop.post(f"/v1/transactions/{paid['transaction_id']}/capture", lines)
        answer = await shop.get(f"/v1/accounts/{account_id}/events?type=session.*&type=transaction.*")
        shown = (await shop.get(f"/v1/transactions/{paid['transaction_id']}")).json()
    told = answer.json()["events"]
    assert [each["type"] for each in told] == ["session.created", "transaction.authorized", "transaction.captured"]
    assert told[-1]["data"] == shown
    assert "400000******0002" in answer.text
    for hidden in (card["number"], '"987"', "attempts", "provider_reference", 'authorization"'):
        assert hidden not in answer.text


async def test_the_document_tells_of_both_kinds_of_answer(http: Any) -> None:
    operation = (await http.get("/openapi.json")).json()["paths"]["/v1/accounts/{aid}/events"]["get"]
    assert set(operation["responses"]["200"]["content"]) == {"application/json", "text/event-stream"}
    assert {"after", "limit", "type", "Last-Event-ID"} <= {each["name"] for each in operation["parameters"]}
    assert operation["x-scopes"] == ["admin:hooks", "read:hooks"]
    assert "429" in operation["responses"]


def test_a_cursor_comes_back_as_it_went() -> None:
    for cursor in (Cursor(0, 0, 0), Cursor(1, 12345678901, 99), Cursor(2**31 - 1, 2**64 - 1, 2**63 - 1)):
        assert read_cursor(cursor_text(cursor), "after") == cursor


def test_a_star_stands_for_all_of_one_kind() -> None:
    is_wanted = wanted(["order.*", "draft.created"])
    assert [type for type in ("order.created", "orders.x", "draft.created", "draft.completed") if is_wanted(type)] == [
        "order.created",
        "draft.created",
    ]
    assert wanted([])("anything.at_all")
