"""Captures, refunds, voids and changed authorizations in any order, against a model that knows nothing of the rules:
four plain numbers."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from kvitt.checkout.model.payment import Capabilities
from kvitt.checkout.model.transaction import Transaction
from kvitt.checkout.rules.totals import status_of, totals
from kvitt.core.errors import Refusal
from kvitt.core.money import MAX_AMOUNT
from tests_support import play_until_reached

from .till import DONE, REFUSED, UNKNOWN, Till, options

EVERY_STATUS = {
    "AUTHORIZED", "AUTHORIZATION_VOIDED", "PARTIALLY_CAPTURED", "PARTIALLY_CAPTURED_REFUNDED", "CAPTURED",
    "PARTIALLY_REFUNDED", "REFUNDED",
}  # fmt: skip
LIFE = Capabilities().authorization

wholes = st.sampled_from([1, 2, 3, 100, MAX_AMOUNT]) | st.integers(1, MAX_AMOUNT)
"""Amounts of an authorization: the edges, and all between."""
currencies = st.sampled_from(["NOK", "JPY", "KWD"])
"""Two decimals, none, three: the rules know no difference."""
sizes = st.sampled_from(["all", "all", "all", "half", "one", "all but one", "one more"]) | st.integers(1, 120)
"""How much is asked, of what is left."""
operations = st.tuples(
    st.sampled_from(["capture", "capture", "capture", "refund", "refund", "refund", "void", "adjust"]),
    sizes,
    st.sampled_from([False, False, False, True]),
    st.sampled_from([DONE, DONE, DONE, REFUSED]),
)
waits = st.tuples(st.just("wait"), st.sampled_from([1, 25, 60, 144, 168]), st.booleans(), st.none())
"""Hours, and whether a worker is there when the timers fall due."""


begun = st.sampled_from([[], [("capture", "half", False, DONE)], [("capture", "all", False, DONE)]])
histories = st.tuples(begun, st.lists(st.one_of(*[operations] * 6, waits), min_size=2, max_size=8)).map(
    lambda parts: [*parts[0], *parts[1]]
)
"""Many begin with a capture, since nothing can be refunded before."""


def sized(size: str | int, left: int) -> int:
    known = {"one": 1, "half": left // 2, "all": left, "all but one": left - 1, "one more": left + 1}
    return max(1, known[size] if isinstance(size, str) else size)


def adjusted(size: str | int, captured: int, left: int, extends: bool) -> int | None:
    """All that shall be authorized: from a little less than was captured to more than there was. None: for longer."""
    return None if extends else max(1, captured + sized(size, left) - 2)


def test_every_history_keeps_within_what_was_authorized_and_reaches_every_status() -> None:
    reached: set[str] = set()

    @settings(max_examples=400, deadline=None, derandomize=False)
    @given(wholes, currencies, histories, st.booleans())
    def every_history(whole: int, currency: str, history: list[Any], void_remainder: bool) -> None:
        till = Till(whole, changing(void_remainder), options(whole, currency))
        captured = refunded = voided = 0
        age = timedelta()
        for verb, size, chosen, outcome in history:
            left, kept = whole - captured - voided, captured - refunded
            if verb == "wait":
                age += timedelta(hours=size)
                if chosen:
                    till.wait(hours=size)
                    voided += left if age >= LIFE else 0
                else:
                    till.sleep(hours=size)
                reached.add(holds(till, whole, captured, refunded, voided))
                continue
            amount = sized(size, kept if verb == "refund" else left)
            if verb == "adjust":
                amount = adjusted(size, captured, left, chosen)
            allowed = {
                "adjust": left > 0 and age < LIFE and (amount is None or amount >= captured),
                "capture": 0 < (amount or 0) <= left and age < LIFE,
                "refund": (amount or 0) <= kept,
                "void": left > 0 and (captured == 0 or void_remainder) and age < LIFE,
            }[verb]
            before = till.row
            final = chosen and verb == "capture"
            attempt = begun_or_refused(till, verb, None if verb == "void" else amount, final)
            if isinstance(attempt, Refusal):
                assert not allowed
                assert attempt.status == 400  # nothing is under way that it could wait for
                assert till.row is before
                continue
            assert allowed
            till.settle(attempt, outcome)
            if outcome is DONE:
                captured += (amount or 0) * (verb == "capture")
                refunded += (amount or 0) * (verb == "refund")
                voided += left * (verb == "void")
                voided += (left - (amount or 0)) * final
                if verb == "adjust":
                    whole, age = amount or whole, age if amount else timedelta()
            reached.add(holds(till, whole, captured, refunded, voided))

    play_until_reached(every_history, reached, EVERY_STATUS)


def changing(void_remainder: bool) -> Capabilities:
    return Capabilities(void_remainder=void_remainder, adjust="amount", extend=True)


def begun_or_refused(till: Till, verb: str, amount: int | None, final: bool) -> str | Refusal:
    try:
        if verb == "adjust":
            return till.begin_adjusting(amount)
        return till.begin(verb, amount, final=final)
    except Refusal as refusal:
        return refusal


def holds(till: Till, whole: int, captured: int, refunded: int, voided: int) -> str:
    """The rules' counts, the events' and the ledger's are the model's. Answers the status."""
    sums = totals(till.row.doc)
    assert (sums.captured, sums.refunded, sums.voided) == (captured, refunded, voided)
    assert 0 <= refunded <= captured <= whole - voided
    assert till.transaction.amount == whole
    assert till.transaction.status == expected_status(whole, captured, refunded, voided)
    assert till.transaction.events[-1].transaction_status == till.transaction.status
    balances = till.balances
    assert balances["authorized"] == whole - captured - voided
    assert balances.get("captured", 0) == captured - refunded
    assert sum(balances.values()) == 0
    assert len(till.timers()) == (captured + voided < whole)
    return till.transaction.status


def expected_status(whole: int, captured: int, refunded: int, voided: int) -> str:
    """The official table, said once more in other words."""
    if voided == whole:
        return "AUTHORIZATION_VOIDED"
    if not captured:
        return "AUTHORIZED"
    if captured + voided == whole:
        return {0: "CAPTURED", captured: "REFUNDED"}.get(refunded, "PARTIALLY_REFUNDED")
    return "PARTIALLY_CAPTURED_REFUNDED" if refunded else "PARTIALLY_CAPTURED"


overlapping = st.tuples(
    st.sampled_from(["capture", "capture", "refund", "void", "adjust", "extend", "wait"]),
    st.integers(1, 60),
    st.integers(0, 5),  # which of the open attempts is settled then, if there are so many
    st.sampled_from([DONE, DONE, REFUSED, UNKNOWN]),
)


@settings(max_examples=100, deadline=None)
@given(st.lists(overlapping, max_size=14))
def test_attempts_that_overlap_never_exceed_what_is_left_and_at_the_end_nothing_stays_reserved(
    history: list[Any],
) -> None:
    till = Till(100, changing(void_remainder=True))
    open_: list[str] = []
    for verb, amount, which, outcome in history:
        if verb == "wait":
            till.wait(hours=amount)
        else:
            with contextlib.suppress(Refusal):
                if verb in ("adjust", "extend"):
                    open_.append(till.begin_adjusting(2 * amount if verb == "adjust" else None))
                else:
                    open_.append(till.begin(verb, None if verb == "void" else amount))
        sums = totals(till.row.doc)
        assert sums.captured + sums.capturing + sums.voided + sums.voiding <= till.transaction.amount
        assert not (sums.adjusting and sums.capturing + sums.voiding)
        assert till.balances["authorized"] == sums.capturable
        assert sums.refunded + sums.refunding <= sums.captured
        if which < len(open_):
            till.settle(open_[which], outcome)
            if outcome is not UNKNOWN:
                del open_[which]
    till.wait(days=8)
    sums = totals(till.row.doc)
    assert bool(till.timers()) == bool(sums.capturing + sums.voiding + sums.adjusting)
    for attempt in open_:
        till.settle(attempt, DONE)
    till.wait(hours=1)
    sums = totals(till.row.doc)
    assert 0 <= sums.refunded <= sums.captured
    assert sums.captured + sums.voided == till.transaction.amount
    assert (sums.capturing, sums.refunding, sums.voiding) == (0, 0, 0)
    assert till.balances.get("authorized", 0) == 0
    assert till.timers() == []


@settings(max_examples=60, deadline=None)
@given(histories)
def test_every_path_that_changes_a_transaction_tells_it_once_with_an_id_of_its_own(history: list[Any]) -> None:
    till = Till(100, changing(void_remainder=True))
    told = [event for event in till.log if event.object_type == "transaction"]
    assert [event.type for event in told] == ["transaction.authorized"]
    for verb, size, chosen, outcome in history:
        before, known = till.transaction, len(till.log)
        if verb == "wait":
            till.wait(hours=size)
        else:
            sums = totals(till.row.doc)
            amount = sized(size, sums.refundable if verb == "refund" else sums.capturable)
            with contextlib.suppress(Refusal):
                final = chosen and verb == "capture"
                if verb == "adjust":
                    till.settle(till.begin_adjusting(adjusted(size, sums.captured, sums.capturable, chosen)), outcome)
                else:
                    till.settle(till.begin(verb, None if verb == "void" else amount, final=final), outcome)
        new = till.log[known:]
        if len(till.transaction.events) > len(before.events):
            assert msgspec.json.decode(new[-1].data, type=Transaction) == till.transaction  # as it is right now
            assert [event.type != "transaction.authorization_expiring" for event in new].count(True) == 1
        else:
            assert [event.type for event in new] in ([], ["transaction.authorization_expiring"])
    assert len({event.id for event in till.log}) == len(till.log)
    versions = [event.version for event in till.log]
    assert versions == sorted(set(versions))


def test_every_status_of_an_authorized_transaction_is_reached() -> None:
    seen = {
        status_of(2, captured, refunded, voided)
        for captured in range(3)
        for refunded in range(captured + 1)
        for voided in range(3 - captured)
    }
    assert seen == EVERY_STATUS
