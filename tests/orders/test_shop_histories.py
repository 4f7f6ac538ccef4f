"""Generated lives of an order in the real service on the real database: sold by a draft, paid, edited by more drafts.

One machine does all that moves an order's money: drafts that add lines and take others back, previews, the operations
of their plans and any other, one authorization or several, closing, opening, cancelling. Its model counts what was
accepted, line by line, and knows a few sentences of the documentation.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any, ClassVar, TypeVar, get_args

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from kvitt.core.errors import Conflicting, InvalidRequest
from kvitt.orders.flows import Orders
from kvitt.orders.model import DraftOptions, Item, OperationRequest, OrderContent, Origin, Verb
from kvitt.orders.model.documents import DraftStatus, OrderStatus, PaymentStatus
from kvitt.orders.model.updates import CancelRequest, CommentRequest
from kvitt.orders.rules.plan import Plan
from kvitt.orders.rules.refusals import DraftNotOpen, OrderNotOpen, StaleVersion, StillPaid
from kvitt.store import connect
from tests_support import play_until_reached

T = TypeVar("T")

NOW = datetime(2026, 7, 1, 9, tzinfo=UTC)
"""Time stands still, so that what was previewed and what was committed are equal to the last member."""
NAMES = {
    Verb.AUTHORIZE: "authorized",
    Verb.CAPTURE: "captured",
    Verb.REFUND: "refunded",
    Verb.CANCEL: "cancelled",
}
OF_LEFT = {Verb.AUTHORIZE: "authorize", Verb.CAPTURE: "capture", Verb.REFUND: "refund", Verb.CANCEL: "cancel"}
TAKES = {"open": set(Verb), "closed": {Verb.REFUND}, "cancelled": {Verb.CANCEL, Verb.REFUND}}
"""What an order of each status still takes."""
amounts = st.integers(1, 60)
sizes = st.sampled_from(["all", "all", "half", "one more"])
verbs = st.sampled_from([Verb.AUTHORIZE, Verb.CAPTURE, Verb.CAPTURE, Verb.REFUND, Verb.REFUND, Verb.CANCEL])
successes = st.sampled_from([True, True, True, True, False])


class Shop(RuleBasedStateMachine):
    """One order. `net` and `did`: what its lines cost, and what was done to each, with the line's sign."""

    orders: ClassVar[Orders]
    runner: ClassVar[asyncio.Runner]
    account_id: ClassVar[str]
    reached: ClassVar[set[str]] = set()

    @initialize(lines=st.lists(amounts, min_size=1, max_size=3), multiple=st.booleans())
    def sell(self, lines: list[int], multiple: bool) -> None:
        """A draft, item by item; completed twice it is one order."""
        self.origin = Origin(
            account_id=self.account_id, subject="client", client_id="client", method="POST", path="/x", body=b"{}"
        )
        self.net: dict[int, int] = {}
        self.takes_back: dict[int, int] = {}
        self.did: dict[tuple[Verb, int], int] = {}
        self.multiple = multiple
        self.status = "open"
        options = DraftOptions(multiple_authorizations=multiple)
        draft = self.run(self.orders.create_draft(self.origin, OrderContent(currency="NOK"), options))
        self.reached.add(draft.status)
        for id, gross in enumerate(lines, start=1):
            draft = self.run(self.orders.add_item(self.origin, draft.id, line(id, gross), draft.version))
            assert draft.order.net_amount == sum(lines[:id])
        made, plan = self.run(self.orders.preview(self.origin, draft.id))
        (self.order,) = self.run(self.orders.complete(self.origin, draft.id))
        assert made == (self.order,)
        assert self.run(self.orders.complete(self.origin, draft.id)) == made
        assert {item.line_id: item.amount for item in plan.authorize.items} == dict(enumerate(lines, start=1))
        self.reached.add(self.run(self.orders.draft(self.account_id, draft.id)).status)
        self.net = dict(enumerate(lines, start=1))
        self.version = 1

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    # what is edited

    @rule(
        backs=st.lists(st.tuples(st.integers(0, 5), sizes), max_size=2),
        new=st.lists(amounts, max_size=2),
        between=st.booleans(),
        follow=st.booleans(),
    )
    def edit(self, backs: list[tuple[int, str]], new: list[int], between: bool, follow: bool) -> None:
        """A draft on the order, looked at before it is completed. `between`: somebody else changes the order then."""
        lines = [*self._backs(backs), *(line(100 + len(self.net) + n, gross) for n, gross in enumerate(new))]
        if not lines:
            return
        content = OrderContent(currency="NOK", items=tuple(lines))
        paid = self._paid() and not any(self._waiting(id) for id in self.net)
        beyond = any(item.related_item and -item.net > self._reversible(item.related_item.line_id) for item in lines)
        try:
            draft = self.run(self.orders.create_draft(self.origin, content, DraftOptions(order_id=self.order.id)))
            (shown,), plan = self.run(self.orders.preview(self.origin, draft.id))
            if between:
                self.comment("wait")
            (made,) = self.run(self.orders.complete(self.origin, draft.id))
        except OrderNotOpen:
            assert self.status != "open"
            return
        except Conflicting:
            owed = sum(self.net.values()) - self._signed(Verb.CANCEL) + sum(item.net for item in lines)
            assert owed < 0 or beyond
            return
        assert self.status == "open"
        assert not beyond
        assert between or shown == made
        assert self.run(self.orders.complete(self.origin, draft.id)) == (made,)
        self.version += 1
        self.net |= {item.line_id: item.net for item in lines}
        self.takes_back |= {item.line_id: item.related_item.line_id for item in lines if item.related_item}
        if follow:
            self._follow(plan)
            assert self._paid() or not paid

    def _backs(self, backs: list[tuple[int, str]]) -> list[Item]:
        """Lines that take back what is left of others, or a little more than that."""
        sold = [id for id, net in self.net.items() if net > 0]
        made: dict[int, Item] = {}
        for which, size in backs:
            target = sold[which % len(sold)]
            rest = self._reversible(target)
            amount = {"all": rest, "half": rest // 2, "one more": rest + 1}[size]
            if target not in made and amount > 0:
                made[target] = line(200 + len(self.net) + len(made), -amount, target)
        return list(made.values())

    def _follow(self, plan: Plan) -> None:
        """What a plan says is never refused."""
        new = None
        if plan.authorize.items:
            parts = [(item.line_id, item.amount) for item in plan.authorize.items]
            new = self.registered(Verb.AUTHORIZE, parts)
        if plan.capture.items:
            self.registered(Verb.CAPTURE, [(item.line_id, item.amount) for item in plan.capture.items], new)
        for of in {item.authorization_id for item in plan.refund.items}:
            parts = [(item.line_id, item.amount) for item in plan.refund.items if item.authorization_id == of]
            self.registered(Verb.REFUND, parts, of)

    @rule(text=st.sampled_from(["call first", "ring twice"]))
    def comment(self, text: str) -> None:
        self.run(self.orders.comment(self.origin, self.order.id, CommentRequest(text=text)))
        self.version += 1

    @rule()
    def throw_a_draft_away(self) -> None:
        draft = self.run(self.orders.create_draft(self.origin, OrderContent(currency="NOK")))
        self.reached.add(self.run(self.orders.delete_draft(self.origin, draft.id)).status)
        try:
            self.run(self.orders.complete(self.origin, draft.id))
        except DraftNotOpen:
            return
        raise AssertionError("a deleted draft was completed")

    # what is registered

    @rule(
        verb=verbs,
        which=st.integers(0, 5),
        size=sizes,
        of=st.integers(0, 3),
        success=st.sampled_from([True] * 4 + [False]),
    )
    def operate(self, verb: Verb, which: int, size: str, of: int, success: bool) -> None:
        """Of one line as much as the order says is left, half of it, or a little more. What is left is taken."""
        items = self.order.remaining.items
        each = items[which % len(items)]
        left = getattr(each.left, OF_LEFT[verb])
        sign = -1 if self.net[each.line_id] < 0 else 1
        amount = {"all": left, "half": sign * (abs(left) // 2), "one more": left + sign}[size] or sign
        known = [done.id for done in self.order.authorizations if done.success]
        named = known[of % len(known)] if self.multiple and known and verb is not Verb.AUTHORIZE else None
        gives_back = {Verb.REFUND: amount, Verb.CAPTURE: -amount}.get(verb, 0)
        fits = abs(amount) <= abs(left) and gives_back <= self._held() and verb in TAKES[self.status]
        try:
            self.registered(verb, [(each.line_id, amount)], named, success)
        except Conflicting:
            assert success
            assert not fits or self.multiple
        except InvalidRequest:  # it has to name an authorization, and there is none
            assert self.multiple
            assert not known
        else:
            assert fits or not success

    @precondition(lambda self: self.version > 1)
    @rule(verb=verbs)
    def operate_on_what_was(self, verb: Verb) -> None:
        try:
            self.registered(verb, [(1, 1)], expected=self.version - 1)
        except StaleVersion:
            return
        raise AssertionError("a version that is gone was accepted")

    @rule()
    def pay(self) -> None:
        """All that is left, as a checkout does."""
        for verb in (Verb.AUTHORIZE, Verb.CAPTURE):
            parts = [(each.line_id, getattr(each.left, OF_LEFT[verb])) for each in self.order.remaining.items]
            parts = [(id, amount) for id, amount in parts if amount > 0]
            if parts and not self.multiple:
                self.registered(verb, parts)
            elif parts and verb is Verb.AUTHORIZE:
                self.registered(Verb.CAPTURE, parts, self.registered(verb, parts))

    @rule(whole=st.booleans())
    def give_back(self, whole: bool) -> None:
        """All that may be refunded of the lines that were sold, or a coin of one. What was not paid is paid first."""
        if not self._held():
            self.pay()
        rest = [(each.line_id, each.left.refund) for each in self.order.remaining.items if each.left.refund > 0]
        parts = rest if whole else [(id, 1) for id, _ in rest[:1]]
        if parts and not self.multiple and sum(amount for _, amount in parts) <= self._held():
            self.registered(Verb.REFUND, parts)

    def registered(
        self,
        verb: Verb,
        parts: list[tuple[int, int]],
        authorization_id: str | None = None,
        success: bool = True,
        expected: int | None = None,
    ) -> str:
        items = [{"line_id": line_id, "amount": amount} for line_id, amount in parts]
        body = {"items": items, "authorization_id": authorization_id, "success": success}
        request = msgspec.convert(body, OperationRequest)
        made = self.run(self.orders.register(self.origin, self.order.id, verb, request, expected=expected))
        self.version += 1
        assert made.amount == sum(amount for _, amount in parts)
        if success:
            for line_id, amount in parts:
                self.did[verb, line_id] = self.did.get((verb, line_id), 0) + amount
        self.read()
        return made.id

    # its life

    @rule()
    def cancel(self) -> None:
        try:
            self.run(self.orders.cancel(self.origin, self.order.id, CancelRequest()))
        except StillPaid:
            assert self._held() > 0
        except OrderNotOpen:
            assert self.status == "closed"
        else:
            assert self._held() == 0
            self._became("cancelled")

    @rule()
    def close(self) -> None:
        try:
            self.run(self.orders.close(self.origin, self.order.id))
        except OrderNotOpen:
            assert self.status == "cancelled"
        else:
            assert self.status != "cancelled"
            self._became("closed")

    @rule()
    def reopen(self) -> None:
        try:
            self.run(self.orders.open(self.origin, self.order.id))
        except OrderNotOpen:
            assert self.status == "cancelled"
        else:
            assert self.status != "cancelled"
            self._became("open")

    def _became(self, status: str) -> None:
        self.version += self.status != status
        self.status = status

    # what it has to be

    def _sum(self, verb: Verb, line_id: int) -> int:
        return self.did.get((verb, line_id), 0)

    def _signed(self, verb: Verb) -> int:
        return sum(amount for (did, _), amount in self.did.items() if did is verb)

    def _held(self) -> int:
        return self._signed(Verb.CAPTURE) - self._signed(Verb.REFUND)

    def _paid(self) -> bool:
        """Whether the order holds what it costs, to the last coin."""
        return self._held() == sum(self.net.values()) and self._signed(Verb.CAPTURE) > 0

    def _waiting(self, id: int) -> int:
        """Authorized, and neither captured nor cancelled."""
        return self._sum(Verb.AUTHORIZE, id) - self._sum(Verb.CAPTURE, id) - self._sum(Verb.CANCEL, id)

    def _backs_of(self, target: int) -> list[int]:
        return [id for id, of in self.takes_back.items() if of == target]

    def _reversible(self, target: int) -> int:
        ids = [target, *self._backs_of(target)]
        return sum(self.net[id] - self._sum(Verb.CANCEL, id) - self._sum(Verb.REFUND, id) for id in ids)

    def _payment_status(self) -> str:
        captured, refunded, cancelled = map(self._signed, (Verb.CAPTURE, Verb.REFUND, Verb.CANCEL))
        owed = sum(self.net.values()) - cancelled
        if refunded > 0:
            return "partially_refunded" if refunded < captured else "refunded"
        if captured > 0:
            return "partially_paid" if captured < owed else "paid"
        return "paid" if captured == owed == 0 and not cancelled else "pending"

    def read(self) -> None:
        self.order = self.run(self.orders.order(self.account_id, self.order.id))

    @invariant()
    def money_is_explained(self) -> None:
        if not hasattr(self, "order"):
            return
        self.read()
        order = self.order
        self.reached.update((order.status, order.payment_status))
        assert order.version == self.version
        assert (order.status, order.payment_status) == (self.status, self._payment_status())
        assert {item.line_id: item.net for item in order.items} == self.net
        assert order.net_amount == sum(self.net.values())
        assert self._held() >= 0
        for each in order.remaining.items:
            id, sign = each.line_id, -1 if self.net[each.line_id] < 0 else 1
            shown = {verb: getattr(each, name) for verb, name in NAMES.items()}
            assert shown == {verb: self._sum(verb, id) for verb in Verb}
            authorized, captured, refunded, cancelled = (sign * shown[verb] for verb in Verb)
            assert 0 <= refunded <= captured
            assert 0 <= cancelled <= authorized - captured
            assert authorized <= abs(self.net[id])
            back = sum(self._sum(Verb.REFUND, of) - self._sum(Verb.CAPTURE, of) for of in self._backs_of(id))
            assert not refunded or refunded + back <= captured
            for verb, name in OF_LEFT.items():
                left = getattr(each.left, name)
                assert left * sign >= 0
                assert left == 0 or verb in TAKES[self.status]


def line(line_id: int, gross: int, of: int | None = None) -> Item:
    related = {"related_item": {"line_id": of, "type": "reversed"}} if of is not None else {}
    return msgspec.convert({"line_id": line_id, "id": "sku", "gross_amount": gross, "tax_lines": [], **related}, Item)


def test_sums_hold_previews_come_true_and_every_status_is_reached(database_url: str, account_id: str) -> None:
    lives = settings(max_examples=25, stateful_step_count=20, deadline=None, derandomize=False)
    wanted = {*get_args(DraftStatus), *get_args(OrderStatus), *get_args(PaymentStatus)}
    with asyncio.Runner() as runner:
        store = runner.run(connect(database_url))
        Shop.orders, Shop.runner, Shop.account_id = Orders(store, lambda _=None: NOW), runner, account_id
        play_until_reached(lambda: run_state_machine_as_test(Shop, settings=lives), Shop.reached, wanted)
        runner.run(store.close())
