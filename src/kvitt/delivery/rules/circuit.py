"""A circuit per receiver: one that does not answer is not called for each delivery, ten seconds at a time.

    closed     deliveries go out
    open       after five in a row that got no answer: nothing goes out for a while
    half open  the while has passed: one goes out, and how it fares decides for all

Any answer closes it, a refusal too: the receiver is there. The first while is ten seconds; it doubles to a minute.
"""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

import msgspec

from kvitt.delivery.model.request import Result

OPEN_AFTER = 5
FIRST_WAIT_SECONDS = 10.0
LONGEST_WAIT_SECONDS = 60.0

State = Literal["closed", "open", "half_open"]

_UNANSWERED = frozenset(("timeout", "connection", "tls", "address"))


class Circuit(msgspec.Struct, frozen=True):
    """`failures` in a row; `opened`: how often in a row; `until`: when, in seconds of the loop, one may go out again;
    `probing`: it is on its way."""

    failures: int = 0
    opened: int = 0
    until: float = 0.0
    probing: bool = False


def state_of(circuit: Circuit, now: float) -> State:
    if not circuit.opened:
        return "closed"
    return "half_open" if circuit.probing or now >= circuit.until else "open"


def may_send(circuit: Circuit, now: float) -> bool:
    """Whether one may go out now: when it is half open, one at a time."""
    return not circuit.opened or (now >= circuit.until and not circuit.probing)


def after(circuit: Circuit, result: Result, now: float) -> Circuit:
    """The circuit once a try has ended. A request that was never sent says nothing of the receiver."""
    if result.status is not None:
        return Circuit()
    if result.fault not in _UNANSWERED:
        return msgspec.structs.replace(circuit, probing=False)
    failures = circuit.failures + 1
    if failures < OPEN_AFTER or now < circuit.until:  # of those that went out together, the first one counts
        return msgspec.structs.replace(circuit, failures=failures, probing=False)
    wait = min(FIRST_WAIT_SECONDS * 2.0 ** min(circuit.opened, 10), LONGEST_WAIT_SECONDS)
    return Circuit(failures, circuit.opened + 1, now + wait)


def receiver_at(url: str) -> str:
    """Where a URL leads: scheme, host and port."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def without_password(receiver: str) -> str:
    """The same for a log: shops put names and passwords before their host."""
    scheme, _, place = receiver.partition("://")
    return f"{scheme}://{place.rpartition('@')[2]}"
