"""Making drafts."""

from __future__ import annotations

from kvitt.core.change import Change
from kvitt.core.idempotency import Once
from kvitt.core.ids import new_order_number, new_uuid
from kvitt.orders.flows.desk import Desk
from kvitt.orders.flows.numbers import number_claim, refuse_taken, target_of
from kvitt.orders.model import DRAFTS, Draft, DraftOptions, OrderContent, Origin
from kvitt.orders.model import Store as Shop
from kvitt.orders.rules.completion import check_addition, check_new
from kvitt.orders.rules.drafts import new_draft
from kvitt.orders.rules.history import draft_event
from kvitt.orders.rules.options import Numbering, numbering


async def create(
    desk: Desk,
    origin: Origin,
    content: OrderContent,
    options: DraftOptions | None = None,
    shop: Shop | None = None,
    once: Once | None = None,
) -> Draft:
    """A new draft. Refused already here when it could not be completed as things stand, but for having no items."""
    id = new_uuid()

    async def decide() -> tuple[Change, Draft]:
        now = desk.clock(origin.account_id)
        source = numbering(content.order_id, options)
        number = new_order_number() if source is Numbering.RESERVED else None
        record = new_draft(content, options, shop, id=id, now=now, by=origin.subject, reserved_number=number)
        draft = record.draft
        if source is Numbering.EXISTING_ORDER:
            target = await target_of(desk, origin.account_id, draft)
            check_addition(target.doc, draft.order, options)
        else:
            check_new(draft.order.items)
        if source is Numbering.CALLER:
            await refuse_taken(desk, origin.account_id, draft)
        change = Change(
            puts=(DRAFTS.put(origin.account_id, id, record),),
            claims=(number_claim(origin.account_id, number, id),) if number else (),
            events=(draft_event(origin, "draft.created", draft, id=new_uuid(), now=now),),
        )
        return change, draft

    return await desk.store.decide(decide, once=once)
