"""Making an order without a draft: what a draft says, checked and numbered as when one is completed at once."""

from __future__ import annotations

from kvitt.core.change import Change
from kvitt.core.idempotency import Once
from kvitt.core.ids import new_uuid
from kvitt.orders.flows.desk import Desk
from kvitt.orders.flows.numbers import take_numbers
from kvitt.orders.model import ORDERS, DraftOptions, OrderContent, OrderRecord, Origin
from kvitt.orders.model import Store as Shop
from kvitt.orders.rules.completion import new_order
from kvitt.orders.rules.direct import direct_options, without_draft
from kvitt.orders.rules.drafts import new_draft
from kvitt.orders.rules.history import recorded
from kvitt.orders.rules.removal import order_timer


async def create(
    desk: Desk,
    origin: Origin,
    content: OrderContent,
    options: DraftOptions | None,
    shop: Shop | None,
    once: Once | None,
) -> OrderRecord:
    """The order, its number and its event, in one Change. No draft is kept."""
    account_id, id = origin.account_id, new_uuid()
    chosen = direct_options(options)

    async def decide() -> tuple[Change, OrderRecord]:
        now = desk.clock(account_id)
        draft = new_draft(content, chosen, shop, id=id, now=now, by=origin.subject)
        (number,), claims = await take_numbers(desk, account_id, draft.draft, (id,), taker)
        _, made = new_order(draft, id=id, number=number, now=now, by=origin.subject)
        record, event = recorded(origin, "order.created", without_draft(made), id=new_uuid(), now=now)
        change = Change(
            puts=(ORDERS.put(account_id, id, record),),
            claims=claims,
            events=(event,),
            tasks=order_timer(account_id, id, draft.expires_at),
        )
        return change, record

    async with desk.serials.taker(desk.store, account_id) as taker:
        return await desk.store.decide(decide, once=once)
