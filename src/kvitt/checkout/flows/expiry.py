"""The timer of an authorization rang."""

from __future__ import annotations

import msgspec

from kvitt.checkout.flows.desk import Desk
from kvitt.checkout.rules.callbacks import carries_session
from kvitt.checkout.rules.expiry import is_over, ring, timer_key
from kvitt.core.change import Change, TaskKey
from kvitt.store import DueTask


async def expire_authorization(desk: Desk, task: DueTask) -> None:
    """Tells that the end is near, or that it is there. A timer that is out of date does nothing."""
    transaction_id = msgspec.json.decode(task.data, type=str)
    own, actor = TaskKey(task.account_id, task.id), desk.by_itself()

    async def decide() -> tuple[Change, None]:
        row = await desk.transaction(task.account_id, transaction_id)
        if timer_key(task.account_id, row.doc) != own:
            return Change(done=(own,)), None
        moment = desk.moment(task.account_id, actor, ids=2)
        if row.doc.expiry_rings and not is_over(row.doc.transaction, moment.now):
            # The database's clock said that it is the end, and ours lags behind: the lease brings the timer again.
            return Change(), None
        session = None
        if carries_session(row.doc.transaction):
            session = (await desk.session(task.account_id, row.doc.transaction.session_id)).doc.session
        change = ring(task.account_id, row, session, moment)
        return change if own in change.done else Change(done=(own,)), None

    await desk.store.decide(decide, on=(task.account_id, transaction_id))
