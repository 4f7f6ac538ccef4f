"""Callbacks: what one tells of, and which of two of a transaction goes first."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

from kvitt.delivery.model.request import Outgoing

FIRST_EVENTS = frozenset(("1", "2"))
"""A transaction begins with INITIALIZE and AUTHORIZE: nothing is told before these, so nobody has to look."""

LONGEST_WAIT = timedelta(seconds=30)
_TOLD = frozenset(("CAPTURE", "REFUND", "VOID", "cancelled", "authorization", "failed"))


def goes_before(one: Outgoing, other: Outgoing) -> bool:
    """Whether `one` tells of an earlier event of its transaction than `other`."""
    return _number(one) < _number(other)


def _number(outgoing: Outgoing) -> int:
    text = outgoing.transaction_event_id or ""
    return int(text) if text.isascii() and text.isdigit() else 0


def wait_behind(taken: int) -> timedelta:
    """How long one waits before it looks again whether its turn has come; `taken`: how often it looked, 1 the first."""
    return min(timedelta(seconds=2.0 ** min(taken - 1, 10)), LONGEST_WAIT)


def event_of(outgoing: Outgoing) -> str:
    """What a callback tells of: CAPTURE, REFUND or VOID; the error of a session; or else the payment.

    The URL has parameters of the shop's own too, which may hold anything: what is no word of ours is not repeated.
    """
    told = dict(parse_qsl(urlsplit(outgoing.url).query))
    event = told.get("error") or (told.get("event") if "event_id" in told else None)
    return event if event in _TOLD else "payment"
