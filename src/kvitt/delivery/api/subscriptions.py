"""The routes of webhooks: subscriptions and their secrets."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from kvitt.core.errors import NotFound
from kvitt.delivery.flows.subscriptions import Subscriptions
from kvitt.delivery.model.webhooks import Subscription
from kvitt.delivery.rules.refusals import InvalidSubscription, TooManySubscriptions
from kvitt.delivery.wire.subscriptions import (
    RotateRequest,
    SubscriptionAnswer,
    SubscriptionRequest,
    checked,
    new_secret,
    shown,
    shown_once,
)
from kvitt.web import Answer, Call, Needs, Route

_PATH = "/v1/accounts/{aid}/hooks/subscriptions"
_ONE = f"{_PATH}/{{hid}}"
_TAG = "Webhooks"
_READ, _WRITE = Needs("hooks", "read"), Needs("hooks", "write")


def routes(subscriptions: Subscriptions) -> list[Route]:
    async def create(call: Call[SubscriptionRequest]) -> SubscriptionAnswer:
        body = call.body
        secret = checked(call.account_id, body)

        def answer(made: Subscription) -> SubscriptionAnswer:
            return shown_once(made, body.config.secret)

        by = call.caller.subject if call.caller is not None else ""
        events = tuple(dict.fromkeys(body.events))
        return answer(
            await subscriptions.create(
                call.account_id, body.config.url, events, secret, active=body.active, by=by, once=call.once(answer)
            )
        )

    async def list_all(call: Call[None]) -> Answer:
        return Answer(msgspec.json.encode([shown(each) for each in await subscriptions.list(call.account_id)]))

    async def get(call: Call[None]) -> SubscriptionAnswer:
        return shown(await subscriptions.get(call.account_id, call.params["hid"]))

    async def remove(call: Call[None]) -> SubscriptionAnswer:
        return shown(await subscriptions.remove(call.account_id, call.params["hid"]))

    async def rotate(call: Call[RotateRequest | None]) -> SubscriptionAnswer:
        body = call.body or RotateRequest()

        def answer(renewed: Subscription) -> SubscriptionAnswer:
            return shown_once(renewed, body.secret)

        overlap = timedelta(seconds=body.overlap_seconds)
        secret = new_secret(body.secret)
        return answer(
            await subscriptions.rotate(call.account_id, call.params["hid"], secret, overlap, call.once(answer))
        )

    async def ping(call: Call[None]) -> Answer:
        done = Answer(None, 204)
        await subscriptions.ping(call.account_id, call.params["hid"], call.once(lambda _: done))
        return done

    return [
        Route(
            "POST", _PATH, create, _WRITE, "Subscribe to events", _TAG, body=SubscriptionRequest,
            answers=SubscriptionAnswer, refusals=(InvalidSubscription, TooManySubscriptions), description=_CREATE,
        ),
        Route("GET", _PATH, list_all, _READ, "List subscriptions", _TAG, answers=list[SubscriptionAnswer]),
        Route("GET", _ONE, get, _READ, "Get a subscription", _TAG, answers=SubscriptionAnswer, refusals=(NotFound,)),
        Route(
            "DELETE", _ONE, remove, _WRITE, "End a subscription", _TAG, answers=SubscriptionAnswer,
            refusals=(NotFound,), description="Nothing more is sent, not even what waits to be sent again.",
        ),
        Route(
            "POST", f"{_ONE}/rotate", rotate, _WRITE, "Change the secret", _TAG, body=RotateRequest,
            body_required=False, answers=SubscriptionAnswer, refusals=(NotFound, InvalidSubscription),
            description="`event-signature` is made with the new secret at once. `webhook-signature` has a signature of "
            "each secret that is still good, so a receiver that looks at all of them may change over in its own time.",
        ),
        Route(
            "POST", f"{_ONE}/ping", ping, _WRITE, "Send a ping", _TAG, refusals=(NotFound,), empty=True,
            description="The event `ping` with the subscription itself. It is a delivery like any other.",
        ),
    ]  # fmt: skip


_CREATE = (
    "Events that happen from now on are POSTed to `config.url`, and first of all a `ping`. Without `config.secret` one "
    "is made, and shown in this answer alone. An account may have 50 subscriptions."
)
