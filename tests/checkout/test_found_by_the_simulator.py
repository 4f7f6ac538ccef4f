"""What the simulator found: each history, as short as it can be told (docs/design/invariants.md)."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from kvitt.checkout.model.session import SESSIONS
from kvitt.checkout.model.transaction import TRANSACTIONS
from kvitt.checkout.model.view import Declined
from kvitt.checkout.rules.answers import payment_of
from kvitt.checkout.rules.moment import Moment
from kvitt.checkout.rules.sessions import EXPIRY_TASK, cancel
from kvitt.checkout.rules.settle import settle
from kvitt.core.change import Change
from kvitt.core.ids import new_uuid, new_uuids

from .till import ACCOUNT, REFUSED, UNKNOWN, Till, options

NEVER_ARRIVES = "4100000000000001"


async def test_a_timer_that_ends_does_not_take_the_one_that_was_set_anew(
    house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The timer rang while a payment was under way and decided to do nothing; before that was written, the payment was
    declined and the timer set once more. The session would have been open for ever."""
    session = await _unknown(house)
    house.clock.advance(minutes=2)
    decided, written = asyncio.Event(), asyncio.Event()
    commit = house.store.commit

    async def commit_late(change: Change) -> None:
        if not change.puts:
            decided.set()
            await written.wait()
        await commit(change)

    monkeypatch.setattr(house.store, "commit", commit_late)
    ringing = asyncio.create_task(house.ring(EXPIRY_TASK))
    await decided.wait()
    assert await house.ring("checkout.ask_provider") == 1
    written.set()
    await ringing
    assert await house.ring(EXPIRY_TASK) == 1
    assert await _status(house, session.id) == "FAILED"


async def test_a_payment_declined_before_the_end_and_written_after_it_leaves_no_session_open(house: Any) -> None:
    """The decline was decided when the session had a minute to live and its commit was slow. Meanwhile the timer rang
    and saw a payment under way."""
    session = await _unknown(house)
    row, transaction = await _rows(house, session.id)
    (attempt,) = transaction.doc.attempts
    declined = settle(house.account_id, transaction, row, attempt.id, REFUSED, _moment(house)).change
    house.clock.advance(minutes=2)
    assert await house.ring(EXPIRY_TASK) == 1
    await house.store.commit(declined)
    assert await _status(house, session.id) == "INITIATED"
    house.clock.advance(hours=1)
    assert await house.ring(EXPIRY_TASK) == 1
    assert await _status(house, session.id) == "FAILED"


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
    return Moment(house.clock(), new_uuid(), new_uuids(4))


async def _unknown(house: Any) -> Any:
    """A session with a minute to live, whose payment has no answer."""
    session = await house.session(expires_at=(house.clock() + timedelta(minutes=1)).isoformat())
    await house.pay(session.id, NEVER_ARRIVES)
    return session


async def _status(house: Any, session_id: str) -> str:
    transaction_id = (await house.checkout.get_session(house.account_id, session_id)).transaction_id
    return str((await house.get(transaction_id)).status)


async def _rows(house: Any, session_id: str) -> tuple[Any, Any]:
    session = await house.store.get(SESSIONS, house.account_id, session_id)
    return session, await house.store.get(TRANSACTIONS, house.account_id, session.doc.session.transaction_id)
