"""The shop pays with a saved card while the customer is away: a session is made and paid in one request."""

from __future__ import annotations

import hashlib

import msgspec

from kvitt.checkout.flows.dance import perform
from kvitt.checkout.flows.desk import Actor, Desk
from kvitt.checkout.flows.saved_cards import use_of
from kvitt.checkout.flows.token_sessions import within
from kvitt.checkout.flows.tokens import find_token, preloaded
from kvitt.checkout.model.session import SESSIONS, Session, SessionOptions, SessionRecord
from kvitt.checkout.model.token import TokenRecord
from kvitt.checkout.model.transaction import TRANSACTIONS, Attempt, TransactionRecord
from kvitt.checkout.rules import creation
from kvitt.checkout.rules.answers import of_merchant_initiated
from kvitt.checkout.rules.merchant_initiated import TOKEN_OF, MerchantOperation
from kvitt.checkout.rules.moment import Moment
from kvitt.checkout.rules.payments import begin_payment
from kvitt.checkout.rules.refusals import InvalidSession, PaymentUnderWay, ReferenceUsed
from kvitt.checkout.rules.state import PAID, is_open
from kvitt.checkout.rules.token_values import token_id_in
from kvitt.checkout.rules.tokens import TOKEN_TYPES, unusable
from kvitt.core.change import Change, Claim, Row
from kvitt.core.errors import problem
from kvitt.core.ids import new_short_id, new_uuid
from kvitt.core.reply import Reply
from kvitt.core.words import labelled
from kvitt.store import Selection

STRICT = "strict-merchant-reference"
STRICT_SUCCESS = "strict-success-merchant-reference"
_SUCCESSFUL = (*sorted(PAID), "ON_HOLD")
_MOST_OPEN = 100

Intent = tuple[Row[SessionRecord], Row[TransactionRecord], Attempt]


async def pay(
    desk: Desk,
    account_id: str,
    options: SessionOptions,
    product: str,
    operation: MerchantOperation,
    toggles: frozenset[str],
    actor: Actor,
) -> Reply:
    """One try with one saved card. The session, the transaction and the note on the token are one Change.

    The answer names the token by its id; so does what is remembered of it.
    """
    _, can = desk.provider_for(account_id, product)
    attempt_id, now = new_uuid(), desk.clock(account_id)
    session_id, transaction_id = new_short_id(account_id, now), new_short_id(account_id, now)

    async def decide() -> tuple[Change, Intent]:
        moment = desk.moment(account_id, actor, ids=1)
        token, created, session = await _session(desk, account_id, session_id, options, product, operation, moment)
        claims = await _reference_claims(desk, account_id, session, toggles)
        use, shown, noted = use_of(account_id, token, attempt_id, moment.now)
        begun, session_row, row, attempt = begin_payment(
            account_id, Row(0, SessionRecord(session)), None, transaction_id, attempt_id, product, shown,
            can.authorization, moment, use=use,
        )  # fmt: skip
        # The session is put once: as it is with its payment begun.
        change = msgspec.structs.replace(created, puts=()) + begun + noted + Change(claims=claims)
        return change, (session_row, row, attempt)

    given = (options.customer.tokens or {}).get(product) if options.customer else None
    value = getattr(given, TOKEN_OF[operation], None) or ""
    card = token_id_in(account_id, TOKEN_OF[operation], value) or session_id  # one card, one payment at a time
    once = actor.promised(attempt_id)
    session, transaction, attempt = await desk.store.decide(decide, on=(account_id, card), once=once)
    settled = await perform(desk, account_id, (transaction, session), attempt, actor)
    return of_merchant_initiated(settled.record, attempt.id)


async def _session(
    desk: Desk,
    account_id: str,
    session_id: str,
    options: SessionOptions,
    product: str,
    operation: MerchantOperation,
    moment: Moment,
) -> tuple[Row[TokenRecord], Change, Session]:
    """The session that is paid, and its saved card; InvalidSession with every fault."""
    customer, faults = await preloaded(desk, account_id, options.customer)
    type = TOKEN_OF[operation]
    saved = (customer.tokens or {}).get(product) if customer else None
    token_id = getattr(saved, f"{type}_id", None)
    if type not in TOKEN_TYPES.get(product, ()):
        faults.append(problem(f"{product} takes no {type}", f"customer.tokens.{product}.{type}"))
    elif token_id is None and not faults:
        faults.append(problem(f"{type} is required", f"customer.tokens.{product}.{type}"))
    if options.order.amount < 1:
        faults.append(problem("amount must be at least 1", "order.amount"))
    options = msgspec.structs.replace(options, customer=customer)
    try:
        created, session = creation.create(
            account_id, session_id, options, None, frozenset(), moment, operation, of_tokens=faults
        )
    except InvalidSession as refusal:
        raise within("session", refusal) from None
    token = await find_token(desk, account_id, token_id or "")
    assert token is not None, "it was proved just now, and tokens stay readable"  # noqa: S101
    if fault := unusable(token.doc.token, type, product, None):  # it was deleted since then
        fault_of_it = problem(fault, f"session.customer.tokens.{product}.{type}")
        raise InvalidSession("The session cannot be created", fault_of_it)
    return token, created, session


async def _reference_claims(
    desk: Desk, account_id: str, session: Session, toggles: frozenset[str]
) -> tuple[Claim, ...]:
    """Refuses a reference that was used, as far as the shop asked for that.

    Each request that asks claims the next number of the reference: of two at once, one has to look again, and finds
    the other. Sessions that are made without asking are found, and not held back.
    """
    if not {STRICT, STRICT_SUCCESS} & toggles:
        return ()
    reference = session.order.merchant_reference
    prefix = f"merchant_reference:{hashlib.sha256(reference.encode()).hexdigest()}:"
    last = await desk.store.latest_claims(account_id, prefix, 1)
    if STRICT in toggles and await desk.store.find(SESSIONS, account_id, "merchant_reference", reference) is not None:
        raise _used("Another session has this merchant_reference")
    if STRICT_SUCCESS in toggles:
        await _refuse_if_paid(desk, account_id, reference)
    number = int(last[0].removeprefix(prefix)) + 1 if last else 1
    return (Claim(account_id, f"{prefix}{number:08}", session.id),)


async def _refuse_if_paid(desk: Desk, account_id: str, reference: str) -> None:
    """Looks for what is being paid first: what is settled between the two looks is found by the second."""
    labels = ((labelled("merchant_reference", reference),),)
    begun = Selection(labels=labels, among={"status": ["INITIATED"]})
    tried = await desk.store.page(TRANSACTIONS, account_id, begun, _MOST_OPEN)
    paid = Selection(labels=labels, among={"status": _SUCCESSFUL})
    if await desk.store.page(TRANSACTIONS, account_id, paid, 1):
        raise _used("A session with this merchant_reference was paid")
    if any(is_open(attempt) for row in tried for attempt in row.doc.attempts):
        raise PaymentUnderWay("A session with this merchant_reference is being paid")


def _used(message: str) -> ReferenceUsed:
    return ReferenceUsed(message, problem(message, "session.order.merchant_reference"))
