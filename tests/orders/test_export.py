"""Orders as files, over HTTP: every order once, as it is, in the account's time zone, and never cut short unnoticed."""

from __future__ import annotations

import csv
import json
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import httpx
import pytest

from kvitt.orders.model import OrderRecord
from kvitt.orders.rules.export import LINE_COLUMNS, ORDER_COLUMNS
from kvitt.store.embedded import Embedded
from kvitt.store.migrate import migrate
from tests_support import Server, Shop, run_server

Made = Callable[..., Awaitable[list[OrderRecord]]]

ITEMS = [
    {
        "line_id": 1, "id": "stol", "description": "Stol; =blå", "quantity": 2, "gross_amount": 39800,
        "discount_lines": [{"amount": 800}], "tax_lines": [{"amount": 7800, "percentage": 25}],
    },
    {
        "line_id": 2, "id": "mat", "description": '=HYPERLINK("http://x","Mat")', "quantity": 0.75,
        "gross_amount": 1150, "tax_lines": [{"amount": 150, "percentage": 15}],
        "store": {"id": "torg", "name": "Torget"},
    },
]  # fmt: skip
ORDER = {
    "currency": "NOK",
    "order_id": "-A/1",
    "items": ITEMS,
    "customer": {"id": "k-1", "first_name": "Kari", "last_name": "Nordmann, jr.", "email": "@kari"},
    "store": {"id": "by", "name": 'Kaffe "Byen"\r\nBergen'},
}


def table(answer: httpx.Response, delimiter: str = ",") -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(StringIO(answer.text, newline=""), delimiter=delimiter))


