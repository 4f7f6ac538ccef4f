"""A document's row in its list, and what it is found by: compared with what the document says.

Of labels only those that every document has are looked at, of words only that there are some: which ones, follows from
the whole document, and nothing but a list depends on them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from kvitt.verify.documents import (
    ListedDocument,
    ListedTransaction,
    SessionPart,
    read_listed,
    read_listed_transaction,
    read_session,
)
from kvitt.verify.report import Fault

Facts = dict[str, Any]
"""By column of the list, in its order, what stands there. `labels`: those that are among them."""


def order_list_faults(doc: str, listed: Sequence[Any], found_by: Sequence[Any]) -> Iterator[Fault]:
    """`listed`: the rows of the list, each account_id, id and the columns. `found_by`: those of the words."""
    try:
        yield from _faults(_of_order(read_listed(doc)), listed, found_by)
    except msgspec.DecodeError:
        return  # told already, as the document's own fault


def transaction_list_faults(doc: str, listed: Sequence[Any], found_by: Sequence[Any]) -> Iterator[Fault]:
    """As of orders."""
    try:
        yield from _faults(_of_transaction(read_listed_transaction(doc).transaction), listed, found_by)
    except msgspec.DecodeError:
        return


def session_list_faults(doc: str, listed: Sequence[Any], found_by: Sequence[Any]) -> Iterator[Fault]:
    """As of orders."""
    try:
        yield from _faults(_of_session(read_session(doc).session), listed, found_by)
    except msgspec.DecodeError:
        return


def _faults(expected: Facts, listed: Sequence[Any], found_by: Sequence[Any]) -> Iterator[Fault]:
    if not listed:
        yield Fault("its row in the list", "one", None)
    if not found_by:
        yield Fault("what it is found by", "its words", None)
    for row in listed:
        for (column, says), found in zip(expected.items(), row[2:], strict=True):
            if column == "labels":
                yield from (Fault("labels in the list", label, None) for label in says if label not in (found or ()))
            elif says != found:
                yield Fault(f"{column} in the list", _shown(says), _shown(found))


def _of_order(document: ListedDocument) -> Facts:
    """A removed order is in no list: a status of null keeps it out, and nothing tells whose it was."""
    order = document.order
    facts: Facts = {
        "created_at": order.created_at, "updated_at": order.updated_at, "amount": order.net_amount, "status": None,
        "payment_status": None, "customer_id": None, "store_id": None,
    }  # fmt: skip
    if document.removed:
        return facts
    customer, store = order.customer, order.store
    return facts | {
        "status": order.status,
        "payment_status": order.payment_status,
        "customer_id": (customer.id or customer.customer_id or None) if customer is not None else None,
        "store_id": store.id if store is not None else None,
    }


def _of_transaction(transaction: ListedTransaction) -> Facts:
    times = {
        name: max((each.created_at for each in transaction.events if each.event == name and each.success), default=None)
        for name in ("CAPTURE", "REFUND")
    }
    return {
        "created_at": transaction.created_at,
        "amount": transaction.amount,
        "status": transaction.status,
        "captured_at": times["CAPTURE"],
        "refunded_at": times["REFUND"],
        "labels": [
            f"{name}:{getattr(transaction, name)}" for name in ("id", "session_id", "currency", "payment_product_type")
        ],
    }


def _of_session(session: SessionPart) -> Facts:
    return {"created_at": session.created_at, "labels": [f"id:{session.id}"]}


def _shown(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value
