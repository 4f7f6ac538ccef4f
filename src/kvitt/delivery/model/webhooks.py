"""Webhook subscriptions as they are kept, and the data of their tasks."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from kvitt.core.change import Kind

SecretType = Literal["HMAC-SHA1", "Authorization"]

DELIVER_TASK = "hooks.deliver"
PING_TASK = "hooks.ping"
REPLAY_TASK = "hooks.replay"


class HookSecret(msgspec.Struct, frozen=True, omit_defaults=True):
    """Kept in clear: signing needs the text itself. `until`: when an old one, after a rotation, stops to sign."""

    type: SecretType
    value: str
    until: datetime | None = None


class Subscription(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """`secrets`: the newest first. `after`: a place in the feed (its cursor); events behind it are
    delivered, none before."""

    id: str
    url: str
    events: tuple[str, ...]
    secrets: tuple[HookSecret, ...]
    active: bool
    created_at: datetime
    created_by: str
    updated_at: datetime
    after: tuple[int, int, int]


class Hooks(msgspec.Struct, frozen=True):
    """All subscriptions of an account, oldest first."""

    subscriptions: tuple[Subscription, ...] = ()

    def find(self, id: str) -> Subscription | None:
        return next((each for each in self.subscriptions if each.id == id), None)


HOOKS_ID = "hooks:"
HOOKS: Kind[Hooks] = Kind(
    "settings", Hooks, lambda hooks: ("hooks" if any(each.active for each in hooks.subscriptions) else "hooks_idle",)
)
"""An index finds the accounts of kind `hooks`: those whose events are looked at."""


class PingData(msgspec.Struct, frozen=True):
    """`id`: of the delivery that the ping becomes."""

    subscription_id: str
    id: str


class ReplayData(msgspec.Struct, frozen=True):
    """What is to be delivered again: one by its id, or all that stand at `status` and were made in a time range."""

    subscription_id: str
    id: str | None = None
    status: Literal["dead", "delivered"] = "dead"
    since: datetime | None = None
    until: datetime | None = None
