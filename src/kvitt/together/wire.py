"""Answers where they differ from the nouns themselves."""

from __future__ import annotations

import msgspec

from kvitt.orders.model.sessions import OrderSession


class OrderSessions(msgspec.Struct, frozen=True):
    """The oldest first."""

    sessions: tuple[OrderSession, ...]
