"""Changing an authorization after it was made: may it be done, and the intent to do it.

    what                    where the product's capabilities say      asked with
    ----------------------  ----------------------------------------  ------------------------------------------
    more is reserved        `adjust`: pre_authorization               `amount` above what there is
    the last word           `adjust`: pre_authorization               `amount`, `final_authorization: true`
    any other amount        `adjust`: amount                          `amount`
    it holds for longer     `extend`                                  no `amount`
    what is on hold is so   `approved_by_shop`                        nothing, or the order's own `amount`

What may be changed is what could be captured: an authorization of which something is left and that has not run out, of
which nothing is captured, voided or changed at that moment. Less than what was captured already is never authorized. A
pre-authorization is one whose session asked for it (`configuration.pre_authorization`), until its last word was said.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import msgspec

from kvitt.checkout.model.authorization import AuthorizationChange
from kvitt.checkout.model.payment import Capabilities
from kvitt.checkout.model.transaction import TRANSACTIONS, Attempt, TransactionRecord
from kvitt.checkout.rules.expiry import refuse_when_over
from kvitt.checkout.rules.moment import Moment
from kvitt.checkout.rules.operations import CAPTURABLE, default_reference
from kvitt.checkout.rules.refusals import InvalidAuthorization, NotAdjustable, OperationUnderWay
from kvitt.checkout.rules.schedule import ask_key, first_ask
from kvitt.checkout.rules.settlement import with_attempt
from kvitt.checkout.rules.state import held_attempt, is_open
from kvitt.checkout.rules.totals import totals
from kvitt.core.change import Change, Row
from kvitt.core.errors import Problem, problem

MOST_CHANGES = 100
"""Captures and refunds come to an end with the money; changes of an authorization would not."""


def begin_adjusting(
    account_id: str,
    row: Row[TransactionRecord],
    asked: AuthorizationChange,
    can: Capabilities,
    attempt_id: str,
    moment: Moment,
) -> tuple[Change, Row[TransactionRecord], Attempt]:
    """The intent: an open attempt. Answers the row as it will be."""
    record, transaction = row.doc, row.doc.transaction
    refuse_unless_adjustable(record, asked, can, moment.now)
    extends = asked.amount is None
    attempt = Attempt(
        id=attempt_id, verb="adjust", amount=transaction.amount if asked.amount is None else asked.amount,
        status="open", created_at=moment.now, product=transaction.payment_product_type, request_id=moment.request_id,
        created_by=moment.by, final=asked.final and not extends and can.adjust == "pre_authorization",
        reference=asked.reference or default_reference(record), items=None if extends else asked.items,
        metadata=asked.metadata, request_headers=moment.headers, answer_as=attempt_id if moment.keyed else None,
        holds_until=moment.now + can.authorization if extends and can.authorization else None,
    )  # fmt: skip
    after = msgspec.structs.replace(record, attempts=(*record.attempts, attempt))
    change = Change(
        puts=(TRANSACTIONS.put(account_id, transaction.id, after, row.version),),
        tasks=(first_ask(account_id, transaction.id, attempt, moment.now),),
    )
    return change, Row(row.version + 1, after), attempt


def begin_approving(
    account_id: str, row: Row[TransactionRecord], asked: AuthorizationChange, request_key: str, moment: Moment
) -> tuple[Change, Row[TransactionRecord], Attempt]:
    """The intent to approve what is on hold: no other attempt, but the one that waits, which the shop's yes goes with.

    `request_key`: what the answer is remembered by. Answers the row as it will be.
    """
    record, id = row.doc, row.doc.transaction.id
    held = held_attempt(record)
    if held is None:
        raise NotAdjustable("Nothing of the transaction waits to be approved")
    if faults := tuple(_order_faults(record, asked)):
        raise InvalidAuthorization("The order is another one", *faults)
    if held.approved:
        raise OperationUnderWay("The transaction is being approved already")
    attempt = msgspec.structs.replace(
        held, approved=True, asks=held.asks + 1, request_id=moment.request_id, created_by=moment.by,
        request_headers=moment.headers, reference=asked.reference or held.reference, items=asked.items,
        metadata=asked.metadata, approved_as=request_key if moment.keyed else None,
    )  # fmt: skip
    after = with_attempt(record, attempt, record.transaction)
    change = Change(
        puts=(TRANSACTIONS.put(account_id, id, after, row.version),),
        tasks=(first_ask(account_id, id, attempt, moment.now),),
        done=(ask_key(account_id, held),),
    )
    return change, Row(row.version + 1, after), attempt


def _order_faults(record: TransactionRecord, asked: AuthorizationChange) -> Iterator[Problem]:
    """What is approved is what the customer ordered, whole."""
    ordered = record.transaction
    if asked.amount is not None and asked.amount != ordered.amount:
        message = f"The order's amount is {ordered.amount}"
        yield problem(message, "amount", amount=asked.amount, ordered=ordered.amount)
    lines = {str(item.line_id): item.amount for item in ordered.items or ()}
    for place, item in enumerate(asked.items or ()):
        amount = lines.get(str(item.line_id))
        if amount is None:
            yield problem(f"The order has no line {item.line_id}", f"items.{place}.line_id")
        elif amount != item.amount:
            yield problem(f"The line's amount is {amount}", f"items.{place}.amount", amount=item.amount, ordered=amount)


def refuse_unless_adjustable(
    record: TransactionRecord, asked: AuthorizationChange, can: Capabilities, now: datetime
) -> None:
    """What would never go comes first (400); what has only to wait for something else comes last (409)."""
    status = record.transaction.status
    if status == "ON_HOLD":
        raise NotAdjustable("A transaction that is ON_HOLD is approved by who looks at it, not by the shop")
    if status not in CAPTURABLE:
        raise NotAdjustable(f"The authorization of a transaction that is {status} cannot be changed")
    refuse_when_over(record, now)
    if sum(attempt.verb == "adjust" for attempt in record.attempts) >= MOST_CHANGES:
        raise NotAdjustable(f"The authorization was changed {MOST_CHANGES} times, and is not changed again")
    if asked.amount is None and not can.extend:
        if can.adjust is None:
            raise NotAdjustable("This payment product's authorizations are never changed")
        raise InvalidAuthorization("The amount is missing", problem("amount is required", "amount"))
    if asked.amount is not None:
        _refuse_unless_changeable(record, can)
        if faults := tuple(_faults(record, asked, asked.amount, can)):
            raise InvalidAuthorization("The authorization cannot be changed so", *faults)
    if any(is_open(attempt) and attempt.verb != "refund" for attempt in record.attempts):
        raise OperationUnderWay("The transaction is being captured or voided, or its authorization changed")


def _refuse_unless_changeable(record: TransactionRecord, can: Capabilities) -> None:
    if can.adjust is None:
        raise NotAdjustable("This payment product's authorized amount is never changed")
    if can.adjust == "pre_authorization" and not record.pre_authorized:
        raise NotAdjustable("This is no pre-authorization, or it is final; its amount cannot be changed")


def _faults(record: TransactionRecord, asked: AuthorizationChange, amount: int, can: Capabilities) -> Iterator[Problem]:
    """Every reason why the amount and the lines do not fit."""
    sums = totals(record)
    if can.adjust == "pre_authorization" and not asked.final and amount <= sums.authorized:
        yield problem(
            f"Before it is final an authorization only grows: {amount} is not more than {sums.authorized}", "amount",
            amount=amount, authorized=sums.authorized,
        )  # fmt: skip
    elif amount < sums.captured:
        message = f"{amount} is less than the {sums.captured} that was captured already"
        yield problem(message, "amount", amount=amount, captured=sums.captured)
    if asked.items is None:
        if record.transaction.items:
            yield problem("items is required, since the transaction has lines", "items")
        return
    listed = sum(item.amount for item in asked.items)
    if can.adjust == "amount" and listed != amount:
        message = f"The lines add up to {listed}, the amount is {amount}"
        yield problem(message, "items", amount=amount, listed=listed)
