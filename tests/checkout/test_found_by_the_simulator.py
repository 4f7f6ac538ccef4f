"""What the simulator found: each history, as short as it can be told (docs/design/invariants.md)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from kvitt.checkout.model.session import SESSIONS
from kvitt.checkout.model.transaction import TRANSACTIONS
from kvitt.checkout.model.view import Declined
from kvitt.checkout.rules.answers import payment_of
from kvitt.checkout.rules.moment import Moment
from kvitt.checkout.rules.sessions import EXPIRY_TASK, cancel, expire
from kvitt.core.change import Change, TaskKey
from kvitt.core.ids import new_uuid, new_uuids

from .till import ACCOUNT, REFUSED, UNKNOWN, Till, options

NEVER_ARRIVES = "4100000000000001"


async def test_a_timer_that_ends_does_not_take_the_one_that_was_set_anew(house: Any) -> None:
    """The timer rang while a payment was under way and decided to do nothing; before it was ended, the payment was
    declined and the timer set once more. The session would have been open for ever."""
    session = await house.session(expires_at=(house.clock() + timedelta(minutes=1)).isoformat())
    await house.pay(session.id, NEVER_ARRIVES)
    house.clock.advance(minutes=2)
    (timer,) = await house.tasks(EXPIRY_TASK)
    decided = expire(house.account_id, *await _rows(house, session.id), _moment(house))
    assert decided == Change()
    assert await house.ring("checkout.ask_provider") == 1
    await house.store.commit(decided + Change(done=(TaskKey(timer.account_id, timer.id),)))
    assert await house.ring(EXPIRY_TASK) == 1
    transaction_id = (await house.checkout.get_session(house.account_id, session.id)).transaction_id
    assert (await house.get(transaction_id)).status == "FAILED"


def test_a_callback_that_waits_for_the_capture_goes_when_the_rest_of_the_authorization_expires() -> None:
    """The automatic capture was refused, a part was captured by hand, the rest ran out: CAPTURED, and nobody heard."""
    till = Till(100, options=options(100, callback_url="https://shop.example/callback", auto_capture=True))
    (automatic,) = (attempt.id for attempt in till.row.doc.attempts if attempt.automatic)
    till.settle(automatic, REFUSED)
    till.do("capture", 60)
    assert not _callbacks(till)
    till.wait(days=7)
    assert till.transaction.status == "CAPTURED"
    assert _callbacks(till) == [f"callback:{till.transaction.id}:paid"]
    assert not till.row.doc.callback_owed


def test_a_payment_that_was_declined_is_told_as_such_whatever_happened_since() -> None:
    """A task settled the payment as declined and the shop cancelled the session, all while its request still waited."""
    till = Till(100, paid=UNKNOWN)
    till.settle("a0", REFUSED)
    till.commit(cancel(ACCOUNT, till.session, till.row, till.moment())[0])
    assert till.transaction.events[-1].error is None
    told = payment_of(till.row.doc, till.session.doc, "a0", "https://pay.example", till.now)
    assert isinstance(told, Declined)
    assert told.decline.message == "No"


def _callbacks(till: Till) -> list[str]:
    return [id for id, task in till.tasks.items() if task.kind == "checkout.callback"]


def _moment(house: Any) -> Moment:
    return Moment(house.clock(), new_uuid(), new_uuids(2))


async def _rows(house: Any, session_id: str) -> tuple[Any, Any]:
    session = await house.store.get(SESSIONS, house.account_id, session_id)
    return session, await house.store.get(TRANSACTIONS, house.account_id, session.doc.session.transaction_id)
