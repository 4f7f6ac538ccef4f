"""One order and all requests that make and change it, decided by the service's own rules at the time of each.

What the flows do between the rules (a number, ids, the event of each change) is done here in the same way, without a
database: an order is nobody else's while it is made. A test plays what was made here through the flows again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b
from random import Random
from typing import Any

import msgspec

from bench.seed.ids import uuid_of
from kvitt.core.change import Change, Claim, Event, encode_text
from kvitt.orders.flows.serials import number_claim
from kvitt.orders.model import (
    DRAFTS,
    ORDERS,
    DraftRecord,
    Operation,
    OperationRequest,
    OrderRecord,
    Origin,
    Verb,
)
from kvitt.orders.model.events import ServiceEventRequest
from kvitt.orders.model.updates import CancelRequest, CommentRequest, OrderUpdate
from kvitt.orders.rules.comments import commented
from kvitt.orders.rules.completion import added_lines, new_order
from kvitt.orders.rules.direct import direct_options, without_draft
from kvitt.orders.rules.drafts import new_draft
from kvitt.orders.rules.events import reported
from kvitt.orders.rules.history import recorded, recorded_draft
from kvitt.orders.rules.lifecycle import cancelled, closed, opened
from kvitt.orders.rules.operations import register
from kvitt.orders.rules.options import Numbering, numbering
from kvitt.orders.rules.updates import updated
from kvitt.orders.wire import DraftRequest

_ORDER = msgspec.json.Decoder(DraftRequest)
_OPERATION = msgspec.json.Decoder(OperationRequest)
_UPDATE = msgspec.json.Decoder(OrderUpdate)
_CANCEL = msgspec.json.Decoder(CancelRequest)
_COMMENT = msgspec.json.Decoder(CommentRequest)
_REPORT = msgspec.json.Decoder(ServiceEventRequest)

_CALLERS = {
    name: (uuid_of(blake2b(name.encode(), digest_size=16).hexdigest()), f"seed-{name}")
    for name in ("webshop", "till", "warehouse", "support", "payments")
}
"""Whose keys a request was made with: the client's uuid and the name it logs in with."""


class NotYet(Exception):
    """The order's next request lies behind the end of the time that is seeded."""


