"""When a callback counts as delivered, and when it is tried again.

    answer                                   becomes
    ---------------------------------------  ------------------------------------------
    200-399 (a redirect is not followed)     delivered
    400-499                                  dead: the shop says that it never will take it
    100-101, 500 and above                   retry
    no answer in 10 s, connection, TLS       retry
    the host's name leads to a refused       retry: a name can be put right
      address
    the URL itself is refused (http or a     dead: it was frozen with its cause
      private address, live account)

Twenty tries in all. The wait after try n is 10 s * 2^(n-1), at most an hour, less up to a fifth of it by chance so that
shops that failed together are not called together: 8-10 s, 16-20 s, ... 48-60 min; given up after about ten hours.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from kvitt.delivery.model.request import Outcome, Result

MAX_TRIES = 20
TIMEOUT_SECONDS = 10.0
FIRST_WAIT_SECONDS = 10.0
LONGEST_WAIT_SECONDS = 3600.0
_JITTER = 0.2

_PERMANENT_FAULTS = frozenset(("scheme", "url", "unreadable"))


def wait_after(tries: int, jitter: float) -> timedelta:
    """How long to wait after the `tries`-th try (1 is the first). `jitter`: a random number from 0 up to 1."""
    doubled = FIRST_WAIT_SECONDS * 2.0 ** (min(tries, MAX_TRIES) - 1)
    return timedelta(seconds=min(doubled, LONGEST_WAIT_SECONDS) * (1 - _JITTER * jitter))


def outcome_of(result: Result, tries: int, now: datetime, jitter: float) -> Outcome:
    """What becomes of a delivery whose `tries`-th try ended in `result`."""
    status = result.status
    if status is not None and 200 <= status <= 399:
        return Outcome("delivered", result)
    if status is not None and 400 <= status <= 499:
        return Outcome("dead", result)
    if result.fault in _PERMANENT_FAULTS:
        return Outcome("dead", result)
    if tries >= MAX_TRIES:
        return Outcome("dead", result)
    return Outcome("retry", result, now + wait_after(tries, jitter))
