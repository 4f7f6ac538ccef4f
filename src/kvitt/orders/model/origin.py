"""Who asked for a change, and what they sent: kept with every event, for whoever asks later."""

from __future__ import annotations

import msgspec

MAX_BODY_KEPT = 64 * 1024
"""Characters of a request's body that an event keeps."""


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """`subject` is the API client's uuid, `client_id` the name it logs in with, `body` what it sent."""

    account_id: str
    subject: str
    client_id: str
    method: str
    path: str
    body: bytes = b""

    def body_text(self) -> str:
        return self.body[:MAX_BODY_KEPT].decode("utf-8", "replace")
