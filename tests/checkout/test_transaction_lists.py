"""GET /v1/transactions: every filter of the reference's §3.10, pages, and what is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import httpx
import msgspec
import pytest

from kvitt.checkout.model.listing import MAX_LABELS, MAX_WORDS
from kvitt.checkout.model.order import Address, OrderStore, Split
from kvitt.checkout.model.products import PAYMENT_PRODUCT_TYPES, PAYMENT_PRODUCTS
from kvitt.checkout.model.session import SESSIONS, Customer
from kvitt.checkout.model.transaction import (
    TRANSACTIONS,
    Card,
    EventName,
    Transaction,
    TransactionEvent,
    TransactionItem,
    TransactionRecord,
)
from kvitt.checkout.providers.products import PRODUCTS
from kvitt.checkout.wire.lists import TransactionsQuery
from kvitt.core.change import Change
from kvitt.core.ids import new_short_id
from kvitt.store.tables import LISTINGS

from .test_http import pay

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
LIST = "/v1/transactions"
Make = Callable[..., Awaitable[str]]
"""Makes a transaction, each a minute younger than the one before, and answers its id."""


def record(id: str, made: datetime, **members: Any) -> TransactionRecord:
    """A transaction that was authorized when it was made; `CAPTURE` and `REFUND`: when that was done too."""
    events = [TransactionEvent("1", "AUTHORIZE", "AUTHORIZED", True, made)]
    names: tuple[EventName, ...] = ("CAPTURE", "REFUND")
    events += [TransactionEvent(name, name, "CAPTURED", True, members.pop(name)) for name in names if name in members]
    known: dict[str, Any] = {
        "session_id": f"{id[:9]}.1111111111111111111111", "created_at": made, "updated_at": made, "amount": 10_000,
        "currency": "NOK", "merchant_reference": "A-1", "status": "AUTHORIZED", "settlement_status": "NOT_SETTLED",
        "payment_product": "dintero_psp", "payment_product_type": "dintero_psp.creditcard", "channel": "ecommerce",
    }  # fmt: skip
    return TransactionRecord(Transaction(id=id, events=tuple(events), **(known | members)))


@pytest.fixture
def make(server: Any, shop: Any) -> Make:
    made = 0

    async def one(account_id: str = shop.account_id, **members: Any) -> str:
        nonlocal made
        made += 1
        at = members.pop("created_at", NOW + timedelta(minutes=made))
        id = new_short_id(account_id, at)
        put = TRANSACTIONS.put(account_id, id, record(id, at, **members))
        await server.store.commit(Change(puts=(put,)))
        return id

    return one


async def found(shop: Any, **params: Any) -> list[str]:
    """The ids that a list answers; `__` in the name of a parameter stands for a point."""
    answer = await shop.get(LIST, params={name.replace("__", "."): value for name, value in params.items()})
    assert answer.status_code == 200, answer.text
    return [transaction["id"] for transaction in answer.json()]


# -- pages ----------------------------------------------------------------------------------------------------------


async def test_transactions_are_a_bare_array_with_the_newest_first_ten_at_a_time(shop: Any, make: Make) -> None:
    assert (await shop.get(LIST)).json() == []
    made = [await make() for _ in range(23)][::-1]
    assert await found(shop) == made[:10]
    assert await found(shop, starting_after=made[9]) == made[10:20]
    assert await found(shop, starting_after=made[19]) == made[20:]
    assert await found(shop, starting_after=made[22]) == []
    assert await found(shop, limit=100) == made
    assert await found(shop, limit=15, starting_after=made[0]) == made[1:16]
    assert await found(shop, limit=1) == made[:1]


async def test_pages_under_a_filter_go_on_behind_the_last_one(shop: Any, make: Make) -> None:
    made = [await make(currency="SEK" if number % 3 else "NOK", amount=number) for number in range(1, 31)][::-1]
    wanted = [id for number, id in zip(range(30, 0, -1), made, strict=True) if number % 3 and number > 5]
    seen: list[str] = []
    while page := await found(shop, currency="SEK", amount__gte=6, limit=4, **_after(seen)):
        seen += page
    assert seen == wanted


async def test_transactions_made_at_one_moment_are_all_seen_once(shop: Any, make: Make) -> None:
    made = sorted([await make(created_at=NOW) for _ in range(9)], key=str.encode, reverse=True)
    seen: list[str] = []
    while page := await found(shop, limit=2, **_after(seen)):
        seen += page
    assert seen == made


async def test_pages_neither_skip_nor_repeat_while_transactions_come_and_change(
    shop: Any, http: httpx.AsyncClient, body: Any
) -> None:
    async def paid() -> str:
        sid = (await shop.post("/v1/sessions-profile", body())).json()["id"]
        return str((await pay(http, sid)).json()["transaction_id"])

    made = [await paid() for _ in range(5)][::-1]
    seen: list[str] = []
    while page := await found(shop, limit=2, **_after(seen)):
        seen += page
        await asyncio.gather(paid(), shop.post(f"{LIST}/{made[-1]}/capture", {"amount": 100}))
    assert seen == made


def _after(seen: list[str]) -> dict[str, str]:
    return {"starting_after": seen[-1]} if seen else {}


@pytest.mark.parametrize("limit", [3, 12])
async def test_a_page_of_very_large_transactions_is_shorter_and_the_next_goes_on(
    shop: Any, make: Make, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    monkeypatch.setattr("kvitt.checkout.flows.lists.MOST_SIZE", 5_000)
    made = [await make(user_agent="x" * 3_000) for _ in range(5)][::-1]
    seen: list[str] = []
    while page := await found(shop, limit=limit, **_after(seen)):
        assert len(page) <= 2
        seen += page
    assert seen == made


async def test_a_listed_transaction_is_answered_as_it_is_alone(shop: Any, http: Any, body: Any) -> None:
    headers = {"dintero-system-name": "Shop"}
    sid = (await shop.post("/v1/sessions-profile", body(), headers=headers)).json()["id"]
    await pay(http, sid, number="4100000000000076")
    id = (await pay(http, sid)).json()["transaction_id"]
    await shop.post(f"{LIST}/{id}/capture", {"amount": 39800}, headers=headers)
    alone = (await shop.get(f"{LIST}/{id}")).json()
    assert (await shop.get(LIST)).json() == [alone]
    assert not all(event["success"] for event in alone["events"])
    includes = {"includes": "events.success.true"}
    listed = (await shop.get(LIST, params=includes)).json()
    assert listed == [(await shop.get(f"{LIST}/{id}", params=includes)).json()]
    assert all(event["success"] for event in listed[0]["events"])


# -- filters --------------------------------------------------------------------------------------------------------

SELLER = TransactionItem(amount=1, line_id="1", splits=(Split("seller-2", 1),))
PLAIN: dict[str, Any] = {
    "currency": "SEK", "status": "CAPTURED", "payment_product": "klarna", "payment_product_type": "klarna.klarna",
    "merchant_reference_2": "B-1", "payment_operation": "recurring_purchase", "channel": "in_store",
    "payout_destination_id": "seller-1",
}  # fmt: skip
"""Members of a transaction that are the filter's value themselves."""
OTHERS: dict[str, tuple[dict[str, Any], str]] = {
    "store_id": ({"store": OrderStore("Oslo, vest")}, "Oslo, vest"),
    "terminal_id": ({"store": OrderStore("s", terminal_id="t-7")}, "t-7"),
    "customer_id": ({"customer": Customer("C-9")}, "C-9"),
    "card_brand": ({"card": Card("Mastercard")}, "MASTERCARD"),
    "token_id": ({"card": Card(payment_token_id="tok-1")}, "tok-1"),
    "payout_correlation_id": ({"metadata": {"payout_correlation_id": "P-2"}}, "P-2"),
}


