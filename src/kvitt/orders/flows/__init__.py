"""Load, decide by the rules, commit. `Orders` is the door that other parts come through.

Every write is one Change with its event; a lost race is decided anew.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from msgspec.structs import replace

from kvitt.core.change import Change, Row
from kvitt.core.clock import Clock
from kvitt.core.idempotency import Once
from kvitt.orders.flows import (
    comments,
    completion,
    creation,
    drafts,
    events,
    lists,
    operations,
    orders,
    removal,
    sessions,
)
from kvitt.orders.flows.desk import Desk
from kvitt.orders.flows.export import Exports, Part
from kvitt.orders.model import (
    Draft,
    DraftOptions,
    Item,
    Operation,
    OperationRequest,
    OrderContent,
    OrderRecord,
    Origin,
    Verb,
)
from kvitt.orders.model import Store as Shop
from kvitt.orders.model.events import OrderEvent, ServiceEventRequest
from kvitt.orders.model.sessions import OrderSession, SessionItem, SessionItemRequest
from kvitt.orders.model.updates import CancelRequest, CommentRequest, OrderUpdate
from kvitt.orders.queries import draft_row, find_order, operation_of, order_row
from kvitt.orders.rules import remaining
from kvitt.orders.rules.export import Format
from kvitt.orders.rules.plan import Plan
from kvitt.orders.rules.removal import ORDER_REMOVAL_TASK, REMOVAL_TASK
from kvitt.orders.rules.view import OrderView, shown
from kvitt.store import DueTask, Selection, Store


class Orders:
    """What can be done with drafts and orders. Amounts are minor units of the order's currency.

    `once`: the request's Idempotency-Key.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._desk = Desk(store, clock)
        self._exports = Exports(self._desk)

    def now(self, account_id: str) -> datetime:
        """What time it is for the account."""
        return self._desk.clock(account_id)

    # drafts

    async def draft(self, account_id: str, id: str, include_events: bool = False) -> Draft:
        draft = (await draft_row(self._desk.store, account_id, id)).doc.draft
        return draft if include_events else replace(draft, events=())

    async def create_draft(
        self,
        origin: Origin,
        content: OrderContent,
        options: DraftOptions | None = None,
        shop: Shop | None = None,
        once: Once | None = None,
    ) -> Draft:
        return await drafts.create(self._desk, origin, content, options, shop, once)

    async def drafts(self, account_id: str, selection: Selection, limit: int) -> tuple[Draft, ...]:
        return await drafts.page(self._desk, account_id, selection, limit)

    async def count_drafts(self, account_id: str, selection: Selection) -> int:
        return await drafts.count(self._desk, account_id, selection)

    async def update_draft(
        self,
        origin: Origin,
        id: str,
        content: OrderContent,
        options: DraftOptions | None = None,
        shop: Shop | None = None,
        expected: int | None = None,
        once: Once | None = None,
    ) -> Draft:
        """`options` and `shop` stay as they were when none are given. `expected`: the version that the caller read."""
        return await drafts.update(self._desk, origin, id, content, options, shop, expected, once)

    async def delete_draft(self, origin: Origin, id: str, expected: int | None = None) -> Draft:
        return await drafts.delete(self._desk, origin, id, expected)

    async def add_item(
        self, origin: Origin, draft_id: str, item: Item, expected: int | None = None, once: Once | None = None
    ) -> Draft:
        return await drafts.add_item(self._desk, origin, draft_id, item, expected, once)

    async def update_item(
        self,
        origin: Origin,
        draft_id: str,
        line_id: int,
        item: Item,
        expected: int | None = None,
        once: Once | None = None,
    ) -> Draft:
        return await drafts.update_item(self._desk, origin, draft_id, line_id, item, expected, once)

    async def remove_item(self, origin: Origin, draft_id: str, line_id: int, expected: int | None = None) -> Draft:
        return await drafts.remove_item(self._desk, origin, draft_id, line_id, expected)

    async def complete(
        self, origin: Origin, draft_id: str, once: Once | None = None, expected: int | None = None
    ) -> tuple[OrderView, ...]:
        return await completion.complete(self._desk, origin, draft_id, once, expected)

    async def preview(
        self, origin: Origin, draft_id: str, expected: int | None = None
    ) -> tuple[tuple[OrderView, ...], Plan]:
        """What `complete` would answer now, and what the payments would have to do then."""
        return await completion.preview(self._desk, origin, draft_id, expected)

    def task_handlers(self) -> dict[str, Callable[[DueTask], Awaitable[object]]]:
        return {
            REMOVAL_TASK: partial(removal.remove, self._desk),
            ORDER_REMOVAL_TASK: partial(removal.remove_order, self._desk),
        }

    # orders

    async def order(self, account_id: str, id: str) -> OrderView:
        """By internal id or by order_id, as it is answered."""
        return shown(await self.record(account_id, id))

    async def record(self, account_id: str, id: str) -> OrderRecord:
        """The order as it is kept, with its events."""
        return (await order_row(self._desk.store, account_id, id)).doc

    async def find(self, account_id: str, id: str) -> OrderRecord | None:
        """The same; None when the account has no such order."""
        row = await find_order(self._desk.store, account_id, id)
        return row.doc if row is not None else None

    async def orders(self, account_id: str, selection: Selection, limit: int) -> lists.Page:
        """At most `limit` of the orders that `selection` chooses, in its order; fewer when they are large."""
        return await lists.page(self._desk, account_id, selection, limit)

    async def count_orders(self, account_id: str, selection: Selection) -> int:
        """How many `selection` chooses on all pages. Looks at each of them."""
        return await lists.count(self._desk, account_id, selection)

    def export(self, account_id: str, selection: Selection, form: Format, most: int = 0) -> AsyncGenerator[Part, None]:
        """The orders that `selection` chooses as a file, part by part; `most`: 0 for all of them."""
        return self._exports.parts(account_id, selection, form, most)

    async def create(
        self,
        origin: Origin,
        content: OrderContent,
        options: DraftOptions | None = None,
        shop: Shop | None = None,
        once: Once | None = None,
    ) -> OrderRecord:
        """A new order, as a draft makes one that is completed at once."""
        return await creation.create(self._desk, origin, content, options, shop, once)

    async def update_order(
        self,
        origin: Origin,
        id: str,
        request: OrderUpdate,
        sent: Mapping[str, Any],
        expected: int | None = None,
        once: Once | None = None,
    ) -> OrderRecord:
        """`sent`: the body as it came, of which `request` is what may be changed. `expected`: the version it is of."""
        return await orders.update(self._desk, origin, id, request, sent, expected, once)

    async def cancel(
        self, origin: Origin, id: str, request: CancelRequest, expected: int | None = None, once: Once | None = None
    ) -> OrderRecord:
        return await orders.cancel(self._desk, origin, id, request, expected, once)

    async def close(
        self, origin: Origin, id: str, expected: int | None = None, once: Once | None = None
    ) -> OrderRecord:
        return await orders.close(self._desk, origin, id, expected, once)

    async def open(self, origin: Origin, id: str, expected: int | None = None, once: Once | None = None) -> OrderRecord:
        return await orders.reopen(self._desk, origin, id, expected, once)

    async def comment(
        self, origin: Origin, id: str, request: CommentRequest, expected: int | None = None, once: Once | None = None
    ) -> OrderRecord:
        return await comments.comment(self._desk, origin, id, request, expected, once)

    async def uncomment(self, origin: Origin, id: str, comment_id: str, expected: int | None = None) -> OrderRecord:
        return await comments.uncomment(self._desk, origin, id, comment_id, expected)

    async def report(
        self,
        origin: Origin,
        id: str,
        request: ServiceEventRequest,
        once: Once | None = None,
        expected: int | None = None,
    ) -> OrderEvent:
        """What a service says of the order. `expected`: the version that it read."""
        return await events.report(self._desk, origin, id, request, once, expected)

    # payment operations

    async def operations(self, account_id: str, order_id: str, verb: Verb) -> tuple[Operation, ...]:
        return remaining.operations((await self.record(account_id, order_id)).order, verb)

    async def operation(self, account_id: str, order_id: str, verb: Verb, id: str) -> Operation:
        return operation_of((await self.record(account_id, order_id)).order, verb, id)

    async def register(
        self,
        origin: Origin,
        order_id: str,
        verb: Verb,
        request: OperationRequest,
        once: Once | None = None,
        expected: int | None = None,
    ) -> Operation:
        return await operations.register(self._desk, origin, order_id, verb, request, once, expected)

    # sessions, whose other half is the checkout's: what is decided here is committed together with that

    async def payable(
        self, account_id: str, order_id: str, asked: tuple[SessionItemRequest, ...], expected: int | None = None
    ) -> tuple[Row[OrderRecord], tuple[SessionItem, ...]]:
        """The order, and these lines with the amounts that the customer is to pay. Raises Refusal for no."""
        return await sessions.payable(self._desk, account_id, order_id, asked, expected)

    def with_session(self, origin: Origin, row: Row[OrderRecord], session: OrderSession) -> Change:
        """The order with the session, and its event: for a Change that creates the session too."""
        return sessions.with_session(self._desk, origin, row, session)
