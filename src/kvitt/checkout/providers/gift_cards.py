"""The sandbox's gift cards: each payment may be as large as the balance and no larger, and uses nothing of it up.

Balances are in minor units of whatever currency the session has.
"""

from __future__ import annotations

from kvitt.checkout.model.transaction import EventError, RetryPolicy
from kvitt.checkout.providers.declines import DECLINES

BALANCES: dict[str, int] = {
    "6006000000000100": 10_000,
    "6006000000001000": 100_000,
    "6006000000010000": 1_000_000,
    "6006000000000001": 0,
}

_UNKNOWN = EventError(
    "The sandbox does not know this gift card; its gift cards are listed in docs/guides/payment-products.md",
    "UNKNOWN_GIFT_CARD", ("DECLINED",), retry_policy=RetryPolicy(("DO_NOT_RETRY",)),
)  # fmt: skip


def refusal_of(number: str | None, amount: int) -> EventError | None:
    """Why a gift card does not pay the amount; None when it does."""
    balance = BALANCES.get((number or "").replace(" ", ""))
    if balance is None:
        return _UNKNOWN
    return DECLINES["INSUFFICIENT_FUNDS"] if amount > balance else None
