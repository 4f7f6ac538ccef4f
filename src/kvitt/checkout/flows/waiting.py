"""Payments that wait: the customer gives one up to pay otherwise.

Nothing is intended anew, since the attempt is open already: the provider is asked, and what it answers is settled. Who
was faster, the customer's yes or this, stands in the provider's books.
"""

from __future__ import annotations

from kvitt.checkout.flows.dance import call, conclude
from kvitt.checkout.flows.desk import Desk
from kvitt.checkout.rules.state import waiting_attempt


async def give_up(desk: Desk, account_id: str, session_id: str) -> None:
    """Ends the payment that waits for the customer, if one does. A provider that does not answer leaves it waiting."""
    _, row = await desk.session_and_transaction(account_id, session_id)
    attempt = waiting_attempt(row.doc) if row is not None else None
    if row is None or attempt is None:
        return
    outcome = await call(desk, account_id, row.doc, attempt, look_up=True, given_up=True)
    if outcome.kind not in ("unknown", "waiting"):
        await conclude(desk, account_id, row.doc, attempt, outcome)
