"""The SQL keeps the house's rules: keys and queries name the account; registry, tables and function agree."""

from __future__ import annotations

import ast
import importlib
import itertools
import pkgutil
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

import kvitt.store
from kvitt.core.change import Change
from kvitt.store import pages, read, relist, single
from kvitt.store.tables import CLAIMS, DONE, LISTINGS, LOG, POSTINGS, TABLES, TASKS, arrays

INDEX_EXCEPTIONS = {
    "alembic_version_pkc": "Alembic's own one-row table",
    "installation_pkey": "one row about the database as a whole",
    "groups_pkey": "a group holds Changes of many accounts; with shards, it is per shard",
    "claims_idempotency": "old keys are forgotten over all accounts; it makes nothing unique",
    "order_words_words": "every word begins with its account",
    "transaction_words_words": "every word begins with its account",
    "session_words_words": "every word begins with its account",
    "deliveries_created": "old deliveries are forgotten over all accounts; it makes nothing unique",
    "clocks_moved": "processes ask which clocks moved, over all accounts; it makes nothing unique",
    "notices_due": "the sandbox asks what is due over all accounts; it makes nothing unique",
    "scripts_changed": "processes ask which fault scripts changed, over all accounts; it makes nothing unique",
    "tasks_due": "workers ask what is due over all accounts; it makes nothing unique",
}

QUERY_EXCEPTIONS = {
    "kvitt.store.settle.FENCE": "a group holds Changes of many accounts",
    "kvitt.store.settle.REFUSED": "a group holds Changes of many accounts",
    "kvitt.store.prune.PRUNE": "a group holds Changes of many accounts",
    "kvitt.store.prune.PRUNE_KEYS": "old keys are forgotten over all accounts",
    "kvitt.store.deliveries.FOLLOWERS": "which accounts subscribe, over all of them",
    "kvitt.store.tasks.NEXT_AT": "when anything falls due, over all accounts",
    "kvitt.store.verifying.LEDGER_SINCE": "one row about the database as a whole",
    "kvitt.store.relist.ALL_LISTED": "one row about the database as a whole",
    "kvitt.store.relist.NOW_LISTED": "one row about the database as a whole",
    "kvitt.store.group.COMMIT_GROUP": "the accounts are in the arrays",
}

WRITTEN_ELSEWHERE = {
    "single.py": "made by shape; every shape is checked below",
    "read.py": "made by lookup; every lookup is checked below",
    "pages.py": "made by filter; every table is checked below",
    "lists.py": "made by list; every list is checked below",
    "relist.py": "made by table; every table is checked below",
}

FILTERS = {"among": ("status",), "least": ("created_at",), "most": ("created_at",)}


def _can(table, more):
    """Whether a list of this table may be asked for so."""
    columns = table.columns if table.listing is None else table.listing.columns
    named = {*more.get("among", ()), *more.get("equal", ()), *more.get("least", ()), *more.get("most", ())}
    searched = {"words", "labels"} & more.keys()
    sorts = ("created_at",) if table.listing is None else table.listing.sorts
    return named <= {*columns} and (table.listing or not searched) and more.get("sort", "created_at") in sorts


LISTS = [
    pages.Shape(name, **{"sort": "created_at" if "created_at" in table.columns else "id", **more})
    for name, table in TABLES.items()
    for more in (
        {},
        {"after": True},
        {**FILTERS, "after": True, "descending": False},
        {"words": 1, "after": True},
        {"labels": 2, "words": 1, "after": True},
        {**FILTERS, "equal": ("customer_id",), "words": 1, "after": True},
        {"sort": "updated_at", "most": ("created_at",), "after": True},
    )
    if _can(table, more)
]
"""Each table's list: its first page, one behind a place, and one with every kind of filter."""

SQL = re.compile(r"\b(select\b.+\bfrom|insert\s+into|update\s+\w+|delete\s+from)\b", re.IGNORECASE | re.DOTALL)


def _modules():
    for found in pkgutil.iter_modules(kvitt.store.__path__, "kvitt.store."):
        if not found.ispkg:
            yield importlib.import_module(found.name)


