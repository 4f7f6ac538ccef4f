"""Each option that a shop may write on its callback URL, through HTTP and the real worker."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import msgspec
import pytest

from kvitt.checkout.model.session import SessionRecord
from kvitt.checkout.rules import callbacks, sessions
from kvitt.core.change import Row, Task

from .hearing import Hearing, hearing
from .till import ACCOUNT, NOW, Till, options

SUCCESS = "4000000000000002"
DECLINED = "4000000000009995"
OURS = {"transaction_id", "session_id", "merchant_reference", "time"}


@pytest.fixture
def server(own_server: Any) -> Any:
    """Other tests here do the worker's work by hand: no worker may be there then."""
    return own_server


@pytest.fixture
async def hook() -> AsyncIterator[Hearing]:
    async with hearing() as made:
        yield made


Body = Callable[..., dict[str, Any]]


async def session(shop: Any, url: str, body: Body, **changes: Any) -> str:
    answer = await shop.post("/v1/sessions-profile", body(url__callback_url=url, **changes))
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


async def pay(http: httpx.AsyncClient, sid: str, number: str = SUCCESS) -> Any:
    card = {"number": number, "expiry": "12/34", "cvc": "123"}
    return await http.post(
        f"/v1/sessions/{sid}/pay", json={"payment_product_type": "dintero_psp.creditcard", "card": card}
    )


async def until_settled(shop: Any, path: str) -> Any:
    async with asyncio.timeout(15):
        while True:
            answer = await shop.get(path)
            if answer.status_code == 200 and answer.json()["status"] != "waiting":
                return answer.json()
            await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("asked", "method", "sid_name", "members"),
    [
        ("", "GET", "session_id", None),
        ("?shop=7&a=", "GET", "session_id", None),
        ("?method=GET", "GET", "session_id", None),
        ("?method=PUT", "GET", "session_id", None),
        ("?method=post", "POST", "session_id", set()),
        ("?method=POST", "POST", "session_id", set()),
        ("?method=POST&includes=session", "POST", "session_id", {"session"}),
        ("?method=POST&includes=card&includes=session", "POST", "session_id", {"session"}),
        ("?includes=session", "GET", "session_id", None),
        ("?sid_parameter_name=sid", "GET", "sid", None),
        ("?sid_parameter_name=session_id", "GET", "session_id", None),
        ("?sid_parameter_name=nonsense", "GET", "session_id", None),
        ("?report_error=true&delay_callback=0&report_event=CAPTURE", "GET", "session_id", None),
        ("?delay_callback=soon", "GET", "session_id", None),
    ],
)
async def test_a_payment_is_told_as_the_url_asks(
    shop: Any, http: httpx.AsyncClient, hook: Hearing, body: Body, asked: str, method: str, sid_name: str,
    members: set[str] | None,
) -> None:  # fmt: skip
    sid = await session(shop, hook.url + asked, body)
    transaction_id = (await pay(http, sid)).json()["transaction_id"]
    told = await hook.next()
    transaction = (await shop.get(f"/v1/transactions/{transaction_id}")).json()
    assert told.method == method
    own = dict(parse_qsl(urlsplit(asked).query, keep_blank_values=True))
    ours = {sid_name, *(OURS - {"session_id"})}
    assert told.query.keys() == own.keys() | ours  # also the options stay, as the shop wrote them
    assert {name: told.query[name] for name in own} == own
    assert (told.query["transaction_id"], told.query[sid_name]) == (transaction_id, sid)
    assert told.query["merchant_reference"] == "ORDER-1"
    assert datetime.fromisoformat(told.query["time"]) == datetime.fromisoformat(transaction["created_at"])
    assert told.headers["event-delivery"]
    if members is None:
        assert told.body == b""
    else:
        assert told.headers["content-type"] == "application/json"
        assert (told.json["id"], told.json["status"]) == (transaction_id, "AUTHORIZED")
        assert ("session" in told.json) == ("session" in members)
        if members:
            assert [event["name"] for event in told.json["session"]["events"]][-1] == "COMPLETED"


async def test_each_event_that_was_asked_for_is_told_in_its_order(
    shop: Any, http: httpx.AsyncClient, hook: Hearing, body: Body
) -> None:
    asked = "?report_event=CAPTURE&report_event=REFUND&report_event=VOID&method=POST"
    for operations, events in (
        ([("capture", 100), ("refund", 40), ("capture", 39700)], ["CAPTURE", "REFUND", "CAPTURE"]),
        ([("void", None)], ["VOID"]),
    ):
        sid = await session(shop, hook.url + asked, body)
        transaction_id = (await pay(http, sid)).json()["transaction_id"]
        assert "event" not in (await hook.next()).query
        for verb, amount in operations:
            sent = {"amount": amount} if amount else None
            assert (await shop.post(f"/v1/transactions/{transaction_id}/{verb}", sent)).status_code == 200
        told = [await hook.next() for _ in events]
        assert [each.query["event"] for each in told] == events
        assert [each.query["event_id"] for each in told] == [str(3 + place) for place in range(len(events))]
        assert [each.json["events"][-1]["id"] for each in told] == [each.query["event_id"] for each in told]
    assert hook.silent


async def test_events_that_were_not_asked_for_are_not_told(
    shop: Any, http: httpx.AsyncClient, hook: Hearing, body: Body
) -> None:
    sid = await session(shop, f"{hook.url}?report_event=REFUND", body)
    transaction_id = (await pay(http, sid)).json()["transaction_id"]
    for verb in ("capture", "refund"):
        await shop.post(f"/v1/transactions/{transaction_id}/{verb}", {"amount": 39800})
    await hook.next()
    assert (await hook.next()).query["event"] == "REFUND"
    assert hook.silent


