"""Requests and answers, where they differ from the model."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from kvitt.checkout.model.payment import CardDetails, Operation
from kvitt.checkout.model.session import Configuration, Session, SessionOptions
from kvitt.checkout.model.transaction import ExtMetadata, Line
from kvitt.checkout.model.view import Decline
from kvitt.core.errors import Problem, problem
from kvitt.core.money import PositiveAmount

EventReference = Annotated[str, Meta(max_length=255)]


class ProfileSession(SessionOptions, frozen=True, omit_defaults=True, kw_only=True):
    """A session whose configuration comes from a payment profile. `profile_id`: its id, or `default`."""

    profile_id: str


class InlineSession(SessionOptions, frozen=True, omit_defaults=True, kw_only=True):
    """A session that says itself how it may be paid."""

    configuration: Configuration


class CreateQuery(Struct, frozen=True):
    include_session: bool = False


class IncludesQuery(Struct, frozen=True):
    includes: tuple[str, ...] = ()


class SessionCreated(Struct, frozen=True, omit_defaults=True):
    """`url`: where the customer pays."""

    id: str
    url: str
    session: Session | None = None


class Capture(Struct, frozen=True, omit_defaults=True):
    """`final_capture`: no more captures come; what is left is voided."""

    amount: PositiveAmount
    capture_reference: EventReference | None = None
    items: tuple[Line, ...] | None = None
    final_capture: bool | None = None
    metadata: ExtMetadata | None = None

    def operation(self) -> Operation:
        return Operation(
            "capture", self.amount, self.capture_reference, self.items, self.metadata, final=bool(self.final_capture)
        )


class Refund(Struct, frozen=True, omit_defaults=True):
    """`reason`: kept with the event, as `ext_reason` of its metadata."""

    amount: PositiveAmount
    reason: Annotated[str, Meta(max_length=256)] | None = None
    refund_reference: EventReference | None = None
    items: tuple[Line, ...] | None = None
    metadata: ExtMetadata | None = None

    def operation(self) -> Operation:
        metadata = dict(self.metadata or {})
        if self.reason is not None:
            metadata.setdefault("ext_reason", self.reason)
        return Operation("refund", self.amount, self.refund_reference, self.items, metadata or None)


class Nothing(Struct, frozen=True):
    """No member is asked for: an empty body, `null`, `{}` and `[]` are all the same."""


class Pay(Struct, frozen=True):
    """What the customer chose and typed."""

    payment_product_type: str
    card: CardDetails | None = None


class Action(Struct, frozen=True):
    source: str
    code: str
    type: str


class PayAnswer(Struct, frozen=True, omit_defaults=True):
    """`redirect_url` when it went through; `poll_url` when the outcome is not known yet."""

    success: bool
    actions: tuple[Action, ...]
    transaction_id: str | None = None
    redirect_url: str | None = None
    poll_url: str | None = None


class PayError(Struct, frozen=True):
    code: str
    message: str
    errors: tuple[Problem, ...]


class PayRefused(Struct, frozen=True):
    """The payment was declined; the session stays open for another try."""

    success: bool
    error: PayError
    error_details: tuple[Decline, ...]
    actions: tuple[Action, ...] = ()


def pay_refused(decline: Decline) -> PayRefused:
    errors = (problem(decline.message),)
    return PayRefused(False, PayError("Rejected", decline.message, errors), (decline,))


class Abandoned(Struct, frozen=True):
    """`href`: where the shop wants the customer."""

    href: str
