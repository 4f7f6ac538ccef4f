"""Intent, call, outcome: the dance of every verb that moves money.

The intent is committed before this begins. The provider is called with no transaction open; then what it said is
settled. Whatever ends this in between, the task that was committed with the intent asks the provider again.
"""

from __future__ import annotations

import asyncio

import structlog

from kvitt.checkout.flows.desk import Actor, Desk
from kvitt.checkout.flows.outages import SOON
from kvitt.checkout.flows.tokens import find_token
from kvitt.checkout.model.payment import NO_PAYER, UNKNOWN, Ask, CardDetails, Outcome, Payer
from kvitt.checkout.model.session import SessionRecord
from kvitt.checkout.model.transaction import Attempt, TransactionRecord
from kvitt.checkout.rules.answers import remembered, remembered_approval
from kvitt.checkout.rules.merchant_initiated import is_merchant_initiated
from kvitt.checkout.rules.schedule import ASK_TASK, AskData
from kvitt.checkout.rules.settle import needs_session, settle
from kvitt.checkout.rules.settlement import Settlement
from kvitt.checkout.rules.state import is_open
from kvitt.core.change import Change, Row, TaskKey
from kvitt.core.errors import Refusal
from kvitt.store import DueTask

PATIENCE_SECONDS = 10.0
"""How long a provider may take. Less than the 20 seconds after which the intent's task asks again."""

log = structlog.get_logger("kvitt.checkout")

Rows = tuple[Row[TransactionRecord], Row[SessionRecord] | None]


async def perform(
    desk: Desk,
    account_id: str,
    rows: Rows,
    attempt: Attempt,
    actor: Actor,
    card: CardDetails | None = None,
    payer: Payer = NO_PAYER,
) -> Settlement:
    """Asks the provider to do what was intended, and settles. Runs what follows from it (an automatic capture) too.

    `rows`: as the intent left them. They are settled on without reading again when nothing else was under way.
    """
    outcome = await call(desk, account_id, rows[0].doc, attempt, card=card, payer=payer)
    alone = sum(is_open(other) for other in rows[0].doc.attempts) == 1
    settled = await _settle(desk, account_id, rows[0].doc, attempt, outcome, actor, rows if alone else None)
    if actor.once is not None and not settled.change.puts:
        await desk.store.replay(actor.once)  # a task settled it meanwhile: what it remembered is the answer
    if settled.follow is None:
        return settled
    row = await desk.transaction(account_id, settled.record.transaction.id)
    session = await desk.session(account_id, settled.record.transaction.session_id)
    return await perform(desk, account_id, (row, session), settled.follow, actor)


async def ask_again(desk: Desk, task: DueTask, data: AskData) -> None:
    """The task of an attempt whose outcome is not known: asks, and settles. A settled attempt asks nothing.

    An authorization is looked up, since the card is gone. The other verbs are simply asked for once more: the attempt's
    id keeps money from moving twice, and one that never reached the provider is done now.
    """
    row = await desk.transaction(task.account_id, data.transaction_id)
    attempt = next((attempt for attempt in row.doc.attempts if attempt.id == data.attempt_id), None)
    own = TaskKey(task.account_id, task.id)
    if attempt is None or not is_open(attempt):
        await desk.store.commit(Change(done=(own,)))
        return
    outcome = await call(
        desk, task.account_id, row.doc, attempt, look_up=attempt.verb == "authorize" and not attempt.approved
    )
    await conclude(desk, task.account_id, row.doc, attempt, outcome, own)


async def conclude(
    desk: Desk,
    account_id: str,
    record: TransactionRecord,
    attempt: Attempt,
    outcome: Outcome,
    task: TaskKey | None = None,
    actor: Actor | None = None,
) -> Settlement:
    """Settles what was found out of an attempt that was open before, and runs what follows from it.

    `task`: ended with it. `actor`: nobody, when it was nobody's request.
    """
    actor = actor or desk.by_itself()
    settled = await _settle(desk, account_id, record, attempt, outcome, actor, None, task)
    if settled.follow is None:
        return settled
    fresh = await desk.transaction(account_id, record.transaction.id)
    session = await desk.session(account_id, fresh.doc.transaction.session_id)
    return await perform(desk, account_id, (fresh, session), settled.follow, actor)


