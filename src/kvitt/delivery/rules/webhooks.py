"""Webhooks: how they are signed, when they count as delivered, where they may go."""

from __future__ import annotations

import base64
import binascii
import hmac
import ipaddress
import re
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit

import msgspec

from kvitt.core.ids import is_test_account
from kvitt.delivery.model.request import Outcome, Result
from kvitt.delivery.model.webhooks import HookSecret, Subscription
from kvitt.delivery.rules.addresses import may_call
from kvitt.delivery.rules.schedule import MAX_TRIES, wait_after

_PERMANENT_FAULTS = frozenset(("scheme", "url"))
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f\\]")
_LONGEST_URL = 2048


def headers_of(
    event: str, delivery_id: str, secrets: Sequence[HookSecret], body: bytes, now: datetime
) -> dict[str, str]:
    """What a delivery carries besides its body.

    `event-signature` is made with the newest secret: it has room for one. `webhook-signature` has one of each secret
    that is good, newest first. A secret of type Authorization is sent as it stands, and signs nothing.
    """
    at = str(int(now.timestamp()))
    headers = {
        "Content-Type": "application/json",
        "event": event,
        "event-delivery": delivery_id,
        "webhook-id": delivery_id,
        "webhook-timestamp": at,
    }
    if secrets[0].type == "Authorization":
        headers["Authorization"] = secrets[0].value
    else:
        headers["event-signature"] = hmac.new(secrets[0].value.encode(), body, "sha1").hexdigest()
    signing = [each for each in secrets if each.type == "HMAC-SHA1" and (each.until is None or each.until > now)]
    if signing:
        text = f"{delivery_id}.{at}.".encode() + body
        headers["webhook-signature"] = " ".join(f"v1,{_standard(each.value, text)}" for each in signing)
    return headers


def _standard(secret: str, text: bytes) -> str:
    return base64.b64encode(hmac.digest(_key(secret), text, "sha256")).decode()


def _key(secret: str) -> bytes:
    """As Standard Webhooks has it: behind `whsec_` stands the key in base64. Any other text is itself the key."""
    if secret.startswith("whsec_"):
        try:
            return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except binascii.Error:
            pass
    return secret.encode()


def outcome_of_hook(result: Result, tries: int, now: datetime, jitter: float) -> Outcome:
    """Delivered by 200 to 299 alone. All else is tried again, as often and as late as callbacks are."""
    if result.status is not None and 200 <= result.status <= 299:
        return Outcome("delivered", result)
    if result.fault in _PERMANENT_FAULTS or tries >= MAX_TRIES:
        return Outcome("dead", result)
    return Outcome("retry", result, now + wait_after(tries, jitter))


def rotated(subscription: Subscription, secret: HookSecret, until: datetime, now: datetime) -> Subscription:
    """The new secret signs from now on; those that are good now sign beside it until then at the latest."""
    old = (each for each in subscription.secrets if each.until is None or each.until > now)
    kept = [HookSecret(each.type, each.value, min(each.until or until, until)) for each in old]
    secrets = (secret, *(each for each in kept if each.until is not None and each.until > now))
    return msgspec.structs.replace(subscription, secrets=secrets, updated_at=now)


def hook_url_fault(account_id: str, url: str) -> str | None:
    """What is wrong with a receiver's URL, or None. Where a name leads to is checked when it is called."""
    if len(url) > _LONGEST_URL:
        return f"The URL is longer than {_LONGEST_URL} characters"
    if _UNPRINTABLE.search(url):
        return "The URL holds a space, a backslash or a control character"
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return "This is not a URL"
    host = (parts.hostname or "").rstrip(".").lower()
    if parts.scheme.lower() not in ("http", "https") or not host:
        return "The URL must be absolute, http or https"
    if is_test_account(account_id):
        return None
    if parts.scheme.lower() != "https":
        return "The URL of a live account must be https"
    return None if _may_be_public(host) else "The URL of a live account must name a public host"


def _may_be_public(host: str) -> bool:
    if host == "localhost" or host.endswith((".localhost", ".local", ".internal")):
        return False
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return True
    return may_call(host, live=True)
