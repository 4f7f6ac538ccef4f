"""Load, decide by the rules, commit. `Orders` is the door that other parts come through.

Every write is one Change with its event; a lost race is decided anew.
"""

from __future__ import annotations

from kvitt.core.clock import Clock
from kvitt.core.idempotency import Once
from kvitt.orders.flows import completion, drafts, operations
from kvitt.orders.flows.desk import Desk
from kvitt.orders.model import (
    Draft,
    DraftOptions,
    Operation,
    OperationRequest,
    Order,
    OrderContent,
    Origin,
    Verb,
)
from kvitt.orders.model import Store as Shop
from kvitt.orders.queries import draft_row, operation_of, order_row
from kvitt.orders.rules import remaining
from kvitt.store import Store


class Orders:
    """What can be done with drafts and orders. Amounts are minor units of the order's currency.

    `once`: the request's Idempotency-Key.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._desk = Desk(store, clock)

    # drafts

    async def draft(self, account_id: str, id: str) -> Draft:
        return (await draft_row(self._desk.store, account_id, id)).doc.draft

    async def create_draft(
        self,
        origin: Origin,
        content: OrderContent,
        options: DraftOptions | None = None,
        shop: Shop | None = None,
        once: Once | None = None,
    ) -> Draft:
        return await drafts.create(self._desk, origin, content, options, shop, once)

    async def complete(self, origin: Origin, draft_id: str, once: Once | None = None) -> tuple[Order, ...]:
        return await completion.complete(self._desk, origin, draft_id, once)

    # orders

    async def order(self, account_id: str, id: str) -> Order:
        """By internal id or by order_id."""
        return (await order_row(self._desk.store, account_id, id)).doc.order

    # payment operations

    async def operations(self, account_id: str, order_id: str, verb: Verb) -> tuple[Operation, ...]:
        return remaining.operations(await self.order(account_id, order_id), verb)

    async def operation(self, account_id: str, order_id: str, verb: Verb, id: str) -> Operation:
        return operation_of(await self.order(account_id, order_id), verb, id)

    async def register(
        self, origin: Origin, order_id: str, verb: Verb, request: OperationRequest, once: Once | None = None
    ) -> Operation:
        return await operations.register(self._desk, origin, order_id, verb, request, once)
