"""How PostgreSQL goes about every list: read off EXPLAIN, for each filter, each pair of them, and each sort.

In a database of its own, so that the planner knows these rows alone: some thousands, of which most are alike.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any

import pytest

from kvitt.store import Selection, Word
from kvitt.store.listing import near_values_of, shape_of, values_of
from kvitt.store.pages import Shape, attempts, count_query, page_query
from plans import Explain, explaining, filled_database, indexes, sorted_before_the_limit, whole_tables

ACCOUNT = "T10000001"
ROWS = 12_000
LIMIT = 11
NOW = datetime(2026, 7, 1, tzinfo=UTC)

FILL = f"""
insert into orders (account_id, id, version, doc, order_id, status, payment_status, created_at)
select '{ACCOUNT}', lpad(n::text, 8, '0'), 1, '{{}}', 'N' || n, 'open', 'paid', $1::timestamptz - n * interval '1 hour'
from generate_series(1, {ROWS}) n;
insert into order_list (account_id, id, created_at, updated_at, amount, status, payment_status, customer_id, store_id,
  labels)
select account_id, id, created_at, least($1, created_at + case when n % 50 = 0 then interval '40 days' when n % 10 = 0
  then interval '5 days' else interval '3 hours' end), (n * 7919 % 100003) * 10,
  case when n % 40 = 0 then 'cancelled' when n % 15 = 0 then 'closed' else 'open' end,
  case when n % 1000 = 0 then 'partially_paid' when n % 12 = 0 then 'pending' else 'paid' end,
  'C' || n % (n % 3000 + 1), 'store-' || n % (n % 50 + 1),
  array['order_id:' || id, 'discount_type:' || case when n % 300 = 0 then 'external' else 'periodic' end]
from (select *, id::int as n from orders) o;
insert into order_words (account_id, id, words, created_at, updated_at, amount)
select account_id, id, array_to_tsvector(array[account_id || ' :order_id:' || id, account_id || ' word' || n % 400,
  account_id || ' hansen' || n % 7, account_id || ' :discount_type:' || case when n % 300 = 0 then 'external'
  else 'periodic' end]), created_at, updated_at, amount
from (select *, id::int as n from order_list) o
"""  # noqa: S608  our own text

FILTERS: dict[str, dict[str, Any]] = {
    "status, often": {"among": {"status": ["open"]}},
    "status, seldom": {"among": {"status": ["cancelled"]}},
    "status, several": {"among": {"status": ["closed", "cancelled"]}},
    "payment_status, often": {"among": {"payment_status": ["paid"]}},
    "payment_status, seldom": {"among": {"payment_status": ["partially_paid"]}},
    "payment_status, several": {"among": {"payment_status": ["partially_paid", "refunded"]}},
    "customer_id": {"among": {"customer_id": ["C7"]}},
    "customer_id, several": {"among": {"customer_id": ["C7", "C1100"]}},
    "store_id": {"among": {"store_id": ["store-1"]}},
    "store_id, several": {"among": {"store_id": ["store-1", "store-2"]}},
    "created_at.gte": {"least": {"created_at": NOW - timedelta(days=3)}},
    "created_at.lte": {"most": {"created_at": NOW - timedelta(days=400)}},
    "updated_at.gte": {"least": {"updated_at": NOW - timedelta(days=3)}},
    "updated_at.lte": {"most": {"updated_at": NOW - timedelta(days=400)}},
    "amount.gte": {"least": {"amount": 999_000}},
    "amount.lte": {"most": {"amount": 500_000}},
    "label": {"labels": (("discount_type:periodic",),)},
    "label, seldom": {"labels": (("discount_type:external", "discount_type:employee"),)},
    "order_id": {"labels": (("order_id:00000077",),)},
    "search": {"words": ((Word("han", prefix=True),),)},
    "search, two words": {"words": ((Word("hansen1", prefix=True),), (Word("word7", prefix=True),))},
}
"""As Selection has them."""

SORTS = (("created_at", NOW - timedelta(days=200)), ("updated_at", NOW - timedelta(days=200)), ("amount", 400_000))


@pytest.fixture(scope="module")
def plans_url(database_url: str) -> Iterator[str]:
    """A database with the orders in it."""
    statements = FILL.replace("$1", f"'{NOW.isoformat()}'::timestamptz").split(";")
    with filled_database(database_url, *statements, "vacuum (analyze) orders, order_list, order_words") as url:
        yield url


@pytest.fixture
async def explain(plans_url: str) -> AsyncIterator[Explain]:
    async with explaining(plans_url) as run:
        yield run


def selections(*filters: dict[str, Any]) -> Iterator[Selection]:
    """Every sort, in both directions, from the beginning and from a place."""
    for by, place in SORTS:
        for descending in (True, False):
            for after in (None, (place, "00000500")):
                members: dict[str, Any] = {"among": {}, "least": {}, "most": {}, "labels": (), "words": ()}
                for each in filters:
                    members = {name: _joined(value, each.get(name)) for name, value in members.items()}
                yield Selection(**members, sort=by, descending=descending, after=after)


def _joined(one: Any, other: Any) -> Any:
    if other is None:
        return one
    return one | other if isinstance(one, dict) else one + other


async def plan_of(explain: Explain, selection: Selection) -> dict[str, Any]:
    shape = shape_of("orders", selection)
    place = selection.after or ()
    plan: dict[str, Any] = await explain(page_query(shape), *values_of(ACCOUNT, selection), *place, LIMIT)
    return plan


def test_every_filter_that_a_shape_can_have_is_among_those_that_are_looked_at() -> None:
    """A filter that is added later is added here."""
    shapes = [shape_of("orders", Selection(**members)) for members in FILTERS.values()]
    for member in set(Shape.__struct_fields__) - {"table", "sort", "descending", "after"}:
        assert any(getattr(shape, member) for shape in shapes), member
    named = {name for shape in shapes for name in (*shape.equal, *shape.among, *shape.least, *shape.most)}
    assert named == {"status", "payment_status", "customer_id", "store_id", "created_at", "updated_at", "amount"}


async def test_a_plan_that_reads_a_whole_table_is_seen(explain: Explain) -> None:
    assert whole_tables(await explain("select * from order_list where amount + 0 = 7")) == ["order_list"]
    assert sorted_before_the_limit(await explain("select id from order_list order by amount + 0 limit 10"))


async def test_no_list_with_one_filter_reads_a_whole_table(explain: Explain) -> None:
    for name, members in {"nothing": {}, **FILTERS}.items():
        for selection in selections(members):
            assert whole_tables(await plan_of(explain, selection)) == [], (name, selection)


async def test_no_list_with_two_filters_reads_a_whole_table(explain: Explain) -> None:
    for (name, one), (other_name, other) in combinations(FILTERS.items(), 2):
        for selection in selections(one, other):
            assert whole_tables(await plan_of(explain, selection)) == [], (name, other_name, selection)


async def test_what_lies_near_and_what_is_rare_are_looked_for_along_an_index(explain: Explain) -> None:
    """What is tried before the planner's own way, with and without words."""
    for name, members in FILTERS.items():
        for selection in (*selections(members), *selections(members, FILTERS["search"])):
            shape, place = shape_of("orders", selection), selection.after or ()
            for each in attempts(shape):
                of = near_values_of if each.near else values_of
                plan = await explain(each.query, *of(ACCOUNT, selection), *place, LIMIT)
                assert whole_tables(plan) == [], (name, selection, each.query)


