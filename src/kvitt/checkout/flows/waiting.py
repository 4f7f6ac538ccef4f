"""Payments that wait: the customer gives one up to pay otherwise, or the shop approves one that is on hold.

Nothing is intended anew, since the attempt is open already: the provider is asked, and what it answers is settled. Who
was faster, the customer's yes or this, stands in the provider's books.
"""

from __future__ import annotations

from kvitt.checkout.flows.dance import call, conclude
from kvitt.checkout.flows.desk import Actor, Desk
from kvitt.checkout.rules.settlement import Settlement
from kvitt.checkout.rules.state import held_attempt, waiting_attempt


async def give_up(desk: Desk, account_id: str, session_id: str) -> None:
    """Ends the payment that waits for the customer, if one does. A provider that does not answer leaves it waiting."""
    _, row = await desk.session_and_transaction(account_id, session_id)
    attempt = waiting_attempt(row.doc) if row is not None else None
    if row is None or attempt is None:
        return
    outcome = await call(desk, account_id, row.doc, attempt, look_up=True, given_up=True)
    if outcome.kind not in ("unknown", "waiting"):
        await conclude(desk, account_id, row.doc, attempt, outcome)


async def approve(desk: Desk, account_id: str, transaction_id: str, actor: Actor) -> Settlement | None:
    """The shop approves a payment that is on hold; None when it is not. `attempt.status` of the answer is done, refused
    when the review had said no, or still open when the provider did not answer: it is asked again."""
    row = await desk.transaction(account_id, transaction_id)
    attempt = held_attempt(row.doc)
    if attempt is None:
        return None
    outcome = await call(desk, account_id, row.doc, attempt, approved=True)
    return await conclude(desk, account_id, row.doc, attempt, outcome, actor=actor)
