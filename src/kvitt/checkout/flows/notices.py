"""A provider's news of an attempt. A hint and no more: the provider is asked, and what it answers is settled.

So a notice that is late, doubled, out of order or invented does no harm. None comes too early either: the attempt was
committed before its provider heard of it.
"""

from __future__ import annotations

from kvitt.checkout.flows.dance import call, conclude
from kvitt.checkout.flows.desk import Desk
from kvitt.checkout.rules.state import is_open
from kvitt.core.errors import NotFound


async def notified(desk: Desk, account_id: str, transaction_id: str, attempt_id: str) -> None:
    """An attempt that is not known, or is settled, is answered by nothing being done.

    Where the provider still does not tell, the task that asks again goes on as it was.
    """
    try:
        row = await desk.transaction(account_id, transaction_id)
    except NotFound:
        return
    attempt = next((attempt for attempt in row.doc.attempts if attempt.id == attempt_id), None)
    if attempt is None or not is_open(attempt):
        return
    outcome = await call(desk, account_id, row.doc, attempt, look_up=True)
    if outcome.kind == "unknown" or (outcome.kind == "waiting" and attempt.waits_at is not None):
        return
    if outcome.kind != "on_hold" or not attempt.held:
        await conclude(desk, account_id, row.doc, attempt, outcome)
