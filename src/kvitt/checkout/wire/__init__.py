"""Requests and answers, where they differ from the model."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from kvitt.checkout.model.payment import CardDetails, Operation, Payer
from kvitt.checkout.model.session import Configuration, Session, SessionOptions, Tick
from kvitt.checkout.model.transaction import ExtMetadata, Line
from kvitt.core.money import PositiveAmount

EventReference = Annotated[str, Meta(max_length=255)]
Phone = Annotated[str, Meta(pattern=r"^\+?[0-9](?:[ -]?[0-9]){4,15}$", max_length=40)]
GiftCardNumber = Annotated[str, Meta(pattern=r"^[0-9](?:[ -]?[0-9]){7,29}$", max_length=60)]


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
    """What the customer chose and typed. `payment_token_id`: a saved card that the session offers. `remember_me`: the
    card may be saved. `checkboxes`: the session's, as the customer left them: one that is not named is not ticked.
    Without the member they stay as the shop made them."""

    payment_product_type: str
    card: CardDetails | None = None
    phone_number: Phone | None = None
    gift_card: GiftCardNumber | None = None
    payment_token_id: str | None = None
    remember_me: bool | None = None
    checkboxes: Annotated[tuple[Tick, ...], Meta(max_length=1000)] | None = None

    def payer(self) -> Payer:
        gaps = str.maketrans("", "", " -")
        return Payer(
            self.phone_number and self.phone_number.translate(gaps), self.gift_card and self.gift_card.translate(gaps),
            saved_card=self.payment_token_id, remember_me=self.remember_me,
        )  # fmt: skip


def recognised(pay: Pay) -> bytes:
    """What a payment that is sent again is known by. Not even a hash of a card's number or code may be kept."""
    card = pay.card and (pay.card.number[:6], pay.card.number[-4:], pay.card.expiry)
    gift_card = pay.gift_card and (pay.gift_card[:6], pay.gift_card[-4:])
    more = (pay.phone_number, gift_card) if pay.phone_number or gift_card else ()
    saved = (pay.payment_token_id, pay.remember_me) if pay.payment_token_id or pay.remember_me is not None else ()
    ticks = () if pay.checkboxes is None else ({"checkboxes": pay.checkboxes},)
    return msgspec.json.encode((pay.payment_product_type, card, *more, *saved, *ticks))


class Abandoned(Struct, frozen=True):
    """`href`: where the shop wants the customer."""

    href: str