@pytest.mark.parametrize("name", [*PLAIN, *OTHERS])
async def test_an_exact_filter_finds_what_has_the_value_and_nothing_else(shop: Any, make: Make, name: str) -> None:
    members, value = OTHERS.get(name) or ({name: PLAIN[name]}, PLAIN[name])
    await make()
    wanted = await make(**members)
    await make()
    assert await found(shop, **{name: value}) == [wanted]


async def test_the_ids_references_and_other_tokens_filter_too(shop: Any, make: Make) -> None:
    ids = [await make(merchant_reference=f"A-{number}") for number in range(3)]
    recurring = await make(card=Card(recurrence_token_id="tok-2"))
    split = await make(items=(SELLER,), session_id=f"{shop.account_id}.2222222222222222222222")
    assert await found(shop, id=ids[1]) == [ids[1]]
    assert await found(shop, merchant_reference="A-2") == [ids[2]]
    assert await found(shop, merchant_reference="a-2") == []
    assert await found(shop, token_id="tok-2") == [recurring]
    assert await found(shop, payout_destination_id="seller-2") == [split]
    assert await found(shop, session_id=f"{shop.account_id}.2222222222222222222222") == [split]


async def test_a_value_longer_than_an_index_likes_is_found_and_told_from_another(shop: Any, make: Make) -> None:
    long = "R" * 254
    wanted = await make(merchant_reference=f"{long}1")
    await make(merchant_reference=f"{long}2")
    assert await found(shop, merchant_reference=f"{long}1") == [wanted]


