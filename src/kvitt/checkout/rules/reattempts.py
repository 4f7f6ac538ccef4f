"""How often a saved card may be tried, by its network's rules. Whoever tries more often is fined, so it is not asked.

    Mastercard   10 failed tries in 24 hours
    Visa         15 failed tries in 30 days; a payment that goes through begins the count anew
    every card   none, once the network said DO_NOT_RETRY; none after the card's last month

A try whose outcome is not known yet counts as failed: two at once cannot both be the last one. What never reached the
network is no try: what is blocked here, what got lost, what the customer gave up at the bank's page. The network's own
code (`result_code`) tells that it did; without it anybody with a session could use up the tries of its saved card.
Other brands are counted by nobody.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
from msgspec import Struct

from kvitt.checkout.model.token import CardToken, TokenRecord, Try
from kvitt.checkout.model.transaction import EventError, RetryPolicy

NEVER = "DO_NOT_RETRY"


class Limit(Struct, frozen=True):
    """So many failed tries within so long."""

    tries: int
    within: timedelta
    reset_by_success: bool = False


LIMITS: dict[str, Limit] = {
    "Mastercard": Limit(10, timedelta(hours=24)),
    "Visa": Limit(15, timedelta(days=30), reset_by_success=True),
}
MOST_KEPT = max(limit.tries for limit in LIMITS.values())


def block(record: TokenRecord, now: datetime) -> EventError | None:
    """Why the card is not to be tried now, or None. `retry_after`: when one of the tries no longer counts."""
    never = RetryPolicy((NEVER,))
    if record.blocked is not None:
        message = f"The card's network said not to try this card again: {record.blocked.message}"
        return EventError(message, "BLOCKED", record.blocked.type, record.blocked.result_code, never)
    if is_expired(record.token, now):
        return EventError("The card has expired", "EXPIRED_CARD", ("EXPIRED_CARD",), "54", never)
    limit = LIMITS.get(record.token.card_brand or "")
    if limit is None:
        return None
    counted = sorted(each.at for each in record.tries if each.at > now - limit.within)
    if len(counted) < limit.tries:
        return None
    message = f"{limit.tries} tries with this card failed within {_hours(limit.within)} hours, and no more are allowed"
    free_at = counted[len(counted) - limit.tries] + limit.within
    policy = RetryPolicy(("RETRY_AFTER_DELAY",), free_at)
    return EventError(message, "REATTEMPT_LIMIT", ("EXCEEDS_WITHDRAWAL_FREQUENCY_LIMIT",), "65", policy)


def begun(record: TokenRecord, attempt_id: str, now: datetime) -> TokenRecord:
    """A try is under way."""
    return msgspec.structs.replace(record, tries=(*record.tries, Try(attempt_id, now))[-MOST_KEPT:])


def succeeded(record: TokenRecord, attempt_id: str) -> TokenRecord:
    limit = LIMITS.get(record.token.card_brand or "")
    anew = limit is not None and limit.reset_by_success
    kept = (each for each in record.tries if each.attempt_id != attempt_id and not (anew and each.failed))
    return msgspec.structs.replace(record, tries=tuple(kept))


def failed(record: TokenRecord, attempt_id: str, error: EventError) -> TokenRecord:
    """The try counts from when it began, if it was the network that said no."""
    tries = (
        Try(each.attempt_id, each.at, each.attempt_id == attempt_id or each.failed)
        for each in record.tries
        if error.result_code is not None or each.attempt_id != attempt_id
    )
    never = error.retry_policy is not None and NEVER in error.retry_policy.retry_codes
    blocked = error if never and record.blocked is None else record.blocked
    return msgspec.structs.replace(record, tries=tuple(tries), blocked=blocked)


def is_expired(token: CardToken, now: datetime) -> bool:
    """A card is good to the end of the month that stands on it."""
    if token.pan_expiry_date is None:
        return False
    month, _, year = token.pan_expiry_date.partition("/")
    return (int(year), int(month)) < (now.year, now.month)


def _hours(time: timedelta) -> int:
    return time // timedelta(hours=1)
