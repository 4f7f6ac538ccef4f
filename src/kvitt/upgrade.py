"""Brings a database up to date: its tables, and what only the features can do to what stands in them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from kvitt.checkout.model.session import SESSIONS
from kvitt.checkout.model.transaction import TRANSACTIONS
from kvitt.orders.model import ORDERS
from kvitt.store.migrate import migrate
from kvitt.store.relist import relist


def bring_up_to_date(
    database_url: str, tell: Callable[[str], object] | None = None, *, thoroughly: bool = False
) -> tuple[str | None, str]:
    """(revision found, revision now). Cut off in the middle, it goes on when it runs again. `tell` hears of long work.

    `thoroughly`: also where it was done before. Servers of an older release that still ran then wrote without listing.
    """

    def listed(documents: int) -> None:
        if tell is not None and documents % 10_000 == 0:
            tell(f"{documents:,} orders, sessions and transactions listed")

    revisions = migrate(database_url)
    asyncio.run(relist(database_url, (ORDERS, SESSIONS, TRANSACTIONS), listed, again=thoroughly))
    return revisions
