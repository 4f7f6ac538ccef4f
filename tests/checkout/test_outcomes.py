"""How each way to end a session looks to the customer who returns, and to the shop that is called.

The middle column is what the return URL says beside the shop's own parameters, the last one what the callback says.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import msgspec
import pytest

from kvitt.checkout.model.payment import Outcome
from kvitt.checkout.model.transaction import EventError
from kvitt.checkout.rules.callbacks import CallbackData

from .conftest import SUCCESS

HOOK = "https://shop.example/hook?report_error=true"
DECLINED = Outcome("refused", EventError("No", "DECLINED", ("DECLINED",)))
UNCONFIRMED = Outcome("refused", EventError("Not confirmed", "3DS_FAILED", ("FAILED_VERIFICATION",)))
WITH_TRANSACTION = {"transaction_id", "session_id", "merchant_reference"}
WITHOUT = {"session_id", "merchant_reference"}


@pytest.fixture
def server(own_server: Any) -> Any:
    """Other tests here do the worker's work by hand: no worker may be there then."""
    return own_server


def answering(house: Any, outcome: Outcome, verb: str = "authorize") -> None:
    """The provider answers a verb so from now on."""
    provider = house.checkout._desk.providers["sandbox"]
    act = provider.act

    async def answer(ask: Any) -> Outcome:
        return outcome if ask.verb == verb else await act(ask)

    provider.act = answer


async def paid(house: Any, sid: str) -> None:
    await house.pay(sid, SUCCESS)


async def capture_refused(house: Any, sid: str) -> None:
    answering(house, DECLINED, "capture")
    await house.pay(sid)


async def gave_up(house: Any, sid: str) -> None:
    await house.checkout.abandon(sid, house.actor())


async def declined_and_gave_up(house: Any, sid: str) -> None:
    answering(house, DECLINED)
    await house.pay(sid)
    await gave_up(house, sid)


async def ran_out(house: Any, sid: str) -> None:
    house.clock.advance(hours=25)
    await house.ring("checkout.expire_session")


async def declined_and_ran_out(house: Any, sid: str) -> None:
    answering(house, DECLINED)
    await house.pay(sid)
    await ran_out(house, sid)


async def unconfirmed_and_ran_out(house: Any, sid: str) -> None:
    answering(house, UNCONFIRMED)
    await house.pay(sid)
    await ran_out(house, sid)


async def unconfirmed_then_declined_and_ran_out(house: Any, sid: str) -> None:
    answering(house, UNCONFIRMED)
    await house.pay(sid)
    await declined_and_ran_out(house, sid)


async def cancelled_by_shop(house: Any, sid: str) -> None:
    await house.checkout.cancel_session(house.account_id, sid, house.actor())


async def paid_and_cancelled_by_shop(house: Any, sid: str) -> None:
    await house.pay(sid)
    await cancelled_by_shop(house, sid)


Way = Callable[[Any, str], Awaitable[None]]


@pytest.mark.parametrize(
    ("way", "automatic", "returned", "error", "called"),
    [
        (paid, False, WITH_TRANSACTION, None, [None]),
        (paid, True, WITH_TRANSACTION, None, [None]),
        (capture_refused, True, WITH_TRANSACTION, "capture", []),  # until it is captured, or given up
        (gave_up, False, WITHOUT, "cancelled", ["cancelled"]),
        (declined_and_gave_up, False, WITH_TRANSACTION, "cancelled", ["cancelled"]),
        (ran_out, False, WITHOUT, "cancelled", ["cancelled"]),
        (declined_and_ran_out, False, WITH_TRANSACTION, "failed", ["failed"]),
        (unconfirmed_and_ran_out, False, WITH_TRANSACTION, "authorization", ["authorization"]),
        (unconfirmed_then_declined_and_ran_out, False, WITH_TRANSACTION, "failed", ["failed"]),
        (cancelled_by_shop, False, WITHOUT, "cancelled", []),  # the shop knows
        (paid_and_cancelled_by_shop, False, WITH_TRANSACTION, "cancelled", [None]),
    ],
)
async def test_each_outcome_has_its_parameters(
    house: Any, way: Way, automatic: bool, returned: set[str], error: str | None, called: list[str | None]
) -> None:
    more = {"configuration": {"auto_capture": True}} if automatic else {}
    session = await house.session(url__callback_url=HOOK, **more)
    await way(house, session.id)
    ended = await house.checkout.get_session(house.account_id, session.id)
    href = (await house.checkout.view(session.id)).href
    assert href.startswith("https://shop.example/thanks?lang=nb&")
    query = dict(parse_qsl(urlsplit(href).query))
    assert query.pop("lang") == "nb"
    assert query.pop("error", None) == error
    assert query.keys() == returned
    assert query.get("transaction_id") == ended.transaction_id or "transaction_id" not in returned
    assert query["merchant_reference"] == "ORDER-1"
    tasks = [msgspec.json.decode(task.data, type=CallbackData) for task in await house.tasks("checkout.callback")]
    told = [dict(parse_qsl(urlsplit(task.url).query)) for task in tasks]
    assert [each.pop("error", None) for each in told] == called
    for each in told:
        assert each.keys() == returned | {"report_error", "time"}


