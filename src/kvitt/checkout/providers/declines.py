"""Why the sandbox says no, by the documented types of an event's error. The card networks' codes stand beside them."""

from __future__ import annotations

from typing import Literal

from kvitt.checkout.model.transaction import EventError, RetryPolicy

ErrorType = Literal[
    "ERROR", "DECLINED", "ISSUER_ERROR", "PICK_UP_CARD", "INVALID_MERCHANT", "INVALID_TRANSACTION", "INVALID_AMOUNT",
    "INSUFFICIENT_FUNDS", "CLOSED_ACCOUNT", "EXPIRED_CARD", "EXCEEDS_APPROVAL_LIMIT",
    "EXCEEDS_WITHDRAWAL_FREQUENCY_LIMIT", "RESTRICTED_CARD", "PIN_REQUIRED", "FAILED_VERIFICATION",
    "ADDITIONAL_VERIFICATION_REQUIRED", "UNKNOWN",
]  # fmt: skip

_AGAIN = RetryPolicy(("RETRY_IMMEDIATELY",))
_LATER = RetryPolicy(("RETRY_AFTER_DELAY",))
_NEVER = RetryPolicy(("DO_NOT_RETRY",))

_DECLINES: tuple[tuple[ErrorType, str, str | None, RetryPolicy], ...] = (
    ("ERROR", "The provider failed", "96", _AGAIN),
    ("DECLINED", "The bank declined", "05", _AGAIN),
    ("ISSUER_ERROR", "The bank cannot be reached", "91", _LATER),
    ("PICK_UP_CARD", "The card is to be kept", "04", _NEVER),
    ("INVALID_MERCHANT", "The acquirer does not know the merchant", "03", _NEVER),
    ("INVALID_TRANSACTION", "The bank does not allow this transaction", "12", _NEVER),
    ("INVALID_AMOUNT", "The bank does not allow this amount", "13", _NEVER),
    ("INSUFFICIENT_FUNDS", "There is not enough money on the account", "51", _LATER),
    ("CLOSED_ACCOUNT", "The account is closed", "46", _NEVER),
    ("EXPIRED_CARD", "The card has expired", "54", _NEVER),
    ("EXCEEDS_APPROVAL_LIMIT", "The amount is beyond the card's limit", "61", _LATER),
    ("EXCEEDS_WITHDRAWAL_FREQUENCY_LIMIT", "The card was used too often", "65", _LATER),
    ("RESTRICTED_CARD", "The card is restricted", "62", _NEVER),
    ("PIN_REQUIRED", "The bank wants the card's PIN", "70", _NEVER),
    ("FAILED_VERIFICATION", "The cardholder could not be verified", "63", _AGAIN),
    ("ADDITIONAL_VERIFICATION_REQUIRED", "The bank wants the cardholder to be authenticated", "1A", _AGAIN),
    ("UNKNOWN", "The bank gave no reason", None, _AGAIN),
)

DECLINES: dict[str, EventError] = {
    type: EventError(message, type, (type,), code, policy) for type, message, code, policy in _DECLINES
}

THREE_D_SECURE_ABANDONED = EventError(
    "The customer left the 3-D Secure challenge", "3DS_ABANDONED", ("FAILED_VERIFICATION",), retry_policy=_AGAIN
)

BOOKS_REFUSE: dict[str, EventError] = {
    "amount": EventError(
        "The provider's books do not hold that much", "EXCEEDS_BOOKS", ("INVALID_AMOUNT",), "13", _NEVER
    ),
    "expired": EventError(
        "The authorization has expired in the provider's books", "AUTHORIZATION_EXPIRED", ("INVALID_TRANSACTION",),
        "12", _NEVER,
    ),
    "unknown": EventError(
        "The provider's books do not know this payment", "UNKNOWN_PAYMENT", ("INVALID_TRANSACTION",), "12", _NEVER
    ),
}  # fmt: skip
"""By what the sums say of a capture, refund or void."""
