"""An automatic capture that was refused, and a shop that captures by hand meanwhile: the shop hears of the payment."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec

from kvitt.checkout.model.payment import Capabilities, Operation, Outcome
from kvitt.checkout.rules.callbacks import CallbackData

from .till import REFUSED, Till, options

HOOK = "https://shop.example/hook"


class Captures:
    """Answers each capture as `answer` says; None lets the sandbox do it."""

    def __init__(self, house: Any) -> None:
        self.answer: Outcome | None = Outcome("refused")
        provider = house.checkout._desk.providers["sandbox"]
        self._act, provider.act = provider.act, self.act

    async def act(self, ask: Any) -> Outcome:
        if ask.verb == "capture" and self.answer is not None:
            return self.answer
        outcome: Outcome = await self._act(ask)
        return outcome


async def paid(house: Any) -> str:
    session = await house.session(url__callback_url=HOOK, configuration={"auto_capture": True})
    transaction_id: str = (await house.pay(session.id)).transaction_id
    return transaction_id


async def capture(house: Any, transaction_id: str) -> str:
    operation = Operation("capture", 39800)
    settled = await house.checkout.operate(house.account_id, transaction_id, operation, house.actor())
    return str(settled.attempt.status)


async def test_automatic_captures_go_on_after_one_by_hand_without_an_answer_turns_out_refused(house: Any) -> None:
    """The automatic one came due while the other was open: that it is not wanted now was taken for never."""
    captures = Captures(house)
    transaction_id = await paid(house)
    captures.answer = Outcome("unknown")
    assert await capture(house, transaction_id) == "unknown"
    house.clock.advance(minutes=1)
    assert await house.ring("checkout.auto_capture") == 1
    captures.answer = Outcome("refused")
    assert await house.ring("checkout.ask_provider") == 1
    captures.answer = None
    house.clock.advance(minutes=1)
    assert await house.ring("checkout.auto_capture") == 1
    assert (await house.get(transaction_id)).status == "CAPTURED"
    assert len(await house.tasks("checkout.callback")) == 1


async def test_automatic_captures_end_when_the_one_by_hand_turns_out_done(house: Any) -> None:
    captures = Captures(house)
    transaction_id = await paid(house)
    captures.answer = Outcome("unknown")
    await capture(house, transaction_id)
    house.clock.advance(minutes=1)
    await house.ring("checkout.auto_capture")
    captures.answer = None
    await house.ring("checkout.ask_provider")
    house.clock.advance(hours=1)
    await house.ring("checkout.auto_capture")
    assert await house.tasks("checkout.auto_capture") == []
    moved = await house.books.of_payment(house.account_id, transaction_id)
    assert [(each.verb, each.outcome) for each in moved] == [("authorize", "done"), ("capture", "done")]


async def test_a_shop_is_told_of_its_payment_when_automatic_captures_are_given_up(house: Any) -> None:
    """After two days of refusals the money is still reserved: who else would see to it?"""
    captures = Captures(house)
    transaction_id = await paid(house)
    start = house.clock()
    while tasks := await house.tasks("checkout.auto_capture"):
        assert await house.tasks("checkout.callback") == []
        house.clock.now = tasks[0].due_at
        assert await house.ring("checkout.auto_capture") == 1
    assert 44 <= (house.clock() - start).total_seconds() / 3600 <= 48
    transaction = await house.get(transaction_id)
    assert transaction.status == "AUTHORIZED"
    (task,) = await house.tasks("checkout.callback")
    called = msgspec.json.decode(task.data, type=CallbackData)
    assert (called.records, called.transaction_event_id) == ("AUTH_CALLBACK_SENT", transaction.events[-1].id)
    assert "error=" not in called.url
    assert "error=capture" in (await house.checkout.view(transaction.session_id)).href
    captures.answer = None
    assert await capture(house, transaction_id) == "done"
    assert len(await house.tasks("checkout.callback")) == 1
    assert "error=" not in (await house.checkout.view(transaction.session_id)).href


async def test_automatic_captures_wait_for_one_by_hand_however_long_nobody_knows_of_it(house: Any) -> None:
    captures = Captures(house)
    transaction_id = await paid(house)
    captures.answer = Outcome("unknown")
    await capture(house, transaction_id)
    start = house.clock()
    while house.clock() < start + timedelta(hours=60):
        (task,) = await house.tasks("checkout.auto_capture")
        house.clock.now = task.due_at
        assert await house.ring("checkout.auto_capture") == 1
    captures.answer = Outcome("refused")
    assert await house.ring("checkout.ask_provider") == 1
    assert await house.tasks("checkout.callback") == []
    house.clock.advance(hours=4)
    assert await house.ring("checkout.auto_capture") == 1
    assert await house.tasks("checkout.auto_capture") == []
    assert len(await house.tasks("checkout.callback")) == 1


async def test_a_shop_that_voids_by_hand_what_could_not_be_captured_is_told_nothing(house: Any) -> None:
    captures = Captures(house)
    transaction_id = await paid(house)
    captures.answer = None
    await house.checkout.operate(house.account_id, transaction_id, Operation("void"), house.actor())
    house.clock.advance(minutes=1)
    assert await house.ring("checkout.auto_capture") == 1
    assert await house.tasks("checkout.auto_capture") == []
    assert await house.tasks("checkout.callback") == []


def test_a_payment_whose_authorization_ends_before_the_two_days_is_told_too() -> None:
    till = Till(100, Capabilities(authorization=timedelta(hours=1)), options(100, callback_url=HOOK, auto_capture=True))
    till.settle(till.row.doc.attempts[-1].id, REFUSED)
    assert till.transaction.status == "AUTHORIZED"
    assert told(till) == 0
    till.wait(hours=2)
    assert till.transaction.status == "AUTHORIZATION_VOIDED"
    assert told(till) == 1


def test_a_shop_that_refunds_between_captures_by_hand_is_told_of_the_payment_too() -> None:
    """The transaction is then never CAPTURED, though nothing is left to capture."""
    till = owing()
    for verb, amount in (("capture", 60), ("refund", 10), ("capture", 40)):
        till.do(verb, amount)
    assert till.transaction.status == "PARTIALLY_REFUNDED"
    assert told(till) == 1


def test_a_shop_that_refunded_what_it_captured_is_told_when_the_rest_expires() -> None:
    till = owing()
    till.do("capture", 60)
    till.do("refund", 60)
    assert told(till) == 0
    till.wait(days=7)
    assert till.transaction.status == "REFUNDED"
    assert told(till) == 1


def owing() -> Till:
    """Paid, its automatic capture refused: the callback waits."""
    till = Till(100, options=options(100, callback_url=HOOK, auto_capture=True))
    till.settle(till.row.doc.attempts[-1].id, REFUSED)
    return till


def told(till: Till) -> int:
    return sum(task.kind == "checkout.callback" for task in till.tasks.values())
