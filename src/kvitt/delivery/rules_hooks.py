"""Webhooks: which events of the log they tell of, what they say, how they are signed, when they count as delivered.

    in the log                            webhook event             its payload
    ------------------------------------  ------------------------  -------------------------------------------
    transaction.*                         checkout_transaction      `transaction`
    transaction.authorized                checkout_authorization    `authorization`, `transaction`
    session.cancelled, session.expired    checkout_authorization    `authorization` with `error`
    draft.created                         shopping_draft_add        `draft`
    draft.completed                       shopping_draft_complete   `draft`
    order.*, but not order.created        shopping_order_update     `order`

A new order is told of by its draft's completion, as Dintero does it.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

import msgspec

from kvitt.core.change import Event, encode_text
from kvitt.core.ids import is_test_account
from kvitt.delivery.model import Outcome, Result
from kvitt.delivery.model_hooks import HookSecret, Subscription
from kvitt.delivery.rules import MAX_TRIES, may_call, wait_after

DELIVERED_EVENTS = (
    "checkout_transaction",
    "checkout_authorization",
    "shopping_draft_add",
    "shopping_draft_complete",
    "shopping_order_update",
)
PING = "ping"
DOCUMENTED_EVENTS = frozenset(
    (
        *DELIVERED_EVENTS,
        *("account_add", "account_update", "account_store_add", "account_store_update", "account_store_delete"),
        *("approval_payout_destination_update", "approval_payout_destination_delete", "cdd_case_update"),
        *("checkout_token_add", "checkout_token_update", "checkout_token_delete"),
        *("customer_add", "customer_update", "customer_delete", "customer_change_password"),
        *("discount_add", "discount_update", "discount_delete", "discount_add_customers", "discount_customer_update"),
        *("location_add", "location_update", "location_delete", "receipt_add", "receipt_update", "settlement_add"),
        *("shopping_draft_update", "shopping_order_event_add", "shopping_order_delete"),
        *("token_add", "token_remove", "transaction", "wallet_transaction"),
    )
)
"""What a subscription may name. Those beyond DELIVERED_EVENTS are of services that are not here: they never happen."""

_PERMANENT_FAULTS = frozenset(("scheme", "url"))
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f\\]")
_LONGEST_URL = 2048


@dataclass(frozen=True)
class Notice:
    """A webhook event that an event of the log causes. `loads`: the member whose document is to be loaded."""

    event: str
    members: dict[str, msgspec.Raw]
    loads: str | None = None


class _Transaction(msgspec.Struct):
    id: str
    session_id: str
    merchant_reference: str


class _SessionOrder(msgspec.Struct):
    merchant_reference: str


class _Session(msgspec.Struct):
    id: str
    order: _SessionOrder
    transaction_id: str | None = None


_transaction = msgspec.json.Decoder(_Transaction).decode
_session = msgspec.json.Decoder(_Session).decode


def notices(event: Event) -> tuple[Notice, ...]:
    """The webhook events that this event of the log causes, in their order."""
    if event.object_type == "transaction":
        raw = msgspec.Raw(event.data.encode())
        changed = Notice("checkout_transaction", {"transaction": raw})
        if event.type != "transaction.authorized":
            return (changed,)
        paid = _transaction(event.data)
        about = {
            "merchant_reference": paid.merchant_reference,
            "session_id": paid.session_id,
            "transaction_id": paid.id,
        }
        told = {"authorization": msgspec.Raw(encode_text(about).encode()), "transaction": raw}
        return changed, Notice("checkout_authorization", told)
    if event.type in ("session.cancelled", "session.expired"):
        session = _session(event.data)
        about = {"merchant_reference": session.order.merchant_reference, "session_id": session.id}
        if session.transaction_id is not None:
            about["transaction_id"] = session.transaction_id
        tried = event.type == "session.expired" and session.transaction_id is not None
        about["error"] = "failed" if tried else "cancelled"
        return (Notice("checkout_authorization", {"authorization": msgspec.Raw(encode_text(about).encode())}),)
    if event.type == "draft.created":
        return (Notice("shopping_draft_add", {}, "draft"),)
    if event.type == "draft.completed":
        return (Notice("shopping_draft_complete", {}, "draft"),)
    if event.object_type == "order" and event.type != "order.created":
        return (Notice("shopping_order_update", {}, "order"),)
    return ()


def envelope(account_id: str, event: str, delivery_id: str, members: dict[str, msgspec.Raw]) -> str:
    """The body that is sent, on every try the same."""
    return encode_text({"account_id": account_id, "event": event, "event_delivery": delivery_id, **members})


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
