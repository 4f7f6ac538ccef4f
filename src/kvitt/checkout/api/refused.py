"""What routes may refuse, where several refuse the same."""

from __future__ import annotations

from kvitt.checkout.rules.refusals import (
    AuthorizationExpired,
    InvalidCard,
    NoProvider,
    NotCapturable,
    NotRefundable,
    NotVoidable,
    OnlyInFull,
    OperationUnderWay,
    PaymentDeclined,
    PaymentUnderWay,
    ProductNotOffered,
    ProviderDeclined,
    SessionCancelled,
    SessionCompleted,
    SessionExpired,
    SessionLocked,
    TooManyTries,
)
from kvitt.core.errors import AmountExceedsRemaining, NotFound

OPERATION_REFUSED = (ProviderDeclined, OperationUnderWay, NoProvider, NotFound)
CAPTURE_REFUSED = (NotCapturable, AmountExceedsRemaining, OnlyInFull, AuthorizationExpired, *OPERATION_REFUSED)
REFUND_REFUSED = (NotRefundable, AmountExceedsRemaining, OnlyInFull, *OPERATION_REFUSED)
VOID_REFUSED = (NotVoidable, AuthorizationExpired, *OPERATION_REFUSED)
PAY_REFUSED = (
    PaymentDeclined, InvalidCard, ProductNotOffered, NoProvider, SessionCompleted, SessionCancelled, SessionExpired,
    TooManyTries, PaymentUnderWay, SessionLocked, NotFound,
)  # fmt: skip
