"""Captures, refunds and voids, one case each."""

from __future__ import annotations

import pytest

from kvitt.checkout.model.payment import Capabilities
from kvitt.core.errors import AmountExceedsRemaining, Conflicting, InvalidOperation

from .till import DONE, REFUSED, UNKNOWN, Till


def test_capture_is_refused_beyond_what_was_authorized() -> None:
    till = Till(100)
    till.do("capture", 60)
    with pytest.raises(AmountExceedsRemaining) as refusal:
        till.begin("capture", 41)
    assert refusal.value.problems[0].details == {"amount": 41, "remaining": 40}
    assert refusal.value.problems[0].path == "amount"


def test_a_full_capture_waits_for_the_one_that_is_under_way() -> None:
    till = Till(100)
    till.begin("capture", 100)
    with pytest.raises(Conflicting):
        till.begin("capture", 100)
    with pytest.raises(Conflicting):
        till.begin("void")


def test_nothing_is_captured_while_a_void_is_under_way() -> None:
    till = Till(100)
    till.begin("void")
    with pytest.raises(Conflicting):
        till.begin("capture", 1)


def test_a_refused_capture_gives_its_amount_free_again() -> None:
    till = Till(100)
    till.settle(till.begin("capture", 100), REFUSED)
    assert till.transaction.status == "AUTHORIZED"
    assert till.transaction.events[-1].success is False
    till.do("capture", 100)
    assert till.transaction.status == "CAPTURED"


def test_an_unknown_capture_keeps_its_amount_until_the_truth_is_known() -> None:
    till = Till(100)
    attempt = till.begin("capture", 70)
    till.settle(attempt, UNKNOWN)
    assert till.transaction.events[-1].event == "INITIATE_CAPTURE"
    assert till.transaction.status == "AUTHORIZED"
    with pytest.raises(Conflicting):
        till.begin("capture", 31)
    till.settle(attempt, DONE)
    last, initiated = till.transaction.events[-1], till.transaction.events[-2]
    assert last.event == "CAPTURE"
    assert last.correlation_request_id == initiated.request_id
    assert till.transaction.status == "PARTIALLY_CAPTURED"


def test_a_second_answer_changes_nothing() -> None:
    till = Till(100)
    attempt = till.begin("capture", 70)
    till.settle(attempt, DONE)
    record = till.row.doc
    for late in (DONE, REFUSED, UNKNOWN):
        till.settle(attempt, late)
    assert till.row.doc is record


def test_a_late_failure_never_downgrades_what_is_paid() -> None:
    till = Till(100)
    before = till.row
    for late in (REFUSED, UNKNOWN):
        till.settle("a0", late)
        assert till.row is before
    assert till.transaction.status == "AUTHORIZED"
    till.do("capture", 100)
    till.settle("a0", REFUSED)
    assert till.transaction.status == "CAPTURED"


def test_a_final_capture_voids_the_remainder() -> None:
    till = Till(100)
    till.do("capture", 60, final=True)
    assert [(e.event, e.amount) for e in till.transaction.events[-2:]] == [("CAPTURE", 60), ("VOID", 40)]
    assert till.transaction.status == "CAPTURED"
    with pytest.raises(InvalidOperation):
        till.begin("capture", 1)


def test_a_final_capture_waits_for_other_captures() -> None:
    till = Till(100)
    till.begin("capture", 10)
    with pytest.raises(Conflicting):
        till.begin("capture", 10, final=True)


def test_a_second_capture_goes_through_where_the_product_takes_several_and_is_refused_elsewhere() -> None:
    till = Till(100)
    till.do("capture", 60)
    till.do("capture", 40)
    assert till.transaction.status == "CAPTURED"
    till = Till(100, Capabilities(partial_capture=False))
    with pytest.raises(InvalidOperation, match="in full"):
        till.begin("capture", 60)
    assert [attempt.verb for attempt in till.row.doc.attempts] == ["authorize"]


def test_products_that_capture_once_are_not_captured_in_part() -> None:
    till = Till(100, Capabilities(partial_capture=False, final_capture=False))
    with pytest.raises(InvalidOperation):
        till.begin("capture", 99)
    till.do("capture", 100)


def test_the_remainder_is_voided_only_where_the_product_can() -> None:
    till = Till(100)
    till.do("capture", 60)
    with pytest.raises(InvalidOperation):
        till.begin("void")
    till.can = Capabilities(void_remainder=True)
    till.do("void")
    assert (till.transaction.status, till.transaction.events[-1].amount) == ("CAPTURED", 40)


@pytest.mark.parametrize("verb", ["capture", "refund", "void"])
def test_nothing_is_done_with_a_transaction_that_was_voided(verb: str) -> None:
    till = Till(100)
    till.do("void")
    with pytest.raises(InvalidOperation):
        till.begin(verb, None if verb == "void" else 1)