def lines(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


async def create(shop: Shop, **members: Any) -> dict[str, Any]:
    answer = await shop.post(f"{shop.shopping}/orders", {"order": ORDER | members, "options": {"split_draft": False}})
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def export(shop: Shop, ending: str = "csv", **query: Any) -> httpx.Response:
    return await shop.get(f"{shop.shopping}/orders.{ending}", params=query)


async def test_the_table_has_a_row_an_order_with_decimals_and_what_is_left(shop: Shop) -> None:
    order = await create(shop)
    path = f"{shop.shopping}/orders/{order['id']}"
    both = {"items": [{"line_id": 1, "amount": 39000}, {"line_id": 2, "amount": 1150}]}
    paid = both | {"payment_details": {"payment_product": "collector", "payment_id": "P1"}}
    assert (await shop.post(f"{path}/authorizations", paid)).status_code == 200
    assert (await shop.post(f"{path}/captures", {"items": [{"line_id": 1, "amount": 39000}]})).status_code == 200
    assert (await shop.post(f"{path}/refunds", {"items": [{"line_id": 1, "amount": 9001}]})).status_code == 200
    answer = await export(shop)
    (row,) = table(answer)
    assert tuple(row) == ORDER_COLUMNS
    assert row | {"created_at": "", "updated_at": ""} == {
        "id": order["id"], "order_id": "'-A/1", "created_at": "", "updated_at": "",
        "status": "open", "payment_status": "partially_refunded", "currency": "NOK",
        "gross_amount": "409.50", "discount": "8.00", "net_amount": "401.50", "vat_amount": "79.50",
        "authorized": "401.50", "captured": "390.00", "refunded": "90.01", "cancelled": "0.00",
        "left_to_capture": "11.50", "left_to_refund": "299.99",
        "payment_product": "collector", "payment_id": "P1",
        "customer_id": "k-1", "customer_name": "Kari Nordmann, jr.", "customer_email": "'@kari",
        "store_id": "by", "store_name": 'Kaffe "Byen"\r\nBergen', "lines": "2",
    }  # fmt: skip
    assert answer.text.endswith(',by,"Kaffe ""Byen""\r\nBergen",2\r\n')


async def test_the_table_of_lines_has_a_row_a_line_and_formulas_are_text(shop: Shop) -> None:
    order = await create(shop)
    path = f"{shop.shopping}/orders/{order['id']}"
    await shop.post(f"{path}/authorizations", {"items": [{"line_id": 1, "amount": 39000}]})
    await shop.post(f"{path}/captures", {"items": [{"line_id": 1, "amount": 100}]})
    chairs, food = table(await export(shop, rows="lines"))
    assert tuple(chairs) == LINE_COLUMNS
    assert chairs | {"created_at": "", "updated_at": ""} == {
        "id": order["id"], "order_id": "'-A/1", "created_at": "", "updated_at": "", "status": "open", "currency": "NOK",
        "line_id": "1", "item_id": "stol", "description": "Stol;' =blå", "quantity": "2",
        "gross_amount": "398.00", "discount": "8.00", "net_amount": "390.00",
        "vat_amount": "78.00", "vat_percentage": "25",
        "authorized": "390.00", "captured": "1.00", "refunded": "0.00", "cancelled": "0.00",
        "left_to_capture": "389.00", "left_to_refund": "1.00",
        "reverses_line_id": "", "store_id": "by", "store_name": 'Kaffe "Byen"\r\nBergen',
    }  # fmt: skip
    assert (food["description"], food["quantity"]) == ('\'=HYPERLINK("http://x","Mat")', "0.75")
    assert (food["store_id"], food["authorized"], food["left_to_capture"]) == ("torg", "0.00", "0.00")


async def test_a_decimal_comma_brings_semicolons_and_a_bom_comes_when_it_is_asked_for(shop: Shop) -> None:
    await create(shop)
    assert not (await export(shop)).content.startswith(b"\xef\xbb\xbf")
    answer = await export(shop, decimal="comma", bom="true", rows="lines")
    assert answer.content.startswith(b"\xef\xbb\xbfid;order_id;")
    chairs, food = table(answer, ";")
    assert (chairs["net_amount"], food["quantity"]) == ("390,00", "0,75")


async def test_json_lines_are_what_get_answers(shop: Shop) -> None:
    orders = [await create(shop, order_id=f"J{n}") for n in range(3)]
    answer = await export(shop, "jsonl")
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert answer.content.endswith(b"\n")
    for text, order in zip(answer.content.splitlines(), orders, strict=True):
        assert text == (await shop.get(f"{shop.shopping}/orders/{order['id']}")).content
    (line,) = lines(await export(shop, "jsonl", order_id="J1", include_events="true"))
    assert line["state"]
    assert len(line["events"]) == 1


async def test_an_account_without_orders_gets_a_header_or_nothing(shop: Shop) -> None:
    assert (await export(shop)).text == ",".join(ORDER_COLUMNS) + "\r\n"
    assert (await export(shop, "jsonl")).content == b""


async def test_times_are_in_the_accounts_zone_or_in_the_one_asked_for(shop: Shop, server: Server, made: Made) -> None:
    await made(1, [datetime(2026, 6, 30, 22, 30, tzinfo=UTC)])
    assert table(await export(shop))[0]["created_at"] == "2026-06-30T22:30:00+00:00"
    await server.app.accounts.update_account(shop.account_id, time_zone="Europe/Oslo")
    assert table(await export(shop))[0]["created_at"] == "2026-07-01T00:30:00+02:00"
    (row,) = table(await export(shop, time_zone="Asia/Kathmandu", rows="lines"))
    assert row["updated_at"] == "2026-07-01T04:15:00+05:45"


async def test_the_file_is_named_by_the_account_and_its_day(shop: Shop, server: Server) -> None:
    await server.app.accounts.update_account(shop.account_id, time_zone="Pacific/Kiritimati")
    days = {datetime.now(UTC).astimezone(ZoneInfo("Pacific/Kiritimati")).date()}
    answers = [await export(shop, ending) for ending in ("csv", "jsonl")]
    days.add(datetime.now(UTC).astimezone(ZoneInfo("Pacific/Kiritimati")).date())
    for answer, ending in zip(answers, ("csv", "jsonl"), strict=True):
        names = {f'attachment; filename="orders-{shop.account_id}-{day}.{ending}"' for day in days}
        assert answer.headers["content-disposition"] in names


@pytest.mark.parametrize("query", [{}, {"rows": "lines"}])
async def test_many_orders_of_one_moment_are_each_there_once(shop: Shop, made: Made, query: dict[str, str]) -> None:
    records = await made(350)
    answer = await export(shop, **query, total="true")
    assert answer.headers["total-count"] == "350"
    assert [row["id"] for row in table(answer)] == sorted(record.order.id for record in records)


async def test_filters_and_sorting_are_those_of_the_list(shop: Shop, made: Made) -> None:
    begin = datetime(2026, 5, 1, tzinfo=UTC)
    await made(30, [begin + timedelta(days=n) for n in range(30)], store={"id": "hjem"})
    await create(shop, order_id="X")
    within = {"created_at.gte": "2026-05-11T00:00:00Z", "created_at.lte": "2026-05-20T00:00:00+02:00"}
    assert [row["order_id"] for row in table(await export(shop, **within))] == [str(n) for n in range(10, 19)]
    assert [row["order_id"] for row in table(await export(shop, search="kari"))] == ["X"]
    latest = lines(await export(shop, "jsonl", store_id="hjem", sort="-created_at", limit=3))
    assert [order["order_id"] for order in latest] == ["29", "28", "27"]
    first = await shop.get(f"{shop.shopping}/orders", params={"sort": "created_at", "limit": 28})
    behind = await export(shop, starting_after=first.json()["starting_after"])
    assert [row["order_id"] for row in table(behind)] == ["28", "29", "X"]


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ({"status": "opened"}, "status"),
        ({"created_at.gte": "yesterday"}, "created_at.gte"),
        ({"sort": "name"}, "sort"),
        ({"limit": "-1"}, "limit"),
        ({"starting_after": "x"}, "starting_after"),
        ({"time_zone": "Oslo"}, "time_zone"),
        ({"time_zone": "../../etc/passwd"}, "time_zone"),
        ({"rows": "items"}, "rows"),
        ({"decimal": ","}, "decimal"),
    ],
)
async def test_nonsense_is_refused_by_its_name(shop: Shop, query: dict[str, str], name: str) -> None:
    answer = await export(shop, **query)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith(f"{name}:")


