"""The shop updates a session; the page locks it for that."""

from __future__ import annotations

from dataclasses import dataclass

from kvitt.checkout.flows.asking import Rows, about_shipping, change
from kvitt.checkout.flows.desk import Actor, Desk, account_in
from kvitt.checkout.model.session import PayLock, Session
from kvitt.checkout.model.updates import SessionUpdate
from kvitt.checkout.rules import locks, updates
from kvitt.checkout.rules.moment import Moment
from kvitt.core.change import Change
from kvitt.core.ids import new_uuid


@dataclass(frozen=True)
class UpdateOptions:
    """`without_lock`: no page shows the session. `ask_again`: the shop is asked for its shipping although the update
    names it. `strict`: the amount has to be the sum of the lines and the shipping, whatever else the session says."""

    without_lock: bool = False
    ask_again: bool = False
    strict: bool = False


async def update(
    desk: Desk, account_id: str, session_id: str, asked: SessionUpdate, options: UpdateOptions, actor: Actor
) -> Session:
    """The session as it is then. The shop is asked where it ships to when the update does not say so itself."""
    named = asked.express is not None and asked.express.shipping_options is not None

    def propose(rows: Rows, moment: Moment) -> Session:
        row, transaction = rows
        return updates.proposed(
            row, transaction, asked, without_lock=options.without_lock, strict=options.strict, moment=moment
        )

    async def ask(session: Session) -> Session:
        return session if named and not options.ask_again else await about_shipping(desk, account_id, session)

    async def write(rows: Rows, after: Session, moment: Moment) -> tuple[Change, Session]:
        return updates.updated(account_id, rows[0], after, moment, remove_lock=asked.remove_lock)

    return await change(desk, account_id, session_id, actor, propose, ask, write)


async def lock(desk: Desk, session_id: str, actor: Actor) -> PayLock:
    """The customer's page announces that the shop is about to change the session."""
    account_id = account_in(session_id)
    pay_lock_id = new_uuid()

    async def decide() -> tuple[Change, PayLock]:
        row, transaction = await desk.session_and_transaction(account_id, session_id)
        known = transaction.doc if transaction else None
        return locks.lock(account_id, row, known, pay_lock_id, desk.moment(account_id, actor))

    return await desk.store.decide(decide, on=(account_id, session_id), once=actor.once)
