"""What may be asked of card tokens."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from kvitt.checkout.model.token import STATUSES, Requestor
from kvitt.core.paging import LONGEST_TEXT, Several, check_text, several


class TokensQuery(Struct, frozen=True, kw_only=True):
    """`starting_after` (or `cursor`): the id of the last token of the page before."""

    customer_id: str | None = None
    relationship_id: str | None = None
    status: Several = ()
    include_deleted: bool = False
    limit: Annotated[int, Meta(ge=1, le=100)] = 10
    starting_after: Annotated[str, Meta(max_length=LONGEST_TEXT)] | None = None
    cursor: Annotated[str, Meta(max_length=LONGEST_TEXT)] | None = None

    def statuses(self) -> list[str]:
        return several("status", self.status, STATUSES) if self.status else []

    def filters(self) -> dict[str, str]:
        """Raises InvalidRequest for a value that no token has."""
        given = {"customer_id": self.customer_id, "relationship_id": self.relationship_id}
        named = {name: value for name, value in given.items() if value is not None}
        for name, value in named.items():
            check_text(name, value, 255)
        return named


class TokenDeletion(Struct, frozen=True):
    """`requestor`: who wanted it."""

    reason: Annotated[str, Meta(max_length=128)] | None = None
    requestor: Requestor = "MERCHANT"