@pytest.mark.parametrize("asked", ["", "?report_error=false", "?report_error=1"])
async def test_an_error_is_told_only_to_who_asks(house: Any, asked: str) -> None:
    made = await house.session(url__callback_url=f"https://shop.example/hook{asked}")
    await house.checkout.abandon(made.id, house.actor())
    assert await house.tasks("checkout.callback") == []


@pytest.mark.parametrize(
    ("asked", "number", "transaction"),
    [("?report_error=true", None, False), ("?report_error=true&method=POST", None, False),
     ("?report_error=TRUE&method=POST&includes=session", DECLINED, True)],
)  # fmt: skip
async def test_a_customer_who_gives_up_is_told_of(
    shop: Any, http: httpx.AsyncClient, hook: Hearing, body: Body, asked: str, number: str | None, transaction: bool
) -> None:
    """There is a body when there is a transaction, and none before the first try to pay."""
    sid = await session(shop, hook.url + asked, body)
    if number is not None:
        assert (await pay(http, sid, number)).status_code == 400
    assert (await http.post(f"/v1/view/{sid}/session/abandon")).status_code == 200
    told = await hook.next()
    assert (told.query["error"], told.query["session_id"]) == ("cancelled", sid)
    assert ("transaction_id" in told.query) is transaction
    assert bool(told.body) is transaction
    if transaction:
        assert (told.json["status"], told.json["session"]["id"]) == ("DECLINED", sid)


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [("", 0), ("30", 30), ("60", 60), ("120", 60), ("0060", 60), ("-1", 0), ("1.5", 0), ("soon", 0),
     ("9" * 900, 60)],
)  # fmt: skip
async def test_a_callback_waits_as_long_as_the_url_asks_and_no_longer_than_a_minute(
    house: Any, asked: str, seconds: int
) -> None:
    await house.paid(url__callback_url=f"https://shop.example/hook?delay_callback={asked}")
    (task,) = await house.tasks("checkout.callback")
    assert task.due_at - house.clock() == timedelta(seconds=seconds)


async def test_a_callback_is_signed_over_what_is_sent(
    shop: Any, http: httpx.AsyncClient, hook: Hearing, body: Body
) -> None:
    secret = (await shop.post("/v1/admin/signature")).json()["signature"]["secret"]
    sid = await session(shop, f"{hook.url}?z=1&method=POST&k=b&k=a&q=a%20b~*", body)
    await pay(http, sid)
    told = await hook.next()
    query = urlsplit(told.target).query
    assert query.startswith("k=a&k=b&merchant_reference=ORDER-1&method=POST&q=a+b%7E*&session_id=")
    time, _, given = told.headers["dintero-signature"].removeprefix("t=").partition(",v0-hmac-sha256=")
    signed = f"{time}\n{shop.account_id}\nPOST\n127.0.0.1\n/hook\n{query}"
    assert given == hmac.new(secret.encode(), signed.encode(), hashlib.sha256).hexdigest()


async def test_a_refusal_is_not_tried_again_and_a_redirect_is_taken_for_delivered(
    shop: Any, http: httpx.AsyncClient, hook: Hearing, body: Body
) -> None:
    for status, delivered in ((404, "dead"), (302, "delivered"), (204, "delivered")):
        hook.answers.append(status)
        await pay(http, await session(shop, hook.url, body))
        id = (await hook.next()).headers["event-delivery"]
        path = f"/v1/accounts/{shop.account_id}/callbacks/{id}"
        found = await until_settled(shop, path)
        assert (found["status"], len(found["attempts"])) == (delivered, 1)
    assert hook.silent


# -- on hold: by the rules -----------------------------------------------------------------------------------------


def held(status: str, url: str = "https://shop.example/hook") -> Any:
    """A transaction whose last event left it at a status."""
    transaction = Till(100, options=options(100, callback_url=url)).transaction
    events = (*transaction.events[:-1], msgspec.structs.replace(transaction.events[-1], transaction_status=status))
    return msgspec.structs.replace(transaction, status=status, events=events)


def told(tasks: tuple[Task, ...]) -> callbacks.CallbackData:
    (task,) = tasks
    return msgspec.json.decode(task.data, type=callbacks.CallbackData)


def test_a_payment_on_hold_is_told_and_told_again_when_it_leaves_that() -> None:
    till = Till(100, options=options(100, callback_url="https://shop.example/hook"))
    row: Row[SessionRecord] = till.session
    seen, named = row.doc.session, []
    for status, name in (("ON_HOLD", "ON_HOLD_CALLBACK_SENT"), ("AUTHORIZED", "AUTH_CALLBACK_SENT")):
        tasks = callbacks.of_authorization(ACCOUNT, "event", held(status), None, NOW)
        assert told(tasks).records == name
        assert "error=" not in told(tasks).url
        named.append(tasks[0].id)
        change = sessions.callback_delivered(ACCOUNT, Row(1, SessionRecord(seen)), name, "2", till.moment())
        seen = msgspec.json.decode(change.puts[0].doc, type=SessionRecord).session
        assert (seen.events[-1].name, seen.events[-1].details) == (name, {"transaction_event_id": "2"})
        again = sessions.callback_delivered(ACCOUNT, Row(1, SessionRecord(seen)), name, "2", till.moment())
        assert not again.puts
    assert len(set(named)) == 2  # the second does not take the place of the first, which may be on its way


def test_a_payment_on_hold_that_is_refused_is_told_whether_errors_were_asked_for_or_not() -> None:
    for error in ("failed", "authorization"):
        tasks = callbacks.of_hold_refused(ACCOUNT, "event", held("FAILED"), None, NOW, error)
        assert f"error={error}" in told(tasks).url
        assert told(tasks).records is None
