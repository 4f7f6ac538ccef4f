"""What a preview shows is what completing then commits, and what the plan says can be carried out: generated orders."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from kvitt.core.errors import Refusal
from kvitt.orders.flows import Orders
from kvitt.orders.model import DraftOptions, OperationRequest, OrderContent, Verb
from kvitt.orders.rules.plan import Plan

lines = st.lists(
    st.tuples(st.sampled_from(["new", "new", "back"]), st.integers(0, 3), st.integers(1, 60), st.sampled_from("ab")),
    min_size=1,
    max_size=4,
)
paid = st.sampled_from(["nothing", "authorized", "captured", "in part"])
changes = st.tuples(st.sampled_from(["add", "add", "replace", "make", "split"]), lines)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=st.lists(st.integers(20, 60), min_size=1, max_size=3), state=paid, then=st.lists(changes, max_size=3))
async def test_what_is_committed_equals_the_preview(kit, store, origin, first, state, then):
    orders = Orders(store, lambda _account_id=None: kit.now)
    content = _content(*[kit.line(id, amount) for id, amount in enumerate(first, start=1)])
    order_id = await _compared(orders, origin, content, None)
    assert order_id is not None
    await _pay(orders, origin, order_id, state)
    for what, asked in then:
        target = {"order_id": order_id} if what in ("add", "replace") else {}
        options = {"replace": "order"} if what == "replace" else {"split_draft": True} if what == "split" else {}
        start = len((await orders.order(origin().account_id, order_id)).items) if what == "add" else 0
        made = [
            kit.line(start + n, amount, store={"id": shop})
            if sign == "new"
            else kit.reversal(start + n, -amount, of=1 + which % max(1, start + n - 1), store={"id": shop})
            for n, (sign, which, amount, shop) in enumerate(asked, start=1)
        ]
        await _compared(orders, origin, _content(*made), DraftOptions(**target, **options))
        event(what)


def _content(*made: dict[str, Any]) -> OrderContent:
    return msgspec.convert({"currency": "NOK", "items": list(made)}, OrderContent)


async def _compared(orders: Orders, origin: Any, content: OrderContent, options: DraftOptions | None) -> str | None:
    """Answers the first order's id; None when the draft was refused. Carries the plan out when that is one order's."""
    try:
        draft = await orders.create_draft(origin(), content, options)
    except Refusal:
        return None
    before = await orders.draft(origin().account_id, draft.id)
    seen, plan = await orders.preview(origin(), draft.id)
    assert await orders.draft(origin().account_id, draft.id) == before
    committed = await orders.complete(origin(), draft.id)
    assert seen == committed
    if options is not None and options.order_id is not None:
        await _carry_out(orders, origin, committed[0].id, plan)
    assert plan.authorize.amount == sum(item.amount for item in plan.authorize.items)
    return committed[0].id


async def _pay(orders: Orders, origin: Any, order_id: str, state: str) -> None:
    order = await orders.order(origin().account_id, order_id)
    whole = [(item.line_id, item.net) for item in order.items]
    if state != "nothing":
        await orders.register(origin(), order_id, Verb.AUTHORIZE, _request(whole))
    if state in ("captured", "in part"):
        await orders.register(origin(), order_id, Verb.CAPTURE, _request(whole[:1] if state == "in part" else whole))


async def _carry_out(orders: Orders, origin: Any, order_id: str, plan: Plan) -> None:
    for verb, planned in ((Verb.AUTHORIZE, plan.authorize), (Verb.CAPTURE, plan.capture), (Verb.REFUND, plan.refund)):
        if planned.items:
            parts = [(item.line_id, item.amount) for item in planned.items]
            operation = await orders.register(origin(), order_id, verb, _request(parts))
            assert operation.amount == planned.amount


def _request(parts: list[tuple[int, int]]) -> OperationRequest:
    items = [{"line_id": line_id, "amount": amount} for line_id, amount in parts]
    return msgspec.convert({"items": items}, OperationRequest)
