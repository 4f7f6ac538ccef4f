"""Generated lives of an order, with its status: cancelled, closed and opened between its payment operations.

The model knows a few sentences of the documentation and no rule: what each status takes, and that no money is lost.
"""

from __future__ import annotations

from typing import Any, ClassVar, get_args

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from kvitt.core.errors import Conflicting
from kvitt.orders.model import OrderRecord, Origin, Verb
from kvitt.orders.model.documents import OrderStatus
from kvitt.orders.model.events import MAX_EVENTS, ServiceEventRequest
from kvitt.orders.model.updates import CommentRequest, OrderUpdate
from kvitt.orders.rules import refusals
from kvitt.orders.rules.comments import commented, uncommented
from kvitt.orders.rules.events import reported
from kvitt.orders.rules.history import recorded
from kvitt.orders.rules.lifecycle import cancelled, closed, opened
from kvitt.orders.rules.remaining import left, sums
from kvitt.orders.rules.updates import updated
from kvitt.orders.rules.view import shown
from tests_support import play_until_reached

ORIGIN = Origin(account_id="T12345678", subject="client", client_id="client", method="POST", path="/x", body=b"{}")
TAKES = {
    "open": set(Verb),
    "closed": {Verb.REFUND},
    "cancelled": {Verb.CANCEL, Verb.REFUND},
}
"""What an order of each status still takes."""


class Life(RuleBasedStateMachine):
    kit: Any
    reached: ClassVar[set[str]] = set()
    record: OrderRecord

    @initialize(first=st.integers(1, 60), second=st.integers(1, 60), done=st.lists(st.sampled_from(Verb), max_size=3))
    def sold(self, first: int, second: int, done: list[Verb]) -> None:
        """`done`: what was registered of the whole first line already, as far as it may be."""
        self.record = self.kit.order(self.kit.line(1, first), self.kit.line(2, second))
        self.net = {1: first, 2: second}
        self.steps = 0
        self.states: dict[str, str] = {}
        self.failed = False
        self.texts: list[str] = []
        for verb in (verb for verb in Verb if verb in done):
            self.operate(verb, 1, 0)

    def keep(self, record: OrderRecord | None, type: str) -> None:
        if record is not None:
            self.steps += 1
            self.record, event = recorded(ORIGIN, type, record, id=f"{self.steps}", now=self.kit.now)
            assert event.version == record.order.version

    @property
    def version(self) -> int:
        return self.record.order.version + 1

    @property
    def holds(self) -> int:
        done = sums(self.record.order).values()
        return sum(line.captured - line.refunded for line in done)

    @rule(verb=st.sampled_from(Verb), line=st.sampled_from([1, 2]), more=st.integers(-3, 1))
    def operate(self, verb: Verb, line: int, more: int) -> None:
        rest = left(self.record)[line].of(verb)
        amount = max(1, rest + more)
        try:
            record, _ = self.kit.operate(self.record, verb, (line, amount), id=f"operation {self.steps}")
        except refusals.OrderNotOpen:
            assert verb not in TAKES[self.record.order.status]
            assert rest == 0
        except Conflicting:
            assert amount > rest
        else:
            assert verb in TAKES[self.record.order.status]
            assert amount <= rest
            self.keep(record, "order.capture_added")

    @rule()
    def cancel(self) -> None:
        status = self.record.order.status
        try:
            record = cancelled(self.record, None, now=self.kit.now, by="client", version=self.version)
        except refusals.StillPaid:
            assert self.holds > 0
        except refusals.OrderNotOpen:
            assert status == "closed"
        else:
            assert self.holds == 0
            assert status != "closed"
            assert (record is None) == (status == "cancelled")
            self.keep(record, "order.cancelled")
            assert self.record.order.status == "cancelled"

    @rule()
    def close(self) -> None:
        before = self.record.order.status
        try:
            self.keep(closed(self.record, now=self.kit.now, by="client", version=self.version), "order.closed")
        except refusals.OrderNotOpen:
            assert before == "cancelled"
        else:
            assert self.record.order.status == "closed"

    @rule()
    def reopen(self) -> None:
        before = self.record.order.status
        try:
            self.keep(opened(self.record, now=self.kit.now, version=self.version), "order.opened")
        except refusals.OrderNotOpen:
            assert before == "cancelled"
        else:
            assert self.record.order.status == "open"

    @rule(text=st.sampled_from(["call first", "ring twice"]))
    def comment(self, text: str) -> None:
        id = f"comment {self.steps}"
        request = CommentRequest(text=text)
        record = commented(self.record, request, id=id, now=self.kit.now, by="client", version=self.version)
        self.texts.append(text)
        self.keep(record, "order.comment_added")

    @rule()
    def uncomment(self) -> None:
        if self.texts:
            first = self.record.order.comments[0]
            assert first.text == self.texts.pop(0)
            record = uncommented(self.record, first.id, now=self.kit.now, version=self.version)
            self.keep(record, "order.comment_deleted")

    @rule(courier=st.sampled_from(["bike", "walk"]))
    def update(self, courier: str) -> None:
        body = {"courier_id": courier}
        request = msgspec.convert(body, OrderUpdate)
        self.keep(updated(self.record, request, body, now=self.kit.now, version=self.version), "order.updated")
        assert self.record.order.courier_id == courier

    @rule(service=st.sampled_from("ab"), state=st.sampled_from(["success", "success", "pending", "error"]))
    def report(self, service: str, state: str) -> None:
        request = msgspec.convert({"service": service, "service_status": "s", "state": state}, ServiceEventRequest)
        record, event = reported(self.record, request, id="e", now=self.kit.now, by="client", version=self.version)
        self.steps += 1
        self.record, _ = recorded(ORIGIN, "order.event_added", record, id="e", now=self.kit.now, reported=event)
        self.states[service] = state
        self.failed |= state == "error"

    @invariant()
    def money_is_explained(self) -> None:
        if not hasattr(self, "record"):
            return
        order, rest = self.record.order, left(self.record)
        self.reached.add(order.status)
        for id, line in sums(order).items():
            assert 0 <= line.refunded <= line.captured
            assert line.captured + line.cancelled <= line.authorized <= self.net[id]
            for verb in Verb:
                assert rest[id].of(verb) >= 0
                assert rest[id].of(verb) == 0 or verb in TAKES[order.status]
        assert order.status != "cancelled" or self.holds == 0
        assert order.net_amount == sum(self.net.values())
        assert order.version == 1 + self.steps
        view = shown(self.record, include_events=True)
        assert view.remaining.left.refund == self.holds
        assert view.events is not None
        assert len(view.events) == min(self.steps, MAX_EVENTS)
        newest = [event.version for event in view.events]
        assert newest == sorted(newest, reverse=True)
        said = set(self.states.values())
        expected = "failure" if self.failed else "pending" if not said or "pending" in said else "success"
        assert view.state == expected


def test_no_life_of_an_order_leaves_money_unexplained_and_every_status_is_reached(kit: Any) -> None:
    Life.kit = kit
    lives = settings(max_examples=60, stateful_step_count=30, deadline=None, derandomize=False)
    play_until_reached(
        lambda: run_state_machine_as_test(Life, settings=lives), Life.reached, set(get_args(OrderStatus))
    )