@pytest.mark.parametrize(
    "query",
    [
        "currency=SEK&currency=DKK",
        "currency[]=SEK&currency[]=DKK",
        "currency%5B%5D=SEK&currency%5B%5D=DKK",
        "currency[0]=SEK&currency[1]=DKK",
        "currency=SEK&currency[]=DKK",
        "currency=SEK,DKK",
    ],
)
async def test_several_values_are_spelled_as_clients_do_and_one_is_enough(shop: Any, make: Make, query: str) -> None:
    made = [await make(currency=currency) for currency in ("NOK", "SEK", "DKK")]
    answer = await shop.get(f"{LIST}?{query}")
    assert [each["id"] for each in answer.json()] == made[:0:-1]


async def test_several_filters_must_all_agree(shop: Any, make: Make) -> None:
    for number in range(8):
        await make(
            currency="SEK" if number & 1 else "NOK", status="CAPTURED" if number & 2 else "AUTHORIZED",
            store=OrderStore("a" if number & 4 else "b"),
        )  # fmt: skip
    assert len(await found(shop, currency="SEK", status="CAPTURED")) == 2
    assert len(await found(shop, currency="SEK", status="CAPTURED", store_id="a")) == 1
    assert len(await found(shop, currency=["SEK", "NOK"], status=["CAPTURED", "REFUNDED"], store_id="a")) == 2


async def test_a_correlation_list_has_commas(shop: Any, make: Make) -> None:
    made = [await make(metadata={"payout_correlation_id": text}) for text in ("A", "B", "C")]
    assert await found(shop, payout_correlation_id="A,C") == [made[2], made[0]]


async def test_amounts_have_bounds_that_count_in(shop: Any, make: Make) -> None:
    made = {amount: await make(amount=amount) for amount in (100, 200, 300)}
    assert await found(shop, amount=200) == [made[200]]
    assert await found(shop, amount__gte=200) == [made[300], made[200]]
    assert await found(shop, amount__lte=200) == [made[200], made[100]]
    assert await found(shop, amount__gte=101, amount__lte=299) == [made[200]]
    assert await found(shop, amount=200, amount__gte=200, amount__lte=200) == [made[200]]


@pytest.mark.parametrize(
    ("name", "member"), [("created_at", "created_at"), ("captured_at", "CAPTURE"), ("refunded_at", "REFUND")]
)
async def test_times_have_bounds_that_count_in_and_are_utc_without_an_offset(
    shop: Any, make: Make, name: str, member: str
) -> None:
    made = [await make(**{member: NOW + timedelta(hours=hour)}) for hour in range(3)]
    if name != "created_at":
        await make()
    assert await found(shop, **{f"{name}__gte": "2026-11-23T13:00:00"}) == [made[2], made[1]]
    assert await found(shop, **{f"{name}__gte": "2026-11-23T14:00:00+01:00"}) == [made[2], made[1]]
    assert await found(shop, **{f"{name}__lte": "2026-11-23T13:00:00Z"}) == [made[1], made[0]]
    both = {f"{name}__gte": "2026-11-23T12:30:00Z", f"{name}__lte": "2026-11-23T13:30:00Z"}
    assert await found(shop, **both) == [made[1]]


