"""Tasks fall due by the database's clock. A server whose own clock is behind it forgets no timer that it is given."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from kvitt.checkout.model.transaction import TRANSACTIONS
from kvitt.checkout.rules.expiry import AUTHORIZATION_TASK
from kvitt.checkout.rules.sessions import EXPIRY_TASK


async def ring_early(house: Any, kind: str) -> None:
    (timer,) = await house.tasks(kind)
    assert timer.due_at > house.clock()
    await house.checkout.task_handlers()[kind](timer)


async def test_a_session_expires_although_a_lagging_server_took_its_timer_first(house: Any) -> None:
    session = await house.session(expires_at=(house.clock() + timedelta(minutes=1)).isoformat())
    house.clock.advance(seconds=59)
    await ring_early(house, EXPIRY_TASK)
    house.clock.advance(seconds=1)
    assert await house.ring(EXPIRY_TASK) == 1
    feed, _ = await house.store.feed(house.account_id, None, 10)
    assert [event.type for event in feed if event.object_id == session.id][-1] == "session.expired"


async def test_the_end_of_an_authorization_that_rings_early_is_left_for_later_and_nothing_is_written(
    house: Any,
) -> None:
    transaction_id = await house.paid()
    house.clock.advance(days=6)
    assert await house.ring(AUTHORIZATION_TASK) == 1
    house.clock.advance(hours=23, minutes=59, seconds=59)
    row = await house.store.get(TRANSACTIONS, house.account_id, transaction_id)
    for _ in range(3):
        await ring_early(house, AUTHORIZATION_TASK)
    assert await house.store.get(TRANSACTIONS, house.account_id, transaction_id) == row
    house.clock.advance(seconds=1)
    assert await house.ring(AUTHORIZATION_TASK) == 1
    assert (await house.get(transaction_id)).status == "AUTHORIZATION_VOIDED"
