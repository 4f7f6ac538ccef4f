"""Who calls, and what a caller must be allowed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from kvitt.checkout.flows import Actor
from kvitt.web import Call, Needs

WRITE = Needs("checkout", "write")
READ = Needs("checkout", "read")
READ_OR_WRITE = Needs("checkout", "read", also=("write",))


def toggles_of(call: Call[Any]) -> frozenset[str]:
    """What `Dintero-Feature-Toggles` lists."""
    listed = call.header("dintero-feature-toggles") or ""
    return frozenset(toggle.strip() for toggle in listed.split(","))


def actor_of(call: Call[Any], answer: Callable[[Any], msgspec.Struct] | None = None) -> Actor:
    """The shop that calls, with the headers that name the calling system. `answer`: made from the flow's own."""
    by = call.caller.subject if call.caller is not None else None
    return Actor(call.request_id, by, call.headers_with_prefix("dintero-system-") or None, call.once(answer))


def customer_of(
    call: Call[Any],
    session_id: str,
    answer: Callable[[Any], msgspec.Struct] | None = None,
    recognised: Callable[[], bytes] | None = None,
) -> Actor:
    """The customer. Their browser names no system; their keys are their session's own, and never in the shop's way."""
    return Actor(call.request_id, once=call.once(answer, within=session_id, recognised=recognised))
