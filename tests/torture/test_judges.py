"""The harness's own eyes: each judge must see what it is there to see."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).parents[2]))
from bench.torture import heard, money, told
from bench.torture.calls import Told
from bench.torture.journey import Journey
from bench.torture.receiver import Arrival
from bench.torture.state import Delivery, Entry, Movement, State

A = "T12345678"
HOOKS = {A: {"H1": frozenset(("checkout_transaction",))}}


@dataclass
class World:
    """One order, paid, captured in two parts, half of it refunded; and what was heard of it."""

    state: State
    journey: Journey
    arrivals: list[Arrival]

    def faults(self) -> list[str]:
        return [
            *money.faults(self.state),
            *told.faults(self.state, [self.journey]),
            *heard.callback_faults(self.state, self.arrivals),
            *heard.webhook_faults(self.state, self.arrivals, HOOKS),
        ]

    @property
    def record(self) -> dict[str, Any]:
        return dict(self.state.transactions["TX"])

    @property
    def transaction(self) -> dict[str, Any]:
        return dict(self.record)["transaction"]  # type: ignore[no-any-return]


def event(number: int, name: str, amount: int, mark: str = "") -> dict[str, Any]:
    return {"id": str(number), "event": name, "success": True, "amount": amount, "event_reference": mark}


def attempt(id: str, verb: str, amount: int) -> dict[str, Any]:
    return {"id": id, "verb": verb, "amount": amount, "status": "done"}


def operation(amount: int, mark: str) -> dict[str, Any]:
    return {"items": [{"line_id": 1, "amount": amount}], "amount": amount, "success": True, "metadata": {"mark": mark}}


@pytest.fixture
def world() -> World:
    state = State(
        drafts={
            "D": {"draft": {"status": "completed", "order": {"metadata": {"mark": "m-draft"}}}, "order_ids": ["O"]},
        },
        orders={
            "O": {
                "order": {
                    "order_id": "N1",
                    "gross_amount": 1000,
                    "items": [{"line_id": 1, "gross_amount": 1000}],
                    "authorizations": [operation(1000, "m-authorization")],
                },
                "draft_ids": ["D"],
            }
        },
        sessions={"S": {"session": {"id": "S", "order": {"merchant_reference": "m-session"}}}},
        transactions={
            "TX": {
                "transaction": {
                    "id": "TX",
                    "session_id": "S",
                    "amount": 1000,
                    "status": "PARTIALLY_REFUNDED",
                    "events": [
                        {"id": "1", "event": "INITIALIZE", "success": True},
                        event(2, "AUTHORIZE", 1000),
                        event(3, "CAPTURE", 500, "m-capture"),
                        event(4, "CAPTURE", 500, "m-other"),
                        event(5, "REFUND", 500, "m-refund"),
                    ],
                },
                "attempts": [
                    attempt("a1", "authorize", 1000),
                    attempt("a2", "capture", 500),
                    attempt("a3", "capture", 500),
                    attempt("a4", "refund", 500),
                ],
            }
        },
        versions={("draft", "D"): 2, ("order", "O"): 2, ("session", "S"): 3, ("transaction", "TX"): 8},
        log=[
            Entry(A, "1", "draft.created", "draft", "D", 1),
            Entry(A, "2", "draft.completed", "draft", "D", 2),
            Entry(A, "3", "order.created", "order", "O", 1),
            Entry(A, "4", "order.authorization_added", "order", "O", 2),
            Entry(A, "5", "transaction.authorized", "transaction", "TX", 2),
            Entry(A, "6", "transaction.captured", "transaction", "TX", 4),
            Entry(A, "7", "transaction.captured", "transaction", "TX", 6),
            Entry(A, "8", "transaction.refunded", "transaction", "TX", 8),
        ],
        books={
            "a1": Movement("TX", "authorize", 1000, "done"),
            "a2": Movement("TX", "capture", 500, "done"),
            "a3": Movement("TX", "capture", 500, "done"),
            "a4": Movement("TX", "refund", 500, "done"),
        },
        deliveries=[
            Delivery(f"d{n}", A, "H1", "checkout_transaction", "transaction:TX", n, "delivered") for n in range(4)
        ],
    )
    wants = [
        Told("draft", A, "m-draft", True, 0, "done", 200),
        Told("complete", A, "m-complete", True, 0, "done", 200),
        Told("session", A, "m-session", True, 0, "done", 200),
        Told("pay", A, "m-pay", True, 1000, "done", 200),
        Told("order authorizations", A, "m-authorization", False, 1000, "done", 200),
        Told("capture", A, "m-capture", True, 500, "done", 200),
        Told("capture", A, "m-other", False, 500, "unknown", 503),
        Told("capture", A, "m-third", True, 500, "refused", 400),
        Told("refund", A, "m-refund", True, 500, "done", 200),
    ]
    journey = Journey(A, told=wants, draft_id="D", order_id="N1", session_id="S", transaction_id="TX")
    webhooks = [Arrival(True, f"d{n}", "checkout_transaction", "0", "transaction TX", n + 2) for n in range(4)]
    callbacks = [
        Arrival(True, f"c{number}", query={"session_id": "S", "event_id": number}) for number in ("", "3", "4", "5")
    ]
    return World(state, journey, [*webhooks, *callbacks])


def test_a_whole_world_has_no_faults(world: World) -> None:
    assert world.faults() == []


def test_what_comes_twice_under_one_id_is_no_fault(world: World) -> None:
    failed = Arrival(False, "d0", "checkout_transaction", "0", "transaction TX", 2)
    world.arrivals = [failed, *world.arrivals, *world.arrivals]
    assert world.faults() == []


def lose_the_draft(world: World) -> None:
    world.state.drafts.clear()


def lose_the_session(world: World) -> None:
    world.state.sessions.clear()


def make_the_draft_twice(world: World) -> None:
    world.state.drafts["D2"] = world.state.drafts["D"]


def make_the_order_twice(world: World) -> None:
    world.state.orders["O2"] = world.state.orders["O"]


def make_a_second_transaction(world: World) -> None:
    world.state.transactions["TX2"] = world.state.transactions["TX"]


def forget_a_capture_that_was_answered(world: World) -> None:
    world.transaction["events"][2]["event_reference"] = "m-unheard-of"


def capture_under_one_key_twice(world: World) -> None:
    world.transaction["events"][3]["event_reference"] = "m-capture"


def capture_what_was_refused(world: World) -> None:
    world.transaction["events"][3]["event_reference"] = "m-third"


def capture_another_amount_than_was_asked_for(world: World) -> None:
    world.journey.told[5].amount = 499


def register_on_the_order_twice(world: World) -> None:
    world.state.orders["O"]["order"]["authorizations"] *= 2


def capture_twice_at_the_provider(world: World) -> None:
    world.state.books["a9"] = Movement("TX", "capture", 500, "done")


def refuse_at_the_provider(world: World) -> None:
    world.state.books["a4"] = Movement("TX", "refund", 500, "fenced")


def forget_at_the_provider(world: World) -> None:
    del world.state.books["a4"]


def move_another_amount_at_the_provider(world: World) -> None:
    world.state.books["a4"] = Movement("TX", "refund", 400, "done")


def lose_an_event_of_the_transaction(world: World) -> None:
    world.transaction["events"].pop()


def set_a_status_by_hand(world: World) -> None:
    world.transaction["status"] = "CAPTURED"


def leave_an_attempt_unknown(world: World) -> None:
    world.record["attempts"].append({"id": "a5", "verb": "refund", "amount": 1, "status": "unknown"})


def lose_an_event_of_the_log(world: World) -> None:
    world.state.log.pop()


def tell_of_a_row_that_is_not_there(world: World) -> None:
    world.state.versions["transaction", "TX"] = 7


def tell_in_the_log_out_of_order(world: World) -> None:
    world.state.log[4], world.state.log[5] = world.state.log[5], world.state.log[4]


def lose_a_callback(world: World) -> None:
    world.arrivals.pop()


def fail_a_callback_for_ever(world: World) -> None:
    world.arrivals[-1] = Arrival(False, "c5", query=world.arrivals[-1].query)


def tell_a_callback_under_two_ids(world: World) -> None:
    world.arrivals.append(Arrival(True, "c9", query=world.arrivals[-1].query))


def call_back_for_nothing(world: World) -> None:
    world.arrivals.append(Arrival(True, "c9", query={"session_id": "S", "event_id": "17"}))


def lose_a_webhook(world: World) -> None:
    del world.arrivals[1]


def never_owe_a_webhook(world: World) -> None:
    world.state.deliveries.pop()


def owe_a_webhook_twice(world: World) -> None:
    world.state.deliveries.append(Delivery("d9", A, "H1", "checkout_transaction", "transaction:TX", 9, "delivered"))
    world.arrivals.append(Arrival(True, "d9", "checkout_transaction", "0", "transaction TX", 9))


def send_webhooks_out_of_order(world: World) -> None:
    world.arrivals[0], world.arrivals[1] = world.arrivals[1], world.arrivals[0]


def tell_of_the_past(world: World) -> None:
    world.arrivals[3] = Arrival(True, "d3", "checkout_transaction", "0", "transaction TX", 1)


@pytest.mark.parametrize(
    "spoil",
    [
        lose_the_draft, lose_the_session, make_the_draft_twice, make_the_order_twice, make_a_second_transaction,
        forget_a_capture_that_was_answered, capture_under_one_key_twice, capture_what_was_refused,
        capture_another_amount_than_was_asked_for, register_on_the_order_twice, capture_twice_at_the_provider,
        refuse_at_the_provider, forget_at_the_provider, move_another_amount_at_the_provider,
        lose_an_event_of_the_transaction, set_a_status_by_hand, leave_an_attempt_unknown, lose_an_event_of_the_log,
        tell_of_a_row_that_is_not_there, tell_in_the_log_out_of_order, lose_a_callback, fail_a_callback_for_ever,
        tell_a_callback_under_two_ids, call_back_for_nothing, lose_a_webhook, never_owe_a_webhook, owe_a_webhook_twice,
        send_webhooks_out_of_order, tell_of_the_past,
    ],
)  # fmt: skip
def test_each_planted_fault_is_seen(world: World, spoil: Callable[[World], None]) -> None:
    spoil(world)
    assert world.faults()
