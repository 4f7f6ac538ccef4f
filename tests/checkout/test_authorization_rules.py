"""How an authorization may be changed, one case each."""

from __future__ import annotations

from datetime import timedelta

import pytest

from kvitt.checkout.model.payment import Capabilities, Outcome
from kvitt.checkout.model.transaction import EventError, Line, RetryPolicy
from kvitt.checkout.rules.expiry import EXPIRING
from kvitt.core.errors import InvalidOperation, InvalidRequest

from .till import DONE, UNKNOWN, Till

ANY_AMOUNT = Capabilities(adjust="amount", extend=True, void_remainder=True, authorization=timedelta(days=28))


def test_an_extension_moves_the_timer_and_tells_anew_before_the_new_end() -> None:
    till = Till(100, ANY_AMOUNT)
    till.wait(days=27, hours=1)
    assert till.told == ["authorized", "authorization_expiring"]
    old = till.timers()
    till.adjust()
    (timer,) = till.timers()
    assert timer.id not in {each.id for each in old}
    assert till.transaction.authorization_expires_at == till.now + timedelta(days=28)
    till.wait(days=26)
    assert till.told[2:] == ["authorization_updated"]
    till.wait(days=1, hours=1)
    assert [event.type for event in till.log].count(EXPIRING) == 2
    till.wait(days=1)
    assert till.told[-1] == "authorization_expired"
    assert (till.transaction.status, till.balances) == ("AUTHORIZATION_VOIDED", {"authorized": 0, "customer": 0})
    with pytest.raises(InvalidOperation):
        till.adjust()


def test_an_extension_that_has_no_answer_at_the_end_is_waited_for() -> None:
    till = Till(100, ANY_AMOUNT)
    attempt = till.begin_adjusting()
    till.settle(attempt, UNKNOWN)
    till.wait(days=29)
    assert till.transaction.status == "AUTHORIZED"
    till.settle(attempt, DONE)
    assert len(till.timers()) == 1
    till.wait(hours=1)
    assert till.transaction.status == "AUTHORIZATION_VOIDED"  # it was extended long ago, to an end that has passed


def test_nothing_is_extended_after_the_end_whether_the_timer_rang_or_not() -> None:
    till = Till(100, ANY_AMOUNT)
    till.sleep(days=28)
    with pytest.raises(InvalidOperation, match="expired"):
        till.begin_adjusting()


def test_any_amount_may_be_authorized_where_the_product_can_and_its_lines_add_up() -> None:
    till = Till(100, ANY_AMOUNT)
    till.adjust(150)
    till.adjust(70, items=(Line("1", 30), Line("2", 40)))
    assert (till.transaction.amount, till.balances["authorized"]) == (70, 70)
    assert [(moved.kind, moved.amount) for moved in till.postings] == [
        ("authorize", 100), ("raise", 50), ("lower", 80)
    ]  # fmt: skip
    with pytest.raises(InvalidRequest) as refusal:
        till.adjust(70, items=(Line("1", 69),))
    assert [fault.path for fault in refusal.value.problems] == ["items"]
    till.adjust(70, items=(Line("1", 70),))  # other lines for the same amount move nothing
    assert len(till.postings) == 3
    assert [item.amount for item in till.transaction.items or ()] == [70]


def test_an_amount_that_was_not_changed_says_whether_to_try_again_as_klarna_does() -> None:
    never = EventError("No", retry_policy=RetryPolicy(("DO_NOT_RETRY",)))
    for error, again in ((EventError("No"), "1"), (never, "0")):
        till = Till(100, ANY_AMOUNT, product="klarna.klarna")
        till.settle(till.begin_adjusting(150), Outcome("refused", error))
        assert till.transaction.events[-1].metadata == {
            "klarna:order_amount_update_error": "No", "klarna:order_amount_update_can_retry": again,
        }  # fmt: skip


@pytest.mark.parametrize("asked", [None, 150])
def test_a_product_that_can_do_neither_says_so(asked: int | None) -> None:
    with pytest.raises(InvalidOperation):
        Till(100, Capabilities()).begin_adjusting(asked)


def test_an_authorization_is_changed_a_hundred_times_and_can_be_captured_then() -> None:
    till = Till(100, ANY_AMOUNT)
    for amount in range(101, 201):
        till.adjust(amount)
    for asked in (None, 300):
        with pytest.raises(InvalidOperation, match="100 times"):
            till.begin_adjusting(asked)
    till.do("capture", 200)
    assert till.transaction.status == "CAPTURED"


def test_a_refund_under_way_is_in_nobodys_way() -> None:
    till = Till(100, ANY_AMOUNT)
    till.do("capture", 50)
    refund = till.begin("refund", 20)
    till.adjust(80)
    till.settle(refund, DONE)
    assert (till.transaction.status, till.balances["authorized"]) == ("PARTIALLY_CAPTURED_REFUNDED", 30)
