"""How often a saved card may be tried: by the rules alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from kvitt.checkout.model.token import CardToken, TokenRecord
from kvitt.checkout.model.transaction import EventError, RetryPolicy
from kvitt.checkout.rules.reattempts import MOST_KEPT, begun, block, failed, succeeded

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
AGAIN = EventError("No", "DECLINED", ("DECLINED",), "05", RetryPolicy(("RETRY_IMMEDIATELY",)))
NEVER = EventError("Keep it", "PICK_UP_CARD", ("PICK_UP_CARD",), "04", RetryPolicy(("DO_NOT_RETRY",)))


def card(brand: str, expiry: str = "12/2034") -> TokenRecord:
    token = CardToken(
        id="T12345678.a", type="payment_token", status="ACTIVE", account_id="T12345678", created_at=NOW,
        updated_at=NOW, payment_product_type="payex.creditcard", card_brand=brand, pan_expiry_date=expiry,
    )  # fmt: skip
    return TokenRecord(token, "a/success")


def after(record: TokenRecord, failures: int, every: timedelta = timedelta(minutes=1), first: str = "a") -> TokenRecord:
    for number in range(failures):
        id = f"{first}{number}"
        record = failed(begun(record, id, NOW + number * every), id, AGAIN)
    return record


@pytest.mark.parametrize(("brand", "allowed"), [("Mastercard", 10), ("Visa", 15)])
def test_a_card_is_blocked_when_it_failed_as_often_as_its_network_allows(brand: str, allowed: int) -> None:
    assert block(after(card(brand), allowed - 1), NOW + timedelta(hours=1)) is None
    blocked = block(after(card(brand), allowed), NOW + timedelta(hours=1))
    assert blocked is not None
    assert (blocked.code, blocked.retry_policy and blocked.retry_policy.retry_codes) == (
        "REATTEMPT_LIMIT",
        ("RETRY_AFTER_DELAY",),
    )


@pytest.mark.parametrize(
    ("brand", "allowed", "within"), [("Mastercard", 10, timedelta(hours=24)), ("Visa", 15, timedelta(days=30))]
)
def test_it_is_free_again_exactly_when_it_was_said(brand: str, allowed: int, within: timedelta) -> None:
    record = after(card(brand), allowed)
    blocked = block(record, NOW + timedelta(hours=1))
    assert blocked is not None
    assert blocked.retry_policy is not None
    free_at = blocked.retry_policy.retry_after
    assert free_at == NOW + within
    assert block(record, free_at - timedelta(microseconds=1)) is not None
    assert block(record, free_at) is None


def test_a_payment_that_goes_through_begins_the_count_of_visa_anew_and_not_that_of_mastercard() -> None:
    for brand, allowed, begins_anew in (("Visa", 14, True), ("Mastercard", 9, False)):
        record = succeeded(begun(after(card(brand), allowed), "good", NOW + timedelta(minutes=20)), "good")
        one_more = after(record, 1, first="b")
        assert (block(one_more, NOW + timedelta(hours=1)) is None) is begins_anew, brand


def test_tries_without_an_answer_count_as_failed() -> None:
    record = after(card("Mastercard"), 9)
    assert block(begun(record, "open", NOW), NOW) is not None


def test_a_success_leaves_the_tries_that_have_no_answer_yet() -> None:
    record = begun(begun(card("Visa"), "one", NOW), "two", NOW)
    assert [each.attempt_id for each in succeeded(record, "one").tries] == ["two"]


@pytest.mark.parametrize("brand", ["Visa", "Mastercard", "Amex"])
def test_do_not_retry_blocks_for_ever_whatever_the_brand(brand: str) -> None:
    record = failed(begun(card(brand, "12/2090"), "a", NOW), "a", NEVER)
    blocked = block(record, NOW + timedelta(days=10_000))
    assert blocked is not None
    assert (blocked.code, blocked.type, blocked.result_code) == ("BLOCKED", ("PICK_UP_CARD",), "04")
    assert blocked.retry_policy == RetryPolicy(("DO_NOT_RETRY",))
    again = succeeded(begun(record, "b", NOW), "b")
    assert block(again, NOW) is not None


def test_a_card_is_good_to_the_end_of_its_last_month() -> None:
    record = card("Visa", "11/2026")
    assert block(record, datetime(2026, 11, 30, 23, 59, tzinfo=UTC)) is None
    blocked = block(record, datetime(2026, 12, 1, tzinfo=UTC))
    assert blocked is not None
    assert blocked.code == "EXPIRED_CARD"


def test_what_never_reached_the_network_is_no_try() -> None:
    given_up = EventError("Given up", "GIVEN_UP", ("DECLINED",), retry_policy=RetryPolicy(("RETRY_IMMEDIATELY",)))
    record = after(card("Mastercard"), 9)
    for number in range(20):
        record = failed(begun(record, f"b{number}", NOW), f"b{number}", given_up)
    assert len(record.tries) == 9
    assert block(record, NOW) is None


def test_other_brands_are_not_counted_and_the_record_does_not_grow_for_ever() -> None:
    record = after(card("Amex"), 100)
    assert block(record, NOW) is None
    assert len(record.tries) == MOST_KEPT


def test_what_is_told_of_a_try_that_is_not_known_changes_nothing() -> None:
    record = after(card("Visa"), 3)
    assert failed(record, "nobody", AGAIN) == record
    assert msgspec.json.decode(msgspec.json.encode(record), type=TokenRecord) == record
