"""One try of a delivery, as it is written down."""

from __future__ import annotations

from datetime import datetime

import msgspec


class DeliveryAttempt(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One try. `status` of the answer, or the `fault` in its place; `answer`: the answer's first bytes, as text;
    `headers`: the answer's; `signature`: the `event-signature` that was sent."""

    at: datetime
    url: str
    duration_ms: int
    success: bool
    status: int | None = None
    fault: str | None = None
    detail: str = ""
    answer: str = ""
    headers: dict[str, str] = {}
    signature: str | None = None
