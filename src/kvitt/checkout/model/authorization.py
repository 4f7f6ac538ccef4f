"""What a shop asks of a payment's authorization after it was made."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from kvitt.checkout.model.transaction import Line


class AuthorizationChange(Struct, frozen=True):
    """`amount`: all that shall be authorized, in minor units; None to hold what there is for longer.

    `final`: of a pre-authorization: it is not changed again. `items`: the lines from then on.
    """

    amount: int | None = None
    final: bool = False
    reference: str | None = None
    items: tuple[Line, ...] | None = None
    metadata: dict[str, Any] | None = None
