"""GET /v1/sessions: pages, filters, search, and what is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest

from kvitt.checkout.model.listing import MAX_LABELS, MAX_WORDS
from kvitt.checkout.model.session import SESSIONS, Session, SessionRecord
from kvitt.checkout.wire.lists import SessionsQuery

from .test_http import pay

LIST = "/v1/sessions"
Make = Callable[..., Awaitable[str]]


@pytest.fixture
def make(shop: Any, body: Any) -> Make:
    """A session, as a shop creates it; answers its id."""

    async def one(**changes: Any) -> str:
        answer = await shop.post("/v1/sessions-profile", body(**changes))
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])

    return one


async def found(shop: Any, **params: Any) -> list[str]:
    answer = await shop.get(LIST, params={name.replace("__", "."): value for name, value in params.items()})
    assert answer.status_code == 200, answer.text
    return [session["id"] for session in answer.json()]


async def test_sessions_are_a_bare_array_with_the_newest_first_ten_at_a_time(shop: Any, make: Make) -> None:
    assert (await shop.get(LIST)).json() == []
    made = [await make() for _ in range(12)][::-1]
    assert await found(shop) == made[:10]
    assert await found(shop, starting_after=made[9]) == made[10:]
    assert await found(shop, starting_after=made[11]) == []
    assert await found(shop, limit=100) == made


async def test_pages_neither_skip_nor_repeat_while_sessions_come(shop: Any, make: Make) -> None:
    made = [await make() for _ in range(5)][::-1]
    seen: list[str] = []
    while page := await found(shop, limit=2, **({"starting_after": seen[-1]} if seen else {})):
        seen += page
        await asyncio.gather(make(), make(), shop.post(f"{LIST}/{made[-1]}/cancel"))
    assert seen == made


async def test_a_listed_session_is_answered_as_it_is_alone(shop: Any, make: Make) -> None:
    await shop.http.post("/v1/sessions-profile", json={})  # refused: nothing is there of it
    id = await make(customer={"email": "a@example.com"})
    assert (await shop.get(LIST)).json() == [(await shop.get(f"{LIST}/{id}")).json()]


async def test_a_session_is_found_by_its_transaction_once_there_is_one(
    shop: Any, http: httpx.AsyncClient, make: Make
) -> None:
    await make()
    id = await make()
    transaction_id = (await pay(http, id)).json()["transaction_id"]
    await make()
    assert await found(shop, transaction_id=transaction_id) == [id]
    assert await found(shop, search=transaction_id) == [id]
    assert await found(shop, transaction_id=f"{shop.account_id}.1111111111111111111111") == []


ADDRESS = {"first_name": "Kåri", "last_name": "Nordmann", "business_name": "Fjord AS", "phone_number": "41234567"}


@pytest.mark.parametrize(
    "text",
    [
        "ORD-5001", "ord-5001", "9988-X", "kari.n@example.no", "Kåri Nordmann", "nordmann kari", "Nord", "fjord",
        "+4740230256", "402 30 256", "41234567", "+47 41234567",
    ],
)  # fmt: skip
async def test_a_search_finds_it(shop: Any, make: Make, text: str) -> None:
    await make()
    wanted = await make(
        order__merchant_reference="ORD-5001", order__merchant_reference_2="9988-X", order__billing_address=ADDRESS,
        customer={"email": "Kari.N@example.no", "phone_number": "+4740230256"},
    )  # fmt: skip
    await make(order__merchant_reference="ORD-5002")
    assert await found(shop, search=text) == [wanted]


async def test_a_search_for_its_id_finds_it_and_other_texts_find_nothing(shop: Any, make: Make) -> None:
    id = await make()
    await make()
    assert await found(shop, search=id) == [id]
    for text in (f"{shop.account_id}.1111111111111111111111", "ORDER-2", "kari"):
        assert await found(shop, search=text) == []


async def test_times_have_bounds_that_count_in_and_are_utc_without_an_offset(shop: Any, make: Make) -> None:
    made = [await make() for _ in range(3)]
    times = [(await shop.get(f"{LIST}/{id}")).json()["created_at"] for id in made]
    assert await found(shop, created_at__gte=times[1]) == [made[2], made[1]]
    assert await found(shop, created_at__lte=times[1].removesuffix("Z")) == [made[1], made[0]]
    assert await found(shop, created_at__gte=times[1], created_at__lte=times[1]) == [made[1]]
    later = datetime.fromisoformat(times[2]) + timedelta(microseconds=1)
    assert await found(shop, created_at__gte=later.isoformat()) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("transaction_id", "x"), ("transaction_id", ""), ("created_at.gte", "x"), ("created_at.lte", "2026"),
        ("search", "."), ("search", "x" * 201), ("limit", "0"), ("limit", "101"), ("starting_after", "x"),
        ("starting_after", "T00000000.1111111111111111111111"),
    ],
)  # fmt: skip
async def test_nonsense_is_refused_by_the_name_of_its_parameter(shop: Any, name: str, value: str) -> None:
    answer = await shop.get(LIST, params={name: value})
    assert answer.status_code == 400, answer.text
    assert name in answer.json()["error"]["message"]


async def test_nobody_sees_another_accounts_sessions(server: Any, shop: Any, make: Make, account_id: str) -> None:
    own = await make()
    async with server.shop(f"T{int(account_id[1:]) % 89_999_999 + 10_000_000:08}", ["admin:checkout"]) as other:
        assert await found(other) == []
        assert await found(other, search=own) == []
        assert await found(other, search="ORDER-1") == []
        assert (await other.get(LIST, params={"starting_after": own})).status_code == 400
    assert await found(shop) == [own]


async def test_only_who_may_read_the_checkout_sees_the_list(server: Any, http: Any, account_id: str) -> None:
    assert (await http.get(LIST)).status_code == 401
    async with server.shop(account_id, scopes=["read:shopping"]) as shop:
        assert (await shop.get(LIST)).status_code == 403


def test_every_filter_of_the_list_is_looked_at_here() -> None:
    names = {field.encode_name for field in msgspec.structs.fields(SessionsQuery)}
    assert names == {"limit", "starting_after", "created_at.gte", "created_at.lte", "search", "transaction_id"}


def test_what_a_session_is_found_by_is_bounded_whatever_a_shop_sends(body: Any) -> None:
    address = dict.fromkeys(("first_name", "last_name", "business_name", "email"), "æ ø å " * 5000)
    sent = body(order__billing_address=address, order__merchant_reference="x" * 255, customer={"email": "a" * 9000})
    now = "2026-11-23T12:00:00Z"
    session = msgspec.convert(sent | {"id": "T1", "created_at": now, "updated_at": now, "expires_at": now}, Session)
    put = SESSIONS.put("T12345678", "T1", SessionRecord(session))
    words = put.words or ()
    assert len(words) <= MAX_LABELS + MAX_WORDS
    assert max(map(len, words)) <= 101  # of a label, with its mark
