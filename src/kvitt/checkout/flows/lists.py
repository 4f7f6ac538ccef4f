"""Pages of transactions and of sessions, the newest first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

import msgspec

from kvitt.checkout.flows.desk import Desk
from kvitt.checkout.model.session import SESSIONS, SessionRecord
from kvitt.checkout.model.transaction import TRANSACTIONS, TransactionRecord
from kvitt.core.change import Kind
from kvitt.core.paging import fault
from kvitt.store import Selection

MOST_SIZE = 32_000_000
"""A page ends with the object with which it has so many characters of JSON: a hundred of the largest that a shop may
make would be several times that, and everybody would wait for them."""
FIRST_STEP = 10
"""Documents that are read before it is known how large they are."""

D = TypeVar("D", bound=msgspec.Struct)
Place = tuple[datetime, str]
"""When a document was made, and its id."""


async def transactions(
    desk: Desk, account_id: str, selection: Selection, limit: int, starting_after: str | None
) -> list[TransactionRecord]:
    """Raises InvalidRequest when `starting_after` is no transaction of the account."""
    return await _page(desk, TRANSACTIONS, account_id, selection, limit, starting_after, _transaction_place)


async def sessions(
    desk: Desk, account_id: str, selection: Selection, limit: int, starting_after: str | None
) -> list[SessionRecord]:
    """Raises InvalidRequest when `starting_after` is no session of the account."""
    labels = [await _by_session(desk, account_id, group) for group in selection.labels]
    selection = msgspec.structs.replace(selection, labels=tuple(labels))
    return await _page(desk, SESSIONS, account_id, selection, limit, starting_after, _session_place)


async def _by_session(desk: Desk, account_id: str, group: Sequence[str]) -> tuple[str, ...]:
    """Labels of transactions as those of their sessions, whose lists do not hear of it when they are paid."""
    found: list[str] = []
    for label in group:
        id = label.removeprefix("transaction_id:")
        row = None if id == label else await desk.store.get(TRANSACTIONS, account_id, id)
        found.append(label if row is None else f"id:{row.doc.transaction.session_id}")
    return tuple(found)


async def _page(
    desk: Desk,
    kind: Kind[D],
    account_id: str,
    selection: Selection,
    limit: int,
    starting_after: str | None,
    place_of: Callable[[D], Place],
) -> list[D]:
    if starting_after is not None:
        last = await desk.store.get(kind, account_id, starting_after)
        if last is None:
            raise fault(f"starting_after: {starting_after!r} is none of the account's {kind.table}")
        selection = msgspec.structs.replace(selection, after=place_of(last.doc))
    found: list[D] = []
    size, step = 0, min(limit, FIRST_STEP)
    while step > 0:
        rows = await desk.store.page(kind, account_id, selection, step, MOST_SIZE - size)
        found += [row.doc for row in rows]
        size += sum(row.size for row in rows)
        if len(rows) < step:
            break
        selection = msgspec.structs.replace(selection, after=place_of(found[-1]))
        step = min(limit - len(found), max(MOST_SIZE - size, 0) * len(found) // max(size, 1))
    return found


def _transaction_place(record: TransactionRecord) -> Place:
    return record.transaction.created_at, record.transaction.id


def _session_place(record: SessionRecord) -> Place:
    return record.session.created_at, record.session.id