def _queries() -> dict[str, str]:
    """Every named query of the store, and every one that it makes."""
    queries: dict[str, str] = {}
    for module in _modules():
        for name, text in vars(module).items():
            looks_so = isinstance(text, str) and re.match(r"\s*(with|select|insert|update|delete)\b", text)
            if name.isupper() and looks_so and text not in queries.values():  # a constant that was imported counts once
                queries[f"{module.__name__}.{name}"] = text
    for table in TABLES:
        queries[f"single changed {table}"] = single.statement(((table,), False, (), *[False] * 4, ()))
        queries[f"single new {table}"] = single.statement(((), False, (table,), *[False] * 4, ()))
        queries[f"relist {table}"] = relist.next_documents(table)
    for table in LISTINGS:
        queries[f"single listed {table}"] = single.statement(((), False, (), *[False] * 4, (table,)))
    for claims, *rest in itertools.product((True, False), repeat=5):
        if claims or any(rest):
            queries[f"single {claims} {rest}"] = single.statement(((), claims, (), *rest, ()))
    lookups = [(table.name, column) for table in TABLES.values() for column in ("id", *table.found_by)]
    for lookup in (*lookups, ("claims", "key")):
        for n, text in enumerate(read._statements(lookup)):
            queries[f"read {lookup} {n}"] = text
    for shape in LISTS:
        queries[f"page {shape}"] = pages.page_query(shape)
        queries[f"count {shape}"] = pages.count_query(shape)
        if TABLES[shape.table].listing is not None:
            queries |= {f"{n} {shape}": each.query for n, each in enumerate(pages.attempts(shape))}
    return queries


@pytest.mark.parametrize(("name", "text"), _queries().items(), ids=_queries())
def test_every_query_names_the_account(name, text):
    if name in QUERY_EXCEPTIONS:
        return
    assert "account_id" in text, f"{name} does not name account_id: {text}"


def test_every_part_of_a_commit_that_goes_alone_filters_or_writes_the_account():
    statement = single.statement((tuple(TABLES), True, tuple(TABLES), *[True] * 4, tuple(LISTINGS)))
    for part in re.split(r"(?<=\)), (?=\w+ as \()", statement):
        if "insert into groups" not in part:
            assert "account_id" in part, part


def test_no_query_hides_where_it_is_not_checked():
    """SQL stands in named constants with a sentence each, or in the few modules that make it."""
    for path in Path(kvitt.store.__file__).parent.glob("*.py"):
        if path.name in WRITTEN_ELSEWHERE or path.name in ("migrate.py", "embedded.py"):
            continue
        tree = ast.parse(path.read_text())
        named = {
            id(part)
            for statement in tree.body
            if isinstance(statement, ast.Assign) and statement.targets[0].id.isupper()
            for part in ast.walk(statement)
        }
        prose = {
            id(node.value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in named | prose:
                assert not SQL.search(node.value), f"{path.name}:{node.lineno}: name this query: {node.value}"


async def test_every_key_begins_with_the_account_and_every_unique_index_contains_it(raw):
    indexes = await raw.fetch(
        """select c.relname as name, i.indisunique as is_unique, i.indkey[0] as first,
                  array(select a.attname from pg_attribute a
                        where a.attrelid = i.indrelid and a.attnum = any (i.indkey::int2[])) as columns,
                  (select a.attname from pg_attribute a
                   where a.attrelid = i.indrelid and a.attnum = i.indkey[0]) as begins
           from pg_index i join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
           where n.nspname in ('public', 'sandbox')"""
    )
    assert len(indexes) > 15
    wrong = [
        index["name"]
        for index in indexes
        if index["name"] not in INDEX_EXCEPTIONS
        and (index["begins"] != "account_id" or (index["is_unique"] and "account_id" not in index["columns"]))
    ]
    assert wrong == []
    assert set(INDEX_EXCEPTIONS) <= {index["name"] for index in indexes}  # no exception outlives its reason


async def test_every_table_has_a_key(raw):
    without = await raw.fetch(
        """select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
           where n.nspname in ('public', 'sandbox') and c.relkind = 'r'
             and not exists (select from pg_index i where i.indrelid = c.oid and i.indisprimary)"""
    )
    assert without == []


async def _columns(raw, table: str) -> dict[str, str]:
    rows = await raw.fetch(
        """select attname, format_type(atttypid, null) as type from pg_attribute
           where attrelid = $1::text::regclass and attnum > 0 and not attisdropped order by attnum""",
        table,
    )
    short = {"integer": "int", "timestamp with time zone": "timestamptz"}
    return {row["attname"]: short.get(row["type"], row["type"]) for row in rows}


@pytest.mark.parametrize("table", TABLES)
async def test_the_registry_says_what_columns_a_table_of_documents_has(raw, table):
    common = {"account_id": "text", "id": "text", "version": "int", "doc": "text"}
    assert list((await _columns(raw, table)).items()) == list((common | TABLES[table].columns).items())


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        ("claims", CLAIMS),
        ("log", LOG),
        ("tasks", TASKS),
        ("tasks", DONE),
        ("postings", POSTINGS),
        *[(listing.name, listing.columns) for listing in LISTINGS.values()],
        *[
            (listing.words, {"words": "tsvector", **{key: listing.columns[key] for key in listing.sorts}})
            for listing in LISTINGS.values()
        ],
    ],
)
async def test_the_registry_knows_the_other_tables_columns(raw, table, columns):
    assert columns.items() <= (await _columns(raw, table)).items()


