"""Orders made by the rules alone, and the bodies that shops send."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from kvitt.core.change import Change
from kvitt.core.ids import new_uuids
from kvitt.orders.model import (
    ORDERS,
    DraftOptions,
    DraftRecord,
    Operation,
    OperationRequest,
    OrderContent,
    OrderRecord,
    Origin,
    Verb,
)
from kvitt.orders.rules.completion import added_lines, new_order
from kvitt.orders.rules.drafts import new_draft
from kvitt.orders.rules.operations import register
from kvitt.store import Store as Shelf

NOW = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)


def line(line_id: int, gross: int, **more: Any) -> dict[str, Any]:
    body = {"line_id": line_id, "id": f"sku-{line_id}", "gross_amount": gross, "tax_lines": []}
    return body | more


def reversal(line_id: int, gross: int, of: int | None = None, **more: Any) -> dict[str, Any]:
    related = {"related_item": {"line_id": of, "type": "reversed"}} if of is not None else {}
    return line(line_id, gross, reversed_reason="Replace item", **related, **more)


def draft(*lines: dict[str, Any], options: dict[str, Any] | None = None, **order: Any) -> DraftRecord:
    content = msgspec.convert({"currency": "NOK", "items": list(lines), **order}, OrderContent)
    chosen = msgspec.convert(options, DraftOptions) if options is not None else None
    return new_draft(content, chosen, None, id="draft-1", now=NOW, by="client")


def completed(record: DraftRecord) -> OrderRecord:
    return new_order(record, id="order-1", number="N", now=NOW, by="client")[1]


def order(*lines: dict[str, Any], multiple: bool = False) -> OrderRecord:
    return completed(draft(*lines, options={"multiple_authorizations": True} if multiple else None))


def add(record: OrderRecord, *lines: dict[str, Any], options: dict[str, Any] | None = None) -> OrderRecord:
    added = draft(*lines, options={"order_id": "N"} | (options or {}))
    return added_lines(added, record, version=record.order.version + 1, now=NOW)[1]


def operate(
    record: OrderRecord,
    verb: Verb,
    *parts: tuple[int, int],
    id: str = "operation",
    authorization_id: str | None = None,
    success: bool | None = None,
) -> tuple[OrderRecord, Operation]:
    """`parts`: (line_id, amount)."""
    body: dict[str, Any] = {"items": [{"line_id": line_id, "amount": amount} for line_id, amount in parts]}
    if authorization_id is not None:
        body["authorization_id"] = authorization_id
    if success is not None:
        body["success"] = success
    request = msgspec.convert(body, OperationRequest)
    return register(record, verb, request, id=id, now=NOW, by="client", version=record.order.version + 1)


class Kit:
    """The helpers above, as tests get them: modules of tests cannot import each other."""

    now = NOW
    line = staticmethod(line)
    reversal = staticmethod(reversal)
    draft = staticmethod(draft)
    completed = staticmethod(completed)
    order = staticmethod(order)
    add = staticmethod(add)
    operate = staticmethod(operate)

    @staticmethod
    def after(record: OrderRecord, *steps: tuple[Any, ...]) -> OrderRecord:
        """`steps`: (verb, (line_id, amount), ...)."""
        for verb, *parts in steps:
            record, _ = operate(record, verb, *parts)
        return record


@pytest.fixture(scope="session")
def kit() -> type[Kit]:
    return Kit


@pytest.fixture
def made(store: Shelf, write_orders: Callable[..., Any]) -> Callable[..., Awaitable[list[OrderRecord]]]:
    """Writes many orders into the tests' database."""
    return partial(write_orders, store)


@pytest.fixture
def write_orders(account_id: str) -> Callable[..., Awaitable[list[OrderRecord]]]:
    """Writes many orders at once. `at`: when each was made; all at the same moment without it."""

    async def make(
        store: Shelf, /, count: int, at: Sequence[datetime] | None = None, **members: Any
    ) -> list[OrderRecord]:
        record = completed(draft(line(1, 1000, description="Kaffe"), **members))
        records = []
        for n, id in enumerate(new_uuids(count)):
            moment = at[n] if at is not None else NOW
            order = replace(record.order, id=id, order_id=f"{n}", created_at=moment, updated_at=moment)
            records.append(replace(record, order=order))
        for start in range(0, count, 200):
            puts = tuple(ORDERS.put(account_id, r.order.id, r) for r in records[start : start + 200])
            await store.commit(Change(puts=puts))
        return records

    return make


@pytest.fixture
def origin(account_id: str) -> Callable[..., Origin]:
    def make(body: bytes = b"{}", account: str = account_id) -> Origin:
        return Origin(
            account_id=account,
            subject="0e4a1c4e-9b8a-4a57-8c62-5a9e0f6f2a11",
            client_id="client",
            method="POST",
            path="/v1/accounts/.../shopping/...",
            body=body,
        )

    return make


@pytest.fixture
def journey_draft() -> dict[str, Any]:
    """The draft of the guide "Using Orders and Checkout together"."""
    return {
        "options": {"generate_order_id": "ALPHANUMERIC_9"},
        "order": {
            "currency": "NOK",
            "items": [
                {
                    "id": "175938",
                    "line_id": 1,
                    "quantity": 2,
                    "gross_amount": 39800,
                    "tax_lines": [{"amount": 7960, "percentage": 25}],
                    "description": "Stablestol for utendørsbruk",
                    "description_alias": "Stablestol",
                }
            ],
        },
    }
