"""Captures, refunds and voids in any order, against a model that knows nothing of the rules: three plain numbers."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kvitt.checkout.model.payment import Capabilities, Operation, Outcome
from kvitt.checkout.model.session import SessionOptions, SessionRecord
from kvitt.checkout.model.transaction import EventError, Transaction, TransactionRecord
from kvitt.checkout.rules import creation, operations
from kvitt.checkout.rules.moment import Moment
from kvitt.checkout.rules.payments import begin_payment
from kvitt.checkout.rules.settle import settle
from kvitt.checkout.rules.totals import status_of, totals
from kvitt.core.change import Row
from kvitt.core.errors import AmountExceedsRemaining, Conflicting, InvalidOperation, Refusal

ACCOUNT = "T12345678"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DONE = Outcome("done")
REFUSED = Outcome("refused", EventError("No"))
UNKNOWN = Outcome("unknown")
_ids = (f"id-{number}" for number in count())


def moment() -> Moment:
    return Moment(NOW, next(_ids), tuple(next(_ids) for _ in range(4)))


def options(amount: int) -> SessionOptions:
    order = {"amount": amount, "currency": "NOK", "merchant_reference": "A"}
    return msgspec.convert({"url": {"return_url": "https://a.example/"}, "order": order}, SessionOptions)


@dataclass
class Till:
    """One transaction, driven by the rules alone."""

    amount: int
    can: Capabilities = field(default_factory=Capabilities)
    row: Row[TransactionRecord] = field(init=False)
    session: Row[SessionRecord] = field(init=False)

    def __post_init__(self) -> None:
        _, session = creation.create(ACCOUNT, f"{ACCOUNT}.s", options(self.amount), None, frozenset(), moment())
        self.session = Row(1, SessionRecord(session))
        _, self.session, self.row, attempt = begin_payment(
            ACCOUNT, self.session, None, f"{ACCOUNT}.t", "a0", "dintero_psp.creditcard", None, moment()
        )
        self.settle(attempt.id, DONE)

    def begin(self, verb: Any, amount: int | None = None, *, final: bool = False) -> str:
        operation = Operation(verb, amount, final=final)
        _, self.row, attempt = operations.begin(ACCOUNT, self.row, operation, self.can, next(_ids), moment())
        return attempt.id

    def settle(self, attempt_id: str, outcome: Outcome) -> None:
        settled = settle(ACCOUNT, self.row, self.session, attempt_id, outcome, moment())
        self.row = Row(self.row.version + 1, settled.record)

    def do(self, verb: Any, amount: int | None = None, *, final: bool = False) -> None:
        self.settle(self.begin(verb, amount, final=final), DONE)

    @property
    def transaction(self) -> Transaction:
        return self.row.doc.transaction


steps = st.lists(
    st.tuples(
        st.sampled_from(["capture", "capture", "capture", "refund", "refund", "void"]),
        st.one_of(st.sampled_from([1, 10, 50, 99, 100, 101]), st.integers(1, 120)),
        st.booleans(),
        st.sampled_from([DONE, DONE, DONE, REFUSED]),
    ),
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(steps, st.booleans())
def test_every_history_keeps_within_what_was_authorized(history: list[Any], void_remainder: bool) -> None:
    till = Till(100, Capabilities(void_remainder=void_remainder))
    captured = refunded = voided = 0
    for verb, amount, final, outcome in history:
        left, kept = 100 - captured - voided, captured - refunded
        allowed = {
            "capture": 0 < amount <= left,
            "refund": amount <= kept,
            "void": left > 0 and (captured == 0 or void_remainder),
        }[verb]
        before = till.row
        try:
            attempt = till.begin(verb, None if verb == "void" else amount, final=final and verb == "capture")
        except Refusal:
            assert not allowed
            assert till.row is before
            continue
        assert allowed
        till.settle(attempt, outcome)
        if outcome is DONE:
            captured += amount * (verb == "capture")
            refunded += amount * (verb == "refund")
            voided += left * (verb == "void")
            voided += (left - amount) * (verb == "capture" and final)
        sums = totals(till.row.doc)
        assert (sums.captured, sums.refunded, sums.voided) == (captured, refunded, voided)
        assert 0 <= refunded <= captured <= 100 - voided
        assert till.transaction.amount == 100
        assert till.transaction.status == expected_status(captured, refunded, voided)
        assert till.transaction.events[-1].transaction_status == till.transaction.status


def expected_status(captured: int, refunded: int, voided: int) -> str:
    """The official table, said once more in other words."""
    if voided == 100:
        return "AUTHORIZATION_VOIDED"
    if not captured:
        return "AUTHORIZED"
    if captured + voided == 100:
        return {0: "CAPTURED", captured: "REFUNDED"}.get(refunded, "PARTIALLY_REFUNDED")
    return "PARTIALLY_CAPTURED_REFUNDED" if refunded else "PARTIALLY_CAPTURED"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["capture", "refund"]), st.integers(1, 60), st.integers(0, 5)), max_size=14))
def test_attempts_that_overlap_never_exceed_what_is_left(history: list[Any]) -> None:
    till = Till(100)
    open_: list[str] = []
    for verb, amount, settle_at in history:
        with contextlib.suppress(AmountExceedsRemaining, Conflicting, InvalidOperation):
            open_.append(till.begin(verb, amount))
        sums = totals(till.row.doc)
        assert sums.captured + sums.capturing <= 100
        assert sums.refunded + sums.refunding <= sums.captured
        if settle_at < len(open_):
            till.settle(open_.pop(settle_at), DONE)
    for attempt in open_:
        till.settle(attempt, DONE)
    sums = totals(till.row.doc)
    assert 0 <= sums.refunded <= sums.captured <= 100
    assert (sums.capturing, sums.refunding) == (0, 0)


def test_every_status_of_an_authorized_transaction_is_reached() -> None:
    seen = {
        status_of(2, captured, refunded, voided)
        for captured in range(3)
        for refunded in range(captured + 1)
        for voided in range(3 - captured)
    }
    assert seen == {
        "AUTHORIZED", "AUTHORIZATION_VOIDED", "PARTIALLY_CAPTURED", "PARTIALLY_CAPTURED_REFUNDED", "CAPTURED",
        "PARTIALLY_REFUNDED", "REFUNDED",
    }  # fmt: skip


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
