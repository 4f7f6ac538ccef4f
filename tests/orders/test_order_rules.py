"""An order's life by the rules alone: cancelled, closed, opened, updated, commented on, reported on; what is left."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from kvitt.core.errors import Conflicting, NotFound
from kvitt.core.reply import encode
from kvitt.orders.model import OrderRecord, Verb
from kvitt.orders.model.comments import MAX_COMMENTS
from kvitt.orders.model.events import MAX_EVENT_METADATA, MAX_EVENTS, MAX_SERVICES, ServiceEventRequest
from kvitt.orders.model.updates import CommentRequest, OrderUpdate
from kvitt.orders.rules import refusals
from kvitt.orders.rules.comments import commented, uncommented
from kvitt.orders.rules.events import noted, remembered, reported, state_of
from kvitt.orders.rules.lifecycle import cancelled, closed, opened
from kvitt.orders.rules.remaining import Left, left, left_of_order
from kvitt.orders.rules.status import status
from kvitt.orders.rules.updates import updated
from kvitt.orders.rules.versions import refuse_stale
from kvitt.orders.rules.view import shown

AUTHORIZE, CAPTURE, REFUND, CANCEL = Verb.AUTHORIZE, Verb.CAPTURE, Verb.REFUND, Verb.CANCEL


# -- cancelled, closed, opened ----------------------------------------------------------------------------------------


@pytest.fixture
def live(kit):
    """What a caller can do with an order's status, by its name."""
    return {
        "cancel": lambda record: cancelled(
            record, "customer", now=kit.now, by="client", version=record.order.version + 1
        ),
        "close": lambda record: closed(record, now=kit.now, by="client", version=record.order.version + 1),
        "open": lambda record: opened(record, now=kit.now, version=record.order.version + 1),
    }


TRANSITIONS = [
    ("open", "cancel", "cancelled"),
    ("open", "close", "closed"),
    ("open", "open", None),
    ("closed", "open", "open"),
    ("closed", "close", None),
    ("closed", "cancel", refusals.OrderNotOpen),
    ("cancelled", "cancel", None),
    ("cancelled", "open", refusals.OrderNotOpen),
    ("cancelled", "close", refusals.OrderNotOpen),
]


@pytest.mark.parametrize(("before", "verb", "outcome"), TRANSITIONS)
def test_the_status_of_an_order_goes_these_ways_alone(kit, live, before, verb, outcome):
    record = kit.order(kit.line(1, 100))
    if before != "open":
        record = live[{"closed": "close", "cancelled": "cancel"}[before]](record)
    if isinstance(outcome, type):
        with pytest.raises(outcome) as refused:
            live[verb](record)
        assert refused.value.status == 409
        return
    after = live[verb](record)
    if outcome is None:
        assert after is None, "nothing is to be changed"
        return
    assert after.order.status == status(after.order) == outcome
    assert after.order.version == record.order.version + 1


def test_who_cancelled_or_closed_an_order_is_kept_and_opening_forgets_the_closing(kit, live):
    record = kit.order(kit.line(1, 100))
    order = live["cancel"](record).order
    assert (order.cancelled_at, order.cancelled_by, order.cancelled_reason) == (kit.now, "client", "customer")
    after = live["close"](record)
    assert (after.order.closed_at, after.order.closed_by) == (kit.now, "client")
    again = live["open"](after).order
    assert (again.closed_at, again.closed_by) == (None, None)


def test_an_order_that_holds_money_is_not_cancelled(kit, live):
    record = kit.after(kit.order(kit.line(1, 1000)), (AUTHORIZE, (1, 1000)), (CAPTURE, (1, 700)), (REFUND, (1, 300)))
    with pytest.raises(refusals.StillPaid) as refused:
        live["cancel"](record)
    assert refused.value.problems[0].details == {"captured": 700, "refunded": 300, "left": 400}
    assert live["cancel"](kit.after(record, (REFUND, (1, 400)))).order.payment_status == "refunded"


def test_a_cancelled_order_gives_up_what_is_authorized_and_takes_no_more(kit, live):
    record = live["cancel"](kit.after(kit.order(kit.line(1, 1000)), (AUTHORIZE, (1, 600))))
    assert left(record)[1] == Left(authorize=0, capture=0, refund=0, cancel=600)
    for verb in (AUTHORIZE, CAPTURE):
        with pytest.raises(refusals.OrderNotOpen):
            kit.operate(record, verb, (1, 100))
    after = kit.after(record, (CANCEL, (1, 600)))
    assert left(after)[1] == Left(authorize=0, capture=0, refund=0, cancel=0)


