"""Which webhooks saved cards cause, and payments that a shop started with one."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from kvitt.core.change import Event
from kvitt.delivery.rules.notices import notices


def event(type: str, **doc: Any) -> Event:
    at = datetime(2026, 11, 23, tzinfo=UTC)
    return Event("T12345678", "e", type, type.partition(".")[0], "T12345678.a", 1, at, json.dumps(doc))


@pytest.mark.parametrize(
    ("type", "webhook"),
    [("card_token.created", "checkout_token_add"), ("card_token.deleted", "checkout_token_delete")],
)
def test_a_saved_card_is_told_of_as_the_log_has_it(type: str, webhook: str) -> None:
    (told,) = notices(event(type, id="T12345678.a", masked_pan="400000******0002"))
    assert told.event == webhook
    assert json.loads(bytes(told.members["token"])) == {"id": "T12345678.a", "masked_pan": "400000******0002"}


@pytest.mark.parametrize(
    ("status", "operation", "error"),
    [
        ("FAILED", "unscheduled_purchase", "failed"),
        ("FAILED", "recurring_purchase", "failed"),
        ("INITIATED", "unscheduled_purchase", None),
        ("FAILED", None, None),
        ("INITIATED", None, None),
    ],
)
def test_a_try_of_the_shop_that_failed_is_an_authorization_with_an_error(
    status: str, operation: str | None, error: str | None
) -> None:
    """Of a customer's tries the end of the session tells."""
    transaction = {"id": "T12345678.t", "session_id": "T12345678.s", "merchant_reference": "A", "status": status}
    told = notices(event("transaction.failed", **transaction, payment_operation=operation))
    assert told[0].event == "checkout_transaction"
    errors = [json.loads(bytes(each.members["authorization"])).get("error") for each in told[1:]]
    assert errors == ([] if error is None else [error])
