"""Every no of delivery that has a name of its own."""

from __future__ import annotations

from kvitt.core.errors import InvalidOperation, InvalidRequest, TooManyRequests


class InvalidSubscription(InvalidRequest):
    """An address, event or secret that cannot be; every fault with its path."""


class InvalidCursor(InvalidRequest):
    """No cursor of this feed."""


class TooManySubscriptions(InvalidOperation):
    """The account has as many subscriptions as it may."""


class TooManyStreams(TooManyRequests):
    """The account has as many streams of its events open as it may.

    `retry_after`: seconds to wait.
    """
