"""A transaction after something happened to it."""

from __future__ import annotations

from typing import Any

import msgspec

from kvitt.checkout.model.transaction import (
    Attempt,
    Correction,
    EventError,
    EventName,
    Status,
    Transaction,
    TransactionEvent,
)
from kvitt.checkout.rules.moment import Moment
from kvitt.checkout.rules.shares import lines_of, splits_in, vat_in


def transaction_event(
    transaction: Transaction,
    name: EventName,
    status: Status,
    moment: Moment,
    *,
    attempt: Attempt | None = None,
    amount: int | None = None,
    error: EventError | None = None,
    correction: Correction | None = None,
    metadata: dict[str, Any] | None = None,
    **changes: Any,
) -> Transaction:
    """The transaction with one event more, and the status that follows from it.

    With an `attempt`, the event tells of its lines, reference and notes; when another request than the one that made
    the attempt finds the outcome, `correlation_request_id` names the first.
    """
    vat, splits = None, None
    if name in ("CAPTURE", "REFUND") and attempt is not None and amount is not None:
        lines = tuple(lines_of(transaction, amount, attempt.items))
        vat, splits = vat_in(lines), splits_in(lines)
    event = TransactionEvent(
        id=str(len(transaction.events) + 1),
        event=name,
        transaction_status=status,
        success=error is None,
        created_at=moment.now,
        amount=amount,
        calculated_vat_amount=vat,
        error=error,
        correction=correction,
        items=attempt.items if attempt else None,
        splits=splits,
        created_by=attempt.created_by if attempt else moment.by,
        request_id=moment.request_id,
        correlation_request_id=attempt.request_id if attempt and attempt.request_id != moment.request_id else None,
        event_reference=attempt.reference if attempt else None,
        metadata=(((attempt.metadata if attempt else None) or {}) | (metadata or {})) or None,
        request_headers=attempt.request_headers if attempt else moment.headers,
    )
    return msgspec.structs.replace(
        transaction, status=status, updated_at=moment.now, events=(*transaction.events, event), **changes
    )
