"""Paying with a saved card while the customer is away, and saving a card without paying: what a shop sends and gets."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from kvitt.checkout.model.order import OrderStore, Reference, SessionOrder
from kvitt.checkout.model.saved import TokenType
from kvitt.checkout.model.session import (
    Configuration,
    Customer,
    Merchant,
    Metadata,
    SessionOptions,
    Url,
)
from kvitt.checkout.rules.merchant_initiated import MerchantOperation


class CallbackUrl(Struct, frozen=True, omit_defaults=True):
    """No customer comes along, so nobody returns anywhere."""

    callback_url: str | None = None
    return_url: str | None = None
    merchant_terms_url: str | None = None


class UnattendedSession(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """`customer.tokens`: the saved card, under its payment product. `configuration`: `auto_capture`,
    `pre_authorization`."""

    order: SessionOrder
    customer: Customer
    url: CallbackUrl | None = None
    configuration: Configuration | None = None
    merchant: Merchant | None = None
    metadata: Metadata | None = None
    expires_at: datetime | None = None


class UnattendedPayment(Struct, frozen=True):
    """`operation`: unscheduled_purchase with a payment_token, recurring_purchase with a recurrence_token."""

    payment_product_type: str
    operation: MerchantOperation


class PayUnattended(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """`url`: some plug-ins write it here instead of in the session."""

    session: UnattendedSession
    payment: UnattendedPayment
    url: CallbackUrl | None = None

    def options(self) -> SessionOptions:
        session, url = self.session, self.session.url or self.url or CallbackUrl()
        return SessionOptions(
            url=Url("", url.callback_url, url.merchant_terms_url), order=session.order, customer=session.customer,
            configuration=session.configuration, merchant=session.merchant, metadata=session.metadata,
            expires_at=session.expires_at,
        )  # fmt: skip


class TokenOrder(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Nothing is paid, so there is nothing to say of it."""

    currency: str
    merchant_reference: Reference
    merchant_reference_2: Reference | None = None
    store: OrderStore | None = None


class TokenConfiguration(Struct, frozen=True, omit_defaults=True):
    theme: dict[str, Any] | None = None
    channel: Literal["ecommerce", "in_app"] | None = None


class TokenSession(Struct, frozen=True, omit_defaults=True, kw_only=True):
    order: TokenOrder
    url: Url | None = None
    profile_id: str | None = None
    customer: Customer | None = None
    expires_at: datetime | None = None
    configuration: TokenConfiguration | None = None
    metadata: Metadata | None = None


class TokenProvider(Struct, frozen=True, omit_defaults=True):
    """`token_types`: payment_token unless it is said. `token_supported_auth_methods` is kept with the session."""

    payment_product_type: str
    token_types: Annotated[tuple[TokenType, ...], Meta(min_length=1, max_length=2)] = ("payment_token",)
    token_supported_auth_methods: tuple[Literal["3DS", "PASSKEY"], ...] | None = None


class SaveCard(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """`url`: some plug-ins write it here instead of in the session."""

    session: TokenSession
    token_provider: TokenProvider
    url: Url | None = None

    def options(self) -> SessionOptions:
        session, order = self.session, self.session.order
        looks = session.configuration or TokenConfiguration()
        return SessionOptions(
            url=session.url or self.url or Url(""),
            order=SessionOrder(
                amount=0, currency=order.currency, merchant_reference=order.merchant_reference,
                merchant_reference_2=order.merchant_reference_2, store=order.store,
            ),
            profile_id=session.profile_id, customer=session.customer, expires_at=session.expires_at,
            metadata=session.metadata,
            configuration=Configuration(channel=looks.channel, theme=looks.theme),
        )  # fmt: skip
