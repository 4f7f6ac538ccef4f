"""What routes may refuse, where several refuse the same."""

from __future__ import annotations

from kvitt.checkout.rules.refusals import (
    AddressMissing,
    AuthorizationExpired,
    InvalidAuthorization,
    InvalidCard,
    InvalidCheckboxes,
    NoProvider,
    NotAdjustable,
    NotCapturable,
    NotRefundable,
    NotVoidable,
    OnlyInFull,
    OperationUnderWay,
    OptionMissing,
    PaymentDeclined,
    PaymentUnderWay,
    ProductNotOffered,
    ProviderDeclined,
    SavedCardNotOffered,
    SessionCancelled,
    SessionChanged,
    SessionCompleted,
    SessionExpired,
    SessionLocked,
    TooManyTries,
)
from kvitt.core.errors import AmountExceedsRemaining, NotFound

OPERATION_REFUSED = (ProviderDeclined, OperationUnderWay, NoProvider, NotFound)
CAPTURE_REFUSED = (NotCapturable, AmountExceedsRemaining, OnlyInFull, AuthorizationExpired, *OPERATION_REFUSED)
REFUND_REFUSED = (NotRefundable, AmountExceedsRemaining, OnlyInFull, *OPERATION_REFUSED)
ADJUST_REFUSED = (NotAdjustable, InvalidAuthorization, AuthorizationExpired, *OPERATION_REFUSED)
VOID_REFUSED = (NotVoidable, AuthorizationExpired, *OPERATION_REFUSED)
PAY_REFUSED = (
    PaymentDeclined, InvalidCard, InvalidCheckboxes, SavedCardNotOffered, ProductNotOffered, NoProvider,
    SessionCompleted, SessionCancelled, SessionExpired, TooManyTries, PaymentUnderWay, SessionLocked, AddressMissing,
    OptionMissing, SessionChanged, NotFound,
)  # fmt: skip
