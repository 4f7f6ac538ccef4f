"""A transaction after something happened to it."""

from __future__ import annotations

from typing import Any

import msgspec

from kvitt.checkout.model.transaction import (
    Attempt,
    EventError,
    EventName,
    Status,
    Transaction,
    TransactionEvent,
)
from kvitt.checkout.rules.moment import Moment


def transaction_event(
    transaction: Transaction,
    name: EventName,
    status: Status,
    moment: Moment,
    *,
    attempt: Attempt | None = None,
    amount: int | None = None,
    error: EventError | None = None,
    metadata: dict[str, Any] | None = None,
    **changes: Any,
) -> Transaction:
    """The transaction with one event more, and the status that follows from it.

    With an `attempt`, the event tells of its lines, reference and notes; when another request than the one that made
    the attempt finds the outcome, `correlation_request_id` names the first.
    """
    event = TransactionEvent(
        id=str(len(transaction.events) + 1),
        event=name,
        transaction_status=status,
        success=error is None,
        created_at=moment.now,
        amount=amount,
        error=error,
        items=attempt.items if attempt else None,
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
