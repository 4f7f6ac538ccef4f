"""What delivery knows: a request to send to a shop, the secret it is signed with, and how sending it went."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from kvitt.core.change import Kind

NO_BODY = msgspec.Raw(b"null")
CALLBACK_TASK = "checkout.callback"
"""The kind of task that a callback is owed by."""


class Outgoing(msgspec.Struct, frozen=True, omit_defaults=True):
    """One request to a shop, frozen when its cause happened. It is the data of a delivery task (as JSON).

    `event_id` travels as the header `event-delivery`: the same on every try, so that a receiver knows a repetition.
    `body` is JSON to send as it stands (null: no body), either embedded or as a string that holds it.
    `attempts` counts the tries that were made and failed. `transaction_event_id` is a number: of two callbacks of one
    object the lower goes first. Other members of the task's data belong to whoever made it.
    """

    method: str
    url: str
    event_id: str
    body: msgspec.Raw = NO_BODY
    attempts: int = 0
    session_id: str | None = None
    transaction_id: str | None = None
    transaction_event_id: str | None = None


Fault = Literal["timeout", "connection", "tls", "address", "scheme", "url", "unreadable", "held"]
"""Why there was no answer. `address`: the host's name leads to an address kvitt does not call for this account;
`scheme` and `url`: so does the URL itself, whatever the network says; `unreadable`: the task holds no request;
`held`: nothing was sent, since the receiver did not answer lately, or something of the object goes first."""


class Result(msgspec.Struct, frozen=True, omit_defaults=True):
    """How one try went: the status of the answer, or the fault that stood in its place.

    `answer` (the first bytes, as text) and `headers` are there when they were asked for.
    """

    status: int | None = None
    fault: Fault | None = None
    detail: str = ""
    duration_ms: int = 0
    answer: str = ""
    headers: dict[str, str] = {}


class Answer(msgspec.Struct, frozen=True):
    """What a shop answered a question with: all of it, or why there is none."""

    status: int | None = None
    fault: Fault | Literal["size", "busy"] | None = None
    body: bytes = b""


class Outcome(msgspec.Struct, frozen=True, omit_defaults=True):
    """What becomes of a delivery after a try. `retry_at` is set exactly when `state` is `retry`."""

    state: Literal["delivered", "retry", "dead"]
    result: Result
    retry_at: datetime | None = None


class SignatureSecret(msgspec.Struct, frozen=True, omit_defaults=True):
    """The account's secret for signing outgoing requests.

    Stored in clear: signing needs the text itself. `secret` is None once it was removed; requests then go unsigned.
    """

    secret: str | None
    created_at: datetime


SIGNATURE_ID = "signature:"
SIGNATURES: Kind[SignatureSecret] = Kind("settings", SignatureSecret, lambda _: ("signature",))
