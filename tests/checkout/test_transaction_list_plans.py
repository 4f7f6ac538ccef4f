"""How PostgreSQL goes about lists of transactions and sessions: for each filter, and each pair of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest

from kvitt.checkout.wire.lists import SessionsQuery, TransactionsQuery
from kvitt.store import Selection
from kvitt.store.listing import near_values_of, shape_of, values_of
from kvitt.store.pages import attempts, page_query
from kvitt.web.queries import QueryDecoder
from plans import Explain, Plan, explaining, filled_database, indexes, sorted_before_the_limit, whole_tables

ACCOUNT = "T10000001"
ROWS = 12_000
LIMIT = 10
NOW = datetime(2026, 7, 1, tzinfo=UTC)
ID = f"{ACCOUNT}.1111111111111111zzz777"

FILL = f"""
insert into transactions (account_id, id, version, doc, session_id, merchant_reference, status, created_at)
select '{ACCOUNT}', '{ACCOUNT}.1111111111111111' || lpad(n::text, 6, 'z'), 1, '{{}}', 's' || n, 'N' || n, 'CAPTURED',
  timestamptz '{NOW.isoformat()}' - n * interval '1 hour'
from generate_series(1, {ROWS}) n;
insert into transaction_list (account_id, id, created_at, amount, status, captured_at, refunded_at, labels)
select account_id, id, created_at, (n * 7919 % 100003) * 10,
  case when n % 40 = 0 then 'REFUNDED' when n % 300 = 1 then 'FAILED' else 'CAPTURED' end,
  case when n % 300 <> 1 then created_at + case when n % 50 = 0 then interval '40 days' else interval '1 day' end end,
  case when n % 40 = 0 then created_at + case when n % 400 = 0 then interval '50 days' else interval '9 days' end end,
  array['id:' || id, 'currency:' || case when n % 500 = 0 then 'ISK' else 'NOK' end,
    'payment_product:' || case when n % 3 = 0 then 'vipps' else 'payex' end, 'store_id:store-' || n % (n % 50 + 1),
    'customer_id:C' || n % (n % 3000 + 1), 'merchant_reference:N' || n]
from (select *, substr(merchant_reference, 2)::int as n from transactions) t;
insert into transaction_words (account_id, id, words, created_at)
select account_id, id, array_to_tsvector((select array_agg(account_id || ' ' || w)
  from (select ':' || l from unnest(labels) l union all values ('word' || n % 400), ('hansen' || n % 7)) x(w))),
  created_at