# -- updates ----------------------------------------------------------------------------------------------------------


def update(kit, record: OrderRecord, body: dict[str, Any]) -> OrderRecord:
    request = msgspec.convert(body, OrderUpdate)
    return updated(record, request, body, now=kit.now, version=record.order.version + 1)


def plain(record: OrderRecord) -> dict[str, Any]:
    """The order as a caller read it."""
    body: dict[str, Any] = msgspec.json.Decoder(float_hook=Decimal).decode(encode(shown(record, include_events=True)))
    return body


RATE = {
    "original_currency": "SEK",
    "original_gross_amount": 900,
    "conversion_rate_ppm": 1099000,
    "conversion_rate_timestamp": "2026-07-01T00:00:00Z",
    "conversion_rate_source": "ecb",
}


def test_an_update_changes_what_it_names_and_nothing_else(kit):
    record = kit.completed(kit.draft(kit.line(1, 1000), kit.line(2, 500), courier_id="walk"))
    before = plain(record)
    body = {
        "itinerary": [{"id": "i", "line_ids": [1], "travel_mode": "CUSTOM"}],
        "external_ids": [{"type": "pnr", "id": "X"}],
        "pickup_at": "2026-07-01T12:00:00Z",
        "delivery_id": "d",
        "items": [{"line_id": 2, "status": "ready", **RATE}],
    }
    after = plain(update(kit, record, body))
    line = before["items"][1] | {"status": "ready", "version": 2, **RATE}
    named = {name: value for name, value in body.items() if name != "items"}
    assert after == before | named | {"version": 2, "items": [before["items"][0], line]}


FIXED = [
    ({"currency": "SEK"}, "currency"),
    ({"gross_amount": 1}, "gross_amount"),
    ({"net_amount": 1}, "net_amount"),
    ({"status": "cancelled"}, "status"),
    ({"payment_status": "paid"}, "payment_status"),
    ({"order_id": "other"}, "order_id"),
    ({"customer": {"id": "c"}}, "customer"),
    ({"captures": [{}]}, "captures"),
    ({"items": [{"line_id": 1, "gross_amount": 1}]}, "items.0.gross_amount"),
    ({"items": [{"line_id": 2}, {"line_id": 1, "quantity": 3}]}, "items.1.quantity"),
    ({"items": [{"line_id": 1, "net_amount": 999}]}, "items.0.net_amount"),
    ({"items": [{"line_id": 1, "tax_lines": [{"amount": 1, "percentage": 25}]}]}, "items.0.tax_lines"),
    ({"items": [{"line_id": 1, "related_item": {"line_id": 2}}]}, "items.0.related_item"),
    ({"items": [{"line_id": 1, "discount_lines": [{"amount": 1}]}]}, "items.0.discount_lines"),
    ({"items": [{"line_id": 2, "discount_lines": []}]}, "items.0.discount_lines"),
    ({"items": [{"line_id": 2, "discount_lines": [{"amount": 150}, {"amount": -50}]}]},
     "items.0.discount_lines.1.amount"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "path"), FIXED, ids=[path for _, path in FIXED])
def test_an_update_of_what_was_sold_is_refused_by_its_place(kit, body, path):
    record = kit.order(kit.line(1, 1000), kit.line(2, 500, discount_lines=[{"amount": 100}]))
    with pytest.raises(refusals.InvalidUpdate) as refused:
        update(kit, record, body)
    assert (refused.value.status, [fault.path for fault in refused.value.problems]) == (400, [path])


@pytest.mark.parametrize("lines", [[9], [1, 1]], ids=["a line it does not have", "a line twice"])
def test_an_update_adds_no_line_and_names_each_once(kit, lines):
    with pytest.raises(refusals.UnknownLine) as refused:
        update(kit, kit.order(kit.line(1, 1000)), {"items": [{"line_id": id} for id in lines]})
    assert refused.value.problems[0].path == "items.0.line_id"


