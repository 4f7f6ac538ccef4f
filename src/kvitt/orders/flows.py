"""Load, decide by the rules, commit. Every write is one Change with its event; a lost race is decided anew."""

from __future__ import annotations

from kvitt.core.change import Change, Claim, Row
from kvitt.core.clock import Clock
from kvitt.core.errors import problem
from kvitt.core.idempotency import Once
from kvitt.core.ids import new_order_number, new_uuid
from kvitt.orders.model import (
    DRAFTS,
    ORDERS,
    Draft,
    DraftOptions,
    DraftRecord,
    Operation,
    OperationRequest,
    Order,
    OrderContent,
    OrderRecord,
    Origin,
    Verb,
)
from kvitt.orders.model import Store as Shop
from kvitt.orders.queries import draft_row, find_order, operation_of, order_row
from kvitt.orders.rules.completion import added_lines, check_addition, check_new, new_order
from kvitt.orders.rules.drafts import new_draft
from kvitt.orders.rules.history import draft_event, order_event
from kvitt.orders.rules.operations import register
from kvitt.orders.rules.options import Numbering, numbering
from kvitt.orders.rules.refusals import InvalidDraft, OrderIdTaken
from kvitt.orders.rules.remaining import operations
from kvitt.store import Store


class Orders:
    """What can be done with drafts and orders. Amounts are minor units of the order's currency.

    `once`: the request's Idempotency-Key.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def draft(self, account_id: str, id: str) -> Draft:
        return (await draft_row(self._store, account_id, id)).doc.draft

    async def order(self, account_id: str, id: str) -> Order:
        """By internal id or by order_id."""
        return (await order_row(self._store, account_id, id)).doc.order

    async def operations(self, account_id: str, order_id: str, verb: Verb) -> tuple[Operation, ...]:
        return operations(await self.order(account_id, order_id), verb)

    async def operation(self, account_id: str, order_id: str, verb: Verb, id: str) -> Operation:
        return operation_of(await self.order(account_id, order_id), verb, id)

    async def create_draft(
        self,
        origin: Origin,
        content: OrderContent,
        options: DraftOptions | None = None,
        shop: Shop | None = None,
        once: Once | None = None,
    ) -> Draft:
        """A new draft. Refused already here when it could not be completed as things stand, but for having no items."""
        id = new_uuid()

        async def decide() -> tuple[Change, Draft]:
            now = self._clock(origin.account_id)
            source = numbering(content.order_id, options)
            number = new_order_number() if source is Numbering.RESERVED else None
            record = new_draft(content, options, shop, id=id, now=now, by=origin.subject, reserved_number=number)
            draft = record.draft
            if source is Numbering.EXISTING_ORDER:
                target = await self._target(origin.account_id, draft)
                check_addition(target.doc, draft.order, options)
            else:
                check_new(draft.order.items)
            if source is Numbering.CALLER:
                await self._refuse_taken(origin.account_id, draft)
            change = Change(
                puts=(DRAFTS.put(origin.account_id, id, record),),
                claims=(_number_claim(origin.account_id, number, id),) if number else (),
                events=(draft_event(origin, "draft.created", draft, id=new_uuid(), now=now),),
            )
            return change, draft

        return await self._store.decide(decide, once=once)

    async def complete(self, origin: Origin, draft_id: str, once: Once | None = None) -> tuple[Order, ...]:
        """The orders that the draft became or added to. Completed again it answers the same ones, as they are now."""

        async def decide() -> tuple[Change, tuple[Order, ...]]:
            row = await draft_row(self._store, origin.account_id, draft_id)
            if row.doc.draft.status == "completed":
                rows = [await order_row(self._store, origin.account_id, id) for id in row.doc.order_ids]
                return Change(), tuple(found.doc.order for found in rows)
            source = numbering(row.doc.draft.order.order_id, row.doc.draft.options)
            if source is Numbering.EXISTING_ORDER:
                return await self._add_lines(origin, row)
            return await self._make_order(origin, row, source)

        return await self._store.decide(decide, on=(origin.account_id, draft_id), once=once)

    async def register(
        self, origin: Origin, order_id: str, verb: Verb, request: OperationRequest, once: Once | None = None
    ) -> Operation:
        """An authorization, a capture, a refund or a cancellation on the order."""
        id = new_uuid()

        async def decide() -> tuple[Change, Operation]:
            row = await order_row(self._store, origin.account_id, order_id)
            now = self._clock(origin.account_id)
            record, operation = register(
                row.doc, verb, request, id=id, now=now, by=origin.subject, version=row.version + 1
            )
            order = record.order
            event = order_event(
                origin, f"order.{verb.noun}_added", order, id=new_uuid(), now=now, verb=verb, operation=operation
            )
            change = Change(puts=(ORDERS.put(origin.account_id, order.id, record, row.version),), events=(event,))
            return change, operation

        return await self._store.decide(decide, on=(origin.account_id, order_id), once=once)

    async def _make_order(
        self, origin: Origin, row: Row[DraftRecord], source: Numbering
    ) -> tuple[Change, tuple[Order, ...]]:
        """A number is taken in the same Change that makes the order, so none is lost on an order that was not made."""
        account_id, now, id = origin.account_id, self._clock(origin.account_id), new_uuid()
        match source:
            case Numbering.ON_COMPLETION:
                number = new_order_number()
            case Numbering.CALLER:
                await self._refuse_taken(account_id, row.doc.draft)
                number = row.doc.draft.order.order_id or id
            case _:
                number = row.doc.draft.order.order_id or id
        claims = () if source is Numbering.RESERVED else (_number_claim(account_id, number, id),)
        draft_record, order_record = new_order(row.doc, id=id, number=number, now=now, by=origin.subject)
        return self._completion(origin, row, draft_record, order_record, 0, claims)

    async def _add_lines(self, origin: Origin, row: Row[DraftRecord]) -> tuple[Change, tuple[Order, ...]]:
        target = await self._target(origin.account_id, row.doc.draft)
        draft_record, order_record = added_lines(
            row.doc, target.doc, version=target.version + 1, now=self._clock(origin.account_id)
        )
        return self._completion(origin, row, draft_record, order_record, target.version, ())

    def _completion(
        self,
        origin: Origin,
        row: Row[DraftRecord],
        draft_record: DraftRecord,
        order_record: OrderRecord,
        order_version: int,
        claims: tuple[Claim, ...],
    ) -> tuple[Change, tuple[Order, ...]]:
        draft, order = draft_record.draft, order_record.order
        now = draft.updated_at
        type = "order.lines_added" if order_version else "order.created"
        change = Change(
            puts=(
                DRAFTS.put(origin.account_id, draft.id, draft_record, row.version),
                ORDERS.put(origin.account_id, order.id, order_record, order_version),
            ),
            claims=claims,
            events=(
                draft_event(origin, "draft.completed", draft, id=new_uuid(), now=now),
                order_event(origin, type, order, id=new_uuid(), now=now, draft_id=draft.id),
            ),
        )
        return change, (order,)

    async def _target(self, account_id: str, draft: Draft) -> Row[OrderRecord]:
        """The existing order that options.order_id names."""
        order_id = draft.options.order_id if draft.options is not None else None
        row = await find_order(self._store, account_id, order_id) if order_id is not None else None
        if row is None:
            message = f"there is no order {order_id}"
            raise InvalidDraft(message, problem(message, "options.order_id"))
        return row

    async def _refuse_taken(self, account_id: str, draft: Draft) -> None:
        """Another order has the number, or is found by it because it is its id."""
        number = draft.order.order_id
        if number is None:
            return
        claimed = await self._store.claimed(account_id, f"order_id:{number}")
        if claimed is not None or await find_order(self._store, account_id, number) is not None:
            message = f"order_id {number} is taken by another order"
            raise OrderIdTaken(message, problem(message, "order.order_id"))


def _number_claim(account_id: str, number: str, value: str) -> Claim:
    """One order per number and account; `value` is the order's id, or the draft's that reserved the number."""
    return Claim(account_id, f"order_id:{number}", value)
