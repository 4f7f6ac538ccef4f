"""Every route of delivery: signature secrets, callbacks, webhooks, the feed."""

from __future__ import annotations

from kvitt.delivery.api import deliveries, feed, signature, subscriptions
from kvitt.delivery.flows.feed import Feed
from kvitt.delivery.flows.history import History
from kvitt.delivery.flows.signature import Signatures
from kvitt.delivery.flows.subscriptions import Subscriptions
from kvitt.web import Route


def routes(signatures: Signatures, history: History, webhooks: Subscriptions, events: Feed) -> list[Route]:
    return [
        *signature.routes(signatures),
        *deliveries.callback_routes(history),
        *subscriptions.routes(webhooks),
        *deliveries.webhook_routes(history, webhooks),
        *feed.routes(events),
    ]
