"""Sessions: create, read, cancel, visit, give up, run out."""

from __future__ import annotations

import msgspec

from kvitt.checkout.flows.desk import Actor, Desk, account_in
from kvitt.checkout.flows.operations import operate
from kvitt.checkout.flows.profiles import find_profile
from kvitt.checkout.flows.tokens import offered_cards, preloaded
from kvitt.checkout.flows.waiting import give_up
from kvitt.checkout.model.payment import Operation
from kvitt.checkout.model.session import Session, SessionOptions, SessionRecord
from kvitt.checkout.model.transaction import TransactionRecord
from kvitt.checkout.model.view import View
from kvitt.checkout.rules import creation, sessions
from kvitt.checkout.rules.answers import refused_to_void
from kvitt.checkout.rules.callbacks import CallbackData
from kvitt.checkout.rules.state import return_error, session_state
from kvitt.checkout.rules.urls import return_target
from kvitt.checkout.rules.views import view_of
from kvitt.core.change import Change, TaskKey
from kvitt.core.errors import Unavailable
from kvitt.core.ids import new_short_id
from kvitt.store import DueTask

LONGEST_AGENT = 500
"""Characters of a browser's own name that are kept."""


async def create(
    desk: Desk, account_id: str, options: SessionOptions, toggles: frozenset[str], actor: Actor
) -> Session:
    async def decide() -> tuple[Change, Session]:
        return await prepare(desk, account_id, options, toggles, actor)

    return await desk.store.decide(decide, once=actor.once)


async def prepare(
    desk: Desk, account_id: str, options: SessionOptions, toggles: frozenset[str], actor: Actor
) -> tuple[Change, Session]:
    """A new session, and the Change that creates it; nothing is committed."""
    profile = await find_profile(desk, account_id, options.profile_id) if options.profile_id is not None else None
    customer, faults = await preloaded(desk, account_id, options.customer)
    moment = desk.moment(account_id, actor, ids=1)
    session_id = new_short_id(account_id, moment.now)
    options = msgspec.structs.replace(options, customer=customer)
    return creation.create(account_id, session_id, options, profile, toggles, moment, of_tokens=faults)


async def cancel(desk: Desk, account_id: str, session_id: str, actor: Actor) -> Session:
    """Cancels, voiding the authorization first where there is one. The void and the cancelling settle together.

    A payment that waits for the customer ends; one that they had said yes to is voided.
    """
    await give_up(desk, account_id, session_id)

    async def decide() -> tuple[Change, Session | None]:
        row, transaction = await desk.session_and_transaction(account_id, session_id)
        authorized = transaction is not None and transaction.doc.transaction.status == "AUTHORIZED"
        if authorized and row.doc.session.cancelled_at is None:
            return Change(), None
        return sessions.cancel(account_id, row, transaction, desk.moment(account_id, actor, ids=2))

    cancelled = await desk.store.decide(decide, on=(account_id, session_id), once=actor.once)
    return cancelled or await _void_and_cancel(desk, account_id, session_id, actor)


async def _void_and_cancel(desk: Desk, account_id: str, session_id: str, actor: Actor) -> Session:
    session = (await desk.session(account_id, session_id)).doc.session
    operation = Operation("void", cancels_session=True)
    settled = await operate(desk, account_id, session.transaction_id or "", operation, actor)
    if settled.attempt.status == "unknown":
        raise Unavailable("The provider has not said yet whether the authorization is voided; the session follows it")
    if settled.attempt.status == "refused" or settled.session is None:
        raise refused_to_void()
    return settled.session.session


async def view(desk: Desk, session_id: str) -> View:
    """What the customer sees. The id of the session is all they need to know."""
    account_id = account_in(session_id)
    session, transaction = await desk.session_and_transaction(account_id, session_id)
    return await seen(desk, account_id, session.doc, transaction.doc if transaction else None)


async def seen(desk: Desk, account_id: str, record: SessionRecord, transaction: TransactionRecord | None) -> View:
    """What the customer sees of these."""
    products = desk.products_of(account_id)
    saved = await offered_cards(desk, account_id, record.session, products)
    return view_of(account_id, record, transaction, products, desk.clock(account_id), desk.base_url, saved)


async def visited(desk: Desk, session_id: str, customer_ip: str | None, user_agent: str | None, actor: Actor) -> None:
    """The customer opened the page. Written the first time only."""
    account_id = account_in(session_id)

    async def decide() -> tuple[Change, None]:
        row = await desk.session(account_id, session_id)
        agent = user_agent[:LONGEST_AGENT] if user_agent else None
        return sessions.visit(account_id, row, customer_ip, agent, desk.moment(account_id, actor)), None

    await desk.store.decide(decide)


async def abandon(desk: Desk, session_id: str, actor: Actor) -> str:
    """The customer gives up, and with it a payment that waits for them. Answers where the shop wants them."""
    account_id = account_in(session_id)
    await give_up(desk, account_id, session_id)

    async def decide() -> tuple[Change, str]:
        session, transaction = await desk.session_and_transaction(account_id, session_id)
        moment = desk.moment(account_id, actor, ids=2)
        change, ended = sessions.abandon(account_id, session, transaction, moment)
        known = transaction.doc if transaction else None
        state = session_state(session.doc, known, moment.now)
        error = "cancelled" if state in ("open", "locked") else return_error(state, known)
        return change, return_target(ended, error, desk.base_url)

    return await desk.store.decide(decide, on=(account_id, session_id), once=actor.once)


async def cancel_payment(desk: Desk, session_id: str, actor: Actor) -> View:
    """The customer does not want to go on where their payment waits. Answers the session as it is then: open for
    another try, or paid when they had said yes before. Nothing happens when nothing waits."""
    account_id = account_in(session_id)
    if actor.once is not None:
        await desk.store.replay(actor.once)
    await give_up(desk, account_id, session_id)
    shown = await view(desk, session_id)
    if actor.once is None:
        return shown

    async def decide() -> tuple[Change, View]:
        return Change(), shown

    return await desk.store.decide(decide, once=actor.once)


async def expire(desk: Desk, task: DueTask) -> None:
    """The timer of a session rang."""
    session_id = msgspec.json.decode(task.data, type=str)
    own = Change(done=(TaskKey(task.account_id, task.id),))

    async def decide() -> tuple[Change, None]:
        session, transaction = await desk.session_and_transaction(task.account_id, session_id)
        moment = desk.moment(task.account_id, desk.by_itself(), ids=2)
        if session.doc.session.expires_at > moment.now:
            # The database's clock said that it is time, and ours lags behind: the lease brings the timer again.
            return Change(), None
        change = sessions.expire(task.account_id, session, transaction, moment)
        goes_on = any(each.id == task.id for each in change.tasks)
        return change if goes_on or own.done[0] in change.done else change + own, None

    await desk.store.decide(decide, on=(task.account_id, session_id))


async def callback_sent(desk: Desk, task: DueTask) -> Change:
    """What else is true once the shop took a callback: a session event, to be committed with the task's end."""
    data = msgspec.json.decode(task.data, type=CallbackData)
    if data.records is None or data.transaction_event_id is None:
        return Change()
    row = await desk.session(task.account_id, data.session_id)
    moment = desk.moment(task.account_id, desk.by_itself())
    return sessions.callback_delivered(task.account_id, row, data.records, data.transaction_event_id, moment)