async def test_the_registry_equals_the_parameters_of_the_function(raw):
    names, types = await raw.fetchrow(
        "select proargnames::text[], array(select format_type(t, null) from unnest(proargtypes::oid[]) t) "
        "from pg_proc where proname = 'commit_group_v4'"
    )
    short = {"integer[]": "int[]", "timestamp with time zone[]": "timestamptz[]"}
    assert list(zip(names, [short.get(type, type) for type in types], strict=True)) == list(arrays().items())
    assert len(names) <= 100, "PostgreSQL allows a function no more parameters"


@pytest.mark.parametrize("table", TABLES)
async def test_what_lists_and_lookups_use_has_an_index_and_what_changes_has_none(raw, table):
    indexes = await raw.fetch("select indexdef from pg_indexes where schemaname = 'public' and tablename = $1", table)
    indexed = {re.search(r"\((.*?)\)", row["indexdef"]).group(1) for row in indexes}
    wanted = {"account_id, id", *(f"account_id, {column}" for column in TABLES[table].found_by)}
    if table == "settings":
        wanted.add("account_id")  # of those rows alone that say who subscribes
    if "created_at" in TABLES[table].columns and TABLES[table].listing is None:
        wanted.add("account_id, created_at")
    assert indexed == wanted  # an index on a column that changes would end updates within a page (HOT)


async def test_tables_that_are_updated_leave_room_in_their_pages(raw):
    options = await raw.fetch("select relname, reloptions from pg_class where relname = any ($1)", [*TABLES, "tasks"])
    assert {row["relname"] for row in options if "fillfactor=70" in (row["reloptions"] or [])} == {*TABLES, "tasks"}


async def test_people_can_query_documents_as_json(store, shelf, raw):
    await store.commit(Change(puts=(shelf.put("a", note="Stablestol"),)))
    for table in TABLES:
        await raw.fetch(f"select doc -> 'id' from {table}_json where account_id = $1", shelf.account_id)  # noqa: S608
    found = await raw.fetchval(
        "select doc ->> 'note' from orders_json where account_id = $1 and id = 'a'", shelf.account_id
    )
    assert found == "Stablestol"


def test_serving_never_imports_the_migrations():
    code = "import kvitt.store, sys; print(sorted({'alembic', 'sqlalchemy', 'psycopg2'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "shape", [s for s in LISTS if s.sort == "created_at" and not s.words and not s.labels], ids=str
)
async def test_a_page_is_read_from_an_index_in_its_order(raw, shape):
    """No scan of the table, and no sort of more than what is equally old."""
    at, id = datetime(2026, 7, 1, tzinfo=UTC), "0b0e5a52-4f0b-4a58-9d6f-0b4a7c2a6f10"
    bounds = [["open", "closed"]] * len(shape.among) + [at] * len(shape.least + shape.most)
    values = ["T00000000", *bounds, *((at, id) if shape.after else ()), 10]
    async with raw.transaction():
        await raw.execute(
            "set local enable_seqscan = off; set local enable_sort = off; set local enable_bitmapscan = off"
        )
        lines = await raw.fetch(f"explain {pages.page_query(shape)}", *values)
    text = "\n".join(line[0] for line in lines)
    plan = [line for line in text.splitlines() if "->" in line or not line.startswith(" ")]
    listing_of = TABLES[shape.table].listing
    assert f"{listing_of.name if listing_of else shape.table}_created" in text, text
    assert not any("Seq Scan" in line or line.strip(" ->").startswith("Sort") for line in plan), text
    if shape.after:
        assert "created_at" in next(line for line in text.splitlines() if "Index Cond" in line), text