async def test_a_transaction_is_listed_as_it_becomes(shop: Any, http: Any, body: Any) -> None:
    sid = (await shop.post("/v1/sessions-profile", body())).json()["id"]
    id = (await pay(http, sid)).json()["transaction_id"]
    begin = "2020-01-01T00:00:00Z"
    assert await found(shop, status="AUTHORIZED") == [id]
    assert await found(shop, captured_at__gte=begin) == []
    await shop.post(f"{LIST}/{id}/capture", {"amount": 39800})
    assert await found(shop, status="AUTHORIZED") == []
    assert await found(shop, status="CAPTURED", captured_at__gte=begin, card_brand="visa", currency="NOK") == [id]
    assert await found(shop, refunded_at__gte=begin) == []
    await shop.post(f"{LIST}/{id}/refund", {"amount": 1})
    assert await found(shop, status="PARTIALLY_REFUNDED", refunded_at__gte=begin) == [id]


# -- search ---------------------------------------------------------------------------------------------------------


@pytest.fixture
async def kari(make: Make) -> str:
    await make()
    wanted = await make(
        merchant_reference="ORD-5001", merchant_reference_2="9988-X", card=Card(payment_token_id="tok-aa-77"),
        customer=Customer(email="Kari.N@example.no", phone_number="+47 402 30 256"),
        billing_address=Address(first_name="Kåri", last_name="Nordmann", phone_number="41234567"),
    )  # fmt: skip
    await make(merchant_reference="ORD-5002", billing_address=Address(first_name="Kåri", last_name="Hansen"))
    return wanted


@pytest.mark.parametrize(
    "text",
    [
        "ORD-5001", "ord-5001", "9988-X", "kari.n@example.no", "KARI.N@EXAMPLE.NO", "Kåri Nordmann", "nordmann kari",
        "  Kari   Nordmann ", "Nordmann", "tok-aa-77", "+4740230256", "40230256", "004740230256", "402 30 256",
        "+47 412 34 567", "41234567",
    ],
)  # fmt: skip
async def test_a_search_finds_it(shop: Any, kari: str, text: str) -> None:
    assert await found(shop, search=text) == [kari]


async def test_a_search_for_an_id_finds_that_transaction_or_its_session(shop: Any, make: Make) -> None:
    await make()
    session_id = f"{shop.account_id}.3333333333333333333333"
    wanted = await make(session_id=session_id, merchant_reference=f"{shop.account_id}.4444444444444444444444")
    for text in (wanted, session_id, f" {wanted} ", f"{shop.account_id}.4444444444444444444444"):
        assert await found(shop, search=text) == [wanted]
    assert await found(shop, search=f"{shop.account_id}.5555555555555555555555") == []


@pytest.mark.parametrize("text", ["kari berg", "ORD-5003", "someone@example.no", "40230257"])
async def test_a_search_for_another_finds_nothing(shop: Any, kari: str, text: str) -> None:
    assert await found(shop, search=text) == []


async def test_a_search_goes_with_filters(shop: Any, kari: str) -> None:
    assert await found(shop, search="nordmann", status="AUTHORIZED", currency="NOK") == [kari]
    assert await found(shop, search="nordmann", currency="SEK") == []


