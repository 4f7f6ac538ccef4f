"""Webhook subscriptions on the wire."""

from __future__ import annotations

import base64
import secrets
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from kvitt.core.errors import Problem, problem
from kvitt.delivery.model.webhooks import HookSecret, Subscription
from kvitt.delivery.rules.notices import DOCUMENTED_EVENTS
from kvitt.delivery.rules.refusals import InvalidSubscription
from kvitt.delivery.rules.webhooks import hook_url_fault

_SECRET_TYPES = ("HMAC-SHA1", "Authorization")
Text = Annotated[str, Meta(max_length=2048)]


class SecretRequest(msgspec.Struct, frozen=True):
    """`type`: HMAC-SHA1 (`value` signs) or Authorization (`value` is sent as that header). Without one, it is made."""

    type: Text = "HMAC-SHA1"
    value: Annotated[str, Meta(max_length=512)] | None = None


class ConfigRequest(msgspec.Struct, frozen=True):
    """`content_type` may only be application/json and `insecure_ssl` only 0."""

    url: Text
    secret: SecretRequest | None = None
    content_type: Text | None = None
    insecure_ssl: int | None = None


class SubscriptionRequest(msgspec.Struct, frozen=True):
    """`fields` and `exclude_fields` are known, and refused: a delivery always has the whole object."""

    config: ConfigRequest
    events: Annotated[list[Annotated[str, Meta(max_length=100)]], Meta(min_length=1, max_length=100)]
    active: bool = True
    fields: Any = None
    exclude_fields: Any = None


class RotateRequest(msgspec.Struct, frozen=True):
    """`overlap_seconds`: how long the secrets before sign beside the new one; a day when it is not given."""

    secret: SecretRequest | None = None
    overlap_seconds: Annotated[int, Meta(ge=0, le=2_592_000)] = 86_400


class ShownSecret(msgspec.Struct, frozen=True, omit_defaults=True):
    """`value` only in the answer that tells of a secret we made."""

    type: str
    value: str | None = None


class ShownConfig(msgspec.Struct, frozen=True):
    url: str
    secret: ShownSecret
    content_type: str = "application/json"
    insecure_ssl: int = 0


class SubscriptionAnswer(msgspec.Struct, frozen=True):
    id: str
    active: bool
    config: ShownConfig
    events: tuple[str, ...]
    created_at: datetime
    created_by: str
    updated_at: datetime


def checked(account_id: str, body: SubscriptionRequest) -> HookSecret:
    """The secret to use, or InvalidSubscription that names every fault of the request."""
    faults: list[Problem] = []
    config = body.config
    if fault := hook_url_fault(account_id, config.url):
        faults.append(problem(fault, "config.url"))
    if config.content_type not in (None, "application/json"):
        faults.append(problem("Deliveries are application/json", "config.content_type"))
    if config.insecure_ssl not in (None, 0):
        faults.append(problem("Certificates are always checked", "config.insecure_ssl"))
    for place, event in enumerate(body.events):
        if event not in DOCUMENTED_EVENTS:
            faults.append(problem(f"There is no event {event}", f"events.{place}"))
    faults += [
        problem(f"{name} is not supported: a delivery has the whole object", name)
        for name in ("fields", "exclude_fields")
        if getattr(body, name) is not None
    ]
    secret = _secret(config.secret, "config.secret", faults)
    if faults:
        raise InvalidSubscription(faults[0].message, *faults)
    return secret


def new_secret(body: SecretRequest | None) -> HookSecret:
    """The secret to change to, or InvalidSubscription."""
    faults: list[Problem] = []
    secret = _secret(body, "secret", faults)
    if faults:
        raise InvalidSubscription(faults[0].message, *faults)
    return secret


def _secret(body: SecretRequest | None, path: str, faults: list[Problem]) -> HookSecret:
    wanted = body or SecretRequest()
    if wanted.type not in _SECRET_TYPES:
        faults.append(problem(f"The type of a secret is {' or '.join(_SECRET_TYPES)}", f"{path}.type"))
    value = wanted.value
    if value is None:
        if wanted.type == "Authorization":
            faults.append(problem("A secret of type Authorization needs a value", f"{path}.value"))
        value = f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"
    if not (value and value.isascii() and value.isprintable()):
        faults.append(problem("The value of a secret is printable ASCII, one character at least", f"{path}.value"))
    return HookSecret("Authorization" if wanted.type == "Authorization" else "HMAC-SHA1", value)


def shown(subscription: Subscription) -> SubscriptionAnswer:
    """Without the secret's value."""
    return _shown(subscription, None)


def shown_once(subscription: Subscription, asked: SecretRequest | None) -> SubscriptionAnswer:
    """With the value of a secret that we made; one that the caller sent is not sent back."""
    made = asked is None or asked.value is None
    return _shown(subscription, subscription.secrets[0].value if made else None)


def _shown(subscription: Subscription, value: str | None) -> SubscriptionAnswer:
    return SubscriptionAnswer(
        id=subscription.id,
        active=subscription.active,
        config=ShownConfig(subscription.url, ShownSecret(subscription.secrets[0].type, value)),
        events=subscription.events,
        created_at=subscription.created_at,
        created_by=subscription.created_by,
        updated_at=subscription.updated_at,
    )
