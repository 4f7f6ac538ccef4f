"""An order's row in the list, and what it is found by: compared with what its document says.

Of the words only that there are some is looked at: which ones, follows from the whole document, and nothing but a
search depends on them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from kvitt.verify.documents import ListedDocument, read_listed
from kvitt.verify.report import Fault

_COLUMNS = ("created_at", "updated_at", "amount", "status", "payment_status", "customer_id", "store_id")


def list_faults(doc: str, listed: Sequence[Any], found_by: Sequence[Any]) -> Iterator[Fault]:
    """`listed`: the rows of the list, each account_id, id and the columns. `found_by`: those of the words."""
    if not listed:
        yield Fault("its row in the list", "one", None)
    if not found_by:
        yield Fault("what it is found by", "its words", None)
    try:
        expected = _expected(read_listed(doc))
    except msgspec.DecodeError:
        return  # told already, as the order's own fault
    for row in listed:
        for column, says, found in zip(_COLUMNS, expected, row[2:], strict=True):
            if says != found:
                yield Fault(f"{column} in the list", _shown(says), _shown(found))


def _expected(document: ListedDocument) -> tuple[Any, ...]:
    """A removed order is in no list: a status of null keeps it out, and nothing tells whose it was."""
    order = document.order
    facts = (order.created_at, order.updated_at, order.net_amount)
    if document.removed:
        return (*facts, None, None, None, None)
    customer, store = order.customer, order.store
    customer_id = (customer.id or customer.customer_id or None) if customer is not None else None
    return (*facts, order.status, order.payment_status, customer_id, store.id if store is not None else None)


def _shown(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value
