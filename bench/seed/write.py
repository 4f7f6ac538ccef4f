"""Many Changes that make new rows, written by COPY in one transaction: the rows that `commit` would have written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import asyncpg
from msgspec import structs

from kvitt.core.change import Change, Put
from kvitt.store import Movement
from kvitt.store.lists import lexemes
from kvitt.store.tables import POSTINGS, TABLES

_LOG = ("account_id", "epoch", "id", "type", "object_type", "object_id", "version", "created_at", "data")
_WORDS = (
    "create temporary table if not exists seeded_words (account_id text, id text, words text[]) on commit delete rows"
)

_SUMS = {"authorize": "authorized", "capture": "captured", "refund": "refunded", "void": "voided"}
"""By verb, the sum of a payment that a movement counts in."""

_SETTINGS = {
    "application_name": "kvitt seed",
    "timezone": "UTC",
    "jit": "off",
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",  # the machine may be put to sleep in the middle
    "synchronous_commit": "off",  # the last batches may be lost in a crash, whole: they are made anew
    "gin_pending_list_limit": "65536",
    "work_mem": "64MB",
}


async def connect(database_url: str) -> Any:
    connection = await asyncpg.connect(database_url, server_settings=_SETTINGS)
    await connection.execute(_WORDS)
    return connection


async def write(connection: Any, changes: Sequence[Change], movements: Sequence[Movement] = ()) -> None:
    """All or nothing. The account's rows must not be there yet; tasks are left out. `movements`: of the sandbox."""
    puts: dict[str, list[Put]] = defaultdict(list)
    for change in changes:
        for put in change.puts:
            puts[put.table].append(put)
    claims = [(claim.account_id, claim.key, claim.value) for change in changes for claim in change.claims]
    async with connection.transaction():
        epoch = await connection.fetchval("select epoch from installation")
        for table, found in puts.items():
            await _write_documents(connection, table, found)
        await connection.copy_records_to_table("claims", records=claims, columns=("account_id", "key", "value"))
        await connection.copy_records_to_table("log", records=_entries(changes, epoch), columns=_LOG)
        if movements:
            postings = [structs.astuple(posting) for change in changes for posting in change.postings]
            await connection.copy_records_to_table("postings", records=postings, columns=(*POSTINGS,))
            await _write_books(connection, movements)


async def _write_books(connection: Any, movements: Sequence[Movement]) -> None:
    """The movements, and the sums of each payment."""
    columns = Movement.__struct_fields__
    rows = [structs.astuple(movement) for movement in movements]
    await connection.copy_records_to_table("movements", schema_name="sandbox", records=rows, columns=columns)
    sums: dict[str, dict[str, Any]] = {}
    for each in movements:
        if each.outcome != "done":
            continue
        first = {"account_id": each.account_id, "payment_id": each.payment_id, "currency": each.currency}
        payment = sums.setdefault(each.payment_id, first | dict.fromkeys(_SUMS.values(), 0) | {"expires_at": None})
        payment[_SUMS[each.verb]] += each.amount
        if each.verb == "authorize":
            payment["expires_at"] = each.expires_at
            payment["captured"] += each.amount if each.final else 0
    payments = [tuple(payment.values()) for payment in sums.values()]
    columns = tuple(next(iter(sums.values()))) if sums else ()
    if payments:
        await connection.copy_records_to_table("payments", schema_name="sandbox", records=payments, columns=columns)


async def _write_documents(connection: Any, name: str, puts: Sequence[Put]) -> None:
    table = TABLES[name]
    columns = ("account_id", "id", "version", "doc", *table.columns)
    rows = [(put.account_id, put.id, put.version + 1, put.doc, *put.columns) for put in puts]
    await connection.copy_records_to_table(name, records=rows, columns=columns)
    if table.listing is None:
        return
    listed = [(put.account_id, put.id, *put.listed) for put in puts]
    columns = ("account_id", "id", *table.listing.columns)
    await connection.copy_records_to_table(table.listing.name, records=listed, columns=columns)
    found_by = [(put.account_id, put.id, lexemes(put.account_id, put.words or ())) for put in puts]
    await connection.copy_records_to_table("seeded_words", records=found_by, columns=("account_id", "id", "words"))
    keys = ", ".join(table.listing.sorts)
    await connection.execute(
        f"insert into {table.listing.words} (account_id, id, words, {keys}) "
        f"select account_id, id, array_to_tsvector(w.words), {keys} "
        f"from seeded_words w join {table.listing.name} using (account_id, id)"
    )
    await connection.execute("delete from seeded_words")


def _entries(changes: Sequence[Change], epoch: int) -> list[tuple[Any, ...]]:
    return [
        (e.account_id, epoch, e.id, e.type, e.object_type, e.object_id, e.version, e.created_at, e.data)
        for change in changes
        for e in change.events
    ]
