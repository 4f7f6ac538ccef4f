"""What callers asked for and were told, against what was done: found again by the reference that it carries."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec

from kvitt.core.change import Change

from ..shopping import KINDS, READS
from .violation import Violation

if TYPE_CHECKING:
    from ..requests import Request
    from ..world import World

_FOUND_AGAIN = frozenset(("create_session", "capture", "refund", *KINDS))
"""Requests whose effect carries their reference."""
_MAY_FIND_IT_DONE = frozenset((*READS, "complete_draft", "delete_draft", "cancel_order", "close_order", "open_order"))
"""Requests that are answered, and have no effect, when there is nothing to do any more."""


class _Request(msgspec.Struct):
    body: str


class _Entry(msgspec.Struct):
    request: _Request


_entry = msgspec.json.Decoder(_Entry).decode


class Keys:
    def __init__(self, world: World) -> None:
        self._world = world
        self._written: Counter[str] = Counter()
        """How many Changes of drafts and orders the log tells of with each reference."""

    def committed(self, change: Change) -> None:
        told = (event for event in change.events if event.object_type in ("draft", "order"))
        self._written.update({_entry(event.data).request.body for event in told})

    def check(self) -> None:
        effects = self._effects()
        for request in self._world.callers.asked:
            told = [answer for answer in request.answers if answer is not None]
            if request.kind in _FOUND_AGAIN:
                self._effect(request, effects[request.reference])
            if request.key is not None:
                _one_answer(request, told)

    def _effect(self, request: Request, effects: int) -> None:
        if effects > 1:
            raise Violation("one-key-one-effect", f"{request.name} was done {effects} times")
        statuses = [None if answer is None else answer.status for answer in request.answers]
        if not effects and request.kind not in _MAY_FIND_IT_DONE and any(status in (200, 202) for status in statuses):
            raise Violation("acknowledged-stays", f"{request.name} was answered {statuses}, and nothing is there")
        refused = [answer for answer in request.answers if answer is not None and 400 <= answer.status < 500]
        if effects and statuses and len(refused) == len(statuses) and not any(map(_had_an_effect, refused)):
            raise Violation("refusals-do-nothing", f"{request.name} was refused ({statuses}), and was done")

    def _effects(self) -> Counter[str]:
        """How often each reference is found in what is stored, or in the log."""
        found = self._written.copy()
        for table, collect in _COLLECT.items():
            for account_id, id, _ in self._world.database.of_table(table):
                found.update(collect(self._world.document(table, account_id, id)))
        return found


def _sessions(record: Any) -> list[str]:
    return [record["session"]["order"]["merchant_reference"]]


def _transactions(record: Any) -> list[str]:
    """Each attempt once, by the event that tells how it ended, or while it is open by itself."""
    ended = [
        event["event_reference"]
        for event in record["transaction"]["events"]
        if event["event"] in ("CAPTURE", "REFUND") and "event_reference" in event
    ]
    waiting = [attempt["reference"] for attempt in record.get("attempts", ()) if "reference" in attempt]
    return ended + waiting


_COLLECT = {"sessions": _sessions, "transactions": _transactions}


def _one_answer(request: Request, told: list[Any]) -> None:
    """All answers that tell of an effect say the same: 200, or the provider's no. What is said until that is known
    (202, or to a customer where to ask) is not yet one of them."""
    final = {(answer.status, bytes(answer.body)) for answer in told if _is_done(answer) or _had_an_effect(answer)}
    if len(final) > 1:
        raise Violation(
            "one-key-one-answer", f"{request.name} was answered {sorted(status for status, _ in final)} differently"
        )


def _is_done(answer: Any) -> bool:
    return answer.status == 200 and b'"poll_url"' not in bytes(answer.body)


def _had_an_effect(answer: Any) -> bool:
    """A refusal of the provider is written down, as a movement is; so is one that a page shows the customer."""
    if answer.status != 400:
        return False
    body = msgspec.json.decode(answer.body)
    return body.get("error", {}).get("code") in ("PROVIDER_DECLINED", "Rejected")