@dataclass
class Life:
    """`now`: the time of the latest request. `until`: the end of time; `later` raises NotYet behind it."""

    account_id: str
    chance: Random
    now: datetime
    until: datetime
    events: list[Event] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    drafts: list[DraftRecord] = field(default_factory=list)
    _record: OrderRecord | None = None

    @property
    def record(self) -> OrderRecord:
        assert self._record is not None
        return self._record

    def later(self, median: timedelta, spread: float = 1.0) -> None:
        """Some time passes: mostly about the median, and now and then a multiple of it."""
        self.now += median * self.chance.lognormvariate(0, spread) + timedelta(microseconds=1)
        if self.now > self.until:
            raise NotYet

    def made(self) -> Change:
        """All rows as they are in the end, and all that the log has of it."""
        order = self.record.order
        drafts = (DRAFTS.put(self.account_id, r.draft.id, r, r.draft.version - 1) for r in self.drafts)
        put = ORDERS.put(self.account_id, order.id, self.record, order.version - 1)
        return Change(puts=(*drafts, put), claims=tuple(self.claims), events=tuple(self.events))

    # -- requests ----------------------------------------------------------------------------------------------------

    def create(self, id: str, body: dict[str, Any], generated: str, caller: str = "webshop") -> None:
        """POST …/orders. `generated`: its number, when the body asks for one."""
        origin = self._origin(caller, "POST", "/orders", body)
        asked = _ORDER.decode(origin.body)
        chosen = direct_options(asked.options)
        draft = new_draft(asked.order, chosen, asked.store, id=id, now=self.now, by=origin.subject)
        number = id
        match numbering(draft.draft.order.order_id, draft.draft.options):
            case Numbering.CALLER:
                number = draft.draft.order.order_id or id
            case Numbering.ON_COMPLETION:
                number = generated
        self.claims.append(number_claim(self.account_id, number, id))
        _, made = new_order(draft, id=id, number=number, now=self.now, by=origin.subject)
        self._note(origin, "order.created", without_draft(made))

    def register(self, verb: Verb, parts: dict[int, int], caller: str = "payments", **more: Any) -> Operation:
        """POST …/orders/{id}/captures and its like. `parts`: line_id to amount."""
        items = [{"line_id": line_id, "amount": amount} for line_id, amount in parts.items()]
        origin = self._origin(caller, "POST", f"{self._path}/{verb}", {"items": items, **more})
        asked = _OPERATION.decode(origin.body)
        record, operation = register(
            self.record, verb, asked, id=self._id(), now=self.now, by=origin.subject, version=self._version
        )
        self._note(origin, f"order.{verb.noun}_added", record, verb=verb, operation=operation)
        return operation

    def exchange(self, lines: list[dict[str, Any]]) -> None:
        """POST …/draft_orders and …/complete: lines are added to the order, or taken back by others."""
        body = {"order": {"currency": self.record.order.currency, "items": lines},
                "options": {"order_id": self.record.order.order_id}}  # fmt: skip
        origin = self._origin("support", "POST", "/draft_orders", body)
        asked = _ORDER.decode(origin.body)
        draft = new_draft(asked.order, asked.options, asked.store, id=self._id(), now=self.now, by=origin.subject)
        draft, event = recorded_draft(origin, "draft.created", draft, id=self._id(), now=self.now)
        self.events.append(event)
        self.now += timedelta(seconds=self.chance.uniform(1, 60))
        origin = self._origin("support", "POST", f"/draft_orders/{draft.draft.id}/complete", {})
        done, record = added_lines(draft, self.record, version=self._version, now=self.now)
        done, event = recorded_draft(origin, "draft.completed", done, id=self._id(), now=self.now)
        self.drafts.append(done)
        self.events.append(event)
        self._note(origin, "order.lines_added", record, draft_id=done.draft.id)

    def cancel(self, reason: str) -> None:
        """POST …/orders/{id}/cancel"""
        origin = self._origin("support", "POST", f"{self._path}/cancel", {"reason": reason})
        why = _CANCEL.decode(origin.body).reason
        self._changed(
            origin, "order.cancelled",
            cancelled(self.record, why, now=self.now, by=origin.subject, version=self._version),
        )  # fmt: skip

    def close(self) -> None:
        """POST …/orders/{id}/close"""
        origin = self._origin("warehouse", "POST", f"{self._path}/close", {})
        self._changed(
            origin, "order.closed", closed(self.record, now=self.now, by=origin.subject, version=self._version)
        )

    def open(self) -> None:
        """POST …/orders/{id}/open"""
        origin = self._origin("support", "POST", f"{self._path}/open", {})
        self._changed(origin, "order.opened", opened(self.record, now=self.now, version=self._version))

    def comment(self, text: str) -> None:
        """POST …/orders/{id}/comments"""
        origin = self._origin("support", "POST", f"{self._path}/comments", {"text": text})
        asked = _COMMENT.decode(origin.body)
        by, version = origin.subject, self._version
        record = commented(self.record, asked, id=self._id(), now=self.now, by=by, version=version)
        self._note(origin, "order.comment_added", record)

    def update(self, body: dict[str, Any]) -> None:
        """PUT …/orders/{id}"""
        origin = self._origin("warehouse", "PUT", self._path, body)
        asked = _UPDATE.decode(origin.body)
        self._note(origin, "order.updated", updated(self.record, asked, body, now=self.now, version=self._version))

    def report(self, body: dict[str, Any]) -> None:
        """POST …/orders/{id}/events"""
        origin = self._origin("warehouse", "POST", f"{self._path}/events", body)
        asked, id = _REPORT.decode(origin.body), self._id()
        record, event = reported(self.record, asked, id=id, now=self.now, by=origin.subject, version=self._version)
        self._note(origin, "order.event_added", record, id=id, reported=event)

    # -- what each of them needs -------------------------------------------------------------------------------------

    @property
    def _path(self) -> str:
        return f"/orders/{self.record.order.id}"

    @property
    def _version(self) -> int:
        return self.record.order.version + 1

    def _id(self) -> str:
        return uuid_of(f"{self.chance.getrandbits(128):032x}")

    def _origin(self, caller: str, method: str, path: str, body: dict[str, Any]) -> Origin:
        subject, client_id = _CALLERS[caller]
        return Origin(
            account_id=self.account_id, subject=subject, client_id=client_id, method=method,
            path=f"/v1/accounts/{self.account_id}/shopping{path}", body=encode_text(body).encode() if body else b"",
        )  # fmt: skip

    def _changed(self, origin: Origin, type: str, record: OrderRecord | None) -> None:
        if record is not None:
            self._note(origin, type, record)

    def _note(self, origin: Origin, type: str, record: OrderRecord, id: str | None = None, **what: Any) -> None:
        self._record, event = recorded(origin, type, record, id=id or self._id(), now=self.now, **what)
        self.events.append(event)
