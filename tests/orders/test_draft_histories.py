"""Generated lives of drafts and the order they make: edited line by line, completed, paid, edited again by plan.

The model is a dictionary of lines. After each step the sums of the draft and of the order are the sums over it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
from hypothesis import event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from kvitt.core.errors import NotFound, Refusal
from kvitt.orders.model import DraftOptions, DraftRecord, Item, OperationRequest, OrderContent, OrderRecord, Verb
from kvitt.orders.rules.checks import check_addition
from kvitt.orders.rules.completion import added_lines, new_order, replaced
from kvitt.orders.rules.drafts import new_draft
from kvitt.orders.rules.edits import deleted, updated, with_changed_item, with_item, without_item
from kvitt.orders.rules.operations import register
from kvitt.orders.rules.plan import plan
from kvitt.orders.rules.refusals import DraftNotOpen, InvalidDraft, NotReplaceable
from kvitt.orders.rules.remaining import left, received, reversible

NOW = datetime(2026, 7, 1, 9, tzinfo=UTC)
amounts = st.integers(1, 90)
ids = st.integers(1, 5)


def line(line_id: int, gross: int, off: int = 0, of: int | None = None) -> Item:
    body: dict[str, Any] = {"line_id": line_id, "id": "sku", "gross_amount": gross, "tax_lines": []}
    if off:
        body["discount_lines"] = [{"amount": min(off, gross), "discount_type": "manual"}]
    if of is not None:
        body["related_item"] = {"line_id": of, "type": "reversed"}
    return msgspec.convert(body, Item)


class Shop(RuleBasedStateMachine):
    """One order at a time, and one draft that is open, completed or deleted."""

    def __init__(self) -> None:
        super().__init__()
        self.order: OrderRecord | None = None
        self.sold: dict[int, Item] = {}
        self.record: DraftRecord | None = None
        self.lines: dict[int, Item] = {}
        self.count = 0

    def _new(self, options: DraftOptions | None = None) -> None:
        content = OrderContent(currency="NOK")
        self.record = new_draft(content, options, None, id=f"draft-{self.count}", now=NOW, by="client")
        self.lines = {}
        self.count += 1

    @property
    def draft(self) -> DraftRecord:
        if self.record is None:
            self._new()
        assert self.record is not None
        return self.record

    @rule(how=st.sampled_from(["new", "add", "replace"]))
    def begin(self, how: str) -> None:
        options = None
        if self.order is not None and how != "new":
            options = DraftOptions(order_id="N", replace="order" if how == "replace" else None)
        self._new(options)

    @initialize(first=st.lists(amounts, min_size=1, max_size=3))
    def sell(self, first: list[int]) -> None:
        for id, gross in enumerate(first, start=1):
            self.add(id, gross, 0)
        self.complete()

    @rule(kept=st.booleans(), back=st.lists(st.tuples(st.integers(0, 4), amounts), max_size=2), new=st.lists(amounts))
    def edit(self, kept: bool, back: list[tuple[int, int]], new: list[int]) -> None:
        """A draft about the order, from its making to its completion."""
        self.begin("add" if kept else "replace")
        for which, amount in back:
            self.take_back(which, amount)
        for id, gross in enumerate(new[:3], start=1):
            self.add(id, gross, 0)
        self.complete()

    @rule(id=ids, gross=amounts, off=st.integers(0, 5))
    def add(self, id: int, gross: int, off: int) -> None:
        item = line(100 * self.count + id, gross, off)
        try:
            self.record = with_item(self.draft, item, now=NOW)
        except DraftNotOpen:
            assert self.draft.draft.status != "open"
        except InvalidDraft:
            assert item.line_id in self.lines
        else:
            assert item.line_id not in self.lines
            self.lines[item.line_id] = item

    @rule(which=st.integers(0, 4), amount=amounts)
    def take_back(self, which: int, amount: int) -> None:
        if self.draft.draft.options is None or self.order is None or self.draft.draft.status != "open":
            return
        known = sorted(reversible(self.order.order))
        item = line(100 * self.count + 50 + which, -amount, of=known[which % len(known)])
        rest = reversible(self.order.order)[known[which % len(known)]]
        if rest > 0 and item.line_id not in self.lines:
            item = line(item.line_id, -min(amount, rest), of=known[which % len(known)])
            self.record = with_item(self.draft, item, now=NOW)
            self.lines[item.line_id] = item

    @rule(id=ids, gross=amounts)
    def change(self, id: int, gross: int) -> None:
        item = line(100 * self.count + id, gross)
        try:
            self.record = with_changed_item(self.draft, item.line_id, item, now=NOW)
        except DraftNotOpen:
            assert self.draft.draft.status != "open"
        except NotFound:
            assert item.line_id not in self.lines
        else:
            self.lines[item.line_id] = item

    @rule(id=ids)
    def remove(self, id: int) -> None:
        line_id = 100 * self.count + id
        try:
            self.record = without_item(self.draft, line_id, now=NOW)
        except DraftNotOpen:
            assert self.draft.draft.status != "open"
        except NotFound:
            assert line_id not in self.lines
        else:
            del self.lines[line_id]

    @rule()
    def send_back_as_it_is(self) -> None:
        before = self.draft.draft
        if before.status == "open":
            content = msgspec.convert(msgspec.to_builtins(before.order), OrderContent)
            self.record = updated(self.draft, content, None, None, now=NOW, new_number="")
            assert self.record.draft.order == before.order

    @rule()
    def throw_away(self) -> None:
        if self.draft.draft.status != "completed":
            self.record = deleted(self.draft, now=NOW, by="client")
            event("a draft was deleted")

    @rule()
    def complete(self) -> None:
        record = self.draft
        if record.draft.status != "open":
            return
        options = record.draft.options
        try:
            if options is None:
                self.record, self.order = new_order(record, id="order", number="N", now=NOW, by="client")
                self.sold = dict(self.lines)
            elif options.replace is not None:
                self._replace(record)
            else:
                self._add(record)
        except Refusal:
            event("a completion was refused")

    def _replace(self, record: DraftRecord) -> None:
        assert self.order is not None
        touched = any((self.order.order.authorizations, self.order.order.captures))
        version = self.order.order.version + 1
        try:
            self.record, self.order = replaced(record, self.order, version=version, now=NOW)
        except NotReplaceable:
            assert touched
            raise
        assert not touched
        self.sold = dict(self.lines)
        event("an order was replaced")

    def _add(self, record: DraftRecord) -> None:
        before = self.order
        assert before is not None
        check_addition(before, record.draft.order, record.draft.options)
        paid = received(before.order) == before.order.net_amount
        self.record, after = added_lines(record, before, version=before.order.version + 1, now=NOW)
        made = plan(before, after)
        for verb, planned in (
            (Verb.AUTHORIZE, made.authorize),
            (Verb.CAPTURE, made.capture),
            (Verb.REFUND, made.refund),
        ):
            try:
                after = self._registered(after, verb, [(item.line_id, item.amount) for item in planned.items])
            except Refusal as refusal:
                raise AssertionError(f"the plan was refused: {refusal.message}") from refusal
        self.order = after
        self.sold |= self.lines
        if paid and before.order.captures:
            assert received(after.order) == after.order.net_amount
            event("a paid order was edited")

    @rule()
    def pay(self) -> None:
        self.operate(Verb.AUTHORIZE, 0, whole=True)
        self.operate(Verb.CAPTURE, 0, whole=True)

    @precondition(lambda self: self.order is not None)
    @rule(verb=st.sampled_from(Verb), which=st.integers(0, 5), whole=st.booleans())
    def operate(self, verb: Verb, which: int, whole: bool) -> None:
        """Of one line or of all: what is left to do."""
        assert self.order is not None
        rest = {id: lines.of(verb) for id, lines in left(self.order).items()}
        some = list(rest) if whole else [list(rest)[which % len(rest)]]
        parts = [(id, rest[id]) for id in some if rest[id]]
        try:
            self.order = self._registered(self.order, verb, parts)
        except Refusal:
            event(f"{verb} refused")
        else:
            event(f"{verb} registered")

    def _registered(self, record: OrderRecord, verb: Verb, parts: list[tuple[int, int]]) -> OrderRecord:
        if not parts:
            return record
        body = {"items": [{"line_id": line_id, "amount": amount} for line_id, amount in parts]}
        request = msgspec.convert(body, OperationRequest)
        version = record.order.version + 1
        return register(record, verb, request, id=f"op-{version}", now=NOW, by="client", version=version)[0]

    @invariant()
    def the_draft_is_the_sum_of_its_lines(self) -> None:
        if self.record is None:
            return
        order = self.record.draft.order
        assert [item.line_id for item in order.items] == list(self.lines)
        assert order.gross_amount == sum(item.gross_amount for item in self.lines.values())
        assert order.net_amount == sum(item.net for item in self.lines.values())
        assert order.total_discount == order.total_manual_discount_amount == order.gross_amount - order.net_amount

    @invariant()
    def the_order_is_the_sum_of_what_was_sold(self) -> None:
        if self.order is None:
            return
        order = self.order.order
        assert [item.line_id for item in order.items] == list(self.sold)
        assert order.net_amount == sum(item.net for item in self.sold.values()) >= 0
        assert received(order) >= 0
        event(f"payment_status {order.payment_status}")


TestShop = Shop.TestCase
TestShop.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