async def test_head_tells_the_headers_and_starts_nothing(shop: Shop, made: Made) -> None:
    await made(5)
    answer = await shop.http.head(f"{shop.shopping}/orders.csv", params={"total": "true"})
    assert (answer.status_code, answer.content, answer.headers["total-count"]) == (200, b"", "5")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert answer.headers["content-disposition"].startswith("attachment")


async def test_reading_needs_the_scope_and_the_account(server: Server, account_id: str) -> None:
    async with server.shop(account_id, ["write:shopping"]) as writer:
        assert (await export(writer)).status_code == 403
        assert (await export(writer, "jsonl")).status_code == 403
        elsewhere = f"/v1/accounts/P{account_id[1:]}/shopping/orders.csv"
        assert (await writer.get(elsewhere)).status_code == 403
    async with httpx.AsyncClient(base_url=server.url) as nobody:
        assert (await nobody.get(f"/v1/accounts/{account_id}/shopping/orders.csv")).status_code == 401


async def test_a_reader_of_shopping_gets_the_accounts_own_orders_alone(
    server: Server, shop: Shop, made: Made, account_id: str
) -> None:
    await made(3)
    other = f"P{account_id[1:]}"
    async with server.shop(other, ["read:shopping"]) as reader:
        assert table(await export(reader)) == []
        assert lines(await export(reader, "jsonl")) == []


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
async def test_a_file_that_fails_in_the_middle_is_cut_off_and_not_ended(
    shop: Shop, made: Made, database_url: str, ending: str
) -> None:
    records = await made(1200)
    last = max(record.order.id for record in records)
    raw = await asyncpg.connect(database_url)
    try:
        await raw.execute("update orders set doc = '{' where account_id = $1 and id = $2", shop.account_id, last)
    finally:
        await raw.close()
    with pytest.raises(httpx.RemoteProtocolError):
        await export(shop, ending)


async def test_what_fails_before_the_first_order_is_answered_with_its_own_status(
    shop: Shop, made: Made, database_url: str
) -> None:
    await made(1)
    raw = await asyncpg.connect(database_url)
    try:
        await raw.execute("update orders set doc = '{' where account_id = $1", shop.account_id)
    finally:
        await raw.close()
    answer = await export(shop)
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "INTERNAL_ERROR")


@pytest.fixture
def own_database() -> Iterator[Embedded]:
    """A database that a test may stop."""
    with TemporaryDirectory(prefix="kvitt-export-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)  # the database's own user passes through when the tests run as root
        database = Embedded(Path(folder))
        migrate(database.start())
        yield database
        database.leave()


@pytest.mark.slow
async def test_a_file_whose_database_goes_away_is_cut_off_and_not_ended(
    own_database: Embedded, write_orders: Any, account_id: str
) -> None:
    async def read_on_without_the_database(shop: Shop) -> None:
        async with shop.http.stream("GET", f"{shop.shopping}/orders.jsonl", timeout=60) as answer:
            chunks = answer.aiter_raw()
            assert (await anext(chunks)).startswith(b'{"')
            own_database.leave()  # stops it, while the loop that the server runs in stands still
            async for chunk in chunks:
                assert chunk

    async with run_server(own_database.url) as server, server.shop(account_id, ["read:shopping"]) as shop:
        await write_orders(server.store, 3000)
        with pytest.raises(httpx.RemoteProtocolError):
            await read_on_without_the_database(shop)