async def test_no_count_reads_a_whole_table(explain: Explain) -> None:
    for (name, one), (other_name, other) in combinations({"nothing": {}, **FILTERS}.items(), 2):
        selection = next(selections(one, other))
        plan = await explain(count_query(shape_of("orders", selection)), *values_of(ACCOUNT, selection))
        assert whole_tables(plan) == [], (name, other_name)


@pytest.mark.parametrize("name", ["nothing", "status, often", "payment_status, often"])
async def test_what_most_orders_have_is_met_on_a_walk_in_the_order_of_the_list(explain: Explain, name: str) -> None:
    """To sort them all would take the longer the more there are."""
    for selection in selections(FILTERS.get(name, {})):
        assert not sorted_before_the_limit(await plan_of(explain, selection)), selection


async def test_a_bound_on_what_the_list_is_sorted_by_is_where_the_walk_begins_or_ends(explain: Explain) -> None:
    for by, _ in SORTS:
        for bound in ("gte", "lte"):
            for selection in selections(FILTERS[f"{by}.{bound}"]):
                if selection.sort == by:
                    assert not sorted_before_the_limit(await plan_of(explain, selection)), selection


async def test_a_stores_and_a_customers_orders_are_walked_from_the_newest(explain: Explain) -> None:
    for name in ("store_id", "customer_id"):
        for selection in selections(FILTERS[name]):
            if selection.sort == "created_at":
                plan = await plan_of(explain, selection)
                assert f"order_list_{name.removesuffix('_id')}" in indexes(plan), selection


async def test_what_few_orders_have_is_found_by_an_index_of_its_own(explain: Explain) -> None:
    wanted = {
        "payment_status, seldom": "order_list_payment_status",
        "label, seldom": "order_words_words",
        "order_id": "order_words_words",
        "search, two words": "order_words_words",
        "customer_id": "order_list_customer",
    }
    for name, index in wanted.items():
        selection = Selection(**FILTERS[name], sort="amount")
        assert index in indexes(await plan_of(explain, selection)), name


async def test_an_order_is_found_by_its_id_and_by_its_number_without_reading_the_others(explain: Explain) -> None:
    by_key = "select version, doc from orders where account_id = $1 and "
    for query, value in ((f"{by_key} id = $2", "00000007"), (f"{by_key} order_id = $2", "N7")):
        assert whole_tables(await explain(query, ACCOUNT, value)) == []
