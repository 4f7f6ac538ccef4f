"""The saved cards that a shop gives a session, by payment product."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

TokenType = Literal["payment_token", "recurrence_token"]
TokenText = Annotated[str, Meta(max_length=200)]
Consent = Literal["opt_in", "opt_out"]
"""What the cardholder said when they were asked whether the card may be saved."""


class SavedCard(Struct, frozen=True, omit_defaults=True):
    """A shop sends tokens; what is kept and shown of them is their ids, and those alone.

    A token is never stored: it is proved when it comes in (rules/tokens.py), and its text shows nothing of it.
    """

    payment_token: TokenText | None = None
    recurrence_token: TokenText | None = None
    payment_token_id: str | None = None
    recurrence_token_id: str | None = None

    def __repr__(self) -> str:
        return f"SavedCard({self.payment_token_id or self.recurrence_token_id or '***'})"

    def ids(self) -> tuple[str, ...]:
        return tuple(id for id in (self.payment_token_id, self.recurrence_token_id) if id is not None)


class NewToken(Struct, frozen=True):
    """A token that is to be made when the payment goes through."""

    type: TokenType
    id: str
