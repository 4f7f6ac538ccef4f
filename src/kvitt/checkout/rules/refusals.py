"""Every no of the checkout has a name.

InvalidRequest 400
├── InvalidSession          a session that contradicts itself or names what is not there; every fault with its path
├── InvalidAddress          an address that the session does not take
├── OptionNotOffered        a shipping option that the session does not offer
├── InvalidCodes            discount codes that the session does not take
├── InvalidAuthorization    an amount or lines that an authorization cannot be changed to; every fault with its path
├── InvalidProfile          a payment profile that contradicts itself; every fault with its path
├── SavedCardNotOffered     a saved card that the shop did not give the session, or that is good no more
├── InvalidCheckboxes       checkboxes that the session does not have, or that have to be ticked and are not
├── ReferenceUsed           the shop asked for a merchant_reference to be used once, and it was used
├── InvalidCard             a card that cannot be read, or none where one is needed
└── ProductNotOffered       a payment product that the session does not offer
InvalidOperation 400        will not be different later
├── DefaultProfileStays     the default payment profile cannot be deleted
├── TooManyProfiles         the account has as many payment profiles as it may
├── NoProvider              no provider of the account takes the payment product
├── NotCapturable           the transaction's status allows no capture
├── NotAdjustable           the transaction's status, or its payment product, allows no change of the authorization
├── NotRefundable           the transaction's status allows no refund
├── NotVoidable             the transaction's status, or its payment product, allows no void
├── OnlyInFull              the payment product moves the whole amount or nothing
├── AuthorizationExpired    what is left was the customer's again
├── NotCancellable          the session's transaction holds money
├── SessionCompleted        the session is paid
├── SessionCancelled        the session was cancelled
├── SessionExpired          the session has expired
├── SessionNotLocked        the shop changes a session that its page did not lock
├── SessionFull             so many changes that the session takes no more
├── NotExpress              the customer of this session chooses no address and no shipping
├── AddressMissing          an express session without a shipping address cannot be paid
├── OptionMissing           an express session without a shipping option cannot be paid
├── TooManyTries            so many declined payments that no more is taken
├── PaymentDeclined         the provider declined the customer's payment
└── ProviderDeclined        the provider refused a capture, a refund, a void or a change of the authorization
Conflicting 409             may be different soon
├── ProfileExists           the name of a payment profile is taken
├── StaleProfile            the payment profile changed since the caller read it
├── PaymentUnderWay         somebody pays the session just now
├── SessionLocked           the shop changes the session just now
└── OperationUnderWay       a capture, a refund, a void or a change of the authorization has to end first
SessionChanged 412          the session is not what the caller saw
ShopSilent 503              the shop was asked for its shipping or its prices, and gave no answer that can be used
"""

from __future__ import annotations

from kvitt.core.errors import Conflicting, InvalidOperation, InvalidRequest, Refusal, Unavailable


class InvalidSession(InvalidRequest):
    """The session contradicts itself, or names what is not there; every fault with its path."""


class InvalidAddress(InvalidRequest):
    """The session does not take this address: its country, or who it says the customer is."""


class OptionNotOffered(InvalidRequest):
    """The session does not offer this shipping option to this customer."""


class InvalidCodes(InvalidRequest):
    """The session takes no discount codes, or not these many."""


class InvalidAuthorization(InvalidRequest):
    """The authorization cannot be changed to this amount or these lines; every fault with its path."""


class InvalidProfile(InvalidRequest):
    """The payment profile contradicts itself, or holds what cannot be shown; every fault with its path."""


class SavedCardNotOffered(InvalidRequest):
    """The shop did not give the session this saved card, or it was deleted."""


class InvalidCheckboxes(InvalidRequest):
    """A checkbox that the session does not have, or one that has to be ticked and is not; every fault with its path."""


class ReferenceUsed(InvalidRequest):
    """Another session has this merchant_reference, and the shop asked that none has."""

    code = "MERCHANT_REFERENCE_USED"


class InvalidCard(InvalidRequest):
    """The card cannot be read, or none was sent where one is needed."""


class ProductNotOffered(InvalidRequest):
    """The session does not offer this payment product."""


class DefaultProfileStays(InvalidOperation):
    """The default payment profile can be changed, and not deleted."""


class TooManyProfiles(InvalidOperation):
    """The account has as many payment profiles as it may."""


class NoProvider(InvalidOperation):
    """No provider of this account takes the payment product."""


class NotCapturable(InvalidOperation):
    """A transaction of this status cannot be captured."""


class NotAdjustable(InvalidOperation):
    """The authorization cannot be changed: not in this status, not of this payment product, or not any more."""


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


class SessionNotLocked(InvalidOperation):
    """The session is not locked, so the customer could pay what the shop is about to change."""

    code = "SESSION_NOT_LOCKED"


class SessionFull(InvalidOperation):
    """The session was changed so often, or grew so large, that it takes no more changes."""

    code = "SESSION_FULL"


class NotExpress(InvalidOperation):
    """The session is no express session: its customer chooses no address and no shipping."""


class AddressMissing(InvalidOperation):
    """The shipping address of the express session is not set."""

    code = "SHIPPING_ADDRESS_MISSING"


class OptionMissing(InvalidOperation):
    """No shipping option of the express session is chosen."""

    code = "SHIPPING_OPTION_MISSING"


class TooManyTries(InvalidOperation):
    """Too many payments of this session were declined."""

    code = "TOO_MANY_TRIES"


class PaymentDeclined(InvalidOperation):
    """The provider declined the payment; the session stays open for another try.

    Never raised: it is an answer (model/view.py), with more in it than a refusal has.
    """

    code = "Rejected"


class ProviderDeclined(InvalidOperation):
    """The provider refused the capture, the refund, the void or the change of the authorization."""

    code = "PROVIDER_DECLINED"


class ProfileExists(Conflicting):
    """The account has a payment profile of this name."""


class StaleProfile(Conflicting):
    """The payment profile changed since the version that was named; read it again."""

    code = "STALE_VERSION"


class PaymentUnderWay(Conflicting):
    """A payment of this session is under way."""


class SessionLocked(Conflicting):
    """The session is locked while the shop changes it."""


class OperationUnderWay(Conflicting):
    """A capture, a refund, a void or a change of this transaction's authorization has to end first."""


class SessionChanged(Refusal):
    """The session is not what it was when the caller saw it."""

    status = 412
    code = "PRECONDITION_FAILED"


class ShopSilent(Unavailable):
    """The shop was asked for its shipping or its prices, and gave no answer that can be used; nothing was changed."""

    code = "SHOP_CALLBACK_FAILED"