async def test_a_captured_payment_is_told_once_it_is_captured(house: Any) -> None:
    session = await house.session(url__callback_url=f"{HOOK}&method=POST", configuration={"auto_capture": True})
    await house.pay(session.id)
    (task,) = await house.tasks("checkout.callback")
    data = msgspec.json.decode(task.data, type=CallbackData)
    assert msgspec.json.decode(data.body)["status"] == "CAPTURED"
    assert (data.records, data.transaction_event_id) == ("AUTH_CALLBACK_SENT", "3")


# -- an app that gets the customer first -------------------------------------------------------------------------------


async def test_an_app_that_gets_the_customer_first_is_told_where_they_go_on(
    shop: Any, http: httpx.AsyncClient, server: Any, body: Any
) -> None:
    sent = body(url__return_url="myapp://thanks?initial_recipient=merchant", configuration={"channel": "in_app"})
    sid = (await shop.post("/v1/sessions-profile", sent)).json()["id"]
    back = f"{server.url}/v1/view/{sid}/return"
    waiting = await http.get(back)
    assert (waiting.status_code, waiting.content, waiting.headers["cache-control"]) == (202, b"", "no-store")
    card = {"number": SUCCESS, "expiry": "12/34", "cvc": "987"}
    answer = await http.post(
        f"/v1/sessions/{sid}/pay", json={"payment_product_type": "dintero_psp.creditcard", "card": card}
    )
    href = answer.json()["redirect_url"]
    assert href.startswith("myapp://thanks?initial_recipient=merchant&")
    query = dict(parse_qsl(urlsplit(href).query))
    assert query["payment_return_url"] == back
    assert query.keys() == WITH_TRANSACTION | {"initial_recipient", "payment_return_url"}
    ready = await http.get(back, follow_redirects=False)
    assert (ready.status_code, ready.headers["location"]) == (302, href)


@pytest.mark.parametrize(
    ("return_url", "channel"),
    [
        ("https://shop.example/thanks?initial_recipient=merchant", "ecommerce"),
        ("https://shop.example/thanks?initial_recipient=merchant", None),
        ("https://shop.example/thanks?initial_recipient=dintero", "in_app"),
        ("https://shop.example/thanks", "in_app"),
    ],
)
async def test_others_get_the_customer_when_all_is_known(house: Any, return_url: str, channel: str | None) -> None:
    session = await house.session(url__return_url=return_url, configuration={"channel": channel} if channel else {})
    href = (await house.pay(session.id)).redirect_url
    assert "payment_return_url" not in href
    assert "session_id=" in href


async def test_the_way_back_of_a_session_that_is_not_there(http: httpx.AsyncClient) -> None:
    assert (await http.get("/v1/view/T12345678.none/return")).status_code == 404


async def test_a_return_address_beyond_ascii_is_encoded_on_the_way(
    shop: Any, http: httpx.AsyncClient, server: Any, body: Any
) -> None:
    sid = (await shop.post("/v1/sessions-profile", body(url__return_url="https://shop.example/tråd?x=%2F&y=æ"))).json()
    await http.post(f"/v1/view/{sid['id']}/session/abandon")
    location = (await http.get(f"/v1/view/{sid['id']}/return")).headers["location"]
    assert location.startswith("https://shop.example/tr%C3%A5d?x=%2F&y=%C3%A6&session_id=")
