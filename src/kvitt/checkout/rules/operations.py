"""Capture, refund and void: may it be done, and the intent to do it.

    status                        capture   refund   void
    ----------------------------  --------  -------  ---------------------------------
    AUTHORIZED                    yes                yes
    PARTIALLY_CAPTURED            yes       yes      the remainder, where the product can
    PARTIALLY_CAPTURED_REFUNDED   yes       yes      the remainder, where the product can
    CAPTURED                                yes
    PARTIALLY_REFUNDED                      yes

Any other status allows nothing, and what is left of an authorization that expired is neither captured nor voided. An
open attempt reserves its amount: what would fit but for one is a conflict (409, try again later), what would never fit
is refused (400).
"""

from __future__ import annotations

from typing import cast

import msgspec

from kvitt.checkout.model.payment import Capabilities, Operation
from kvitt.checkout.model.transaction import TRANSACTIONS, Attempt, Status, TransactionRecord
from kvitt.checkout.rules.expiry import refuse_when_over
from kvitt.checkout.rules.moment import Moment
from kvitt.checkout.rules.refusals import NotCapturable, NotRefundable, NotVoidable, OnlyInFull, OperationUnderWay
from kvitt.checkout.rules.schedule import first_ask
from kvitt.checkout.rules.totals import Totals, totals
from kvitt.core.change import Change, Row
from kvitt.core.errors import AmountExceedsRemaining, problem

CAPTURABLE: frozenset[Status] = frozenset(("AUTHORIZED", "PARTIALLY_CAPTURED", "PARTIALLY_CAPTURED_REFUNDED"))
_REFUNDABLE: frozenset[Status] = frozenset(
    ("CAPTURED", "PARTIALLY_CAPTURED", "PARTIALLY_CAPTURED_REFUNDED", "PARTIALLY_REFUNDED")
)
_PARTLY_CAPTURED: frozenset[Status] = frozenset(("PARTIALLY_CAPTURED", "PARTIALLY_CAPTURED_REFUNDED"))


def begin(
    account_id: str,
    row: Row[TransactionRecord],
    operation: Operation,
    can: Capabilities,
    attempt_id: str,
    moment: Moment,
    *,
    automatic: bool = False,
) -> tuple[Change, Row[TransactionRecord], Attempt]:
    """The intent: an open attempt that reserves its amount. Answers the row as it will be."""
    record = row.doc
    if operation.verb != "refund":
        refuse_when_over(record, moment.now)
    amount = allowed_amount(record, operation, can)
    attempt = Attempt(
        id=attempt_id, verb=operation.verb, amount=amount, status="open", created_at=moment.now,
        product=record.transaction.payment_product_type, request_id=moment.request_id, created_by=moment.by,
        final=operation.final, automatic=automatic, cancels_session=operation.cancels_session,
        reference=operation.reference or default_reference(record), items=operation.items,
        metadata=operation.metadata, request_headers=moment.headers,
        answer_as=attempt_id if moment.keyed else None,
    )  # fmt: skip
    after = msgspec.structs.replace(record, attempts=(*record.attempts, attempt))
    change = Change(
        puts=(TRANSACTIONS.put(account_id, record.transaction.id, after, row.version, same_list=True),),
        tasks=(first_ask(account_id, record.transaction.id, attempt, moment.now),),
    )
    return change, Row(row.version + 1, after), attempt


def default_reference(record: TransactionRecord) -> str | None:
    """The order's `event_reference`, which the transaction keeps among its metadata."""
    reference = (record.transaction.metadata or {}).get("event_reference")
    return None if reference is None else str(reference)


def allowed_amount(record: TransactionRecord, operation: Operation, can: Capabilities) -> int:
    """How much it moves, in minor units; or the reason why it may not, as a refusal."""
    status, sums = record.transaction.status, totals(record)
    if operation.verb == "void":
        return _voidable(status, sums, can)
    asked = cast(int, operation.amount)
    if operation.verb == "capture":
        return _capturable(status, sums, asked, operation.final, can)
    return _refundable(status, sums, asked, can)


def _capturable(status: Status, sums: Totals, asked: int, final: bool, can: Capabilities) -> int:
    if status == "ON_HOLD":
        raise NotCapturable("A transaction that is ON_HOLD cannot be captured before its payment was reviewed")
    if status not in CAPTURABLE:
        raise NotCapturable(f"A transaction that is {status} cannot be captured")
    _wait_for_the_authorization(sums)
    if asked > sums.capturable:
        raise _exceeds("capture", asked, sums.capturable)
    if asked < sums.capturable and not (can.final_capture if final else can.partial_capture):
        raise OnlyInFull("This payment product can only be captured in full")
    if sums.voiding:
        raise OperationUnderWay("The transaction is being voided")
    if asked > sums.capturable - sums.capturing:
        raise OperationUnderWay(f"Of {sums.capturable} left to capture, {sums.capturing} is being captured right now")
    if final and sums.capturing:
        raise OperationUnderWay("Another capture is under way: the last one has to wait for it")
    return asked


def _refundable(status: Status, sums: Totals, asked: int, can: Capabilities) -> int:
    if status not in _REFUNDABLE:
        raise NotRefundable(f"A transaction that is {status} cannot be refunded")
    if asked > sums.refundable:
        raise _exceeds("refund", asked, sums.refundable)
    if asked < sums.captured and not can.partial_refund:
        raise OnlyInFull("This payment product can only be refunded in full")
    if asked > sums.refundable - sums.refunding:
        raise OperationUnderWay(f"Of {sums.refundable} left to refund, {sums.refunding} is being refunded right now")
    return asked


def _voidable(status: Status, sums: Totals, can: Capabilities) -> int:
    if status in _PARTLY_CAPTURED and not can.void_remainder:
        raise NotVoidable("This payment product cannot void after a capture; capture with final_capture instead")
    if status not in _PARTLY_CAPTURED and status != "AUTHORIZED":
        raise NotVoidable(f"A transaction that is {status} cannot be voided")
    _wait_for_the_authorization(sums)
    if sums.capturing:
        raise OperationUnderWay("The transaction is being captured")
    if sums.voiding:
        raise OperationUnderWay("The transaction is being voided already")
    return sums.capturable


def _wait_for_the_authorization(sums: Totals) -> None:
    """How much there is to capture or void is not known while the authorization changes."""
    if sums.adjusting:
        raise OperationUnderWay("The authorization is being changed")


def _exceeds(verb: str, asked: int, left: int) -> AmountExceedsRemaining:
    message = f"{asked} is more than the {left} that is left to {verb}"
    return AmountExceedsRemaining(message, problem(message, "amount", amount=asked, remaining=left))
