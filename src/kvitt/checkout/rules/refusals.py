"""Every no of the checkout has a name.

InvalidRequest 400
├── InvalidSession          a session that contradicts itself or names what is not there; every fault with its path
├── InvalidCard             a card that cannot be read, or none where one is needed
└── ProductNotOffered       a payment product that the session does not offer
InvalidOperation 400        will not be different later
├── NoProvider              no provider of the account takes the payment product
├── NotCapturable           the transaction's status allows no capture
├── NotRefundable           the transaction's status allows no refund
├── NotVoidable             the transaction's status, or its payment product, allows no void
├── OnlyInFull              the payment product moves the whole amount or nothing
├── AuthorizationExpired    what is left was the customer's again
├── NotCancellable          the session's transaction holds money
├── SessionCompleted        the session is paid
├── SessionCancelled        the session was cancelled
├── SessionExpired          the session has expired
├── TooManyTries            so many declined payments that no more is taken
├── PaymentDeclined         the provider declined the customer's payment
└── ProviderDeclined        the provider refused a capture, a refund or a void
Conflicting 409             may be different soon
├── PaymentUnderWay         somebody pays the session just now
├── SessionLocked           the shop changes the session just now
└── OperationUnderWay       a capture, a refund or a void has to end first
"""

from __future__ import annotations

from kvitt.core.errors import Conflicting, InvalidOperation, InvalidRequest


class InvalidSession(InvalidRequest):
    """The session contradicts itself, or names what is not there; every fault with its path."""


class InvalidCard(InvalidRequest):
    """The card cannot be read, or none was sent where one is needed."""


class ProductNotOffered(InvalidRequest):
    """The session does not offer this payment product."""


class NoProvider(InvalidOperation):
    """No provider of this account takes the payment product."""


class NotCapturable(InvalidOperation):
    """A transaction of this status cannot be captured."""


class NotRefundable(InvalidOperation):
    """A transaction of this status cannot be refunded."""


class NotVoidable(InvalidOperation):
    """A transaction of this status, or of this payment product after a capture, cannot be voided."""


class OnlyInFull(InvalidOperation):
    """This payment product can only be captured or refunded in full."""


class AuthorizationExpired(InvalidOperation):
    """The authorization expired: what is left of it can be neither captured nor voided."""


class NotCancellable(InvalidOperation):
    """The transaction of the session holds money, so the session cannot be cancelled."""


class SessionCompleted(InvalidOperation):
    """The session is paid."""

    code = "SESSION_COMPLETED"


class SessionCancelled(InvalidOperation):
    """The session was cancelled."""

    code = "SESSION_CANCELLED"


class SessionExpired(InvalidOperation):
    """The session has expired."""

    code = "SESSION_EXPIRED"


class TooManyTries(InvalidOperation):
    """Too many payments of this session were declined."""

    code = "TOO_MANY_TRIES"


class PaymentDeclined(InvalidOperation):
    """The provider declined the payment; the session stays open for another try.

    Never raised: it is an answer (model/view.py), with more in it than a refusal has.
    """

    code = "Rejected"


class ProviderDeclined(InvalidOperation):
    """The provider refused the capture, the refund or the void."""

    code = "PROVIDER_DECLINED"


class PaymentUnderWay(Conflicting):
    """A payment of this session is under way."""


class SessionLocked(Conflicting):
    """The session is locked while the shop changes it."""


class OperationUnderWay(Conflicting):
    """A capture, a refund or a void of this transaction is under way and has to end first."""
