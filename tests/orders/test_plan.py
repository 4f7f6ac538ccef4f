"""What an edit asks of the payments: figures worked by hand, and generated orders whose plan is carried out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from kvitt.core.errors import Refusal
from kvitt.orders.model import OrderRecord, Verb
from kvitt.orders.rules.plan import Plan, Planned, PlannedItem, plan
from kvitt.orders.rules.remaining import amount_of, received, reversible

AUTHORIZE, CAPTURE, REFUND, CANCEL = Verb.AUTHORIZE, Verb.CAPTURE, Verb.REFUND, Verb.CANCEL


def amounts(planned: Planned) -> dict[int, int]:
    return {item.line_id: item.amount for item in planned.items}


def figures(made: Plan) -> tuple[Any, ...]:
    return tuple((part.amount, amounts(part)) for part in (made.authorize, made.capture, made.refund))


def carried_out(kit: Any, record: OrderRecord, made: Plan, name: str = "plan") -> OrderRecord:
    """Registers all that the plan says, in its order. `name`: the id of its authorization."""
    for verb, planned in ((AUTHORIZE, made.authorize), (CAPTURE, made.capture), (REFUND, made.refund)):
        named = name if record.multiple_authorizations and verb is CAPTURE else None
        for of, parts in _by_authorization(planned.items, named):
            id = name if verb is AUTHORIZE else f"{name}-{verb}-{of}"
            record, _ = kit.operate(record, verb, *parts, id=id, authorization_id=of)
    return record


def _by_authorization(
    items: Iterable[PlannedItem], named: str | None
) -> list[tuple[str | None, list[tuple[int, int]]]]:
    groups: dict[str | None, list[tuple[int, int]]] = {}
    for item in items:
        groups.setdefault(item.authorization_id or named, []).append((item.line_id, item.amount))
    return list(groups.items())


NOTHING = (0, {})


@pytest.fixture
def paid(kit):
    """An order of one chair, 39800, authorized and captured."""
    return kit.after(kit.order(kit.line(1, 39800)), (AUTHORIZE, (1, 39800)), (CAPTURE, (1, 39800)))


def test_a_new_order_is_authorized_whole_and_nothing_is_captured(kit):
    record = kit.order(kit.line(1, 35800), kit.line(2, 24900), kit.reversal(3, -800, of=2))
    assert figures(plan(None, record)) == ((59900, {1: 35800, 2: 24900, 3: -800}), NOTHING, NOTHING)
    assert plan(None, record).authorize.items[0].covered is None


def test_an_equal_price_moves_no_money(kit, paid):
    """§8.1 of the reference, figure by figure."""
    after = kit.add(paid, kit.reversal(2, -39800, of=1), kit.line(3, 39800))
    made = plan(paid, after)
    assert figures(made) == ((0, {2: -39800, 3: 39800}), (0, {2: -39800, 3: 39800}), NOTHING)
    assert made.authorize.items[1].covered == 39800
    done = carried_out(kit, after, made).order
    assert (done.net_amount, amount_of(done.captures), done.payment_status) == (39800, 39800, "paid")


def test_a_cheaper_price_is_refunded_without_a_line_for_it(kit, paid):
    after = kit.add(paid, kit.reversal(2, -39800, of=1), kit.line(3, 38800))
    made = plan(paid, after)
    assert figures(made) == ((0, {2: -38800, 3: 38800}), (0, {2: -38800, 3: 38800}), (1000, {1: 1000}))
    done = carried_out(kit, after, made)
    assert (done.order.net_amount, received(done.order)) == (38800, 38800)


def test_a_refund_line_is_captured_like_any_other_as_the_guide_does(kit, paid):
    """§8.2: the line of 1000 is sold, and refunded afterwards."""
    after = kit.add(paid, kit.reversal(2, -39800, of=1), kit.line(3, 38800), kit.line(4, 1000))
    made = plan(paid, after)
    lines = {2: -39800, 3: 38800, 4: 1000}
    assert figures(made) == ((0, lines), (0, lines), NOTHING)
    done = kit.after(carried_out(kit, after, made), (REFUND, (4, 1000))).order
    assert (done.net_amount, amount_of(done.captures), amount_of(done.refunds)) == (39800, 39800, 1000)


def test_a_dearer_price_needs_the_difference_and_says_what_is_covered(kit):
    """§8.3: 39800 of the new line is paid by the old payment, 10000 by another."""
    before = kit.order(kit.line(1, 39800), multiple=True)
    before, first = kit.operate(before, AUTHORIZE, (1, 39800), id="first")
    before, _ = kit.operate(before, CAPTURE, (1, 39800), authorization_id=first.id)
    after = kit.add(before, kit.reversal(2, -39800, of=1), kit.line(3, 49800))
    made = plan(before, after)
    assert figures(made) == ((10000, {2: -39800, 3: 49800}), (10000, {2: -39800, 3: 49800}), NOTHING)
    assert made.authorize.items[1].covered == 39800
    assert received(carried_out(kit, after, made).order) == 49800

    back, _ = kit.operate(after, AUTHORIZE, (2, -39800), id="back")
    back, _ = kit.operate(back, CAPTURE, (2, -39800), authorization_id="back")
    for id, amount in (("A", 39800), ("B", 10000)):
        back, _ = kit.operate(back, AUTHORIZE, (3, amount), id=id)
        back, _ = kit.operate(back, CAPTURE, (3, amount), authorization_id=id)
    assert (received(back.order), back.order.payment_status) == (49800, "paid")


def test_an_edit_before_the_capture_keeps_the_live_authorization(kit):
    before = kit.after(kit.order(kit.line(1, 39800)), (AUTHORIZE, (1, 39800)))
    equal = kit.add(before, kit.reversal(2, -39800, of=1), kit.line(3, 39800))
    assert figures(plan(before, equal)) == ((0, {2: -39800, 3: 39800}), NOTHING, NOTHING)
    dearer = kit.add(before, kit.reversal(2, -39800, of=1), kit.line(3, 49800))
    assert figures(plan(before, dearer)) == ((10000, {2: -39800, 3: 49800}), NOTHING, NOTHING)
    cheaper = kit.add(before, kit.reversal(2, -39800, of=1), kit.line(3, 38800))
    assert figures(plan(before, cheaper)) == ((-1000, {2: -39800, 3: 38800}), NOTHING, NOTHING)


def test_what_was_captured_covers_before_what_is_only_authorized(kit):
    before = kit.after(kit.order(kit.line(1, 100)), (AUTHORIZE, (1, 100)), (CAPTURE, (1, 60)))
    after = kit.add(before, kit.reversal(2, -100, of=1), kit.line(3, 80))
    made = plan(before, after)
    assert figures(made) == ((-20, {2: -100, 3: 80}), (0, {2: -60, 3: 60}), NOTHING)
    assert made.authorize.items[1].covered == 80


def test_an_item_added_and_taken_back_before_it_is_paid_for_gives_nothing_back(kit, paid):
    """Nobody paid for the second item, so nobody is owed its price."""
    added = kit.add(paid, kit.line(2, 500))
    taken_back = kit.add(added, kit.reversal(3, -500, of=2))
    assert figures(plan(added, taken_back)) == (NOTHING, NOTHING, NOTHING)


def test_taking_back_a_paid_line_and_selling_nothing_is_a_refund(kit, paid):
    after = kit.add(paid, kit.reversal(2, -39800, of=1))
    assert figures(plan(paid, after)) == (NOTHING, NOTHING, (39800, {1: 39800}))


def test_a_deduction_that_names_no_line_is_given_back_by_capturing_it(kit, paid):
    after = kit.add(paid, kit.reversal(2, -800))
    made = plan(paid, after)
    assert figures(made) == ((-800, {2: -800}), (-800, {2: -800}), NOTHING)
    assert received(carried_out(kit, after, made).order) == 39000


def test_a_refund_names_the_authorizations_that_brought_the_money(kit):
    before = kit.order(kit.line(1, 100), multiple=True)
    for id, amount in (("A", 70), ("B", 30)):
        before, _ = kit.operate(before, AUTHORIZE, (1, amount), id=id)
        before, _ = kit.operate(before, CAPTURE, (1, amount), authorization_id=id)
    after = kit.add(before, kit.reversal(2, -90, of=1))
    made = plan(before, after)
    assert [(item.authorization_id, item.amount) for item in made.refund.items] == [("A", 70), ("B", 20)]
    assert received(carried_out(kit, after, made).order) == 10


steps = st.lists(
    st.tuples(st.sampled_from([AUTHORIZE, CAPTURE, CAPTURE, REFUND, CANCEL]), st.integers(0, 4), st.integers(1, 60)),
    max_size=8,
)
edits = st.lists(
    st.one_of(
        st.tuples(st.just("back"), st.integers(0, 3), st.integers(1, 60)),
        st.tuples(st.just("new"), st.just(0), st.integers(1, 60)),
        st.tuples(st.just("off"), st.just(0), st.integers(1, 20)),
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lines=st.lists(st.integers(20, 60), min_size=1, max_size=3),
    multiple=st.booleans(),
    whole=st.booleans(),
    history=steps,
    rounds=st.lists(edits, min_size=1, max_size=3),
)
def test_a_plan_can_be_carried_out_and_leaves_the_order_paid_as_it_was(kit, lines, multiple, whole, history, rounds):
    """Whatever happened before: nothing in a plan is refused. An order that was paid in full is so afterwards."""
    record = kit.order(*[kit.line(id, amount) for id, amount in enumerate(lines, start=1)], multiple=multiple)
    if whole:
        record = carried_out(kit, record, plan(None, record))
        parts = [(item.line_id, item.net) for item in record.order.items]
        record, _ = kit.operate(record, CAPTURE, *parts, id="c", authorization_id="plan" if multiple else None)
    else:
        record = _lived(kit, record, history)
    for number, edit in enumerate(rounds):
        settled = received(record.order) == record.order.net_amount and whole
        after = _edited(kit, record, edit)
        if after is None:
            continue
        made = plan(record, after)
        before, record = record, carried_out(kit, after, made, f"plan-{number}")
        promised = _promised(record) - _promised(before)
        assert promised == made.authorize.amount
        assert received(record.order) - received(before.order) == made.capture.amount - made.refund.amount
        if settled:
            assert received(record.order) == record.order.net_amount
            assert made.capture.amount <= 0 or made.refund.amount == 0
            event("a paid order was edited")
        event(f"moves: {[part.amount != 0 for part in (made.authorize, made.capture, made.refund)]}")


def _promised(record: OrderRecord) -> int:
    return amount_of(record.order.authorizations)


def _lived(kit: Any, record: OrderRecord, history: list[tuple[Verb, int, int]]) -> OrderRecord:
    for number, (verb, which, amount) in enumerate(history):
        items = record.order.items
        known = [done.id for done in record.order.authorizations]
        of = known[which % len(known)] if known and record.multiple_authorizations and verb is not AUTHORIZE else None
        try:
            record, _ = kit.operate(
                record, verb, (items[which % len(items)].line_id, amount), id=str(number), authorization_id=of
            )
        except Refusal:
            continue
    return record


def _edited(kit: Any, record: OrderRecord, edit: list[tuple[str, int, int]]) -> OrderRecord | None:
    rest, next_id = reversible(record.order), len(record.order.items) + 1
    lines = []
    for what, which, amount in edit:
        if what == "back":
            target = sorted(rest)[which % len(rest)]
            part = min(amount, rest[target])
            if part <= 0:
                continue
            rest[target] -= part
            lines.append(kit.reversal(next_id, -part, of=target))
        else:
            lines.append(kit.line(next_id, amount) if what == "new" else kit.reversal(next_id, -amount))
        next_id += 1
    try:
        return kit.add(record, *lines) if lines else None
    except Refusal:
        return None