# -- refused --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("id", "nonsense"), ("id", ""), ("id", "T12345678.%"), ("session_id", "1"), ("store_id", ""),
        ("token_id", ""), ("currency", "KRONER"), ("currency", "nok"), ("currency", ""),
        ("status", "PAID"), ("status", "captured"), ("status", ""), ("payment_product", "stripe"),
        ("payment_product_type", "dintero_psp.gold"), ("card_brand", ""), ("card_brand", "x" * 101),
        ("payout_correlation_id", "A,,B"), ("merchant_reference", "x" * 256),
        ("payment_operation", "gift"), ("channel", "fax"), ("amount", "ten"), ("amount", "1.5"),
        ("amount", "999999999999999"), ("amount.gte", "x"), ("amount.lte", "-"), ("created_at.gte", "yesterday"),
        ("created_at.lte", "2026-13-01T00:00:00Z"), ("captured_at.gte", "20261123"), ("refunded_at.lte", "0"),
        ("captured_at.gte", "0001-01-01T00:00:00+05:00"), ("search", "   "), ("search", "---"), ("search", "x" * 201),
        ("search", "a b c d e f g h i j k"), ("limit", "0"), ("limit", "101"), ("limit", "ten"),
        ("starting_after", "T00000000.1111111111111111111111"), ("starting_after", "x"),
        ("includes", "session"),
    ],
)  # fmt: skip
async def test_nonsense_is_refused_by_the_name_of_its_parameter(shop: Any, name: str, value: str) -> None:
    answer = await shop.get(LIST, params={name: value})
    assert answer.status_code == 400, answer.text
    assert name in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("amount=5&amount.gte=6", "amount.gte"),
        ("amount=5&amount.lte=4", "amount.lte"),
        ("amount.gte=2&amount.lte=1", "amount.gte"),
        ("created_at.gte=2026-02-01T00:00:00&created_at.lte=2026-01-01T00:00:00Z", "created_at.gte"),
        ("captured_at.gte=2026-02-01T00:00:00Z&captured_at.lte=2026-01-01T00:00:00", "captured_at.gte"),
        ("channel=in_app&channel=in_store", "channel"),
        ("merchant_reference=a&merchant_reference[]=b", "merchant_reference"),
    ],
)
async def test_bounds_between_which_nothing_lies_are_refused(shop: Any, query: str, names: str) -> None:
    answer = await shop.get(f"{LIST}?{query}")
    if "[]" in query:  # what takes one value has no brackets: as any name that is not known, it is ignored
        assert answer.status_code == 200
        return
    assert answer.status_code == 400, answer.text
    assert names in answer.json()["error"]["message"]


async def test_a_hundred_values_are_taken_and_more_are_not(shop: Any, make: Make) -> None:
    id = await make()
    many = [id, *(shop.account_id + f".{number:022}".replace("0", "z") for number in range(99))]
    assert await found(shop, id=many) == [id]
    assert (await shop.get(LIST, params={"id": [*many, id[:-1] + "z"]})).status_code == 400


async def test_nobody_sees_another_accounts_transactions(server: Any, shop: Any, make: Make, account_id: str) -> None:
    other = f"T{int(account_id[1:]) % 89_999_999 + 10_000_000:08}"
    theirs = await make(other, merchant_reference="SECRET", customer=Customer(email="x@example.com"))
    own = await make()
    assert await found(shop) == [own]
    for params in ({"id": theirs}, {"search": "secret"}, {"search": theirs}, {"merchant_reference": "SECRET"}):
        assert await found(shop, **params) == []
    answer = await shop.get(LIST, params={"starting_after": theirs})
    assert answer.status_code == 400
    async with server.shop(other, scopes=["read:checkout"]) as them:
        assert await found(them, search="SECRET") == [theirs]


async def test_only_who_may_read_the_checkout_sees_the_list(server: Any, http: Any, account_id: str) -> None:
    assert (await http.get(LIST)).status_code == 401
    async with server.shop(account_id, scopes=["read:shopping"]) as shop:
        assert (await shop.get(LIST)).status_code == 403


# -- what it is listed by -------------------------------------------------------------------------------------------


def test_every_filter_of_the_list_is_looked_at_here() -> None:
    asked = {*PLAIN, *OTHERS, "id", "session_id", "merchant_reference", "amount", "search", "limit", "starting_after"}
    asked |= {
        f"{name}.{end}" for name in ("amount", "created_at", "captured_at", "refunded_at") for end in ("gte", "lte")
    }
    names = {field.encode_name for field in msgspec.structs.fields(TransactionsQuery)}
    assert names == asked | {"includes"}