def test_an_order_that_was_read_may_be_sent_back_with_a_change(kit):
    tax = [{"amount": 200, "percentage": 25.5, "tax_code": "3"}]
    record = kit.after(
        kit.completed(
            kit.draft(
                kit.line(1, 1000, tax_lines=tax, quantity=2.5),
                customer={"first_name": "Kari", "date_of_birth": "1990-02-28"},
                shipping_address={"latitude": 59.9127},
                pickup_at="2026-07-01T12:00:00+02:00",
            )
        ),
        (AUTHORIZE, (1, 1000)),
        (CAPTURE, (1, 10)),
    )
    body = plain(record)
    body["items"][0]["status"] = "ready"
    body["courier_id"] = "bike"
    order = update(kit, record, body).order
    assert (order.courier_id, order.items[0].status) == ("bike", "ready")


def test_discounts_may_be_told_differently_but_come_to_the_same(kit):
    record = kit.order(kit.line(1, 1000, discount_lines=[{"amount": 100, "discount_type": "periodic"}]))
    told = [{"amount": 60, "discount_type": "manual"}, {"amount": 40, "discount_subtype": "spring"}]
    order = update(kit, record, {"items": [{"line_id": 1, "discount_lines": told}]}).order
    assert (order.net_amount, order.total_discount, order.total_manual_discount_amount) == (900, 100, 60)
    explained = kit.order(kit.line(1, 1000, net_amount=900))
    order = update(kit, explained, {"items": [{"line_id": 1, "discount_lines": told}]}).order
    assert (order.net_amount, order.total_manual_discount_amount) == (900, 60)


def test_a_version_that_is_not_the_latest_is_refused_with_the_latest():
    refuse_stale(3, 3)
    refuse_stale(3, None)
    for version in (2, 4):
        with pytest.raises(refusals.StaleVersion) as refused:
            refuse_stale(3, version)
        assert refused.value.status == 409
        assert refused.value.problems[0].details == {"requested": version, "version": 3}


# -- comments ---------------------------------------------------------------------------------------------------------


def test_comments_are_added_and_deleted_one_by_one(kit):
    record = kit.order(kit.line(1, 100))
    for id, request in (("a", CommentRequest(text="first")), ("b", CommentRequest(comment="second"))):
        record = commented(record, request, id=id, now=kit.now, by="client", version=record.order.version + 1)
    assert [(comment.id, comment.text) for comment in record.order.comments] == [("a", "first"), ("b", "second")]
    record = uncommented(record, "a", now=kit.now, version=4)
    assert [comment.id for comment in record.order.comments] == ["b"]
    assert record.order.version == 4
    with pytest.raises(NotFound):
        uncommented(record, "a", now=kit.now, version=5)


@pytest.mark.parametrize("request_", [CommentRequest(), CommentRequest(text="  \n")], ids=["none", "spaces"])
def test_a_comment_has_words(kit, request_):
    with pytest.raises(refusals.InvalidComment) as refused:
        commented(kit.order(kit.line(1, 100)), request_, id="c", now=kit.now, by="client", version=2)
    assert refused.value.problems[0].path == "text"


def test_an_order_takes_so_many_comments(kit):
    record = kit.order(kit.line(1, 100))
    for number in range(MAX_COMMENTS):
        request = CommentRequest(text="x")
        record = commented(record, request, id=str(number), now=kit.now, by="client", version=2)
    with pytest.raises(refusals.OrderFull):
        commented(record, CommentRequest(text="x"), id="one more", now=kit.now, by="client", version=2)


# -- events -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def say(kit):
    def report(record: OrderRecord, service: str, state: str = "success", **more: Any) -> OrderRecord:
        body = {"service": service, "service_status": "s", "state": state, **more}
        version = record.order.version + 1
        request = msgspec.convert(body, ServiceEventRequest)
        record, event = reported(record, request, id=f"event-{version}", now=kit.now, by="client", version=version)
        return replace(record, history=remembered(record.history, event))

    return report


STATES = [
    ([], "pending"),
    ([("kitchen", "success")], "success"),
    ([("kitchen", "pending")], "pending"),
    ([("kitchen", "pending"), ("kitchen", "success")], "success"),
    ([("kitchen", "success"), ("kitchen", "pending")], "pending"),
    ([("kitchen", "success"), ("courier", "pending")], "pending"),
    ([("kitchen", "success"), ("courier", "success")], "success"),
    ([("kitchen", "error")], "failure"),
    ([("kitchen", "failure"), ("courier", "pending")], "failure"),
    ([("kitchen", "error"), ("kitchen", "success")], "failure"),
]


