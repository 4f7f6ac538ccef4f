"""What shops ask of the order service: each a body as it comes over HTTP, and the flow that answers it.

The reference goes as the body that the log keeps, so that every effect is found again by it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from kvitt.core.idempotency import Once
from kvitt.orders.flows import Orders
from kvitt.orders.model import Item, OperationRequest, Origin, Verb
from kvitt.orders.model.events import ServiceEventRequest
from kvitt.orders.model.updates import CancelRequest, CommentRequest, OrderUpdate
from kvitt.orders.rules.view import shown
from kvitt.orders.wire import CompletedDraft, DraftRequest

from .requests import CLIENT, Request

if TYPE_CHECKING:
    from .server import Server

T = TypeVar("T")

DRAFT_KINDS = ("create_draft", "update_draft", "add_item", "update_item", "remove_item", "delete_draft", "get_draft")
"""Answered with a draft."""
ORDER_KINDS = (
    "create_order", "update_order", "cancel_order", "close_order", "open_order", "comment", "uncomment", "get_order",
)  # fmt: skip
"""Answered with an order."""
OF_DRAFTS = (*DRAFT_KINDS, "complete_draft", "preview")
"""Those that name a draft's version."""
READS = ("get_draft", "get_order", "preview")
KINDS = (*DRAFT_KINDS, *ORDER_KINDS, "complete_draft", "preview", "report", *(verb.value for verb in Verb))


def _request(
    kind: str,
    account_id: str,
    reference: str,
    call: Callable[[Orders, Origin, Once | None], Awaitable[T]],
    *,
    about: str = "",
    expected: int | None = None,
    shape: Callable[[T], Any] = lambda made: made,
    takes_key: bool = True,
) -> Request:
    where = Origin(
        account_id=account_id,
        subject=CLIENT,
        client_id="shop",
        method="POST",
        path=f"/{kind}/{about}",
        body=reference.encode(),
    )

    async def flow(server: Server, key: Once | None) -> Any:
        return shape(await call(server.orders, where, key))

    return Request(kind, account_id, flow, reference, about, shape=shape, takes_key=takes_key, expected=expected)


# drafts


def create_draft(account_id: str, body: Any, reference: str) -> Request:
    asked = msgspec.convert(body, DraftRequest)
    return _request(
        "create_draft",
        account_id,
        reference,
        lambda orders, where, key: orders.create_draft(where, asked.order, asked.options, asked.store, key),
    )


def update_draft(account_id: str, id: str, body: Any, expected: int | None, reference: str) -> Request:
    asked = msgspec.convert(body, DraftRequest)
    return _request(
        "update_draft",
        account_id,
        reference,
        lambda orders, where, key: orders.update_draft(
            where, id, asked.order, asked.options, asked.store, expected, key
        ),
        about=id,
        expected=expected,
    )


def add_item(account_id: str, id: str, line: Any, expected: int | None, reference: str) -> Request:
    item = msgspec.convert(line, Item)
    return _request(
        "add_item",
        account_id,
        reference,
        lambda orders, where, key: orders.add_item(where, id, item, expected, key),
        about=id,
        expected=expected,
    )


def update_item(account_id: str, id: str, line: Any, expected: int | None, reference: str) -> Request:
    item = msgspec.convert(line, Item)
    return _request(
        "update_item",
        account_id,
        reference,
        lambda orders, where, key: orders.update_item(where, id, item.line_id, item, expected, key),
        about=id,
        expected=expected,
    )


def remove_item(account_id: str, id: str, line_id: int, expected: int | None, reference: str) -> Request:
    return _request(
        "remove_item",
        account_id,
        reference,
        lambda orders, where, _: orders.remove_item(where, id, line_id, expected),
        about=id,
        expected=expected,
        takes_key=False,
    )


def delete_draft(account_id: str, id: str, expected: int | None, reference: str) -> Request:
    return _request(
        "delete_draft",
        account_id,
        reference,
        lambda orders, where, _: orders.delete_draft(where, id, expected),
        about=id,
        expected=expected,
        takes_key=False,
    )


