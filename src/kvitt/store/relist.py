"""Lists documents that were made before there were lists. Only the features can read documents, so they say how."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import asyncpg
import msgspec

from kvitt.core.change import Kind
from kvitt.store.line import COMMON
from kvitt.store.tables import LISTED, ORDER_LIST, TABLES, WORDS, words_as_text

TOGETHER = 500

ALL_LISTED = "select listed from installation"
NOW_LISTED = "update installation set listed = true"
NEXT = """
select account_id, id, doc from orders
where (account_id, id) > ($1, $2) order by account_id, id limit $3
"""
LIST = f"""
insert into order_list ({", ".join(LISTED)})
select * from unnest({", ".join(f"${n}::{type}[]" for n, type in enumerate(LISTED.values(), 1))})
on conflict (account_id, id) do update set {", ".join(f"{column} = excluded.{column}" for column in ORDER_LIST.columns)}
where order_list.updated_at < excluded.updated_at
"""  # noqa: S608  our own columns
FIND = f"""
insert into order_words (account_id, id, words)
select a, i, array_to_tsvector(string_to_array(w, chr(31)))
from unnest({", ".join(f"${n}::{type}[]" for n, type in enumerate(WORDS.values(), 1))}) as u(a, i, w)
on conflict (account_id, id) do nothing
"""  # noqa: S608  our own columns


async def relist(
    database_url: str, kind: Kind[Any], tell: Callable[[int], object] | None = None, *, again: bool = False
) -> int:
    """Lists what has no row in its list, or an older one, and answers how many documents it looked at.

    Done once, unless `again`: a server of an older release may have written since. What is listed as it is stays, so
    servers may write meanwhile, and a run that was cut off is done again. `tell` hears how many were looked at.
    """
    if TABLES[kind.table].listing is None or kind.listed is None or kind.words is None:
        raise ValueError(f"{kind.table} have no list")
    connection = await asyncpg.connect(database_url, server_settings=COMMON)
    try:
        if not again and await connection.fetchval(ALL_LISTED):
            return 0
        decoder = msgspec.json.Decoder(kind.type)
        seen, place = 0, ("", "")
        while rows := await connection.fetch(NEXT, *place, TOGETHER):
            documents = [(row[0], row[1], decoder.decode(row[2])) for row in rows]
            listed = [(account_id, id, *kind.listed(doc)) for account_id, id, doc in documents]
            words = [(account_id, id, words_as_text(account_id, kind.words(doc))) for account_id, id, doc in documents]
            async with connection.transaction():
                await connection.execute(LIST, *zip(*listed, strict=True))
                await connection.execute(FIND, *zip(*words, strict=True))
            seen, place = seen + len(rows), (rows[-1][0], rows[-1][1])
            if tell is not None:
                tell(seen)
        await connection.execute(NOW_LISTED)
        return seen
    finally:
        await connection.close()