def test_every_product_that_can_be_paid_with_can_be_asked_for() -> None:
    assert set(PRODUCTS) <= set(PAYMENT_PRODUCT_TYPES)
    assert {type.partition(".")[0] for type in PRODUCTS} <= set(PAYMENT_PRODUCTS)


def test_what_a_transaction_is_found_by_is_bounded_whatever_a_shop_sends() -> None:
    splits = tuple(Split(f"seller-{number}", 1) for number in range(1000))
    made = record(
        "T12345678.1", NOW, merchant_reference="ord " * 60, customer=Customer("c" * 256, "a@b", "1" * 5000),
        items=tuple(TransactionItem(amount=1, splits=splits) for _ in range(10)), metadata={"payout_correlation_id": 7},
        billing_address=Address(first_name="æ ø å " * 500, last_name="ß" * 500, business_name="ﷺ" * 500),
    )  # fmt: skip
    put = TRANSACTIONS.put("T12345678", "T12345678.1", made)
    labels, words = put.listed[-1], put.words or ()
    assert len(labels) <= MAX_LABELS
    assert len(words) <= MAX_LABELS + MAX_WORDS
    assert max(map(len, labels)) <= 100
    assert max(map(len, words)) <= 101  # of a label, with its mark
    assert "payout_correlation_id:7" in labels
    assert not any(label.startswith("customer_id") for label in labels)


async def test_lists_hold_what_the_documents_say_whatever_happened(
    server: Any, shop: Any, http: httpx.AsyncClient, body: Any
) -> None:
    """Many changes say that what is listed stays as it was: here is each of them."""

    async def session(**changes: Any) -> str:
        return str((await shop.post("/v1/sessions-profile", body(**changes))).json()["id"])

    async def paid() -> str:
        return str((await pay(http, await session())).json()["transaction_id"])

    await session()
    left, given_up, cancelled = await session(), await session(), await session()
    await pay(http, left, number="4100000000000076")
    await http.post(f"/v1/view/{given_up}/session/abandon")
    await shop.post(f"/v1/sessions/{cancelled}/cancel")
    renamed = await session(order__billing_address={"first_name": "Kari"})
    order = body(order__billing_address={"first_name": "Nora"}, order__merchant_reference="NEW-1")["order"]
    updated = await shop.put(f"/v1/sessions/{renamed}?update_without_lock=true", {"order": order})
    assert updated.status_code == 200, updated.text
    for operations in (("capture", "refund"), ("void",), ("capture", "capture"), ()):
        id = await paid()
        for operation in operations:
            amount = {} if operation == "void" else {"amount": 19_900}
            assert (await shop.post(f"{LIST}/{id}/{operation}", amount)).status_code == 200
    assert (await shop.put(f"{LIST}/{id}", {"merchant_reference_2": "B-2"})).status_code == 200
    silent = await session()
    silent = (await pay(http, silent, number="4100000000000019")).json()["transaction_id"]
    assert (await shop.post(f"{LIST}/{silent}/capture", {"amount": 100})).status_code == 202
    automatic = await session(configuration={"auto_capture": True})
    await pay(http, automatic)
    for kind, noun in ((TRANSACTIONS, "transaction"), (SESSIONS, "session")):
        listed = await server.store._lists.run(partial(_rows, shop.account_id, noun))
        assert len(listed) > 6
        for id, doc, *row, words in listed:
            put = kind.put(shop.account_id, id, msgspec.json.decode(doc, type=kind.type))
            assert (*row[:-1], tuple(row[-1])) == put.listed, id
            assert words == sorted(f"{shop.account_id} {word}" for word in put.words or ()), id


async def _rows(account_id: str, noun: str, connection: Any) -> list[Any]:
    """id, doc, the columns of the list, and the words."""
    columns = ", ".join(f"l.{column}" for column in LISTINGS[f"{noun}s"].columns)
    rows: list[Any] = await connection.fetch(
        f"select l.id, d.doc, {columns}, tsvector_to_array(w.words) from {noun}_list l "  # noqa: S608  our own tables
        f"join {noun}s d using (account_id, id) join {noun}_words w using (account_id, id) where account_id = $1",
        account_id,
    )
    return rows
