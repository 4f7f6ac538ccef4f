"""What a caller is told of a payment or an operation, and how it is remembered for when they ask again.

The answer to a request with an Idempotency-Key is committed in the Change that settles its attempt, whoever settles it:
the request itself, or a task after a crash. While the provider has not said what happened, the answer is provisional.
"""

from __future__ import annotations

from datetime import datetime

from kvitt.checkout.model.merchant_initiated import MerchantInitiated
from kvitt.checkout.model.session import SessionRecord
from kvitt.checkout.model.transaction import Attempt, EventError, Transaction, TransactionRecord
from kvitt.checkout.model.view import Action, Declined, NotKnown, Paid, PayAnswer, Payment, Waits, pay_refused
from kvitt.checkout.rules.merchant_initiated import is_merchant_initiated
from kvitt.checkout.rules.refusals import PaymentDeclined, ProviderDeclined
from kvitt.checkout.rules.settlement import Settlement
from kvitt.checkout.rules.state import is_open, return_error, session_state, waits
from kvitt.checkout.rules.urls import return_target
from kvitt.checkout.rules.views import decline_of
from kvitt.core.change import Claim, encode_text
from kvitt.core.errors import Refusal, problem
from kvitt.core.idempotency import answer_key, so_far_key
from kvitt.core.reply import Reply, refusal_body, reply


def of_operation(record: TransactionRecord, attempt: Attempt) -> Reply:
    """200 when it was done, 202 when nobody knows yet. A refusal is no 200: that is all that shop plug-ins look at."""
    transaction = record.transaction
    if is_open(attempt):
        return reply(transaction, 202, {"event-request-id": attempt.request_id})
    if attempt.status == "refused":
        error = _error_of(transaction, attempt)
        message = f"The provider refused: {error.message if error else 'it gave no reason'}"
        raise ProviderDeclined(message, problem(message))
    return reply(transaction)


def of_adjustment(record: TransactionRecord, attempt: Attempt) -> Reply:
    """What becomes of the automatic capture of a payment that was approved is no matter of the approval."""
    return reply(record.transaction) if attempt.automatic else of_operation(record, attempt)


def _error_of(transaction: Transaction, attempt: Attempt) -> EventError | None:
    """Why the provider refused the attempt. Its event need not be the last: a task may have settled it meanwhile, and
    others have gone on from there."""
    told = (e for e in transaction.events if (e.correlation_request_id or e.request_id) == attempt.request_id)
    return next((event.error for event in told if event.error is not None), None)


def refused_to_void() -> ProviderDeclined:
    """A session that was to be cancelled stays."""
    return ProviderDeclined("The provider refused to void the authorization")


def of_payment(payment: Payment) -> Reply:
    if isinstance(payment, Declined):
        return reply(pay_refused(PaymentDeclined.code, payment.decline), PaymentDeclined.status)
    if isinstance(payment, Paid):
        done = (Action("KVITT", payment.code, "success"),)
        return reply(PayAnswer(True, done, payment.transaction_id, payment.redirect_url))
    if isinstance(payment, Waits):
        there, waiting = payment.redirect_url, (Action("KVITT", "WAITING", "success"),)
        return reply(PayAnswer(True, waiting, payment.transaction_id, there, payment.poll_url, there))
    return reply(PayAnswer(False, (), poll_url=payment.poll_url))


def of_merchant_initiated(record: TransactionRecord, attempt_id: str) -> Reply:
    """200 when it was decided, also when it was declined: then the last event says why. 202 when nobody knows yet."""
    transaction = record.transaction
    attempt = next(attempt for attempt in record.attempts if attempt.id == attempt_id)
    success = attempt.status == "done"
    said = "success" if success else "error" if attempt.status == "refused" else "pending"
    code = transaction.status if said != "pending" else "UNKNOWN"
    action = Action(transaction.payment_product.upper(), code, said)
    members = {name: getattr(transaction, name) for name in Transaction.__struct_fields__}
    answer = MerchantInitiated(**members, success=success, actions=(action,))
    return reply(answer, 202, {"event-request-id": attempt.request_id}) if said == "pending" else reply(answer)


def payment_of(
    record: TransactionRecord, session: SessionRecord, attempt_id: str, base_url: str, now: datetime
) -> Payment:
    """How one try to pay went."""
    attempt = next(attempt for attempt in record.attempts if attempt.id == attempt_id)
    if attempt.status == "refused":
        error = _error_of(record.transaction, attempt)
        assert error is not None, "a refusal is an event with its error"  # noqa: S101
        return Declined(decline_of(error), record.transaction.id)
    if attempt.status != "done" and not attempt.held:
        poll_url = f"{base_url}/v1/view/{session.session.id}/session"
        if attempt.waits_at is not None:
            return Waits(record.transaction.id, attempt.waits_at, poll_url)
        return NotKnown(poll_url)
    error_name = return_error(session_state(session, record, now), record)
    code = "ON_HOLD" if attempt.status != "done" else "CAPTURED" if attempt.captures else "AUTHORIZED"
    return Paid(record.transaction.id, return_target(session.session, error_name, base_url), code)


def remembered(
    account_id: str, before: Attempt, settled: Settlement, base_url: str, now: datetime
) -> tuple[Claim, ...]:
    """The claim that keeps the answer; none when nobody asked for it, or when it is given later.

    `before`: the attempt as it was read. Each claim is made once in an attempt's life, or settling would conflict.
    """
    if before.answer_as is None or not is_open(before) or settled.follow is not None:
        return ()
    undecided = is_open(settled.attempt)
    if (before.status == "unknown" or waits(before)) and (undecided or before.automatic):
        return ()  # the answer, provisional or not, was given when it became unknown or began to wait
    if undecided and before.cancels_session:
        return ()
    # What becomes of an automatic capture later is no matter of the customer's, who was sent on.
    final = before.automatic or not undecided
    key = answer_key(before.answer_as) if final else so_far_key(before.answer_as)
    return (Claim(account_id, key, encode_text(_told(before, settled, base_url, now))),)


def remembered_approval(account_id: str, record: TransactionRecord, settled: Settlement) -> tuple[Claim, ...]:
    """The answer to the request that approved what was on hold, once it is known. `record`: as it was read."""
    before = next(attempt for attempt in record.attempts if attempt.id == settled.attempt.id)
    if before.approved_as is None or not is_open(before) or settled.follow is not None:
        return ()
    if before.status == "unknown" if before.automatic else is_open(settled.attempt):
        return ()
    try:
        answer = of_adjustment(settled.record, settled.attempt)
    except Refusal as refusal:
        answer = reply(refusal_body(refusal), refusal.status)
    return (Claim(account_id, answer_key(before.approved_as), encode_text(answer)),)


def _told(before: Attempt, settled: Settlement, base_url: str, now: datetime) -> Reply:
    """The answer to the request that made the attempt; an automatic capture belongs to its payment."""
    try:
        if is_merchant_initiated(settled.record.transaction) and (before.verb == "authorize" or before.automatic):
            return of_merchant_initiated(settled.record, before.answer_as or before.id)
        if before.verb == "authorize" or before.automatic:
            assert settled.session is not None, "a payment settles with its session"  # noqa: S101
            return of_payment(payment_of(settled.record, settled.session, before.answer_as or before.id, base_url, now))
        if before.cancels_session:
            if settled.attempt.status == "refused" or settled.session is None:
                raise refused_to_void()
            return reply(settled.session.session)
        return of_operation(settled.record, settled.attempt)
    except Refusal as refusal:
        return reply(refusal_body(refusal), refusal.status)