def get_draft(account_id: str, id: str, reference: str) -> Request:
    return _request(
        "get_draft",
        account_id,
        reference,
        lambda orders, _, __: orders.draft(account_id, id, include_events=True),
        about=id,
        takes_key=False,
    )


def complete_draft(account_id: str, id: str, expected: int | None, reference: str) -> Request:
    return _request(
        "complete_draft",
        account_id,
        reference,
        lambda orders, where, key: orders.complete(where, id, key, expected),
        about=id,
        expected=expected,
        shape=CompletedDraft,
    )


def preview(account_id: str, id: str, expected: int, reference: str) -> Request:
    return _request(
        "preview",
        account_id,
        reference,
        lambda orders, where, _: orders.preview(where, id, expected),
        about=id,
        expected=expected,
        shape=lambda made: CompletedDraft(made[0], dry_run=True, plan=made[1]),
        takes_key=False,
    )


# orders


def create_order(account_id: str, body: Any, reference: str) -> Request:
    asked = msgspec.convert(body, DraftRequest)
    return _request(
        "create_order",
        account_id,
        reference,
        lambda orders, where, key: orders.create(where, asked.order, asked.options, asked.store, key),
        shape=shown,
    )


def update_order(account_id: str, name: str, body: Any, expected: int | None, reference: str) -> Request:
    asked = msgspec.convert(body, OrderUpdate)
    return _request(
        "update_order",
        account_id,
        reference,
        lambda orders, where, key: orders.update_order(where, name, asked, body, expected, key),
        about=name,
        expected=expected,
        shape=shown,
    )


def cancel_order(account_id: str, name: str, expected: int | None, reference: str) -> Request:
    asked = CancelRequest(reason="customer")
    return _request(
        "cancel_order",
        account_id,
        reference,
        lambda orders, where, key: orders.cancel(where, name, asked, expected, key),
        about=name,
        expected=expected,
        shape=shown,
    )


def close_order(account_id: str, name: str, expected: int | None, reference: str) -> Request:
    return _request(
        "close_order",
        account_id,
        reference,
        lambda orders, where, key: orders.close(where, name, expected, key),
        about=name,
        expected=expected,
        shape=shown,
    )


def open_order(account_id: str, name: str, expected: int | None, reference: str) -> Request:
    return _request(
        "open_order",
        account_id,
        reference,
        lambda orders, where, key: orders.open(where, name, expected, key),
        about=name,
        expected=expected,
        shape=shown,
    )


def comment(account_id: str, name: str, expected: int | None, reference: str) -> Request:
    asked = CommentRequest(text=reference)
    return _request(
        "comment",
        account_id,
        reference,
        lambda orders, where, key: orders.comment(where, name, asked, expected, key),
        about=name,
        expected=expected,
        shape=shown,
    )


def uncomment(account_id: str, name: str, comment_id: str, expected: int | None, reference: str) -> Request:
    return _request(
        "uncomment",
        account_id,
        reference,
        lambda orders, where, _: orders.uncomment(where, name, comment_id, expected),
        about=name,
        expected=expected,
        shape=shown,
        takes_key=False,
    )


def report(account_id: str, name: str, service: str, state: str, reference: str) -> Request:
    asked = msgspec.convert({"service": service, "service_status": reference, "state": state}, ServiceEventRequest)
    return _request(
        "report",
        account_id,
        reference,
        lambda orders, where, key: orders.report(where, name, asked, once=key),
        about=name,
    )


def get_order(account_id: str, name: str, reference: str) -> Request:
    return _request(
        "get_order",
        account_id,
        reference,
        lambda orders, _, __: orders.record(account_id, name),
        about=name,
        shape=lambda record: shown(record, include_events=True),
        takes_key=False,
    )


def register(account_id: str, name: str, verb: Verb, body: Any, expected: int | None, reference: str) -> Request:
    asked = msgspec.convert({**body, "processed_by": reference}, OperationRequest)
    return _request(
        verb.value,
        account_id,
        reference,
        lambda orders, where, key: orders.register(where, name, verb, asked, key, expected),
        about=name,
        expected=expected,
    )
