"""Generated histories of an order against a model that knows nothing of the rules: plain counters and inequalities."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, get_args

from hypothesis import event, given, settings
from hypothesis import strategies as st

from kvitt.core.errors import Conflicting, Refusal
from kvitt.core.money import MAX_AMOUNT
from kvitt.orders.model import OrderRecord, Verb
from kvitt.orders.model.documents import PaymentStatus
from kvitt.orders.rules.remaining import left, reversible, sums
from tests_support import play_until_reached

AUTHORIZE, CAPTURE, REFUND, CANCEL = Verb.AUTHORIZE, Verb.CAPTURE, Verb.REFUND, Verb.CANCEL
VERBS = {AUTHORIZE: "authorized", CAPTURE: "captured", REFUND: "refunded", CANCEL: "cancelled"}


class Model:
    """What should have happened: sums by (line, authorization), in absolute values."""

    def __init__(self, net: dict[int, int], multiple: bool) -> None:
        self.net = net
        self.multiple = multiple
        self.takes_back: dict[int, int] = {}
        self.did: dict[str, defaultdict[tuple[int, str], int]] = {name: defaultdict(int) for name in VERBS.values()}

    def sum(self, what: str, line: int, authorization: str | None = None) -> int:
        return sum(a for (n, of), a in self.did[what].items() if n == line and authorization in (None, of))

    def given_back(self, line: int) -> int:
        return sum(self.sum("captured", r) - self.sum("refunded", r) for r, of in self.takes_back.items() if of == line)

    def signed(self, what: str) -> int:
        return sum((1 if self.net[n] > 0 else -1) * a for (n, _), a in self.did[what].items())

    def received(self) -> int:
        return self.signed("captured") - self.signed("refunded")

    def allows(self, verb: Verb, line: int, amount: int, of: str) -> bool:
        """`amount` is absolute, and `of` the authorization (the new one's id when authorizing)."""
        net = abs(self.net[line])
        if verb is AUTHORIZE:
            before = self.sum("authorized", line)
            return before + amount <= net and (self.multiple or not before)
        scope = of if self.multiple else None
        taken = self.sum("captured", line, scope) + self.sum("cancelled", line, scope)
        if verb in (CAPTURE, CANCEL):
            if taken + amount > self.sum("authorized", line, scope):
                return False
            if verb is CAPTURE and self.net[line] < 0 and amount > self.received():
                return False
            target = self.takes_back.get(line)
            if verb is CAPTURE and target is not None and self.sum("refunded", target):
                out = self.sum("refunded", target) + self.given_back(target) + amount
                return out <= self.sum("captured", target)
            return True
        if self.net[line] > 0 and amount > self.received():
            return False
        out = self.sum("refunded", line) + amount + self.given_back(line)
        if line in self.takes_back.values() and out > self.sum("captured", line):
            return False
        return self.sum("refunded", line, scope) + amount <= self.sum("captured", line, scope)

    def payment_status(self) -> str:
        captured, refunded, cancelled = map(self.signed, ("captured", "refunded", "cancelled"))
        owed = sum(self.net.values()) - cancelled
        if refunded > 0:
            return "partially_refunded" if refunded < captured else "refunded"
        if captured > 0:
            return "partially_paid" if captured < owed else "paid"
        return "paid" if captured == owed == 0 and not cancelled else "pending"


prices = st.integers(20, 60) | st.sampled_from([1, 2, MAX_AMOUNT])
sizes = st.sampled_from(["all", "all", "half", "one more"]) | st.integers(1, 60)
"""How much is asked: of what the rules say is left, or any number. The model alone judges the answer."""
operations = st.tuples(
    st.sampled_from([AUTHORIZE, AUTHORIZE, CAPTURE, CAPTURE, CAPTURE, REFUND, REFUND, CANCEL]),
    st.integers(0, 4),  # which line
    sizes,
    st.integers(0, 3),  # which authorization
    st.sampled_from([True, True, True, True, False]),  # success
)
reversals = st.tuples(st.just("take back"), st.integers(0, 4), sizes)
steps = st.lists(st.one_of(*[operations] * 7, reversals), min_size=8, max_size=25)
JOURNEY = [
    (AUTHORIZE, 0, "all", 0, True), (AUTHORIZE, 1, "all", 1, True), (CAPTURE, 0, "half", 0, True),
    (CAPTURE, 0, "all", 0, True), (CAPTURE, 1, "all", 1, True), (REFUND, 0, "half", 0, True),
    (REFUND, 0, "all", 0, True), (REFUND, 1, "all", 1, True),
]  # fmt: skip
histories = st.tuples(st.integers(0, len(JOURNEY)), steps).map(lambda begun: [*JOURNEY[: begun[0]], *begun[1]])
"""Many begin as a journey does, some way along it: by chance alone little is ever captured and refunded."""


def test_no_history_brings_an_order_beyond_what_its_lines_allow_and_every_payment_status_is_reached(kit):
    reached = set()

    @settings(max_examples=100, deadline=None, derandomize=False)
    @given(lines=st.lists(prices, min_size=1, max_size=2), multiple=st.booleans(), steps=histories)
    def every_history(lines, multiple, steps):
        net = dict(enumerate(lines, start=1))
        record: OrderRecord = kit.order(*[kit.line(id, amount) for id, amount in net.items()], multiple=multiple)
        model = Model(net, multiple)
        for number, (what, which, size, *rest) in enumerate(steps):
            line = sorted(model.net)[which % len(model.net)]
            if what == "take back":
                record = _take_back(kit, record, model, line, _amount(size, reversible(record.order).get(line, 0)))
            else:
                amount = _amount(size, left(record)[line].of(what))
                record = _register(kit, record, model, what, line, amount, *rest, id=str(number))
            _holds(record, model)
            reached.add(record.order.payment_status)

    play_until_reached(every_history, reached, set(get_args(PaymentStatus)))


def _amount(size: str | int, rest: int) -> int:
    rest = abs(rest)
    known = {"all": rest, "half": rest // 2, "one more": rest + 1}
    return min(max(1, known[size] if isinstance(size, str) else size), MAX_AMOUNT)


def _register(
    kit: Any,
    record: OrderRecord,
    model: Model,
    verb: Verb,
    line: int,
    amount: int,
    which: int,
    success: bool,
    *,
    id: str,
) -> OrderRecord:
    known = [done.id for done in record.order.authorizations if done.success]
    if verb is AUTHORIZE:
        of = id
    elif model.multiple and not known:
        return record
    else:
        of = known[which % len(known)] if known else ""
    named = of if model.multiple and verb is not AUTHORIZE else None
    allowed = model.allows(verb, line, amount, of)
    signed = amount if model.net[line] > 0 else -amount
    try:
        record, operation = kit.operate(record, verb, (line, signed), id=id, authorization_id=named, success=success)
    except Conflicting:
        assert success
        assert not allowed
        event(f"{verb} refused")
        return record
    assert allowed or not success
    assert operation.amount == signed
    if success:
        model.did[VERBS[verb]][line, of] += amount
        event(f"{verb} accepted")
    return record


def _take_back(kit: Any, record: OrderRecord, model: Model, line: int, amount: int) -> OrderRecord:
    before = reversible(record.order).get(line)
    id = max(model.net) + 1
    owed = sum(model.net.values()) - sum(
        (1 if model.net[n] > 0 else -1) * a for (n, _), a in model.did["cancelled"].items()
    )
    try:
        record = kit.add(record, kit.reversal(id, -amount, of=line))
    except Refusal:
        assert before is None or before < amount or owed < amount
        return record
    assert before is not None
    assert before >= amount
    model.net[id] = -amount
    model.takes_back[id] = line
    event("taken back")
    return record


def _holds(record: OrderRecord, model: Model) -> None:
    done, rest = sums(record.order), left(record)
    for line, net in model.net.items():
        sign = 1 if net > 0 else -1
        s = done[line]
        authorized, captured, refunded, cancelled = (
            sign * amount for amount in (s.authorized, s.captured, s.refunded, s.cancelled)
        )
        assert (authorized, captured, refunded, cancelled) == tuple(
            model.sum(name, line) for name in ("authorized", "captured", "refunded", "cancelled")
        )
        assert 0 <= refunded <= captured <= authorized - cancelled <= authorized <= abs(net)
        assert all(sign * getattr(rest[line], name) >= 0 for name in ("authorize", "capture", "refund", "cancel"))
        if refunded and sign > 0:
            assert refunded + model.given_back(line) <= captured
    assert model.received() >= 0
    assert record.order.net_amount == sum(model.net.values())
    assert record.order.payment_status == model.payment_status()
    assert record.order.status == "open"
