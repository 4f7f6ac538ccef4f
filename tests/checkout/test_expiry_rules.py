"""An authorization runs out: when that is told, what is released, and what waits for what."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from kvitt.checkout.model.payment import Capabilities
from kvitt.checkout.rules.automatic import next_automatic, still_wanted
from kvitt.checkout.rules.callbacks import CallbackData
from kvitt.checkout.rules.totals import totals
from kvitt.core.errors import AmountExceedsRemaining, InvalidOperation

from .till import ACCOUNT, DONE, NOW, REFUSED, UNKNOWN, Till, options

LIFE = timedelta(days=7)


def test_the_end_is_the_products_rule_counted_from_when_the_provider_was_asked() -> None:
    assert Till(100).transaction.authorization_expires_at == NOW + LIFE
    assert Till(100, Capabilities(authorization=timedelta(days=30))).transaction.authorization_expires_at == (
        NOW + timedelta(days=30)
    )


def test_an_answer_that_came_late_makes_the_authorization_no_longer() -> None:
    till = Till(100, paid=UNKNOWN)
    assert till.transaction.authorization_expires_at is None
    till.sleep(days=2)
    till.settle("a0", DONE)
    assert till.transaction.authorization_expires_at == NOW + LIFE


def test_a_declined_payment_has_no_end_and_no_timer() -> None:
    till = Till(100, paid=REFUSED)
    assert till.transaction.authorization_expires_at is None
    assert till.timers() == []


@pytest.mark.parametrize(("hours", "notice"), [(168, 144), (25, 1), (24, 12), (1, 0.5)])
def test_it_is_told_a_day_before_or_halfway_when_less_is_left(hours: int, notice: float) -> None:
    till = Till(100, Capabilities(authorization=timedelta(hours=hours)))
    (timer,) = till.timers()
    assert timer.due_at == NOW + timedelta(hours=notice)
    before = till.transaction
    till.wait(hours=notice)
    assert till.told == ["authorized", "authorization_expiring"]
    assert till.transaction == before
    (timer,) = till.timers()
    assert timer.due_at == NOW + timedelta(hours=hours)


def test_at_the_end_what_nobody_captured_is_released() -> None:
    till = Till(100)
    till.wait(days=6)
    till.wait(days=1)
    last = till.transaction.events[-1]
    assert (last.event, last.amount, last.success, last.metadata) == (
        "VOID", 100, True, {"reason": "authorization_expired"},
    )  # fmt: skip
    assert till.transaction.status == last.transaction_status == "AUTHORIZATION_VOIDED"
    assert till.told == ["authorized", "authorization_expiring", "authorization_expired"]
    assert till.timers() == []
    assert [(moved.kind, moved.amount) for moved in till.postings] == [("authorize", 100), ("expire", 100)]
    assert set(till.balances.values()) == {0}


def test_a_clock_that_jumps_past_both_moments_tells_both_in_their_order() -> None:
    till = Till(100)
    till.wait(days=30)
    assert till.told == ["authorized", "authorization_expiring", "authorization_expired"]
    assert [event.version for event in till.log if event.object_type == "transaction"] == [2, 3, 4]


def test_an_authorization_found_out_after_its_end_is_told_and_released() -> None:
    till = Till(100, paid=UNKNOWN, options=options(100, auto_capture=True))
    till.sleep(days=8)
    till.settle("a0", DONE)
    assert [attempt.verb for attempt in till.row.doc.attempts] == ["authorize"]
    till.wait(seconds=0)
    assert till.told == ["authorized", "authorization_expiring", "authorization_expired"]
    assert till.transaction.status == "AUTHORIZATION_VOIDED"


@pytest.mark.parametrize(
    ("before", "status"),
    [
        ([("capture", 60)], "CAPTURED"),
        ([("capture", 60), ("refund", 10)], "PARTIALLY_REFUNDED"),
        ([("capture", 60), ("refund", 60)], "REFUNDED"),
    ],
)
def test_a_remainder_is_released_and_what_was_captured_stays(before: list[Any], status: str) -> None:
    till = Till(100)
    for verb, amount in before:
        till.do(verb, amount)
    till.wait(days=8)
    assert (till.transaction.events[-1].event, till.transaction.events[-1].amount) == ("VOID", 40)
    assert till.transaction.status == status


@pytest.mark.parametrize(
    "operations", [[("capture", 100, False)], [("capture", 60, True)], [("void", None, False)]], ids=str
)
def test_the_timer_goes_with_the_last_of_the_money(operations: list[Any]) -> None:
    till = Till(100)
    for verb, amount, final in operations:
        till.do(verb, amount, final=final)
    assert till.timers() == []
    events = till.transaction.events
    till.wait(days=30)
    assert till.transaction.events == events


def test_the_timer_goes_also_when_it_has_rung_once() -> None:
    till = Till(100)
    till.wait(days=6)
    till.do("capture", 100)
    assert till.timers() == []


@pytest.mark.parametrize("worker", [True, False])
@pytest.mark.parametrize(("verb", "amount"), [("capture", 100), ("capture", 1), ("capture", 101), ("void", None)])
def test_capture_after_the_end_is_refused_whether_the_timer_rang_or_not(
    verb: str, amount: int | None, worker: bool
) -> None:
    till = Till(100)
    till.sleep(days=6, hours=23, minutes=59)
    assert till.begin("capture", 1)
    till = Till(100)
    (till.wait if worker else till.sleep)(days=7)
    with pytest.raises(InvalidOperation, match=r"expired at 2026-11-30T12:00:00\.000Z") as refusal:
        till.begin(verb, amount)
    assert refusal.value.code == "INVALID_OPERATION"


def test_what_was_captured_can_be_refunded_after_the_end() -> None:
    till = Till(100)
    till.do("capture", 60)
    till.sleep(days=8)
    till.do("refund", 10)
    till.wait(seconds=0)
    till.do("refund", 50)
    assert till.transaction.status == "REFUNDED"
    with pytest.raises(InvalidOperation, match="cannot be refunded"):
        till.begin("refund", 1)


def test_a_transaction_that_was_captured_before_is_refused_as_captured() -> None:
    till = Till(100)
    till.do("capture", 100)
    till.sleep(days=8)
    with pytest.raises(InvalidOperation, match="is CAPTURED"):
        till.begin("capture", 1)
    with pytest.raises(AmountExceedsRemaining):
        till.begin("refund", 101)


@pytest.mark.parametrize(("verb", "amount"), [("capture", 100), ("capture", 60), ("void", None)])
def test_a_capture_that_was_asked_for_before_the_end_and_done_counts(verb: str, amount: int | None) -> None:
    till = Till(100)
    till.sleep(days=6, hours=23)
    attempt = till.begin(verb, amount)
    till.settle(attempt, UNKNOWN)
    till.wait(hours=1)
    assert till.transaction.events[-1].event.startswith("INITIATE_")
    till.settle(attempt, DONE)
    till.wait(hours=1)
    sums = totals(till.row.doc)
    assert (sums.captured, sums.voided) == ((amount, 100 - amount) if amount else (0, 100))
    assert till.told.count("authorization_expired") == (amount == 60)
    assert till.timers() == []


def test_a_capture_that_was_not_done_leaves_all_of_it_to_be_released() -> None:
    till = Till(100)
    till.sleep(days=6, hours=23)
    attempt = till.begin("capture", 100)
    till.settle(attempt, UNKNOWN)
    till.wait(hours=1)
    (timer,) = till.timers()
    assert timer.due_at == till.now + timedelta(seconds=5)  # as the provider is asked
    till.settle(attempt, REFUSED)
    till.wait(seconds=5)
    assert till.transaction.status == "AUTHORIZATION_VOIDED"


def test_a_provider_that_stays_silent_is_waited_for_at_growing_distances() -> None:
    till = Till(100)
    till.settle(till.begin("capture", 100), UNKNOWN)
    till.wait(days=7)
    waits = []
    for _ in range(7):
        (timer,) = till.timers()
        waits.append((timer.due_at - till.now).total_seconds())
        till.wait(seconds=waits[-1])
    assert waits == [5, 15, 60, 300, 900, 3600, 3600]
    assert till.told == ["authorized", "authorization_expiring"]


def test_a_refund_under_way_keeps_nothing_from_being_released() -> None:
    till = Till(100)
    till.do("capture", 60)
    till.settle(till.begin("refund", 60), UNKNOWN)
    till.wait(days=7)
    assert till.transaction.status == "CAPTURED"
    assert till.told[-1] == "authorization_expired"


def test_automatic_captures_end_with_the_authorization() -> None:
    till = Till(100, Capabilities(authorization=timedelta(hours=1)), options(100, auto_capture=True))
    automatic = till.row.doc.attempts[-1]
    till.settle(automatic.id, REFUSED)
    assert still_wanted(till.row.doc, NOW)
    assert not still_wanted(till.row.doc, NOW + timedelta(hours=1))
    assert len(next_automatic(ACCOUNT, till.row.doc, NOW + timedelta(minutes=58))) == 1
    assert next_automatic(ACCOUNT, till.row.doc, NOW + timedelta(minutes=59)) == ()


@pytest.mark.parametrize(("option", "calls"), [("report_event=VOID", 1), ("report_event=CAPTURE", 0), ("", 0)])
def test_the_shop_is_called_as_for_any_void_when_it_asked_for_that(option: str, calls: int) -> None:
    till = Till(100, options=options(100, callback_url=f"https://a.example/hook?{option}"))
    before = set(till.tasks)
    till.wait(days=7)
    made = [task for id, task in till.tasks.items() if id not in before]
    assert len(made) == calls
    for task in made:
        assert "event=VOID&event_id=3" in msgspec.json.decode(task.data, type=CallbackData).url


def test_a_transaction_from_before_there_was_an_end_has_none() -> None:
    till = Till(100)
    bare = msgspec.structs.replace(till.transaction, authorization_expires_at=None)
    till.row = type(till.row)(till.row.version, msgspec.structs.replace(till.row.doc, transaction=bare))
    till.sleep(days=400)
    till.do("capture", 60, final=True)
    assert till.transaction.status == "CAPTURED"
