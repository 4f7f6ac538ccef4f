"""Authorizations, captures, refunds, cancellations: one rule, and the documented examples figure by figure."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from kvitt.orders.model import Verb
from kvitt.orders.rules import refusals
from kvitt.orders.rules.remaining import left, reversible, sums
from kvitt.orders.rules.status import payment_status, status

AUTHORIZE, CAPTURE, REFUND, CANCEL = Verb.AUTHORIZE, Verb.CAPTURE, Verb.REFUND, Verb.CANCEL


def test_an_operation_adds_up_its_items_and_carries_no_authorization_id_by_default(kit):
    record, operation = kit.operate(kit.order(kit.line(1, 300), kit.line(2, 50)), AUTHORIZE, (1, 300), (2, 50))
    assert (operation.amount, operation.success, operation.links) == (350, True, ())
    assert operation.authorization_id is None
    assert record.order.authorizations == (operation,)
    _, capture = kit.operate(record, CAPTURE, (1, 300), authorization_id="anything")
    assert capture.authorization_id is None


MALFORMED = [
    ("a line the order does not have", [(9, 100)], refusals.UnknownLine, "items.0.line_id"),
    ("the same line twice", [(1, 50), (1, 50)], refusals.DuplicateLine, "items.0.line_id"),
    ("nothing of a line", [(1, 0)], refusals.WrongSign, "items.0.amount"),
    ("the other sign", [(1, -100)], refusals.WrongSign, "items.0.amount"),
    ("positive on a reversal line", [(2, 40)], refusals.WrongSign, "items.0.amount"),
    ("something of a free line", [(3, 1)], refusals.WrongSign, "items.0.amount"),
]


@pytest.mark.parametrize("verb", list(Verb))
@pytest.mark.parametrize(("parts", "refusal", "path"), [m[1:] for m in MALFORMED], ids=[m[0] for m in MALFORMED])
def test_a_malformed_operation_is_refused_with_400_by_its_path(kit, verb, parts, refusal, path):
    record = kit.order(kit.line(1, 1000), kit.reversal(2, -40, of=1), kit.line(3, 0))
    with pytest.raises(refusal) as refused:
        kit.operate(record, verb, *parts)
    assert refused.value.status == 400
    assert refused.value.problems[0].path == path


def test_a_free_line_may_be_named_with_nothing(kit):
    record = kit.order(kit.line(1, 100), kit.line(2, 0))
    record = kit.after(record, (AUTHORIZE, (1, 100), (2, 0)), (CAPTURE, (1, 100), (2, 0)), (REFUND, (1, 100), (2, 0)))
    assert record.order.payment_status == "refunded"


BREACHES = [
    ("authorize beyond the line", AUTHORIZE, (1, 1001), refusals.ExceedsLine, 1000),
    ("capture beyond the authorization", CAPTURE, (2, 701), refusals.ExceedsAuthorized, 700),
    ("capture what was not authorized", CAPTURE, (1, 1), refusals.ExceedsAuthorized, 0),
    ("capture what was cancelled", CAPTURE, (3, 301), refusals.ExceedsAuthorized, 300),
    ("cancel what was captured", CANCEL, (3, 301), refusals.ExceedsAuthorized, 300),
    ("refund beyond the capture", REFUND, (3, 151), refusals.ExceedsCaptured, 150),
    ("refund what was not captured", REFUND, (2, 1), refusals.ExceedsCaptured, 0),
]


@pytest.mark.parametrize(("verb", "part", "refusal", "rest"), [b[1:] for b in BREACHES], ids=[b[0] for b in BREACHES])
def test_more_than_what_is_left_is_refused_with_409_saying_line_asked_and_left(kit, verb, part, refusal, rest):
    record = kit.after(
        kit.order(kit.line(1, 1000), kit.line(2, 1000), kit.line(3, 1000)),
        (AUTHORIZE, (2, 700), (3, 900)),
        (CAPTURE, (3, 200)),
        (CANCEL, (3, 400)),
        (REFUND, (3, 50)),
    )
    assert left(record)[part[0]].of(verb) == rest
    with pytest.raises(refusal) as refused:
        kit.operate(record, verb, part)
    assert (refused.value.status, refused.value.code) == (409, "CONFLICT")
    fault = refused.value.problems[0]
    assert fault.path == "items.0.amount"
    assert fault.details == {"line_id": part[0], "requested": part[1], "left": rest}
    if rest:
        kit.operate(record, verb, (part[0], rest))


def test_every_line_beyond_is_named(kit):
    record = kit.after(kit.order(kit.line(1, 10), kit.line(2, 10), kit.line(3, 10)), (AUTHORIZE, (1, 10), (2, 10)))
    with pytest.raises(refusals.ExceedsAuthorized) as refused:
        kit.operate(record, CAPTURE, (1, 11), (2, 10), (3, 1))
    assert [fault.path for fault in refused.value.problems] == ["items.0.amount", "items.2.amount"]


def test_without_multiple_authorizations_a_line_is_authorized_once(kit):
    record = kit.after(kit.order(kit.line(1, 1000)), (AUTHORIZE, (1, 400)))
    with pytest.raises(refusals.AlreadyAuthorized):
        kit.operate(record, AUTHORIZE, (1, 600))


def test_what_did_not_succeed_is_recorded_and_changes_no_sum(kit):
    record = kit.after(kit.order(kit.line(1, 1000)), (AUTHORIZE, (1, 1000)), (CAPTURE, (1, 1000)))
    tried = record
    for verb in Verb:
        tried, operation = kit.operate(tried, verb, (1, 5000), success=False)
        assert operation.success is False
    assert [len(o) for o in (tried.order.authorizations, tried.order.captures)] == [2, 2]
    assert [len(o) for o in (tried.order.refunds, tried.order.cancellations)] == [1, 1]
    assert sums(tried.order) == sums(record.order)
    assert left(tried) == left(record)
    assert tried.order.payment_status == "paid"
    with pytest.raises(refusals.UnknownLine):
        kit.operate(record, CAPTURE, (9, 1), success=False)


def test_a_failed_authorization_leaves_room_for_one_that_succeeds(kit):
    record, _ = kit.operate(kit.order(kit.line(1, 1000)), AUTHORIZE, (1, 1000), success=False)
    record = kit.after(record, (AUTHORIZE, (1, 1000)))
    assert left(record)[1].capture == 1000


def test_a_closed_order_takes_refunds_alone_and_a_cancelled_one_no_new_money(kit):
    record = kit.after(kit.order(kit.line(1, 1000)), (AUTHORIZE, (1, 1000)), (CAPTURE, (1, 400)))
    closed = replace(record, order=replace(record.order, closed_at=kit.now, status="closed"))
    cancelled = replace(record, order=replace(record.order, cancelled_at=kit.now, status="cancelled"))
    for state, verb in ((closed, CAPTURE), (closed, CANCEL), (closed, AUTHORIZE), (cancelled, CAPTURE)):
        with pytest.raises(refusals.OrderNotOpen):
            kit.operate(state, verb, (1, 100))
    for state, verb in ((closed, REFUND), (cancelled, REFUND), (cancelled, CANCEL)):
        after, _ = kit.operate(state, verb, (1, 100))
        assert after.order.status == state.order.status == status(after.order)


# -- payment_status ---------------------------------------------------------------------------------------------------

STATUSES = [
    ("nothing happened", [], "pending"),
    ("authorized", [(AUTHORIZE, (1, 600), (2, 400))], "pending"),
    ("captured in part", [(AUTHORIZE, (1, 600)), (CAPTURE, (1, 600))], "partially_paid"),
    ("captured whole", [(AUTHORIZE, (1, 600), (2, 400)), (CAPTURE, (1, 600), (2, 400))], "paid"),
    (
        "captured, the rest cancelled",
        [(AUTHORIZE, (1, 600), (2, 400)), (CAPTURE, (1, 600)), (CANCEL, (2, 400))],
        "paid",
    ),
    ("cancelled in part", [(AUTHORIZE, (1, 600), (2, 400)), (CANCEL, (2, 400))], "pending"),
    ("cancelled whole", [(AUTHORIZE, (1, 600), (2, 400)), (CANCEL, (1, 600), (2, 400))], "pending"),
    (
        "refunded in part",
        [(AUTHORIZE, (1, 600), (2, 400)), (CAPTURE, (1, 600), (2, 400)), (REFUND, (1, 1))],
        "partially_refunded",
    ),
    ("refunded whole", [(AUTHORIZE, (1, 600)), (CAPTURE, (1, 600)), (REFUND, (1, 600))], "refunded"),
]


@pytest.mark.parametrize(("steps", "expected"), [s[1:] for s in STATUSES], ids=[s[0] for s in STATUSES])
def test_payment_status_follows_from_what_happened(kit, steps, expected):
    record = kit.after(kit.order(kit.line(1, 600), kit.line(2, 400)), *steps)
    assert record.order.payment_status == payment_status(record.order) == expected
    assert record.order.status == "open"


def test_an_order_that_costs_nothing_is_paid_at_once(kit):
    assert kit.order(kit.line(1, 0)).order.payment_status == "paid"
    assert kit.order(kit.line(1, 500, discount_lines=[{"amount": 500}])).order.payment_status == "paid"


# -- the documented sequences ----------------------------------------------------------------------------------------


def money(record) -> tuple[int, int, int]:
    """Net, captured, refunded of the order."""
    lines = sums(record.order).values()
    return record.order.net_amount, sum(s.captured for s in lines), sum(s.refunded for s in lines)


def settle(kit, record, *parts):
    return kit.after(record, (AUTHORIZE, *parts), (CAPTURE, *parts))


def test_replacing_an_item_by_one_of_the_same_price_moves_no_money(kit):
    record = settle(kit, kit.order(kit.line(1, 39800)), (1, 39800))
    assert money(record) == (39800, 39800, 0)
    record = kit.add(record, kit.reversal(2, -39800, of=1, quantity=2), kit.line(3, 39800))
    assert money(record) == (39800, 39800, 0)
    assert [item.version for item in record.order.items] == [1, record.order.version, record.order.version]
    record = settle(kit, record, (2, -39800))
    assert money(record) == (39800, 0, 0)
    record = settle(kit, record, (3, 39800))
    assert money(record) == (39800, 39800, 0)
    assert record.order.payment_status == "paid"
    assert left(record)[1].refund == 0, "line 1 was taken back: its money is the new line's now"


def test_replacing_an_item_by_a_cheaper_one_refunds_the_refund_line(kit):
    record = settle(kit, kit.order(kit.line(1, 39800)), (1, 39800))
    record = kit.add(record, kit.reversal(2, -39800, of=1), kit.line(3, 38800), kit.line(4, 1000))
    record = settle(kit, record, (2, -39800))
    record = settle(kit, record, (3, 38800), (4, 1000))
    assert money(record) == (39800, 39800, 0)
    record = kit.after(record, (REFUND, (4, 1000)))
    assert money(record) == (39800, 39800, 1000)
    assert record.order.payment_status == "partially_refunded"


def test_replacing_an_item_by_a_dearer_one_takes_two_authorizations(kit):
    record = kit.order(kit.line(1, 39800), multiple=True)
    record, _ = kit.operate(record, AUTHORIZE, (1, 39800), id="first")
    record, _ = kit.operate(record, CAPTURE, (1, 39800), authorization_id="first")
    record = kit.add(record, kit.reversal(2, -39800, of=1), kit.line(3, 49800))
    record, _ = kit.operate(record, AUTHORIZE, (2, -39800), id="back")
    record, _ = kit.operate(record, CAPTURE, (2, -39800), authorization_id="back")
    record, _ = kit.operate(record, AUTHORIZE, (3, 39800), id="A")
    record, _ = kit.operate(record, CAPTURE, (3, 39800), authorization_id="A")
    assert record.order.payment_status == "partially_paid"
    record, _ = kit.operate(record, AUTHORIZE, (3, 10000), id="B")
    with pytest.raises(refusals.ExceedsAuthorized) as refused:
        kit.operate(record, CAPTURE, (3, 10001), authorization_id="B")
    assert refused.value.problems[0].details == {"line_id": 3, "requested": 10001, "left": 10000}
    record, last = kit.operate(record, CAPTURE, (3, 10000), authorization_id="B")
    assert last.authorization_id == "B"
    assert money(record) == (49800, 49800, 0)
    assert record.order.payment_status == "paid"


def test_with_multiple_authorizations_an_operation_names_a_successful_one(kit):
    record = kit.order(kit.line(1, 49800), multiple=True)
    record, _ = kit.operate(record, AUTHORIZE, (1, 39800), id="A")
    record, _ = kit.operate(record, AUTHORIZE, (1, 10000), id="failed", success=False)
    for verb in (CAPTURE, REFUND, CANCEL):
        with pytest.raises(refusals.AuthorizationRequired) as refused:
            kit.operate(record, verb, (1, 100))
        assert refused.value.status == 400
        for id in ("unknown", "failed"):
            with pytest.raises(refusals.UnknownAuthorization):
                kit.operate(record, verb, (1, 100), authorization_id=id)


def test_several_authorizations_never_exceed_the_line(kit):
    record = kit.order(kit.line(1, 49800), multiple=True)
    record, _ = kit.operate(record, AUTHORIZE, (1, 39800), id="A")
    with pytest.raises(refusals.ExceedsLine):
        kit.operate(record, AUTHORIZE, (1, 10001), id="B")


def test_the_worked_reversal_of_a_discounted_line(kit):
    record = kit.order(kit.line(1, 39800, discount_lines=[{"amount": 4000}]), kit.line(2, 24900))
    record = kit.after(record, (AUTHORIZE, (1, 35800), (2, 24900)), (CAPTURE, (1, 35800)))
    assert record.order.payment_status == "partially_paid"
    record = kit.after(record, (CANCEL, (2, 24900)))
    assert record.order.payment_status == "paid"
    record = kit.add(record, kit.reversal(3, -35800, of=1), kit.line(4, 30000), kit.line(5, 5800))
    assert record.order.net_amount == 60700
    record = settle(kit, record, (3, -35800))
    record = settle(kit, record, (4, 30000), (5, 5800))
    record = kit.after(record, (REFUND, (5, 5800)))
    assert money(record) == (60700, 35800, 5800)
    assert reversible(record.order)[1] == 0


def test_money_of_a_line_goes_back_once_refunded_or_taken_back(kit):
    record = settle(kit, kit.order(kit.line(1, 1000), kit.line(9, 1000)), (1, 1000))
    record = kit.add(record, kit.reversal(2, -1000, of=1))
    refunded = kit.after(record, (REFUND, (1, 300)), (AUTHORIZE, (2, -1000)))
    with pytest.raises(refusals.GivenBackTwice) as refused:
        kit.operate(refunded, CAPTURE, (2, -1000))
    assert refused.value.problems[0].details == {"line_id": 2, "requested": -1000, "left": -700}
    refunded = kit.after(refunded, (CAPTURE, (2, -700)))
    with pytest.raises(refusals.ExceedsCaptured):
        kit.operate(refunded, REFUND, (1, 1))
    taken_back = kit.after(record, (AUTHORIZE, (2, -1000)), (CAPTURE, (2, -900)))
    assert left(taken_back)[1].refund == 100


GIVING_TOO_MUCH = [
    ("taking back what never came in, which may be cancelled then", 1, [], (CAPTURE, (2, -1000))),
    ("more off than comes in, in one capture", 1, [], (CAPTURE, (2, -1000), (3, 500))),
    ("a reduction that names no line, after a refund", None, [(CAPTURE, (1, 1000)), (REFUND, (1, 1000))],
     (CAPTURE, (2, -1000))),
    ("a refund after a reduction that names no line", None, [(CAPTURE, (1, 1000), (2, -1000))], (REFUND, (1, 1000))),
]  # fmt: skip


@pytest.mark.parametrize(
    ("of", "before", "step"), [g[1:] for g in GIVING_TOO_MUCH], ids=[g[0] for g in GIVING_TOO_MUCH]
)
def test_an_order_never_gives_back_more_than_it_received(kit, of, before, step):
    record = kit.order(kit.line(1, 1000), kit.reversal(2, -1000, of=of), kit.line(3, 500))
    record = kit.after(record, (AUTHORIZE, (1, 1000), (2, -1000), (3, 500)), *before)
    with pytest.raises(refusals.ExceedsReceived) as refused:
        kit.operate(record, *step)
    assert refused.value.problems[0].path == "items"
    assert refused.value.problems[0].details["left"] == 0


def test_the_details_of_the_payment_are_shown_on_the_order(kit):
    import msgspec

    from kvitt.orders.model import OperationRequest
    from kvitt.orders.rules.operations import register

    body = {"items": [{"line_id": 1, "amount": 5}], "payment_details": {"payment_id": "T12345678.abc"}}
    request = msgspec.convert(body, OperationRequest)
    record, operation = register(
        kit.order(kit.line(1, 5)), AUTHORIZE, request, id="a", now=kit.now, by="client", version=2
    )
    assert record.order.payment_details == operation.payment_details
    assert record.order.payment_details.payment_id == "T12345678.abc"
    assert record.order.version == 2