async def call(
    desk: Desk,
    account_id: str,
    record: TransactionRecord,
    attempt: Attempt,
    *,
    card: CardDetails | None = None,
    payer: Payer = NO_PAYER,
    look_up: bool = False,
    given_up: bool = False,
) -> Outcome:
    """Asks the provider to do it, or what became of it (`look_up`). See `Ask` for the others.

    No answer in time, an error, an answer that makes no sense: all of it is unknown, none of it is failed.
    """
    if attempt.blocked is not None:
        return Outcome("refused", attempt.blocked)
    transaction = record.transaction
    ask = Ask(
        account_id=account_id, attempt_id=attempt.id, payment_id=transaction.id, verb=attempt.verb,
        amount=attempt.amount, currency=transaction.currency, product=attempt.product,
        reference=record.provider_reference, final=attempt.final, automatic=attempt.automatic,
        extend=attempt.verb == "adjust" and attempt.holds_until is not None, card=card, saved_card=attempt.saved_card,
        unattended=is_merchant_initiated(transaction), payer=payer, session_id=transaction.session_id,
        merchant_name=str((transaction.metadata or {}).get("merchant_name", "")), given_up=given_up,
        approved=attempt.approved,
    )  # fmt: skip
    try:
        provider, _ = desk.provider_for(account_id, attempt.product)
    except Refusal:
        log.error("no provider takes this payment product any more", attempt=attempt.id, product=attempt.product)
        return UNKNOWN
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            outcome = await (provider.lookup(ask) if look_up else provider.act(ask))
    except Exception as error:  # its text may repeat what we sent: only its name is told
        log.warning("a provider gave no answer", attempt=attempt.id, verb=attempt.verb, error=type(error).__name__)
        outcome = UNKNOWN
    if desk.outages.ended(provider.name, account_id, outcome):
        try:
            await desk.store.hasten_tasks(account_id, ASK_TASK, desk.clock(account_id), SOON)
        except Exception as error:  # on schedule, then: the answer that we have must not be lost over it
            log.warning("open questions are not asked sooner", reason=type(error).__name__)
    return outcome


async def _settle(
    desk: Desk,
    account_id: str,
    record: TransactionRecord,
    attempt: Attempt,
    outcome: Outcome,
    actor: Actor,
    known: Rows | None,
    task: TaskKey | None = None,
) -> Settlement:
    """Commits what the answer means. `known` rows are tried first. `task`: the one that is running, to be ended."""
    transaction_id, session_id = record.transaction.id, record.transaction.session_id
    with_session = needs_session(record, attempt)
    first = [known] if known is not None and (known[1] is not None or not with_session) else []

    async def rows() -> Rows:
        if first:
            return first.pop()
        if with_session:
            return await desk.transaction_and_session(account_id, transaction_id, session_id)
        return await desk.transaction(account_id, transaction_id), None

    async def decide() -> tuple[Change, Settlement]:
        row, session = await rows()
        token = await find_token(desk, account_id, attempt.token_id) if attempt.token_id is not None else None
        moment = desk.moment(account_id, actor, ids=6)
        settled = settle(account_id, row, session, attempt.id, outcome, moment, token)
        change = settled.change
        if attempt.answer_as is not None:
            before = next(found for found in row.doc.attempts if found.id == attempt.id)
            change += Change(claims=remembered(account_id, before, settled, desk.base_url, desk.clock(account_id)))
        change += Change(claims=remembered_approval(account_id, row.doc, settled))
        if task is not None and task not in change.done:
            change += Change(done=(task,))
        return change, settled

    # Payments with one card all write on its token: they take turns.
    return await desk.store.decide(decide, on=(account_id, attempt.token_id or transaction_id))