from (select *, substr(labels[6], 21)::int as n from transaction_list) t;
insert into sessions (account_id, id, version, doc, merchant_reference, created_at)
select account_id, id, 1, '{{}}', merchant_reference, created_at from transactions;
insert into session_list (account_id, id, created_at, labels)
select account_id, id, created_at, labels from transaction_list;
insert into session_words (account_id, id, words, created_at)
select account_id, id, words, created_at from transaction_words;
vacuum (analyze) transactions;
vacuum (analyze) transaction_list;
vacuum (analyze) transaction_words;
vacuum (analyze) sessions;
vacuum (analyze) session_list;
vacuum (analyze) session_words
"""  # noqa: S608  our own text

LATE, EARLY = ((NOW - timedelta(days=days)).isoformat() for days in (3, 400))
QUERIES: dict[str, dict[str, Any]] = {
    "id": {"id": ID},
    "session_id": {"session_id": ID},
    "store_id": {"store_id": "store-1"},
    "store_id, several": {"store_id": ["store-1", "store-2"]},
    "token_id": {"token_id": "none"},
    "currency, often": {"currency": "NOK"},
    "currency, seldom": {"currency": "ISK"},
    "status, often": {"status": "CAPTURED"},
    "status, seldom": {"status": "FAILED"},
    "status, several": {"status": ["FAILED", "REFUNDED"]},
    "payment_product": {"payment_product": "vipps"},
    "payment_product_type": {"payment_product_type": "vipps"},
    "card_brand": {"card_brand": "Visa"},
    "payout_correlation_id": {"payout_correlation_id": "A,B"},
    "merchant_reference": {"merchant_reference": "N77"},
    "merchant_reference_2": {"merchant_reference_2": "N77"},
    "customer_id": {"customer_id": "C7"},
    "payment_operation": {"payment_operation": "recurring_purchase"},
    "payout_destination_id": {"payout_destination_id": "seller"},
    "terminal_id": {"terminal_id": "t"},
    "channel": {"channel": "in_app"},
    "amount": {"amount": 500_000},
    "amount.gte": {"amount.gte": 999_000},
    "amount.lte": {"amount.lte": 500_000},
    "created_at.gte": {"created_at.gte": LATE},
    "created_at.lte": {"created_at.lte": EARLY},
    "captured_at.gte": {"captured_at.gte": LATE},
    "captured_at.lte": {"captured_at.lte": EARLY},
    "refunded_at.gte": {"refunded_at.gte": LATE},
    "refunded_at.lte": {"refunded_at.lte": EARLY},
    "search": {"search": "hansen"},
    "search, two words": {"search": "hansen1 word7"},
    "search, an id": {"search": ID},
}
decode = QueryDecoder(TransactionsQuery)


@pytest.fixture(scope="module")
def plans_url(database_url: str) -> Iterator[str]:
    with filled_database(database_url, *FILL.split(";\n")) as url:
        yield url


@pytest.fixture
async def explain(plans_url: str) -> AsyncIterator[Explain]:
    async with explaining(plans_url) as run:
        yield run


def selections(*queries: dict[str, Any]) -> Iterator[Selection]:
    """From the beginning, and from a place. None when the queries contradict each other."""
    joined = {name: value for query in queries for name, value in query.items()}
    selection = decode(urlencode(joined, doseq=True)).selection()
    yield selection
    yield msgspec.structs.replace(selection, after=(NOW - timedelta(days=200), ID))


async def plan_of(explain: Explain, selection: Selection, table: str = "transactions") -> Plan:
    place = selection.after or ()
    return await explain(page_query(shape_of(table, selection)), *values_of(ACCOUNT, selection), *place, LIMIT)


def pairs() -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    for (name, one), (other_name, other) in combinations(QUERIES.items(), 2):
        if name.partition(",")[0].partition(".")[0] != other_name.partition(",")[0].partition(".")[0]:
            yield f"{name} & {other_name}", one, other


def test_every_filter_of_the_list_is_among_those_that_are_looked_at() -> None:
    names = {field.encode_name for field in msgspec.structs.fields(TransactionsQuery)}
    assert names - {"limit", "starting_after", "includes"} == {name for query in QUERIES.values() for name in query}


async def test_a_plan_that_reads_a_whole_table_is_seen(explain: Explain) -> None:
    query = "select * from transaction_list where amount + 0 = 7"
    assert whole_tables(await explain(query)) == ["transaction_list"]
    assert sorted_before_the_limit(await explain("select id from transaction_list order by amount + 0 limit 10"))


async def test_no_list_with_one_filter_reads_a_whole_table(explain: Explain) -> None:
    for name, query in {"nothing": {}, **QUERIES}.items():
        for selection in selections(query):
            assert whole_tables(await plan_of(explain, selection)) == [], name


async def test_no_list_with_two_filters_reads_a_whole_table(explain: Explain) -> None:
    for name, one, other in pairs():
        for selection in selections(one, other):
            assert whole_tables(await plan_of(explain, selection)) == [], name


async def test_what_is_tried_before_the_planners_own_way_goes_along_an_index(explain: Explain) -> None:
    for name, query in QUERIES.items():
        searched = [] if "search" in query else [*selections(query, QUERIES["search"])]
        for selection in (*selections(query), *searched):
            shape, place = shape_of("transactions", selection), selection.after or ()
            for each in attempts(shape):
                of = near_values_of if each.near else values_of
                plan = await explain(each.query, *of(ACCOUNT, selection), *place, LIMIT)
                assert whole_tables(plan) == [], (name, each.query)


@pytest.mark.parametrize("name", ["nothing", "status, often", "created_at.gte", "created_at.lte"])
async def test_what_most_have_is_met_on_a_walk_from_the_newest(explain: Explain, name: str) -> None:
    """To sort them all would take the longer the more there are."""
    for selection in selections(QUERIES.get(name, {})):
        assert not sorted_before_the_limit(await plan_of(explain, selection)), name


async def test_what_few_have_is_found_by_an_index_of_its_own(explain: Explain) -> None:
    wanted = {
        "id": "transaction_words_words",
        "merchant_reference": "transaction_words_words",
        "currency, seldom": "transaction_words_words",
        "customer_id": "transaction_words_words",
        "search, two words": "transaction_words_words",
        "search, an id": "transaction_words_words",
        "status, seldom": "transaction_list_status",
        "amount": "transaction_list_amount",
    }
    for name, index in wanted.items():
        assert index in indexes(await plan_of(explain, next(selections(QUERIES[name])))), name


def test_nothing_is_captured_before_it_is_made_so_the_walk_begins_no_later() -> None:
    until = datetime.fromisoformat(EARLY)
    for name in ("captured_at", "refunded_at"):
        assert decode(urlencode({f"{name}.lte": EARLY})).selection().most == {name: until, "created_at": until}
        both = {f"{name}.lte": EARLY, "created_at.lte": LATE, "created_at.gte": EARLY}
        assert decode(urlencode(both)).selection().most == {name: until, "created_at": until}


@pytest.mark.parametrize(
    "query",
    [
        {}, {"search": "hansen"}, {"search": ID}, {"transaction_id": ID}, {"created_at.gte": LATE},
        {"created_at.lte": EARLY, "search": "hansen1 word7"},
    ],
)  # fmt: skip
async def test_no_list_of_sessions_reads_a_whole_table(explain: Explain, query: dict[str, Any]) -> None:
    selection = QueryDecoder(SessionsQuery)(urlencode(query)).selection()
    for after in (None, (NOW - timedelta(days=200), ID)):
        selection = msgspec.structs.replace(selection, after=after)
        assert whole_tables(await plan_of(explain, selection, "sessions")) == []
        for each in attempts(shape_of("sessions", selection)):
            of = near_values_of if each.near else values_of
            assert whole_tables(await explain(each.query, *of(ACCOUNT, selection), *(after or ()), LIMIT)) == []