@pytest.mark.parametrize(("reports", "state"), STATES)
def test_the_state_follows_from_what_services_reported(kit, say, reports, state):
    record = kit.order(kit.line(1, 100))
    for service, said in reports:
        record = say(record, service, said)
    assert state_of(record.history) == state
    assert shown(record, include_events=True).state == state


def test_requests_that_changed_the_order_are_events_and_no_part_of_its_state(kit, origin):
    history = remembered(kit.order(kit.line(1, 100)).history, noted(origin(b'{"a":1}'), 1, id="e", now=kit.now))
    assert state_of(history) == "pending"
    (event,) = history.events
    assert event.request is not None
    assert (event.event_type, event.version, event.request.body) == ("api-event", 1, '{"a":1}')


def test_the_state_outlives_the_events_that_it_follows_from(kit, say, origin):
    record = say(say(kit.order(kit.line(1, 100)), "kitchen", "pending"), "courier")
    history = record.history
    for number in range(MAX_EVENTS + 5):
        history = remembered(history, noted(origin(), number, id=str(number), now=kit.now))
    assert [event.id for event in history.events] == [str(number) for number in range(5, MAX_EVENTS + 5)]
    assert state_of(history) == "pending"


def test_an_event_shows_the_beginning_of_a_long_body(kit, origin):
    event = noted(origin("ø".encode() * 5000), 1, id="e", now=kit.now)
    assert event.request is not None
    assert event.request.body == "ø" * 2000


def test_what_services_report_is_bounded(kit, say):
    record = kit.order(kit.line(1, 100))
    with pytest.raises(refusals.InvalidEvent) as refused:
        say(record, "kitchen", metadata={"text": "x" * MAX_EVENT_METADATA})
    assert refused.value.problems[0].path == "metadata"
    for number in range(MAX_SERVICES):
        record = say(record, f"service {number}")
    record = say(record, "service 0", "pending")
    with pytest.raises(refusals.OrderFull) as full:
        say(record, "one more")
    assert full.value.problems[0].path == "service"


# -- what is left -----------------------------------------------------------------------------------------------------


def test_what_is_left_stands_on_every_answer_line_by_line(kit):
    record = kit.after(
        kit.order(kit.line(1, 1000), kit.line(2, 500)),
        (AUTHORIZE, (1, 1000)),
        (CAPTURE, (1, 600)),
        (CANCEL, (1, 100)),
        (REFUND, (1, 50)),
    )
    assert plain(record)["remaining"] == {
        "authorized": 1000,
        "captured": 600,
        "refunded": 50,
        "cancelled": 100,
        "left": {"authorize": 500, "capture": 300, "refund": 550, "cancel": 300},
        "items": [
            {"line_id": 1, "authorized": 1000, "captured": 600, "refunded": 50, "cancelled": 100,
             "left": {"authorize": 0, "capture": 300, "refund": 550, "cancel": 300}},
            {"line_id": 2, "authorized": 0, "captured": 0, "refunded": 0, "cancelled": 0,
             "left": {"authorize": 500, "capture": 0, "refund": 0, "cancel": 0}},
        ],
    }  # fmt: skip


def test_what_an_order_may_give_back_is_never_more_than_it_holds(kit):
    record = kit.after(kit.order(kit.line(1, 1000)), (AUTHORIZE, (1, 1000)), (CAPTURE, (1, 1000)))
    record = kit.add(record, kit.reversal(2, -1000), kit.line(3, 400))
    assert left_of_order(record.order, left(record)).authorize == -600
    record = kit.after(record, (AUTHORIZE, (2, -1000), (3, 400)))
    assert left_of_order(record.order, left(record)).capture == -600
    record = kit.after(record, (CAPTURE, (2, -700)))
    assert left_of_order(record.order, left(record)).refund == 300
    with pytest.raises(refusals.ExceedsReceived):
        kit.operate(record, REFUND, (1, 301))
    kit.operate(record, REFUND, (1, 300))


def test_what_is_left_of_each_line_is_what_the_rules_take(kit):
    record = kit.after(kit.order(kit.line(1, 1000), kit.line(2, 500)), (AUTHORIZE, (1, 1000)), (CAPTURE, (1, 600)))
    for line in shown(record).remaining.items:
        for verb in Verb:
            rest = line.left.of(verb)
            if rest:
                kit.operate(record, verb, (line.line_id, rest))
            with pytest.raises(Conflicting):
                kit.operate(record, verb, (line.line_id, rest + 1))
