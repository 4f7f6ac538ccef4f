"""What may be asked of a transaction beside moving its money."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from kvitt.checkout.model.authorization import AuthorizationChange
from kvitt.checkout.model.order import Reference
from kvitt.checkout.model.transaction import ExtMetadata, Line
from kvitt.core.money import PositiveAmount

Told = Annotated[str, Meta(max_length=256)]


class TransactionUpdate(Struct, frozen=True):
    """`merchant_reference_2`: null takes it away."""

    merchant_reference_2: Reference | None


class AuthorizationUpdate(Struct, frozen=True, omit_defaults=True):
    """`amount`: all that shall be authorized; left out, the authorization is to hold for longer.

    `final_authorization`: of a pre-authorization: the last change. `items`: the lines as they are from then on, needed
    when the transaction has lines. `reason`, `description`: kept with the event, as `ext_reason` and `ext_description`
    of its metadata.
    """

    amount: PositiveAmount | None = None
    final_authorization: bool | None = None
    items: tuple[Line, ...] | None = None
    reference: Annotated[str, Meta(max_length=255)] | None = None
    reason: Told | None = None
    description: Told | None = None

    def change(self) -> AuthorizationChange:
        notes: ExtMetadata = {}
        if self.reason is not None:
            notes["ext_reason"] = self.reason
        if self.description is not None:
            notes["ext_description"] = self.description
        return AuthorizationChange(
            self.amount, bool(self.final_authorization), self.reference, self.items or None, dict(notes) or None
        )
